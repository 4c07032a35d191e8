/**
 * Cropping3D: depth, height and width without their edges.
 */
import type { Tensor } from "../../core/tensor.ts";
import { factory, layer } from "../layer.ts";
import { dataFormat, sides } from "../spatial.ts";
import { crop } from "./padding.ts";

/**
 * Cuts off the beginning and the end of depth, height and width, of inputs [batch, depth, height, width, channels] (or channels first).
 *
 * @throws ShapeError where nothing would be left.
 *
 * @example
 * ```ts
 * import { Cropping3D, zeros } from "varve";
 * new Cropping3D({ cropping: [1, 2, 3] }).apply(zeros([1, 4, 6, 8, 1])).shape // => [1, 2, 2, 2, 1]
 * ```
 */
export class Cropping3D extends layer("Cropping3D", {
  /** How much to cut: a number for every side, one for each of the 3 axes, or [before, after] for each. Default 1. */
  cropping: sides(3, 1),
  /** Where the channels are: "channels_last" (default) or "channels_first". */
  dataFormat: dataFormat(),
}) {
  protected override inputSpec = { rank: 5 };

  override call(x: Tensor): Tensor {
    return crop(x, this.cropping, this.dataFormat);
  }
}

export const cropping3d = factory(Cropping3D);
