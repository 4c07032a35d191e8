/**
 * Metrics that are the mean of a loss.
 */
import { type ConfigurableClass, maker } from "../core/configurable.ts";
import { axes, boolean, integer, type OptionsOf, type Schema } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import * as hinges from "../losses/hinge.ts";
import type { Loss } from "../losses/loss.ts";
import * as probabilistic from "../losses/probabilistic.ts";
import * as regression from "../losses/regression.ts";
import { MeanOfValues, type MetricOptions, metric } from "./metric.ts";

/** A metric that is the mean of a loss, which takes the metric's own options. */
abstract class MeanOfLoss extends MeanOfValues {
  override readonly direction = "min";

  static readonly lossClass: new (
    options?: never,
  ) => Loss;
  #loss: Loss | undefined;

  protected override values(yTrue: Tensor, yPred: Tensor): Tensor {
    if (!this.#loss) {
      const { lossClass, schema } = this.constructor as typeof MeanOfLoss;
      const { name: _name, dtype: _dtype, ...own } = schema;
      const given = this as unknown as Record<string, unknown>;
      this.#loss = new lossClass(Object.fromEntries(Object.keys(own).map((key) => [key, given[key]])) as never);
    }
    return this.#loss.values(yTrue, yPred);
  }
}

/* @__NO_SIDE_EFFECTS__ */
function meanOfLoss<S extends Schema>(
  className: string,
  name: string,
  lossClass: new (options?: never) => Loss,
  own: S,
): ConfigurableClass<S, MeanOfLoss, OptionsOf<S> & MetricOptions> {
  const base = metric(MeanOfLoss, className, name, own) as unknown as typeof MeanOfLoss;
  abstract class Named extends base {
    static override readonly lossClass = lossClass;
  }
  return Named as unknown as ConfigurableClass<S, MeanOfLoss, OptionsOf<S> & MetricOptions>;
}

/**
 * The mean of (yTrue − yPred)².
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const error = metrics.meanSquaredError();
 * error.updateState([[0, 1]], [[1, 3]]);
 * await error.result().array() // => 2.5
 * ```
 */
export class MeanSquaredError extends meanOfLoss(
  "MeanSquaredError",
  "mean_squared_error",
  regression.MeanSquaredError,
  {},
) {}

/**
 * The mean of |yTrue − yPred|.
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const error = metrics.meanAbsoluteError();
 * error.updateState([[0, 1]], [[1, 3]]);
 * await error.result().array() // => 1.5
 * ```
 */
export class MeanAbsoluteError extends meanOfLoss(
  "MeanAbsoluteError",
  "mean_absolute_error",
  regression.MeanAbsoluteError,
  {},
) {}

/**
 * The mean of 100 · |yTrue − yPred| / max(|yTrue|, 10⁻⁷).
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const error = metrics.meanAbsolutePercentageError();
 * error.updateState([[2, 4]], [[1, 5]]);
 * await error.result().array() // => 37.5
 * ```
 */
export class MeanAbsolutePercentageError extends meanOfLoss(
  "MeanAbsolutePercentageError",
  "mean_absolute_percentage_error",
  regression.MeanAbsolutePercentageError,
  {},
) {}

/**
 * The mean of (log(1 + yTrue) − log(1 + yPred))².
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const error = metrics.meanSquaredLogarithmicError();
 * error.updateState([[1, 2]], [[1, 2]]);
 * await error.result().array() // => 0
 * ```
 */
export class MeanSquaredLogarithmicError extends meanOfLoss(
  "MeanSquaredLogarithmicError",
  "mean_squared_logarithmic_error",
  regression.MeanSquaredLogarithmicError,
  {},
) {}

/**
 * The mean of log(cosh(yPred − yTrue)).
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const error = metrics.logCoshError();
 * error.updateState([[1, 2]], [[1, 2]]);
 * await error.result().array() // => 0
 * ```
 */
export class LogCoshError extends meanOfLoss("LogCoshError", "logcosh", regression.LogCosh, {}) {}

/**
 * The mean of max(1 − yTrue · yPred, 0); targets are −1 or 1, or 0 or 1.
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const hinge = metrics.hinge();
 * hinge.updateState([[1, -1]], [[0.5, -2]]);
 * await hinge.result().array() // => 0.25
 * ```
 */
export class Hinge extends meanOfLoss("Hinge", "hinge", hinges.Hinge, {}) {}

