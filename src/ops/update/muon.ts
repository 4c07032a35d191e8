/**
 * The update of Muon: momentum whose singular values are all brought near 1.
 */
import type { Tensor } from "../../core/tensor.ts";
import { add, divide, multiply, subtract } from "../elementwise/binary.ts";
import { matmul } from "../matmul/matmul.ts";
import { transpose } from "../movement/transpose.ts";
import { op } from "../op.ts";
import { norm } from "../reduce/reduce.ts";
import { type RuleAttributes, updateShape } from "./rule.ts";

interface MuonAttributes extends RuleAttributes {
  readonly learningRate: number;
  readonly momentum: number;
  readonly nesterov: boolean;
  /** The coefficients of the polynomial a·s + b·s³ + c·s⁵ that drives singular values s towards 1. */
  readonly polynomial: readonly [a: number, b: number, c: number];
  /** How often it is applied. */
  readonly steps: number;
}

/** A matrix with the same singular vectors, and singular values near 1 (Newton–Schulz). */
function orthogonalize(x: Tensor, [a, b, c]: MuonAttributes["polynomial"], steps: number): Tensor {
  const tall = (x.shape[0] as number) > (x.shape[1] as number);
  let y = tall ? transpose(x) : x;
  y = divide(y, add(norm(y), 1e-7));
  for (let step = 0; step < steps; step++) {
    const square = matmul(y, transpose(y));
    const mixed = add(multiply(square, b), matmul(multiply(square, c), square));
    y = add(multiply(y, a), matmul(mixed, y));
  }
  return tall ? transpose(y) : y;
}

/** m ← momentum · m + g, x − learningRate · orthogonalize(m, or by Nesterov g + momentum · m), of matrices. @internal */
export const muon = op<{ x: Tensor; g: Tensor; m: Tensor }, "x" | "m", MuonAttributes>({
  name: "muon",
  shape: (inputs) => updateShape("muon", inputs, ["m"]) as never,
  reference({ x, g, m }, { keep, learningRate, momentum, nesterov, polynomial, steps }) {
    const velocity = add(multiply(m, momentum), g);
    const direction = nesterov ? add(g, multiply(velocity, momentum)) : velocity;
    const update = orthogonalize(direction, polynomial, steps);
    return { x: subtract(multiply(x, keep), multiply(update, learningRate)), m: velocity };
  },
  gradient: "none",
});
