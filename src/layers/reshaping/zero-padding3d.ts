/**
 * ZeroPadding3D: zeros around depth, height and width.
 */
import type { Tensor } from "../../core/tensor.ts";
import { factory, layer } from "../layer.ts";
import { dataFormat, sides } from "../spatial.ts";
import { addZeros } from "./padding.ts";

/**
 * Puts zeros before and after depth, height and width, of inputs [batch, depth, height, width, channels] (or channels first).
 *
 * @example
 * ```ts
 * import { zeros, ZeroPadding3D } from "varve";
 * new ZeroPadding3D({ padding: [1, 2, 3] }).apply(zeros([1, 2, 2, 2, 1])).shape // => [1, 4, 6, 8, 1]
 * ```
 */
export class ZeroPadding3D extends layer("ZeroPadding3D", {
  /** How many zeros: a number for every side, one for each of the 3 axes, or [before, after] for each. Default 1. */
  padding: sides(3, 1),
  /** Where the channels are: "channels_last" (default) or "channels_first". */
  dataFormat: dataFormat(),
}) {
  protected override inputSpec = { rank: 5 };

  override call(x: Tensor): Tensor {
    return addZeros(x, this.padding, this.dataFormat);
  }
}

export const zeroPadding3d = factory(ZeroPadding3D);
