/**
 * Cropping2D: rows and columns without their edges.
 */
import type { Tensor } from "../../core/tensor.ts";
import { factory, layer } from "../layer.ts";
import { dataFormat, sides } from "../spatial.ts";
import { crop } from "./padding.ts";

/**
 * Cuts off the beginning and the end of rows and columns, of inputs [batch, rows, columns, channels] (or channels first).
 *
 * @throws ShapeError where nothing would be left.
 *
 * @example
 * ```ts
 * import { Cropping2D, zeros } from "varve";
 * new Cropping2D({ cropping: [[1, 0], [2, 3]] }).apply(zeros([1, 4, 6, 3])).shape // => [1, 3, 1, 3]
 * ```
 */
export class Cropping2D extends layer("Cropping2D", {
  /** How much to cut: a number for every side, one for each of the 2 axes, or [before, after] for each. Default 0. */
  cropping: sides(2, 0),
  /** Where the channels are: "channels_last" (default) or "channels_first". */
  dataFormat: dataFormat(),
}) {
  protected override inputSpec = { rank: 4 };

  override call(x: Tensor): Tensor {
    return crop(x, this.cropping, this.dataFormat);
  }
}

export const cropping2d = factory(Cropping2D);
