/**
 * The losses by NeuPy's names, which are Keras's by the same or other names, and penalties on the variables.
 */
import type { Tensor } from "../../core/tensor.ts";
import { CategoricalHinge, Hinge } from "../../losses/hinge.ts";
import type { Loss } from "../../losses/loss.ts";
import { BinaryCrossentropy, CategoricalCrossentropy } from "../../losses/probabilistic.ts";
import { MeanAbsoluteError, MeanSquaredError, MeanSquaredLogarithmicError } from "../../losses/regression.ts";
import { add, multiply } from "../../ops/elementwise/binary.ts";
import { abs, sqrt } from "../../ops/elementwise/unary.ts";
import { max } from "../../ops/reduce/reduce.ts";
import { full } from "../../ops/tensor.ts";
import { L1, L2 } from "../../regularizers.ts";
import type { LayerGraph } from "./graph.ts";

/** A loss as a function: of what was expected and what was predicted; its mean is taken. */
export type LossFunction = (expected: Tensor, predicted: Tensor) => Tensor;

/** The root of the mean of a batch. */
const rootOf =
  (make: () => Loss): (() => LossFunction) =>
  () => {
    const loss = make();
    return (expected, predicted) => sqrt(loss.apply(expected, predicted));
  };

const losses = {
  mae: () => new MeanAbsoluteError(),
  mse: () => new MeanSquaredError(),
  rmse: rootOf(() => new MeanSquaredError()),
  msle: () => new MeanSquaredLogarithmicError(),
  rmsle: rootOf(() => new MeanSquaredLogarithmicError()),
  binary_crossentropy: () => new BinaryCrossentropy(),
  categorical_crossentropy: () => new CategoricalCrossentropy(),
  binary_hinge: () => new Hinge(),
  categorical_hinge: () => new CategoricalHinge(),
} satisfies Record<string, () => Loss | LossFunction>;

export type LossName = keyof typeof losses;

export const lossNames = Object.keys(losses) as LossName[];

/** The loss that a name or a function means, for `compile`. */
export function lossOf(given: LossName | LossFunction): Loss | LossFunction {
  return typeof given === "function" ? given : losses[given]();
}

/** What the penalties take. */
export interface PenaltyOptions {
  /** How much they count. Default 0.01. */
  readonly decayRate?: number | undefined;
  /** The names of variables that are left out. Default ["bias"]. */
  readonly exclude?: readonly string[] | undefined;
}

/** A penalty on a network, which an algorithm takes as `regularizer`. */
export type NetworkRegularizer = (network: LayerGraph) => Tensor;

/**
 * Makes a penalty of a function of one variable: `defineRegularizer((weight, decayRate) => …)`. It is summed over the
 * variables that are trained.
 */
export function defineRegularizer(
  fn: (weight: Tensor, decayRate: number) => Tensor,
): (options?: PenaltyOptions) => NetworkRegularizer {
  return ({ decayRate = 0.01, exclude = ["bias"] } = {}) =>
    (network) => {
      const counted = [...network.variables].filter(([[, name], each]) => each.trainable && !exclude.includes(name));
      return counted.reduce((sum, [, variable]) => add(sum, fn(variable.value, decayRate)), full([], 0));
    };
}

/** decayRate · Σ |w| over the variables but the biases. */
export const l1 = /* @__PURE__ */ defineRegularizer((weight, decayRate) => new L1({ l1: decayRate }).call(weight));

/**
 * decayRate · Σ w² over the variables but the biases.
 *
 * @example
 * ```ts
 * import { algorithms, Input, join, Linear } from "varve/neupy";
 * const network = join(Input(1), Linear(1, { weight: [[3]] }));
 * await algorithms.l2({ decayRate: 0.5 })(network).array() // => 4.5
 * ```
 */
export const l2 = /* @__PURE__ */ defineRegularizer((weight, decayRate) => new L2({ l2: decayRate }).call(weight));

/** decayRate · max |w|, summed over the variables but the biases. */
export const maxnorm = /* @__PURE__ */ defineRegularizer((weight, decayRate) => multiply(max(abs(weight)), decayRate));
