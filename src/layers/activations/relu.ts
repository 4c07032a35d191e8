/**
 * ReLU: rectified linear units, with a slope, a ceiling and a threshold.
 */
import { relu } from "../../activations.ts";
import { number } from "../../core/options.ts";
import type { Tensor } from "../../core/tensor.ts";
import { factory, layer } from "../layer.ts";

/**
 * `y = min(x, maxValue)` where x > threshold, else `negativeSlope · (x − threshold)`; without options max(x, 0).
 * Any shape; the output has the same.
 *
 * @example
 * ```ts
 * import { ReLU, tensor } from "varve";
 * await new ReLU({ maxValue: 6 }).apply(tensor([-3, 2, 9])).array() // => [0, 2, 6]
 * ```
 *
 * Nair & Hinton (2010), Rectified linear units improve restricted Boltzmann machines.
 */
export class ReLU extends layer("ReLU", {
  /** The largest value that comes out. Default null: none. */
  maxValue: number({ default: null, min: 0 }),
  /** The slope below the threshold. Default 0. */
  negativeSlope: number({ default: 0, min: 0 }),
  /** Values up to this one count as negative. Default 0. */
  threshold: number({ default: 0, min: 0 }),
}) {
  override readonly supportsMasking = true;

  override call(x: Tensor): Tensor {
    return relu(x, this);
  }
}

export const reLU = factory(ReLU);
