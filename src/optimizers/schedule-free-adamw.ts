import { maker } from "../core/configurable.ts";
import { integer, number } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import { scheduleFree as rule } from "../ops/update/rules.ts";
import { moments } from "./adam.ts";
import { optimizer, type SlotGroup, type Step } from "./optimizer.ts";

/**
 * AdamW without a schedule (Defazio et al. 2024): Adam's steps go to z, x̄ is the mean of all z so far, and gradients
 * are taken in between, at y = (1−β₁)z + β₁x̄, which is what the variable holds.
 *
 * @example
 * ```ts
 * import { optimizers, tensor, Variable } from "varve";
 * const x = new Variable(tensor([1]));
 * optimizers.scheduleFreeAdamW({ learningRate: 0.5, epsilon: 0 }).apply([tensor([3])], [x]);
 * (await x.value.array()).map((value) => value.toFixed(3)) // => ["0.500"]
 * ```
 */
export class ScheduleFreeAdamW extends optimizer(
  "ScheduleFreeAdamW",
  { learningRate: 0.0025 },
  {
    ...moments,
    /** Added to the denominator. */
    epsilon: number({ default: 1e-8, min: 0 }),
    /** In how many steps the learning rate rises from 0. */
    warmupSteps: integer({ default: 0, min: 0 }),
  },
) {
  protected override slots(): readonly SlotGroup[] {
    return [{ z: { name: "momentum", initial: "variable" }, v: "velocity" }];
  }

  protected override update(inputs: { readonly x: Tensor; readonly g: Tensor }, { keep, learningRate, t }: Step) {
    const { beta1, beta2, epsilon, warmupSteps } = this;
    return rule(inputs, {
      keep,
      learningRate: warmupSteps > 0 ? learningRate * Math.min(t / warmupSteps, 1) : learningRate,
      beta1,
      beta2,
      epsilon,
      correction: 1 / (1 - beta2 ** t),
      weight: 1 / t,
    });
  }
}

export const scheduleFreeAdamW = maker(ScheduleFreeAdamW);
