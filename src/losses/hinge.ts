/**
 * Hinge losses: 0 where a sample is on the right side by a margin of 1, growing from there.
 */
import { maker } from "../core/configurable.ts";
import type { Tensor } from "../core/tensor.ts";
import { elementwise } from "../ops/elementwise/elementwise.ts";
import * as f from "../ops/elementwise/formula.ts";
import { all, max, mean } from "../ops/reduce/reduce.ts";
import { sum } from "../ops/reduce/sum.ts";
import { loss } from "./loss.ts";

const isBinary = elementwise({
  name: "isBinary",
  dtype: "bool",
  inputs: 1,
  formula: (t) => f.or(f.equal(t, 0), f.equal(t, 1)),
});

/** max(1 − t · p, 0), t being 2 · yTrue − 1 where all targets are 0 or 1 (`binary`). */
const margin = (t: f.Formula, p: f.Formula, binary: f.Formula) =>
  f.maximumOfConstant(f.subtract(1, f.multiply(f.select(binary, f.subtract(f.multiply(2, t), 1), t), p)), 0);

const hingeError = elementwise({
  name: "hinge",
  dtype: ([, dtype]) => dtype as "float32",
  inputs: 3,
  formula: margin as (...terms: f.Formula[]) => f.Formula,
});

const squaredHingeError = elementwise({
  name: "squaredHinge",
  dtype: ([, dtype]) => dtype as "float32",
  inputs: 3,
  formula: (t, p, binary) => f.square(margin(t as f.Formula, p as f.Formula, binary as f.Formula)),
});

/**
 * mean(max(1 − yTrue · yPred, 0)) over the last axis. Targets are −1 or 1; if all are 0 or 1, the zeros are taken for
 * −1.
 *
 * @example
 * ```ts
 * import { losses, tensor } from "varve";
 * await losses.hinge().apply(tensor([[1, -1]]), tensor([[0.5, -2]])).array() // => 0.25
 * ```
 */
export class Hinge extends loss("Hinge", "hinge", {}) {
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return mean(hingeError([yTrue, yPred, all(isBinary([yTrue], []))], []), -1);
  }
}

/**
 * mean(max(1 − yTrue · yPred, 0)²) over the last axis, with targets as `Hinge` has them.
 *
 * @example
 * ```ts
 * import { losses, tensor } from "varve";
 * await losses.squaredHinge().apply(tensor([[1, -1]]), tensor([[0, -2]])).array() // => 0.5
 * ```
 */
export class SquaredHinge extends loss("SquaredHinge", "squared_hinge", {}) {
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return mean(squaredHingeError([yTrue, yPred, all(isBinary([yTrue], []))], []), -1);
  }
}

const product = elementwise({ name: "multiply", dtype: "float", inputs: 2, formula: (t, p) => f.multiply(t, p) });
const others = elementwise({
  name: "otherClasses",
  dtype: "float",
  inputs: 2,
  formula: (t, p) => f.multiply(f.subtract(1, t), p),
});
const shortfall = elementwise({
  name: "categoricalHinge",
  dtype: "float",
  inputs: 2,
  formula: (positive, negative) => f.maximumOfConstant(f.add(f.subtract(negative, positive), 1), 0),
});

/**
 * max(n − p + 1, 0) with p = Σ yTrue · yPred, the output for the right class, and n = max((1 − yTrue) · yPred), the
 * largest for a wrong one. Targets are one-hot.
 *
 * @example
 * ```ts
 * import { losses, tensor } from "varve";
 * await losses.categoricalHinge().apply(tensor([[0, 1]]), tensor([[0.5, 1]])).array() // => 0.5
 * ```
 */
export class CategoricalHinge extends loss("CategoricalHinge", "categorical_hinge", {}) {
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    const positive = sum(product([yTrue, yPred], []), -1);
    return shortfall([positive, max(others([yTrue, yPred], []), -1)], []);
  }
}

export const hinge = maker(Hinge);
export const squaredHinge = maker(SquaredHinge);
export const categoricalHinge = maker(CategoricalHinge);
