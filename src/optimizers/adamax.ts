import { maker } from "../core/configurable.ts";
import type { Tensor } from "../core/tensor.ts";
import { adamax as rule } from "../ops/update/rules.ts";
import { moments } from "./adam.ts";
import { optimizer, type SlotGroup, type Step } from "./optimizer.ts";

/**
 * Adam with the largest past gradient in place of the root of the mean square (Kingma & Ba 2014, section 7.1):
 * m ← β₁m + (1−β₁)g, u ← max(β₂u, |g|), x ← x − r/(1−β₁ᵗ)·m / (u + ε).
 *
 * @example
 * ```ts
 * import { optimizers, tensor, Variable } from "varve";
 * const x = new Variable(tensor([1]));
 * optimizers.adamax({ learningRate: 0.5, epsilon: 0 }).apply([tensor([8])], [x]);
 * await x.value.array() // => [0.5]
 * ```
 */
export class Adamax extends optimizer("Adamax", {}, moments) {
  protected override slots(): readonly SlotGroup[] {
    return [{ m: "momentum", u: "norm" }];
  }

  protected override update(inputs: { readonly x: Tensor; readonly g: Tensor }, { keep, learningRate, t }: Step) {
    const { beta1, beta2, epsilon } = this;
    return rule(inputs, { keep, alpha: learningRate / (1 - beta1 ** t), beta1, beta2, epsilon });
  }
}

export const adamax = maker(Adamax);
