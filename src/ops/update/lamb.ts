/**
 * The update of LAMB: Adam's, made as long as the variable itself is. It looks at whole tensors, so it is no rule of
 * single elements.
 */
import type { View } from "../../core/op.ts";
import type { Tensor } from "../../core/tensor.ts";
import { op } from "../op.ts";
import { type RuleAttributes, updateShape } from "./rule.ts";

interface LambAttributes extends RuleAttributes {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** The number of the step, from 1. */
  readonly t: number;
}

type LambInputs = { readonly x: Tensor; readonly g: Tensor; readonly m: Tensor; readonly v: Tensor };

/**
 * m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², u = m/(1−β₁ᵗ) / (√(v/(1−β₂ᵗ)) + ε), x − learningRate · ‖x‖/‖u‖ · u; the
 * ratio is 1 where one of the norms is 0. @internal
 */
export const lamb = op<LambInputs, "x" | "m" | "v", LambAttributes>({
  name: "lamb",
  shape: (inputs) => updateShape("lamb", inputs, ["m", "v"]) as never,
  loops({ x, g, m, v }, outputs, { keep, learningRate, beta1, beta2, epsilon, t }) {
    const at = ({ data }: View, index: number) => data[index] as number;
    const u = new Float64Array(x.size);
    let [ofX, ofU] = [0, 0];
    for (let index = 0; index < x.size; index++) {
      const gradient = at(g, index);
      const mean = at(m, index) + (1 - beta1) * (gradient - at(m, index));
      const square = at(v, index) + (1 - beta2) * (gradient * gradient - at(v, index));
      outputs.m.data[index] = mean;
      outputs.v.data[index] = square;
      const direction = mean / (1 - beta1 ** t) / (Math.sqrt(square / (1 - beta2 ** t)) + epsilon);
      u[index] = direction;
      ofU += direction * direction;
      ofX += (keep * at(x, index)) ** 2;
    }
    const ratio = ofX > 0 && ofU > 0 ? Math.sqrt(ofX / ofU) : 1;
    for (let index = 0; index < x.size; index++) {
      outputs.x.data[index] = keep * at(x, index) - learningRate * ratio * (u[index] as number);
    }
  },
  gradient: "none",
});
