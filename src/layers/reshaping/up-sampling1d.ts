/**
 * UpSampling1D: larger by whole factors.
 */
import { integer } from "../../core/options.ts";
import type { Tensor } from "../../core/tensor.ts";
import { factory, layer } from "../layer.ts";
import { enlarge } from "./interpolation.ts";

/**
 * Repeats each step, of inputs [batch, steps, features].
 *
 * @example
 * ```ts
 * import { UpSampling1D, zeros } from "varve";
 * new UpSampling1D({ size: 2 }).apply(zeros([1, 3, 2])).shape // => [1, 6, 2]
 * ```
 */
export class UpSampling1D extends layer("UpSampling1D", {
  /** How many times each step is repeated. Default 2. */
  size: integer({ default: 2, min: 1 }),
}) {
  protected override inputSpec = { rank: 3 };

  override call(x: Tensor): Tensor {
    return enlarge(x, [this.size], "channels_last", "nearest");
  }
}

export const upSampling1d = factory(UpSampling1D);
