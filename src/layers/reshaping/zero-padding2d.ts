/**
 * ZeroPadding2D: zeros around rows and columns.
 */
import type { Tensor } from "../../core/tensor.ts";
import { factory, layer } from "../layer.ts";
import { dataFormat, sides } from "../spatial.ts";
import { addZeros } from "./padding.ts";

/**
 * Puts zeros before and after rows and columns, of inputs [batch, rows, columns, channels] (or channels first).
 *
 * @example
 * ```ts
 * import { zeros, ZeroPadding2D } from "varve";
 * new ZeroPadding2D({ padding: [[1, 0], [2, 3]] }).apply(zeros([1, 2, 2, 3])).shape // => [1, 3, 7, 3]
 * ```
 */
export class ZeroPadding2D extends layer("ZeroPadding2D", {
  /** How many zeros: a number for every side, one for each of the 2 axes, or [before, after] for each. Default 1. */
  padding: sides(2, 1),
  /** Where the channels are: "channels_last" (default) or "channels_first". */
  dataFormat: dataFormat(),
}) {
  protected override inputSpec = { rank: 4 };

  override call(x: Tensor): Tensor {
    return addZeros(x, this.padding, this.dataFormat);
  }
}

export const zeroPadding2d = factory(ZeroPadding2D);
