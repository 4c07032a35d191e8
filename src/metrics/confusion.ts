/**
 * Metrics that count true and false positives and negatives at thresholds: the counts themselves, precision and
 * recall, and the best of one where another is given. The area under curves of them stands in `auc.ts`.
 */
import { maker } from "../core/configurable.ts";
import { ShapeError } from "../core/errors.ts";
import { integer, type Json, number, type Option, option } from "../core/options.ts";
import { inScope } from "../core/scope.ts";
import { formatShape, type Shape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { alignRanks, alignWeight, checkSameShape } from "../losses/loss.ts";
import { confusionCounts } from "../ops/confusion/confusion.ts";
import { add, divideNoNan, multiply } from "../ops/elementwise/binary.ts";
import { cast } from "../ops/elementwise/cast.ts";
import { greater, greaterEqual, where } from "../ops/elementwise/compare.ts";
import { oneHot } from "../ops/indexing/one-hot.ts";
import { broadcastTo } from "../ops/movement/broadcast.ts";
import { reshape } from "../ops/movement/reshape.ts";
import { sliceAlong } from "../ops/movement/slice.ts";
import type { TensorLike } from "../ops/op.ts";
import { max } from "../ops/reduce/reduce.ts";
import { sum } from "../ops/reduce/sum.ts";
import { topK } from "../ops/sort/sort.ts";
import { toTensor } from "../ops/tensor.ts";
import { Metric, metric, type State } from "./metric.ts";

/** Below every prediction: what does not belong to the top k becomes this. */
const lowest = -1e10;

/** Which predictions of a batch are counted, and how. */
export interface Counting {
  readonly thresholds: readonly number[];
  /** Only the k largest of each row can be positive. */
  readonly topK?: number | null;
  /** Only this place of the last axis is counted. */
  readonly classId?: number | null;
  /** Whether places of the last axis are counted by themselves. */
  readonly columns?: boolean;
  /** How much the places of the last axis count. */
  readonly labelWeights?: readonly number[] | null;
}

/** The counts of a batch, in float64. */
export function countConfusion(
  yTrue: Tensor,
  yPred: Tensor,
  sampleWeight: TensorLike | null | undefined,
  { thresholds, topK: k = null, classId = null, columns = false, labelWeights = null }: Counting,
  label: string,
): State {
  let [output, target] = alignRanks(yPred, yTrue);
  checkSameShape(target.shape, output.shape, label);
  const { device } = output;
  if (k !== null) {
    const classes = output.shape.at(-1) as number;
    if (output.rank === 0 || k > classes) {
      throw new ShapeError(
        `${label}: topK ${k} needs as many classes, got predictions of shape ${formatShape(output.shape)}`,
      );
    }
    const [, indices] = topK(output, k);
    output = where(greater(sum(oneHot(indices, classes), -2), 0), output, lowest);
  }
  if (classId !== null) {
    const classes = output.shape.at(-1) as number;
    if (output.rank < 2 || classId >= classes) {
      throw new ShapeError(
        `${label}: classId ${classId} needs predictions [samples, classes] with that class, got shape ${formatShape(output.shape)}`,
      );
    }
    [target, output] = [target, output].map((x) => sliceAlong(x, x.rank - 1, classId, classId + 1)) as [Tensor, Tensor];
  }
  let weight: Tensor | undefined;
  if (sampleWeight !== null && sampleWeight !== undefined) {
    const given = cast(toTensor(sampleWeight, { device }), "float64");
    weight = broadcastTo(alignWeight(given, output.shape, label), output.shape);
  }
  if (labelWeights) {
    if (output.shape.at(-1) !== labelWeights.length) {
      throw new ShapeError(
        `${label}: ${labelWeights.length} labelWeights do not fit predictions of shape ${formatShape(output.shape)}`,
      );
    }
    const list = broadcastTo(toTensor(labelWeights, { device, dtype: "float64" }), output.shape);
    weight = weight ? multiply(weight, list) : list;
  }
  return confusionCounts({ yTrue: target, yPred: output, weight }, { thresholds, columns });
}

type Counts = "tp" | "fp" | "tn" | "fn";

/** A metric whose sums are some of the four counts, under Keras's names. */
abstract class Confusion extends Metric {
  /** Keras's names of the counts that are kept. */
  protected abstract readonly counts: Readonly<Record<string, Counts>>;

  protected abstract get counting(): Counting;

  protected override shapes(): Readonly<Record<string, Shape>> | undefined {
    const shape = [this.counting.thresholds.length];
    return Object.fromEntries(Object.keys(this.counts).map((name) => [name, shape]));
  }

  override updateState(yTrue: TensorLike, yPred: TensorLike, sampleWeight?: TensorLike | null): void {
    inScope(() => {
      const output = toTensor(yPred);
      this.accumulate(output, () => {
        const target = toTensor(yTrue, { device: output.device });
        const counted = countConfusion(target, output, sampleWeight, this.counting, this.label);
        return Object.fromEntries(Object.entries(this.counts).map(([name, count]) => [name, counted[count] as Tensor]));
      });
    }, false);
  }

  /** One number where there is one threshold. */
  protected perThreshold(values: Tensor): Tensor {
    return values.size === 1 ? reshape(values, []) : values;
  }
}

/** One threshold in [0, 1], or a list of them. */
const thresholdsOption: Option<number | readonly number[] | null, number | readonly number[] | null, false> = option(
  { default: null as number | readonly number[] | null },
  {
    expected: "a number in [0, 1], or a list of such",
    parse(given, refuse): number | readonly number[] {
      const list = Array.isArray(given) ? given : [given];
      if (list.length === 0 || !list.every((each) => Number.isFinite(each) && each >= 0 && each <= 1)) return refuse();
      return Array.isArray(given) ? Object.freeze([...given]) : (given as number);
    },
    toConfig: (value: number | readonly number[] | null) => value as Json,
    fromConfig: (json) => json as number | readonly number[],
  },
) as never;

const thresholds = {
  /** Predictions above this one are positive; a list gives a result for each. Default 0.5. */
  thresholds: thresholdsOption,
};

function listOf(given: number | readonly number[] | null, byDefault: number): readonly number[] {
  return typeof given === "number" ? [given] : (given ?? [byDefault]);
}

/** One count by itself. */
abstract class Count extends Confusion {
  declare readonly thresholds: number | readonly number[] | null;

  protected override get counting(): Counting {
    return { thresholds: listOf(this.thresholds, 0.5) };
  }

  protected override compute({ accumulator }: State): Tensor {
    return this.perThreshold(accumulator as Tensor);
  }
}

/**
 * How many predictions above the threshold are true; with weights, how much they weigh.
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const count = metrics.truePositives();
 * count.updateState([0, 1, 1, 1], [1, 0, 1, 1]);
 * await count.result().array() // => 2
 * ```
 */
export class TruePositives extends metric(Count, "TruePositives", null, thresholds) {
  protected override readonly counts = { accumulator: "tp" } as const;
}

/**
 * How many predictions above the threshold are not true; with weights, how much they weigh.
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const count = metrics.falsePositives();
 * count.updateState([0, 1, 0, 0], [0, 0, 1, 1]);
 * await count.result().array() // => 2
 * ```
 */
export class FalsePositives extends metric(Count, "FalsePositives", null, thresholds) {
  protected override readonly counts = { accumulator: "fp" } as const;
}

/**
 * How many predictions up to the threshold are of what is not true; with weights, how much they weigh.
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const count = metrics.trueNegatives();
 * count.updateState([0, 1, 0, 0], [1, 1, 0, 0]);
 * await count.result().array() // => 2
 * ```
 */
export class TrueNegatives extends metric(Count, "TrueNegatives", null, thresholds) {
  protected override readonly counts = { accumulator: "tn" } as const;
}

/**
 * How many predictions up to the threshold are of what is true; with weights, how much they weigh.
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const count = metrics.falseNegatives();
 * count.updateState([0, 1, 1, 1], [0, 1, 0, 0]);
 * await count.result().array() // => 2
 * ```
 */
export class FalseNegatives extends metric(Count, "FalseNegatives", null, thresholds) {
  protected override readonly counts = { accumulator: "fn" } as const;
}

const rateOptions = {
  ...thresholds,
  /** Only the k largest predictions of each sample can be positive. */
  topK: integer({ default: null, min: 1 }),
  /** Only this class is counted. */
  classId: integer({ default: null, min: 0 }),
};

/** tp / (tp + misses): precision or recall. */
abstract class Rate extends Confusion {
  override readonly direction = "max";

  declare readonly thresholds: number | readonly number[] | null;
  declare readonly topK: number | null;
  declare readonly classId: number | null;

  protected override get counting(): Counting {
    const { topK: k, classId } = this;
    return { thresholds: listOf(this.thresholds, k === null ? 0.5 : lowest), topK: k, classId };
  }

  protected override compute(state: State): Tensor {
    const [hits, misses] = Object.values(state) as [Tensor, Tensor];
    return this.perThreshold(divideNoNan(hits, add(hits, misses)));
  }
}

/**
 * The part of the predictions above the threshold that is true: tp / (tp + fp); 0 where there are none.
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const precision = metrics.precision();
 * precision.updateState([0, 1, 1, 1], [1, 0, 1, 1]);
 * (await precision.result().array()).toFixed(4) // => "0.6667"
 * ```
 */
export class Precision extends metric(Rate, "Precision", null, rateOptions) {
  protected override readonly counts = { true_positives: "tp", false_positives: "fp" } as const;
}

/**
 * The part of what is true that lies above the threshold: tp / (tp + fn); 0 where nothing is true.
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const recall = metrics.recall();
 * recall.updateState([0, 1, 1, 1], [1, 0, 1, 1]);
 * (await recall.result().array()).toFixed(4) // => "0.6667"
 * ```
 */
export class Recall extends metric(Rate, "Recall", null, rateOptions) {
  protected override readonly counts = { true_positives: "tp", false_negatives: "fn" } as const;
}

/** Keras's names of all four counts. */
export const allCounts = {
  true_positives: "tp",
  false_positives: "fp",
  true_negatives: "tn",
  false_negatives: "fn",
} as const;

/** So many thresholds from 0 to 1, at even distances; one alone is 0.5. */
export function evenThresholds(count: number): readonly number[] {
  return count === 1 ? [0.5] : Array.from({ length: count }, (_, index) => index / (count - 1));
}

/** The four ratios of counts that trade off against each other. */
const ratios = {
  sensitivity: ({ true_positives: tp, false_negatives: fn }: State) => part(tp, fn),
  specificity: ({ true_negatives: tn, false_positives: fp }: State) => part(tn, fp),
  precision: ({ true_positives: tp, false_positives: fp }: State) => part(tp, fp),
  recall: ({ true_positives: tp, false_negatives: fn }: State) => part(tp, fn),
};

function part(a: Tensor | undefined, b: Tensor | undefined): Tensor {
  return divideNoNan(a as Tensor, add(a as Tensor, b as Tensor));
}

/** The largest of one ratio among the thresholds at which another reaches a given value. */
abstract class BestAt extends Confusion {
  override readonly direction = "max";

  declare readonly numThresholds: number;
  declare readonly classId: number | null;
  protected override readonly counts = allCounts;

  /** The ratio to maximize, the ratio that is given, and its value. */
  protected abstract get trade(): readonly [best: keyof typeof ratios, given: keyof typeof ratios, value: number];

  protected override get counting(): Counting {
    return { thresholds: evenThresholds(this.numThresholds), classId: this.classId };
  }

  protected override compute(state: State): Tensor {
    const [best, given, value] = this.trade;
    return max(where(greaterEqual(ratios[given](state), value), ratios[best](state), 0));
  }
}

const bestOptions = {
  /** Only this class is counted. */
  classId: integer({ default: null, min: 0 }),
  /** How many thresholds are tried, evenly from 0 to 1. */
  numThresholds: integer({ default: 200, min: 1 }),
};

const share = () => number({ min: 0, max: 1 });

/**
 * The largest sensitivity, tp / (tp + fn), among the thresholds at which the specificity, tn / (tn + fp), is at least
 * the one given.
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const best = metrics.sensitivityAtSpecificity({ specificity: 0.5 });
 * best.updateState([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8]);
 * await best.result().array() // => 0.5
 * ```
 */
export class SensitivityAtSpecificity extends metric(BestAt, "SensitivityAtSpecificity", null, {
  ...bestOptions,
  /** The specificity that is to be reached. */
  specificity: share(),
}) {
  protected override get trade() {
    return ["sensitivity", "specificity", this.specificity] as const;
  }
}

/**
 * The largest specificity, tn / (tn + fp), among the thresholds at which the sensitivity, tp / (tp + fn), is at least
 * the one given.
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const best = metrics.specificityAtSensitivity({ sensitivity: 0.5 });
 * best.updateState([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8]);
 * (await best.result().array()).toFixed(4) // => "0.6667"
 * ```
 */
export class SpecificityAtSensitivity extends metric(BestAt, "SpecificityAtSensitivity", null, {
  ...bestOptions,
  /** The sensitivity that is to be reached. */
  sensitivity: share(),
}) {
  protected override get trade() {
    return ["specificity", "sensitivity", this.sensitivity] as const;
  }
}

/**
 * The largest precision, tp / (tp + fp), among the thresholds at which the recall, tp / (tp + fn), is at least the one
 * given.
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const best = metrics.precisionAtRecall({ recall: 0.5 });
 * best.updateState([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8]);
 * await best.result().array() // => 0.5
 * ```
 */
export class PrecisionAtRecall extends metric(BestAt, "PrecisionAtRecall", null, {
  ...bestOptions,
  /** The recall that is to be reached. */
  recall: share(),
}) {
  protected override get trade() {
    return ["precision", "recall", this.recall] as const;
  }
}

/**
 * The largest recall, tp / (tp + fn), among the thresholds at which the precision, tp / (tp + fp), is at least the one
 * given.
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const best = metrics.recallAtPrecision({ precision: 0.8 });
 * best.updateState([0, 0, 1, 1], [0, 0.5, 0.3, 0.9]);
 * await best.result().array() // => 0.5
 * ```
 */
export class RecallAtPrecision extends metric(BestAt, "RecallAtPrecision", null, {
  ...bestOptions,
  /** The precision that is to be reached. */
  precision: share(),
}) {
  protected override get trade() {
    return ["recall", "precision", this.precision] as const;
  }
}

export const truePositives = maker(TruePositives);
export const falsePositives = maker(FalsePositives);
export const trueNegatives = maker(TrueNegatives);
export const falseNegatives = maker(FalseNegatives);
export const precision = maker(Precision);
export const recall = maker(Recall);
export const sensitivityAtSpecificity = maker(SensitivityAtSpecificity);
export const specificityAtSensitivity = maker(SpecificityAtSensitivity);
export const precisionAtRecall = maker(PrecisionAtRecall);
export const recallAtPrecision = maker(RecallAtPrecision);
