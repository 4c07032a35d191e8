/**
 * Losses of real-valued targets: mean errors of several kinds, Huber's, log-cosh, and the cosine similarity.
 */
import { maker } from "../core/configurable.ts";
import { axes, number } from "../core/options.ts";
import { normalizeAxis } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { multiply } from "../ops/elementwise/binary.ts";
import { elementwise } from "../ops/elementwise/elementwise.ts";
import * as f from "../ops/elementwise/formula.ts";
import { negative, square } from "../ops/elementwise/unary.ts";
import { mean } from "../ops/reduce/reduce.ts";
import { sum } from "../ops/reduce/sum.ts";
import { loss, unlisted } from "./loss.ts";

/** Keras's epsilon: what logarithms and denominators are kept away from 0 by. */
export const epsilon = 1e-7;

/** A loss whose value of a sample is the mean of a formula of targets and predictions over the last axis. */
/* @__NO_SIDE_EFFECTS__ */
export function meanOf(name: string, formula: (...terms: f.Formula[]) => f.Formula, parameters = 0) {
  const run = elementwise({
    name,
    dtype: "float",
    inputs: 2,
    parameters,
    formula,
  });
  return (yTrue: Tensor, yPred: Tensor, ...numbers: number[]): Tensor =>
    mean(run([yTrue, yPred], numbers), yPred.rank > 0 ? -1 : undefined);
}

const squaredError = meanOf("squaredError", (t, p) => f.square(f.subtract(p, t)));

/**
 * mean((yTrue − yPred)²) over the last axis.
 *
 * @example
 * ```ts
 * import { losses, tensor } from "varve";
 * await losses.meanSquaredError().apply(tensor([[0, 1]]), tensor([[1, 3]])).array() // => 2.5
 * ```
 */
export class MeanSquaredError extends loss("MeanSquaredError", "mean_squared_error", {}) {
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return squaredError(yTrue, yPred);
  }
}

const absoluteError = meanOf("absoluteError", (t, p) => f.abs(f.subtract(p, t)));

/**
 * mean(|yTrue − yPred|) over the last axis.
 *
 * @example
 * ```ts
 * import { losses, tensor } from "varve";
 * await losses.meanAbsoluteError().apply(tensor([[0, 1]]), tensor([[1, 3]])).array() // => 1.5
 * ```
 */
export class MeanAbsoluteError extends loss("MeanAbsoluteError", "mean_absolute_error", {}) {
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return absoluteError(yTrue, yPred);
  }
}

const absolutePercentageError = meanOf("absolutePercentageError", (t, p) =>
  f.multiply(100, f.abs(f.divide(f.subtract(t, p), f.maximum(f.abs(t), epsilon)))),
);

/**
 * 100 · mean(|yTrue − yPred| / max(|yTrue|, 10⁻⁷)) over the last axis.
 *
 * @example
 * ```ts
 * import { losses, tensor } from "varve";
 * await losses.meanAbsolutePercentageError().apply(tensor([[2, 4]]), tensor([[1, 5]])).array() // => 37.5
 * ```
 */
export class MeanAbsolutePercentageError extends loss(
  "MeanAbsolutePercentageError",
  "mean_absolute_percentage_error",
  {},
) {
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return absolutePercentageError(yTrue, yPred);
  }
}

const squaredLogarithmicError = meanOf("squaredLogarithmicError", (t, p) =>
  f.square(f.subtract(f.log1p(f.maximumOfConstant(p, epsilon)), f.log1p(f.maximumOfConstant(t, epsilon)))),
);

/**
 * mean((log(1 + yTrue) − log(1 + yPred))²) over the last axis; values below 10⁻⁷ count as that.
 *
 * @example
 * ```ts
 * import { losses, tensor } from "varve";
 * await losses.meanSquaredLogarithmicError().apply(tensor([[1, 2]]), tensor([[1, 2]])).array() // => 0
 * ```
 */
export class MeanSquaredLogarithmicError extends loss(
  "MeanSquaredLogarithmicError",
  "mean_squared_logarithmic_error",
  {},
) {
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return squaredLogarithmicError(yTrue, yPred);
  }
}

