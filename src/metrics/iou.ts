/**
 * Intersection over union, for segmentation: of what is or was taken for a class, the part that is and was.
 */
import { maker } from "../core/configurable.ts";
import { OptionError } from "../core/errors.ts";
import { axes, boolean, choice, integer, type Json, number, option } from "../core/options.ts";
import { inScope } from "../core/scope.ts";
import type { Shape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { alignWeight, checkSameShape } from "../losses/loss.ts";
import { epsilon } from "../losses/regression.ts";
import { confusionMatrix } from "../ops/confusion/confusion.ts";
import { cast } from "../ops/elementwise/cast.ts";
import { greaterEqual } from "../ops/elementwise/compare.ts";
import { broadcastTo } from "../ops/movement/broadcast.ts";
import { reshape } from "../ops/movement/reshape.ts";
import { op, type TensorLike } from "../ops/op.ts";
import { argmax } from "../ops/reduce/reduce.ts";
import { toTensor } from "../ops/tensor.ts";
import { Metric, metric, type State } from "./metric.ts";

/** The mean of the ratios of the target classes that occur at all. */
const meanOverlap = op<{ matrix: Tensor }, "y", { readonly targets: readonly number[] }>({
  name: "meanOverlap",
  shape: () => ({ y: { shape: [], dtype: "float64" } }),
  loops({ matrix }, { y }, { targets }) {
    const classes = matrix.shape[0] as number;
    const at = (row: number, column: number) => matrix.data[row * classes + column] as number;
    let [sum, seen] = [0, 0];
    for (const target of targets) {
      let union = -at(target, target);
      for (let other = 0; other < classes; other++) union += at(target, other) + at(other, target);
      if (union <= 1e-9) continue;
      sum += at(target, target) / (union + epsilon);
      seen++;
    }
    y.data[0] = sum / (seen + epsilon);
  },
  gradient: "none",
});

/** With "int32", Keras's default, weights lose their fractions. */
const dtype = choice(["int32", "float32", "float64"], { default: "int32" });

/** A list of class numbers. */
function classIds<const S extends { readonly default?: readonly number[] }>(spec: S) {
  return option<readonly number[], readonly number[], S>(spec, {
    expected: "a list of class numbers",
    parse: (given, refuse) =>
      Array.isArray(given) && given.length > 0 && given.every((each) => Number.isSafeInteger(each) && each >= 0)
        ? Object.freeze([...given])
        : refuse(),
    toConfig: (value) => value as Json,
    fromConfig: (json) => json as readonly number[],
  });
}

const classes = {
  /** How many classes there are. Others that occur are left out. */
  numClasses: integer({ min: 1 }),
};

const sparse = {
  dtype,
  /** This class is left out wherever it is true. */
  ignoreClass: integer({ default: null }),
  /** Whether targets are class numbers; else they are one-hot. */
  sparseYTrue: { ...boolean({ default: true }), configKey: "sparse_y_true" },
  /** Whether predictions are class numbers; else each class has its own. */
  sparseYPred: { ...boolean({ default: true }), configKey: "sparse_y_pred" },
  /** The axis of the classes, where not sparse. */
  axis: axes({ default: -1 }),
};

const oneHot = {
  dtype,
  /** This class is left out wherever it is true. */
  ignoreClass: integer({ default: null }),
  /** Whether predictions are class numbers; else each class has its own. */
  sparseYPred: { ...boolean({ default: false }), configKey: "sparse_y_pred" },
  /** The axis of the classes. */
  axis: axes({ default: -1 }),
};

const all = (count: number) => Array.from({ length: count }, (_, index) => index);

/** The options of all; those that a metric has not are as `Overlap.plan` says. */
interface OverlapOptions {
  readonly numClasses?: number;
  readonly targetClassIds?: readonly number[];
  readonly ignoreClass?: number | null;
  readonly sparseYTrue?: boolean;
  readonly sparseYPred?: boolean;
  readonly axis?: number;
}

abstract class Overlap extends Metric {
  override readonly direction = "max";

  /** How many classes, which of them count, and how targets and predictions name them. */
  protected plan() {
    const {
      numClasses = 2,
      ignoreClass = null,
      sparseYTrue = true,
      sparseYPred = true,
      axis = -1,
      ...given
    } = this as OverlapOptions;
    const { targetClassIds = all(numClasses) } = given;
    return { numClasses, targetClassIds, ignoreClass, sparseYTrue, sparseYPred, axis };
  }

  constructor(options?: unknown) {
    super(options);
    const { numClasses, targetClassIds } = this.plan();
    const beyond = targetClassIds.find((target) => target >= numClasses);
    if (beyond !== undefined) {
      throw new OptionError(`${this.label}: targetClassIds has ${beyond}, but classes go from 0 to ${numClasses - 1}`);
    }
  }

  protected override shapes(): Readonly<Record<string, Shape>> {
    const { numClasses } = this.plan();
    return { total_confusion_matrix: [numClasses, numClasses] };
  }

  /** Predictions as class numbers. */
  protected classesOf(yPred: Tensor): Tensor {
    const { sparseYPred, axis } = this.plan();
    return sparseYPred ? yPred : argmax(yPred, axis);
  }

  override updateState(yTrue: TensorLike, yPred: TensorLike, sampleWeight?: TensorLike | null): void {
    inScope(() => {
      const output = toTensor(yPred);
      const { device } = output;
      this.accumulate(output, () => {
        const { sparseYTrue, axis, numClasses: classes, ignoreClass: ignored } = this.plan();
        const given = toTensor(yTrue, { device });
        const target = reshape(sparseYTrue ? given : argmax(given, axis), [-1]);
        const predicted = this.classesOf(output);
        const flat = reshape(predicted, [-1]);
        checkSameShape(target.shape, flat.shape, this.label);
        let weight: Tensor | undefined;
        if (sampleWeight !== undefined && sampleWeight !== null) {
          const whole = this.dtype === "int32" ? "int32" : "float64";
          const cut = cast(cast(toTensor(sampleWeight, { device }), whole), "float64");
          weight = reshape(broadcastTo(alignWeight(cut, predicted.shape, this.label), predicted.shape), [-1]);
        }
        const { matrix } = confusionMatrix({ yTrue: target, yPred: flat, weight }, { classes, ignored });
        return { total_confusion_matrix: matrix };
      });
    }, false);
  }

  protected override compute({ total_confusion_matrix: matrix }: State): Tensor {
    return meanOverlap({ matrix: matrix as Tensor }, { targets: this.plan().targetClassIds }).y;
  }
}

abstract class OneHotOverlap extends Overlap {
  readonly sparseYTrue = false;
}

/**
 * The mean over some classes of tp / (tp + fp + fn): of all that is or was taken for the class, the part that both is
 * and was. Classes that do not occur are left out of the mean.
 *
 * @throws OptionError where a class is not one of `numClasses`.
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const iou = metrics.ioU({ numClasses: 2, targetClassIds: [0] });
 * iou.updateState([0, 0, 1, 1], [0, 1, 0, 1]);
 * (await iou.result().array()).toFixed(4) // => "0.3333"
 * ```
 */
export class IoU extends metric(Overlap, "IoU", null, {
  ...classes,
  /** The classes that count. */
  targetClassIds: classIds({}),
  ...sparse,
}) {}

/**
 * `IoU` of what lies below and above a threshold, classes 0 and 1.
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const iou = metrics.binaryIoU({ targetClassIds: [0, 1], threshold: 0.3 });
 * iou.updateState([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.7]);
 * (await iou.result().array()).toFixed(4) // => "0.3333"
 * ```
 */
export class BinaryIoU extends metric(Overlap, "BinaryIoU", null, {
  /** The classes that count. */
  targetClassIds: classIds({ default: [0, 1] }),
  /** Predictions from this one on are class 1. */
  threshold: number({ default: 0.5 }),
  dtype,
}) {
  protected override classesOf(yPred: Tensor): Tensor {
    return greaterEqual(yPred, this.threshold);
  }
}

/**
 * `IoU` of all classes.
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const iou = metrics.meanIoU({ numClasses: 2 });
 * iou.updateState([0, 0, 1, 1], [0, 1, 0, 1]);
 * (await iou.result().array()).toFixed(4) // => "0.3333"
 * ```
 */
export class MeanIoU extends metric(Overlap, "MeanIoU", null, { ...classes, ...sparse }) {}

/**
 * `IoU` of one-hot targets.
 *
 * @throws OptionError where a class is not one of `numClasses`.
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const iou = metrics.oneHotIoU({ numClasses: 2, targetClassIds: [1] });
 * iou.updateState([[1, 0], [0, 1]], [[0.9, 0.1], [0.2, 0.8]]);
 * (await iou.result().array()).toFixed(4) // => "1.0000"
 * ```
 */
export class OneHotIoU extends metric(OneHotOverlap, "OneHotIoU", null, {
  ...classes,
  /** The classes that count. */
  targetClassIds: classIds({}),
  ...oneHot,
}) {}

/**
 * `IoU` of all classes of one-hot targets.
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const iou = metrics.oneHotMeanIoU({ numClasses: 2 });
 * iou.updateState([[1, 0], [0, 1]], [[0.9, 0.1], [0.2, 0.8]]);
 * (await iou.result().array()).toFixed(4) // => "1.0000"
 * ```
 */
export class OneHotMeanIoU extends metric(OneHotOverlap, "OneHotMeanIoU", null, { ...classes, ...oneHot }) {}

export const ioU = maker(IoU);
export const binaryIoU = maker(BinaryIoU);
export const meanIoU = maker(MeanIoU);
export const oneHotIoU = maker(OneHotIoU);
export const oneHotMeanIoU = maker(OneHotMeanIoU);
