/**
 * ZeroPadding1D: zeros around steps.
 */
import type { Tensor } from "../../core/tensor.ts";
import { factory, layer } from "../layer.ts";
import { dataFormat, sides } from "../spatial.ts";
import { addZeros } from "./padding.ts";

/**
 * Puts zeros before and after steps, of inputs [batch, steps, features] (or channels first).
 *
 * @example
 * ```ts
 * import { zeros, ZeroPadding1D } from "varve";
 * new ZeroPadding1D({ padding: 1 }).apply(zeros([1, 3, 1])).shape // => [1, 5, 1]
 * ```
 */
export class ZeroPadding1D extends layer("ZeroPadding1D", {
  /** How many zeros: a number for both sides, or [before, after]. Default 1. */
  padding: sides(1, 1),
  /** Where the channels are: "channels_last" (default) or "channels_first". */
  dataFormat: dataFormat(),
}) {
  protected override inputSpec = { rank: 3 };

  override call(x: Tensor): Tensor {
    return addZeros(x, this.padding, this.dataFormat);
  }
}

export const zeroPadding1d = factory(ZeroPadding1D);
