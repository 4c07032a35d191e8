/**
 * F-scores: precision and recall in one number.
 */
import { maker } from "../core/configurable.ts";
import { ShapeError } from "../core/errors.ts";
import { choice, number, type Option } from "../core/options.ts";
import { inScope } from "../core/scope.ts";
import { formatShape, type Shape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { alignWeight, checkSameShape } from "../losses/loss.ts";
import { epsilon } from "../losses/regression.ts";
import { divide, multiply } from "../ops/elementwise/binary.ts";
import { cast } from "../ops/elementwise/cast.ts";
import { elementwise } from "../ops/elementwise/elementwise.ts";
import * as f from "../ops/elementwise/formula.ts";
import type { TensorLike } from "../ops/op.ts";
import { max, mean } from "../ops/reduce/reduce.ts";
import { sum } from "../ops/reduce/sum.ts";
import { toTensor } from "../ops/tensor.ts";
import { Metric, metric, type State } from "./metric.ts";

/** Where a prediction is the largest of its row, and not 0. */
const isLargest = elementwise({
  name: "isLargest",
  dtype: () => "float64",
  inputs: 2,
  formula: (p, largest) => f.and(f.greaterEqual(p, largest), f.greater(f.abs(p), 1e-9)),
});

const isAbove = elementwise({
  name: "isAbove",
  dtype: () => "float64",
  inputs: 1,
  parameters: 1,
  formula: (p, threshold) => f.greater(p, threshold),
});

const product = (left: (t: f.Formula) => f.Formula, right: (p: f.Formula) => f.Formula) =>
  elementwise({ name: "overlap", dtype: "float", inputs: 2, formula: (t, p) => f.multiply(left(t), right(p)) });
const same = (x: f.Formula) => x;
const not = (x: f.Formula) => f.subtract(1, x);
const truePositives = product(same, same);
const falsePositives = product(not, same);
const falseNegatives = product(same, not);

const scoreOf = elementwise({
  name: "fScore",
  dtype: "float",
  inputs: 3,
  parameters: 1,
  formula: (tp, fp, fn, beta) => {
    const precision = f.divide(tp, f.add(f.add(tp, fp), epsilon));
    const recall = f.divide(tp, f.add(f.add(tp, fn), epsilon));
    const squared = f.square(beta);
    const mean = f.divide(f.multiply(precision, recall), f.add(f.add(f.multiply(squared, precision), recall), epsilon));
    return f.multiply(mean, f.add(1, squared));
  },
});

const options = {
  /**
   * What becomes of the scores of the classes: null leaves them, "micro" counts all classes as one, "macro" takes their
   * mean, "weighted" their mean by how often each class is true.
   */
  average: choice(["micro", "macro", "weighted"], { default: null }),
  /** Predictions above this one are positive. Default: the largest of each sample. */
  threshold: number({ default: null, above: 0, max: 1 }) as Option<number | null, number | null, false>,
};

abstract class FScore extends Metric {
  override readonly direction = "max";

  declare readonly average: "micro" | "macro" | "weighted" | null;
  declare readonly threshold: number | null;

  protected abstract get weightOfRecall(): number;

  protected override shapes(yPred: Shape | undefined): Readonly<Record<string, Shape>> | undefined {
    if (yPred && yPred.length !== 2) {
      throw new ShapeError(`${this.label}: needs predictions [samples, classes], got shape ${formatShape(yPred)}`);
    }
    if (!yPred && this.average !== "micro") return undefined;
    const shape = this.average === "micro" ? [] : [(yPred as Shape)[1] as number];
    return { true_positives: shape, false_positives: shape, false_negatives: shape, intermediate_weights: shape };
  }

  override updateState(yTrue: TensorLike, yPred: TensorLike, sampleWeight?: TensorLike | null): void {
    inScope(() => {
      const output = toTensor(yPred);
      const { device, shape } = output;
      this.accumulate(output, () => {
        const target = cast(toTensor(yTrue, { device }), "float64");
        this.shapes(shape);
        checkSameShape(target.shape, shape, this.label);
        const positive =
          this.threshold === null
            ? isLargest([output, max(output, -1, true)], [])
            : isAbove([output], [this.threshold]);
        const given = sampleWeight === undefined ? null : sampleWeight;
        const weight =
          given === null ? undefined : alignWeight(cast(toTensor(given, { device }), "float64"), shape, this.label);
        const total = (values: Tensor) =>
          sum(weight ? multiply(values, weight) : values, this.average === "micro" ? undefined : 0);
        return {
          true_positives: total(truePositives([target, positive], [])),
          false_positives: total(falsePositives([target, positive], [])),
          false_negatives: total(falseNegatives([target, positive], [])),
          intermediate_weights: total(target),
        };
      });
    }, false);
  }

  protected override compute(state: State): Tensor {
    const { true_positives: tp, false_positives: fp, false_negatives: fn, intermediate_weights: weights } = state;
    const scores = scoreOf([tp as Tensor, fp as Tensor, fn as Tensor], [this.weightOfRecall]);
    if (this.average === null) return scores;
    if (this.average !== "weighted") return mean(scores);
    const total = sum(weights as Tensor);
    return divide(sum(multiply(scores, weights as Tensor)), withEpsilon([total], []));
  }
}

const withEpsilon = elementwise({
  name: "addEpsilon",
  dtype: "float",
  inputs: 1,
  formula: (x) => f.add(x, epsilon),
});

/**
 * (1 + β²) · precision · recall / (β² · precision + recall) of each class: recall counts β times as much as precision
 * (van Rijsbergen 1979). Targets are 0 and 1, [samples, classes].
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const score = metrics.fBetaScore({ beta: 2, threshold: 0.5 });
 * score.updateState([[1, 1, 1], [1, 0, 0], [1, 1, 0]], [[0.2, 0.6, 0.7], [0.2, 0.6, 0.6], [0.6, 0.8, 0]]);
 * (await score.result().array()).map((value) => value.toFixed(3)) // => ["0.385", "0.909", "0.833"]
 * ```
 */
export class FBetaScore extends metric(FScore, "FBetaScore", "fbeta_score", {
  /** How much more recall counts than precision. */
  beta: number({ default: 1, above: 0 }),
  ...options,
}) {
  protected override get weightOfRecall(): number {
    return this.beta;
  }
}

/**
 * 2 · precision · recall / (precision + recall) of each class. Targets are 0 and 1, [samples, classes].
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const score = metrics.f1Score({ threshold: 0.5 });
 * score.updateState([[1, 1, 1], [1, 0, 0], [1, 1, 0]], [[0.2, 0.6, 0.7], [0.2, 0.6, 0.6], [0.6, 0.8, 0]]);
 * (await score.result().array()).map((value) => value.toFixed(3)) // => ["0.500", "0.800", "0.667"]
 * ```
 */
export class F1Score extends metric(FScore, "F1Score", "f1_score", options) {
  protected override get weightOfRecall(): number {
    return 1;
  }
}

export const fBetaScore = maker(FBetaScore);
export const f1Score = maker(F1Score);
