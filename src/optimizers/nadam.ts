import { maker } from "../core/configurable.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Variable } from "../core/variable.ts";
import { nadam as rule } from "../ops/update/rules.ts";
import { moments } from "./adam.ts";
import { hostTensor, hostVariable, optimizer, type SlotGroup, type Step } from "./optimizer.ts";

/**
 * Adam with Nesterov's momentum (Dozat 2016): with uₜ = β₁(1 − ½·0.96ᵗ) and Πₜ = u₁…uₜ,
 * m̂ = uₜ₊₁·m / (1 − Πₜ₊₁) + (1 − uₜ)·g / (1 − Πₜ), v̂ = v / (1 − β₂ᵗ), x ← x − r·m̂ / (√v̂ + ε).
 *
 * @example
 * ```ts
 * import { optimizers, tensor, Variable } from "varve";
 * const x = new Variable(tensor([1]));
 * const nadam = optimizers.nadam({ learningRate: 0.01 });
 * nadam.apply([tensor([3])], [x]);
 * nadam.iterations // => 1
 * ```
 */
export class Nadam extends optimizer("Nadam", {}, moments) {
  readonly #product: Variable = hostVariable(1, "variable", "variable", "float64");

  protected override slots(): readonly SlotGroup[] {
    return [{ m: "momentum", v: "velocity" }];
  }

  /** uₜ */
  #momentum(t: number): number {
    return this.beta1 * (1 - 0.5 * 0.96 ** t);
  }

  /** Πₜ */
  #productAt(t: number): number {
    return (this.#product.value.dataSync()[0] as number) * this.#momentum(t);
  }

  protected override get globals(): readonly Variable[] {
    return [this.#product];
  }

  protected override updateGlobals(t: number): readonly Tensor[] {
    return [hostTensor(this.#productAt(t), "float64")];
  }

  protected override update(inputs: { readonly x: Tensor; readonly g: Tensor }, { keep, learningRate, t }: Step) {
    const { beta1, beta2, epsilon } = this;
    const product = this.#productAt(t);
    const [now, next] = [this.#momentum(t), this.#momentum(t + 1)];
    return rule(inputs, {
      keep,
      ofMean: (learningRate * next) / (1 - product * next),
      ofGradient: (learningRate * (1 - now)) / (1 - product),
      beta1,
      beta2,
      correction: 1 / (1 - beta2 ** t),
      epsilon,
    });
  }
}

export const nadam = maker(Nadam);