const huberError = meanOf(
  "huber",
  (t, p, delta) => {
    const error = f.subtract(p, t);
    const size = f.abs(error);
    const quadratic = f.multiply(0.5, f.square(error));
    const linear = f.subtract(f.multiply(delta, size), f.multiply(0.5, f.square(delta)));
    return f.select(f.lessEqual(size, delta), quadratic, linear);
  },
  1,
);

/**
 * With e = yPred − yTrue the mean over the last axis of ½e² where |e| ≤ δ, else δ|e| − ½δ² (Huber 1964).
 *
 * @example
 * ```ts
 * import { losses, tensor } from "varve";
 * await losses.huber({ delta: 1 }).apply(tensor([[0, 0]]), tensor([[1, 3]])).array() // => 1.5
 * ```
 */
export class Huber extends loss("Huber", "huber_loss", {
  /** Where the square ends and the line begins. */
  delta: unlisted(number({ default: 1, min: 0 })),
}) {
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return huberError(yTrue, yPred, this.delta);
  }
}

const logCoshError = meanOf("logCosh", (t, p) => {
  const size = f.abs(f.subtract(p, t));
  const small = f.minimumOfConstant(size, 1);
  // cosh a − 1 = (1 − e^−a)² e^a / 2, without the cancellation that log(cosh a) has where a is small
  const near = f.log1p(f.multiply(f.square(f.expm1(f.negative(small))), f.multiply(0.5, f.exp(small))));
  const far = f.add(f.subtract(size, Math.LN2), f.log1p(f.exp(f.multiply(-2, size))));
  return f.select(f.less(size, 1), near, far);
});

/**
 * mean(log(cosh(yPred − yTrue))) over the last axis: like ½e² where the error e is small, like |e| − log 2 where it is
 * large.
 *
 * @example
 * ```ts
 * import { losses, tensor } from "varve";
 * const loss = await losses.logCosh().apply(tensor([[0]]), tensor([[100]])).array();
 * loss.toFixed(4) // => "99.3069"
 * ```
 */
export class LogCosh extends loss("LogCosh", "log_cosh", {}) {
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return logCoshError(yTrue, yPred);
  }
}

const toUnit = elementwise({
  name: "toUnitLength",
  dtype: "float",
  inputs: 2,
  formula: (x: f.Formula, squares: f.Formula) => f.divide(x, f.sqrt(f.maximumOfConstant(squares, epsilon ** 2))),
});

/** The cosine of the angle between the vectors along an axis; 0 where one of them is 0. */
export function cosineOf(yTrue: Tensor, yPred: Tensor, axis: number, where: string): Tensor {
  const along = normalizeAxis(axis, yPred.rank, where);
  const [t, p] = [yTrue, yPred].map((x) => toUnit([x, sum(square(x), along, true)], [])) as [Tensor, Tensor];
  return sum(multiply(t, p), along);
}

/**
 * −Σ yTrue · yPred / (‖yTrue‖ ‖yPred‖) along an axis: −1 where both point the same way, 1 where they are opposed, 0
 * where they are at right angles or one of them is 0.
 *
 * @example
 * ```ts
 * import { losses, tensor } from "varve";
 * await losses.cosineSimilarity().apply(tensor([[0, 2]]), tensor([[0, 1]])).array() // => -1
 * ```
 */
export class CosineSimilarity extends loss("CosineSimilarity", "cosine_similarity", {
  /** The axis of the vectors. */
  axis: unlisted(axes({ default: -1 })),
}) {
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return negative(cosineOf(yTrue, yPred, this.axis, this.label));
  }
}

export const meanSquaredError = maker(MeanSquaredError);
export const meanAbsoluteError = maker(MeanAbsoluteError);
export const meanAbsolutePercentageError = maker(MeanAbsolutePercentageError);
export const meanSquaredLogarithmicError = maker(MeanSquaredLogarithmicError);
export const huber = maker(Huber);
export const logCosh = maker(LogCosh);
export const cosineSimilarity = maker(CosineSimilarity);
