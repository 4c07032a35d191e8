import { maker } from "../core/configurable.ts";
import type { Tensor } from "../core/tensor.ts";
import { lamb as rule } from "../ops/update/lamb.ts";
import { moments } from "./adam.ts";
import { optimizer, type SlotGroup, type Step } from "./optimizer.ts";

/**
 * Adam's step u, made as long as the variable is, for large batches (You et al. 2019): x ← x − r·‖x‖/‖u‖·u.
 *
 * @example
 * ```ts
 * import { optimizers, tensor, Variable } from "varve";
 * const x = new Variable(tensor([3, 4]));
 * optimizers.lamb({ learningRate: 0.5 }).apply([tensor([0, 1])], [x]);
 * (await x.value.array()).map((value) => value.toFixed(3)) // => ["3.000", "1.500"]
 * ```
 */
export class Lamb extends optimizer("Lamb", {}, moments) {
  protected override slots(): readonly SlotGroup[] {
    return [{ m: "momentum", v: "velocity" }];
  }

  protected override update(
    inputs: { readonly x: Tensor; readonly g: Tensor } & Readonly<Record<string, Tensor>>,
    { keep, learningRate, t }: Step,
  ) {
    const { beta1, beta2, epsilon } = this;
    return rule(inputs as never, { keep, learningRate, beta1, beta2, epsilon, t });
  }
}

export const lamb = maker(Lamb);