/**
 * The mean of max(1 − yTrue · yPred, 0)²; targets are −1 or 1, or 0 or 1.
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const hinge = metrics.squaredHinge();
 * hinge.updateState([[1, -1]], [[0, -2]]);
 * await hinge.result().array() // => 0.5
 * ```
 */
export class SquaredHinge extends meanOfLoss("SquaredHinge", "squared_hinge", hinges.SquaredHinge, {}) {}

/**
 * The mean of max(n − p + 1, 0), p being the output for the right class and n the largest for a wrong one.
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const hinge = metrics.categoricalHinge();
 * hinge.updateState([[0, 1]], [[0.5, 1]]);
 * await hinge.result().array() // => 0.5
 * ```
 */
export class CategoricalHinge extends meanOfLoss(
  "CategoricalHinge",
  "categorical_hinge",
  hinges.CategoricalHinge,
  {},
) {}

/**
 * The mean of Σ yTrue · log(yTrue / yPred).
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const divergence = metrics.klDivergence();
 * divergence.updateState([[0.5, 0.5]], [[0.5, 0.5]]);
 * await divergence.result().array() // => 0
 * ```
 */
export class KLDivergence extends meanOfLoss("KLDivergence", "kl_divergence", probabilistic.KLDivergence, {}) {}

/**
 * The mean of yPred − yTrue · log(yPred + 10⁻⁷).
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const poisson = metrics.poisson();
 * poisson.updateState([[0, 0]], [[1, 3]]);
 * await poisson.result().array() // => 2
 * ```
 */
export class Poisson extends meanOfLoss("Poisson", "poisson", probabilistic.Poisson, {}) {}

const { smoothing } = probabilistic;

/**
 * The mean of the binary cross-entropy, −yTrue · log(yPred) − (1 − yTrue) · log(1 − yPred).
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const entropy = metrics.binaryCrossentropy({ fromLogits: true });
 * entropy.updateState([[1, 0]], [[100, 100]]);
 * await entropy.result().array() // => 50
 * ```
 */
export class BinaryCrossentropy extends meanOfLoss(
  "BinaryCrossentropy",
  "binary_crossentropy",
  probabilistic.BinaryCrossentropy,
  smoothing,
) {}

/**
 * The mean of the cross-entropy, −Σ yTrue · log(yPred), for targets that are probabilities.
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const entropy = metrics.categoricalCrossentropy({ fromLogits: true });
 * entropy.updateState([[0, 1]], [[1000, 0]]);
 * await entropy.result().array() // => 1000
 * ```
 */
export class CategoricalCrossentropy extends meanOfLoss(
  "CategoricalCrossentropy",
  "categorical_crossentropy",
  probabilistic.CategoricalCrossentropy,
  {
    ...smoothing,
    /** The axis of the classes. */
    axis: axes({ default: -1 }),
  },
) {}

/**
 * The mean of −log(yPred of the labelled class), for targets that are class numbers.
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const entropy = metrics.sparseCategoricalCrossentropy({ fromLogits: true });
 * entropy.updateState([1, 0], [[1000, 0], [1000, 0]]);
 * await entropy.result().array() // => 500
 * ```
 */
export class SparseCategoricalCrossentropy extends meanOfLoss(
  "SparseCategoricalCrossentropy",
  "sparse_categorical_crossentropy",
  probabilistic.SparseCategoricalCrossentropy,
  {
    /** Whether predictions are logits rather than probabilities. */
    fromLogits: boolean({ default: false }),
    /** Samples with this label have no loss. */
    ignoreClass: integer({ default: null }),
    /** The axis of the classes. */
    axis: axes({ default: -1 }),
  },
) {}

export const meanSquaredError = maker(MeanSquaredError);
export const meanAbsoluteError = maker(MeanAbsoluteError);
export const meanAbsolutePercentageError = maker(MeanAbsolutePercentageError);
export const meanSquaredLogarithmicError = maker(MeanSquaredLogarithmicError);
export const logCoshError = maker(LogCoshError);
export const hinge = maker(Hinge);
export const squaredHinge = maker(SquaredHinge);
export const categoricalHinge = maker(CategoricalHinge);
export const klDivergence = maker(KLDivergence);
export const poisson = maker(Poisson);
export const binaryCrossentropy = maker(BinaryCrossentropy);
export const categoricalCrossentropy = maker(CategoricalCrossentropy);
export const sparseCategoricalCrossentropy = maker(SparseCategoricalCrossentropy);
