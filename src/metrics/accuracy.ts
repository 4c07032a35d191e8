/**
 * Accuracies: how often predictions are right.
 */
import { maker } from "../core/configurable.ts";
import { ShapeError } from "../core/errors.ts";
import { boolean, integer, number } from "../core/options.ts";
import { formatShape, sameShape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { toLabels } from "../losses/labels.ts";
import { alignRanks, checkSameShape, unlisted } from "../losses/loss.ts";
import { cast } from "../ops/elementwise/cast.ts";
import { equal, greater, less } from "../ops/elementwise/compare.ts";
import { elementwise } from "../ops/elementwise/elementwise.ts";
import * as f from "../ops/elementwise/formula.ts";
import { takeAlongAxis } from "../ops/indexing/take.ts";
import { expandDims } from "../ops/movement/reshape.ts";
import { sliceAlong } from "../ops/movement/slice.ts";
import { any, argmax } from "../ops/reduce/reduce.ts";
import { sum } from "../ops/reduce/sum.ts";
import { MeanOfValues, metric } from "./metric.ts";

/** The labels of one-hot targets, as long as they have the predictions' shape. */
function labelsOf(yTrue: Tensor, yPred: Tensor, where: string): Tensor {
  const hint = yTrue.rank < yPred.rank || yTrue.shape.at(-1) === 1;
  if (hint && !sameShape(yTrue.shape, yPred.shape)) {
    throw new ShapeError(
      `${where}: needs one-hot targets of shape ${formatShape(yPred.shape)}, got ${formatShape(yTrue.shape)}; for class numbers use a metric of the Sparse… kind`,
    );
  }
  checkSameShape(yTrue.shape, yPred.shape, where);
  return argmax(yTrue, -1);
}

/**
 * How often yPred equals yTrue.
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const accuracy = metrics.accuracy();
 * accuracy.updateState([1, 2, 3, 4], [0, 2, 3, 4]);
 * await accuracy.result().array() // => 0.75
 * ```
 */
export class Accuracy extends metric(MeanOfValues, "Accuracy", "accuracy", {}) {
  override readonly direction = "max";

  protected override values(yTrue: Tensor, yPred: Tensor): Tensor {
    const [target, output] = alignRanks(yTrue, yPred);
    checkSameShape(target.shape, output.shape, this.label);
    return equal(target, output);
  }
}

/**
 * How often yPred > threshold says what yTrue, 0 or 1, says.
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const accuracy = metrics.binaryAccuracy();
 * accuracy.updateState([[1], [1], [0], [0]], [[0.98], [1], [0], [0.6]]);
 * await accuracy.result().array() // => 0.75
 * ```
 */
export class BinaryAccuracy extends metric(MeanOfValues, "BinaryAccuracy", "binary_accuracy", {
  /** Predictions above this one count as 1. */
  threshold: number({ default: 0.5 }),
}) {
  override readonly direction = "max";

  protected override values(yTrue: Tensor, yPred: Tensor): Tensor {
    const [target, output] = alignRanks(yTrue, yPred);
    checkSameShape(target.shape, output.shape, this.label);
    return equal(target, cast(greater(output, this.threshold), target.dtype));
  }
}

/**
 * How often the largest prediction is for the class that one-hot targets name. Of equal predictions the first counts.
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const accuracy = metrics.categoricalAccuracy();
 * accuracy.updateState([[0, 0, 1], [0, 1, 0]], [[0.1, 0.9, 0.8], [0.05, 0.95, 0]]);
 * await accuracy.result().array() // => 0.5
 * ```
 */
export class CategoricalAccuracy extends metric(MeanOfValues, "CategoricalAccuracy", "categorical_accuracy", {}) {
  override readonly direction = "max";

  protected override values(yTrue: Tensor, yPred: Tensor): Tensor {
    return equal(labelsOf(yTrue, yPred, this.label), argmax(yPred, -1));
  }
}

/**
 * How often the largest prediction is for the class that the label names. Of equal predictions the first counts.
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const accuracy = metrics.sparseCategoricalAccuracy();
 * accuracy.updateState([2, 1], [[0.1, 0.6, 0.3], [0.05, 0.95, 0]]);
 * await accuracy.result().array() // => 0.5
 * ```
 */
export class SparseCategoricalAccuracy extends metric(
  MeanOfValues,
  "SparseCategoricalAccuracy",
  "sparse_categorical_accuracy",
  {},
) {
  override readonly direction = "max";

  protected override values(yTrue: Tensor, yPred: Tensor): Tensor {
    return equal(toLabels(yTrue, yPred, yPred.rank - 1, this.label), argmax(yPred, -1));
  }
}

const beats = elementwise({
  name: "beats",
  dtype: "bool",
  inputs: 2,
  // NaN is nobody's probability: everything beats it
  formula: (x, own) => f.or(f.less(own, x), f.notEqual(own, own)),
});

/** Whether fewer than k classes have a larger prediction than the label's. */
function inTopK(labels: Tensor, yPred: Tensor, k: number): Tensor {
  const own = takeAlongAxis(yPred, expandDims(labels, -1), -1);
  return less(sum(beats([yPred, own], []), -1), k);
}

const topOption = {
  /** How many of the largest predictions count. */
  k: integer({ default: 5, min: 1 }),
};

/**
 * How often the class that one-hot targets name is among the k largest predictions. Equals of the k-th count, too.
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const accuracy = metrics.topKCategoricalAccuracy({ k: 1 });
 * accuracy.updateState([[0, 0, 1], [0, 1, 0]], [[0.1, 0.9, 0.8], [0.05, 0.95, 0]]);
 * await accuracy.result().array() // => 0.5
 * ```
 */
export class TopKCategoricalAccuracy extends metric(
  MeanOfValues,
  "TopKCategoricalAccuracy",
  "top_k_categorical_accuracy",
  topOption,
) {
  override readonly direction = "max";

  protected override values(yTrue: Tensor, yPred: Tensor): Tensor {
    return inTopK(labelsOf(yTrue, yPred, this.label), yPred, this.k);
  }
}

/**
 * How often the label is among the k largest predictions. Equals of the k-th count, too.
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const accuracy = metrics.sparseTopKCategoricalAccuracy({ k: 2 });
 * accuracy.updateState([2, 0], [[0.1, 0.6, 0.3], [0.05, 0.85, 0.1]]);
 * await accuracy.result().array() // => 0.5
 * ```
 */
export class SparseTopKCategoricalAccuracy extends metric(
  MeanOfValues,
  "SparseTopKCategoricalAccuracy",
  "sparse_top_k_categorical_accuracy",
  {
    ...topOption,
    /** Whether predictions are class numbers already, the most likely first. */
    fromSortedIds: unlisted(boolean({ default: false })),
  },
) {
  override readonly direction = "max";

  protected override values(yTrue: Tensor, yPred: Tensor): Tensor {
    const labels = toLabels(yTrue, yPred, yPred.rank - 1, this.label);
    if (!this.fromSortedIds) return inTopK(labels, yPred, this.k);
    const first = sliceAlong(yPred, yPred.rank - 1, 0, Math.min(this.k, yPred.shape.at(-1) as number));
    return any(equal(expandDims(cast(labels, yPred.dtype), -1), first), -1);
  }
}

export const accuracy = maker(Accuracy);
export const binaryAccuracy = maker(BinaryAccuracy);
export const categoricalAccuracy = maker(CategoricalAccuracy);
export const sparseCategoricalAccuracy = maker(SparseCategoricalAccuracy);
export const topKCategoricalAccuracy = maker(TopKCategoricalAccuracy);
export const sparseTopKCategoricalAccuracy = maker(SparseTopKCategoricalAccuracy);
