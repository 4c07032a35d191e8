import { maker } from "../core/configurable.ts";
import { number } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import { adadelta as rule } from "../ops/update/rules.ts";
import { optimizer, type SlotGroup, type Step } from "./optimizer.ts";

/**
 * Steps as large as past steps were, relative to past gradients (Zeiler 2012): a ← ρa + (1−ρ)g²,
 * Δ = √(d + ε)/√(a + ε)·g, d ← ρd + (1−ρ)Δ², x ← x − r·Δ. The paper's learning rate is 1.
 *
 * @example
 * ```ts
 * import { optimizers, tensor, Variable } from "varve";
 * const x = new Variable(tensor([1]));
 * optimizers.adadelta({ learningRate: 1, rho: 0.75, epsilon: 1 }).apply([tensor([2])], [x]);
 * (await x.value.array()).map((value) => value.toFixed(3)) // => ["-0.414"]
 * ```
 */
export class Adadelta extends optimizer(
  "Adadelta",
  {},
  {
    /** How much of both mean squares stays at each step. */
    rho: number({ default: 0.95, min: 0, max: 1 }),
    /** Added to both mean squares. */
    epsilon: number({ default: 1e-7, min: 0 }),
  },
) {
  protected override slots(): readonly SlotGroup[] {
    return [{ a: "accumulated_grad", d: "accumulated_delta_var" }];
  }

  protected override update(inputs: { readonly x: Tensor; readonly g: Tensor }, { keep, learningRate }: Step) {
    return rule(inputs, { keep, learningRate, rho: this.rho, epsilon: this.epsilon });
  }
}

export const adadelta = maker(Adadelta);
