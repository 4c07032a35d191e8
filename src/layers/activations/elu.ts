/**
 * ELU: exponential linear units.
 */
import { number } from "../../core/options.ts";
import type { Tensor } from "../../core/tensor.ts";
import { elu as eluOf } from "../../ops/elementwise/activations.ts";
import { factory, layer } from "../layer.ts";

/**
 * `y = x` where x > 0, else `alpha · (exp(x) − 1)`. Any shape; the output has the same.
 *
 * @example
 * ```ts
 * import { ELU, tensor } from "varve";
 * await new ELU({ alpha: 2 }).apply(tensor([-1, 3])).array() // => [-1.2642412185668945, 3]
 * ```
 *
 * Clevert, Unterthiner & Hochreiter (2016), Fast and accurate deep network learning by exponential linear units.
 */
export class ELU extends layer("ELU", {
  /** What −y approaches far below 0. Default 1. */
  alpha: number({ default: 1 }),
}) {
  override readonly supportsMasking = true;

  override call(x: Tensor): Tensor {
    return eluOf(x, this.alpha);
  }
}

export const elu = factory(ELU);
