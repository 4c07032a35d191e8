import { maker } from "../core/configurable.ts";
import { boolean, number } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import { rmsprop as rule } from "../ops/update/rules.ts";
import { optimizer, type SlotGroup, type Step } from "./optimizer.ts";

/**
 * Steps are divided by the root of the mean square of past gradients (Hinton, Coursera lecture 6e, 2012):
 * v ← ρv + (1−ρ)g², x ← x − r·g / √(v + ε). With `centered` the square of the mean gradient is taken off v, which is
 * then the variance (Graves 2013); with momentum m ← momentum·m + step, x ← x − m.
 *
 * @example
 * ```ts
 * import { optimizers, tensor, Variable } from "varve";
 * const x = new Variable(tensor([1]));
 * optimizers.rmsprop({ learningRate: 0.25, rho: 0.75, epsilon: 0 }).apply([tensor([8])], [x]);
 * await x.value.array() // => [0.5]
 * ```
 */
export class RMSprop extends optimizer(
  "RMSprop",
  {},
  {
    /** How much of the mean square stays at each step. */
    rho: number({ default: 0.9, min: 0, max: 1 }),
    /** How much of the last step goes into the next. */
    momentum: number({ default: 0, min: 0, max: 1 }),
    /** Added to the mean square. */
    epsilon: number({ default: 1e-7, min: 0 }),
    /** Whether to divide by the standard deviation instead. */
    centered: boolean({ default: false }),
  },
) {
  protected override slots(): readonly SlotGroup[] {
    return [
      { v: "velocity" },
      ...(this.momentum > 0 ? [{ m: "momentum" }] : []),
      ...(this.centered ? [{ a: "average_gradient" }] : []),
    ];
  }

  protected override update(inputs: { readonly x: Tensor; readonly g: Tensor }, { keep, learningRate }: Step) {
    const { rho, momentum, epsilon } = this;
    return rule(inputs, { keep, learningRate, rho, momentum, epsilon });
  }
}

export const rmsprop = maker(RMSprop);
