/**
 * LeakyReLU: a small slope where the input is negative.
 */
import { number } from "../../core/options.ts";
import type { Tensor } from "../../core/tensor.ts";
import { leakyRelu } from "../../ops/elementwise/activations.ts";
import { factory, layer } from "../layer.ts";

/**
 * `y = x` where x ≥ 0, else `negativeSlope · x`. Any shape; the output has the same.
 *
 * @example
 * ```ts
 * import { LeakyReLU, tensor } from "varve";
 * await new LeakyReLU({ negativeSlope: 0.5 }).apply(tensor([-3, 2])).array() // => [-1.5, 2]
 * ```
 *
 * Maas, Hannun & Ng (2013), Rectifier nonlinearities improve neural network acoustic models.
 */
export class LeakyReLU extends layer("LeakyReLU", {
  /** The slope below 0. Default 0.3. */
  negativeSlope: number({ default: 0.3, min: 0 }),
}) {
  override readonly supportsMasking = true;

  override call(x: Tensor): Tensor {
    return leakyRelu(x, this.negativeSlope);
  }
}

export const leakyReLU = factory(LeakyReLU);
