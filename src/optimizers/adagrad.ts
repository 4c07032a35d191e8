import { maker } from "../core/configurable.ts";
import { number } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import { adagrad as rule } from "../ops/update/rules.ts";
import { optimizer, type SlotGroup, type Step } from "./optimizer.ts";

/**
 * Steps are divided by the root of the sum of all past squares, so that rare features learn fast (Duchi et al. 2011):
 * a ← a + g², x ← x − r·g / √(a + ε).
 *
 * @example
 * ```ts
 * import { optimizers, tensor, Variable } from "varve";
 * const x = new Variable(tensor([1]));
 * optimizers.adagrad({ learningRate: 0.5, initialAccumulatorValue: 9, epsilon: 0 }).apply([tensor([4])], [x]);
 * (await x.value.array()).map((value) => value.toFixed(3)) // => ["0.600"]
 * ```
 */
export class Adagrad extends optimizer(
  "Adagrad",
  {},
  {
    /** What a starts at. */
    initialAccumulatorValue: number({ default: 0.1, min: 0 }),
    /** Added to a under the root. */
    epsilon: number({ default: 1e-7, min: 0 }),
  },
) {
  protected override slots(): readonly SlotGroup[] {
    return [{ a: { name: "accumulator", initial: this.initialAccumulatorValue } }];
  }

  protected override update(inputs: { readonly x: Tensor; readonly g: Tensor }, { keep, learningRate }: Step) {
    return rule(inputs, { keep, learningRate, epsilon: this.epsilon });
  }
}

export const adagrad = maker(Adagrad);
