import { maker } from "../core/configurable.ts";
import { number } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import { lion as rule } from "../ops/update/rules.ts";
import { keyed, optimizer, type SlotGroup, type Step } from "./optimizer.ts";

/**
 * Steps of equal size along the signs of a mean gradient (Chen et al. 2023): x ← x − r·sign(β₁m + (1−β₁)g),
 * m ← β₂m + (1−β₂)g. It wants a learning rate 3 to 10 times smaller than Adam's.
 *
 * @example
 * ```ts
 * import { optimizers, tensor, Variable } from "varve";
 * const x = new Variable(tensor([1, 1, 1]));
 * optimizers.lion({ learningRate: 0.5 }).apply([tensor([100, -0.01, 0])], [x]);
 * await x.value.array() // => [0.5, 1.5, 1]
 * ```
 */
export class Lion extends optimizer(
  "Lion",
  {},
  {
    /** How much the mean counts beside the gradient in a step. */
    beta1: keyed("beta_1", number({ default: 0.9, above: 0, max: 1 })),
    /** How much of the mean stays at each step. */
    beta2: keyed("beta_2", number({ default: 0.99, min: 0, max: 1 })),
  },
) {
  protected override slots(): readonly SlotGroup[] {
    return [{ m: "momentum" }];
  }

  protected override update(inputs: { readonly x: Tensor; readonly g: Tensor }, { keep, learningRate }: Step) {
    return rule(inputs, { keep, learningRate, beta1: this.beta1, beta2: this.beta2 });
  }
}

export const lion = maker(Lion);
