import { maker } from "../core/configurable.ts";
import { boolean, number } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import { sgd as rule } from "../ops/update/rules.ts";
import { optimizer, type SlotGroup, type Step } from "./optimizer.ts";

/**
 * Gradient descent: x ← x − r·g. With momentum a velocity remembers past steps: m ← momentum·m − r·g, x ← x + m
 * (Polyak 1964); with `nesterov` the gradient counts once more, x ← x + momentum·m − r·g (Sutskever et al. 2013).
 *
 * @example
 * ```ts
 * import { optimizers, tensor, Variable } from "varve";
 * const x = new Variable(tensor([1]));
 * const sgd = optimizers.sgd({ learningRate: 0.5, momentum: 0.5 });
 * for (let step = 0; step < 2; step++) sgd.apply([tensor([1])], [x]);
 * await x.value.array() // => [-0.25]
 * ```
 */
export class SGD extends optimizer(
  "SGD",
  { learningRate: 0.01 },
  {
    /** How much of the velocity stays at each step. */
    momentum: number({ default: 0, min: 0, max: 1 }),
    /** Whether to use Nesterov's momentum. */
    nesterov: boolean({ default: false }),
  },
) {
  protected override slots(): readonly SlotGroup[] {
    return this.momentum === 0 ? [] : [{ m: "momentum" }];
  }

  protected override update(inputs: { readonly x: Tensor; readonly g: Tensor }, { keep, learningRate }: Step) {
    return rule(inputs, { keep, learningRate, momentum: this.momentum, nesterov: this.nesterov });
  }
}

export const sgd = maker(SGD);
