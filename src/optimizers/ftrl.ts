import { maker } from "../core/configurable.ts";
import { number } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import { ftrl as rule } from "../ops/update/rules.ts";
import { optimizer, type SlotGroup, type Step } from "./optimizer.ts";

/**
 * Follow the regularized leader, for sparse linear models (McMahan et al. 2013): with p = −learningRatePower,
 * a' = a + g², σ = (a'ᵖ − aᵖ)/r, l ← l + g + 2·shrinkage·x − σx, and
 * x ← (clip(l, ±l1) − l) / (a'ᵖ/r + 2·l2 + β/r).
 *
 * @example
 * ```ts
 * import { optimizers, tensor, Variable } from "varve";
 * const x = new Variable(tensor([1]));
 * optimizers.ftrl({ learningRate: 0.5, initialAccumulatorValue: 0, l1RegularizationStrength: 10 }).apply([tensor([2])], [x]);
 * await x.value.array() // => [0]
 * ```
 */
export class Ftrl extends optimizer(
  "Ftrl",
  {},
  {
    /** Minus the power p; 0 keeps the learning rate. */
    learningRatePower: number({ default: -0.5, max: 0 }),
    /** What a starts at. */
    initialAccumulatorValue: number({ default: 0.1, min: 0 }),
    /** How strongly small weights are set to 0. */
    l1RegularizationStrength: number({ default: 0, min: 0 }),
    /** How strongly large weights are held back. */
    l2RegularizationStrength: number({ default: 0, min: 0 }),
    /** A penalty on the present weights, which enters like a gradient. */
    l2ShrinkageRegularizationStrength: number({ default: 0, min: 0 }),
    /** The paper's β. */
    beta: number({ default: 0 }),
  },
) {
  protected override slots(): readonly SlotGroup[] {
    return [{ a: { name: "accumulator", initial: this.initialAccumulatorValue }, l: "linear" }];
  }

  protected override update(inputs: { readonly x: Tensor; readonly g: Tensor }, { keep, learningRate }: Step) {
    return rule(inputs, {
      keep,
      learningRate,
      power: -this.learningRatePower,
      l1: this.l1RegularizationStrength,
      l2: 2 * (this.l2RegularizationStrength + this.beta / (2 * learningRate)),
      shrinkage: 2 * this.l2ShrinkageRegularizationStrength,
    });
  }
}

export const ftrl = maker(Ftrl);
