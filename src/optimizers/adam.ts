import { maker } from "../core/configurable.ts";
import { boolean, number } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import { adam as rule } from "../ops/update/rules.ts";
import { keyed, optimizer, type SlotGroup, type Step } from "./optimizer.ts";

/** How the moving averages of Adam and its relatives are made. */
export const moments = {
  /** How much of the mean of gradients stays at each step. */
  beta1: keyed("beta_1", number({ default: 0.9, min: 0, below: 1 })),
  /** How much of the mean of their squares stays. */
  beta2: keyed("beta_2", number({ default: 0.999, min: 0, below: 1 })),
  /** Added to the denominator. */
  epsilon: number({ default: 1e-7, min: 0 }),
};

/** What is worked out once a step for Adam: the learning rate with the correction of both means for their start at 0. */
export function adamRate({ learningRate, t }: Step, beta1: number, beta2: number): number {
  return (learningRate * Math.sqrt(1 - beta2 ** t)) / (1 - beta1 ** t);
}

/**
 * Adam: steps along the mean of past gradients, divided by the root of the mean of their squares (Kingma & Ba 2014):
 * m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², x ← x − r·√(1−β₂ᵗ)/(1−β₁ᵗ)·m / (√v + ε).
 *
 * @example
 * ```ts
 * import { optimizers, tensor, Variable } from "varve";
 * const x = new Variable(tensor([1, 1]));
 * optimizers.adam({ learningRate: 0.5 }).apply([tensor([1000, -0.1])], [x]);
 * (await x.value.array()).map((value) => value.toFixed(3)) // => ["0.500", "1.500"]
 * ```
 */
export class Adam extends optimizer(
  "Adam",
  {},
  {
    ...moments,
    /** Whether the largest v so far takes the place of v (AMSGrad, Reddi et al. 2018). */
    amsgrad: boolean({ default: false }),
  },
) {
  protected override slots(): readonly SlotGroup[] {
    return [{ m: "momentum", v: "velocity" }, ...(this.amsgrad ? [{ vHat: "velocity_hat" }] : [])];
  }

  protected override update(inputs: { readonly x: Tensor; readonly g: Tensor }, step: Step) {
    const { beta1, beta2, epsilon } = this;
    return rule(inputs, { keep: step.keep, alpha: adamRate(step, beta1, beta2), beta1, beta2, epsilon });
  }
}

/**
 * Adam with weight decay of its own, which does not go through the means: x ← x − r·weightDecay·x before Adam's update
 * (Loshchilov & Hutter 2017).
 *
 * @example
 * ```ts
 * import { optimizers, tensor, Variable } from "varve";
 * const x = new Variable(tensor([1]));
 * optimizers.adamW({ learningRate: 0.5, weightDecay: 0.5 }).apply([tensor([0])], [x]);
 * await x.value.array() // => [0.75]
 * ```
 */
export class AdamW extends Adam {
  static override readonly className = "AdamW";
  static override readonly schema = { ...Adam.schema, weightDecay: number({ default: 0.004, min: 0 }) };
}

export const adam = maker(Adam);
export const adamW = maker(AdamW);
