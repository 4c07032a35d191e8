/**
 * Metrics of real-valued targets that are no plain mean of a loss: root mean square, cosine similarity, correlations,
 * and the coefficient of determination.
 */
import { maker } from "../core/configurable.ts";
import { ShapeError } from "../core/errors.ts";
import { axes, choice, integer, type Option } from "../core/options.ts";
import { inScope } from "../core/scope.ts";
import { formatShape, type Shape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { warnOnce } from "../core/warn.ts";
import { alignRanks, alignWeight, checkSameShape, unlisted } from "../losses/loss.ts";
import { cosineOf, epsilon } from "../losses/regression.ts";
import { divide, multiply, squaredDifference, subtract } from "../ops/elementwise/binary.ts";
import { cast } from "../ops/elementwise/cast.ts";
import { elementwise } from "../ops/elementwise/elementwise.ts";
import * as f from "../ops/elementwise/formula.ts";
import { sqrt, square } from "../ops/elementwise/unary.ts";
import { broadcastTo } from "../ops/movement/broadcast.ts";
import { op, type TensorLike } from "../ops/op.ts";
import { mean, variance } from "../ops/reduce/reduce.ts";
import { sum } from "../ops/reduce/sum.ts";
import { toTensor } from "../ops/tensor.ts";
import { MeanOfValues, Metric, metric, type State } from "./metric.ts";

/** Targets and predictions of one rank, shape and dtype. */
function pair(yTrue: Tensor, yPred: Tensor, where: string): [Tensor, Tensor] {
  const [target, output] = alignRanks(yTrue, yPred);
  checkSameShape(target.shape, output.shape, where);
  return [cast(target, "float64"), cast(output, "float64")];
}

/**
 * √ of the mean of (yTrue − yPred)².
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const error = metrics.rootMeanSquaredError();
 * error.updateState([[0, 0]], [[1, 7]]);
 * await error.result().array() // => 5
 * ```
 */
export class RootMeanSquaredError extends metric(MeanOfValues, "RootMeanSquaredError", "root_mean_squared_error", {}) {
  override readonly direction = "min";

  protected override values(yTrue: Tensor, yPred: Tensor): Tensor {
    const [target, output] = pair(yTrue, yPred, this.label);
    return squaredDifference(target, output);
  }

  protected override compute(state: State): Tensor {
    return sqrt(super.compute(state));
  }
}

/**
 * The mean of Σ yTrue · yPred / (‖yTrue‖ ‖yPred‖): 1 where both point the same way, −1 where they are opposed.
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const similarity = metrics.cosineSimilarity();
 * similarity.updateState([[0, 1], [1, 0]], [[0, 2], [0, 2]]);
 * await similarity.result().array() // => 0.5
 * ```
 */
export class CosineSimilarity extends metric(MeanOfValues, "CosineSimilarity", "cosine_similarity", {
  /** The axis of the vectors. */
  axis: unlisted(axes({ default: -1 })),
}) {
  override readonly direction = "max";

  protected override values(yTrue: Tensor, yPred: Tensor): Tensor {
    const [target, output] = pair(yTrue, yPred, this.label);
    return cosineOf(target, output, this.axis, this.label);
  }
}

const correlationAxis = {
  /** The axis along which is correlated. */
  axis: axes({ default: -1 }),
};

/**
 * The mean of Pearson's correlation of yTrue and yPred along an axis: the mean of their products, each first brought to
 * mean 0 and variance 1. 1 where one is a rising line of the other.
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const correlation = metrics.pearsonCorrelation();
 * correlation.updateState([[1, 2, 3]], [[2, 4, 6]]);
 * (await correlation.result().array()).toFixed(4) // => "1.0000"
 * ```
 */
export class PearsonCorrelation extends metric(
  MeanOfValues,
  "PearsonCorrelation",
  "pearson_correlation",
  correlationAxis,
) {
  override readonly direction = "max";

  protected override values(yTrue: Tensor, yPred: Tensor): Tensor {
    const standard = pair(yTrue, yPred, this.label).map((x) =>
      divide(subtract(x, mean(x, this.axis, true)), sqrt(variance(x, this.axis, true))),
    ) as [Tensor, Tensor];
    return mean(multiply(...standard), this.axis);
  }
}

const concordance = elementwise({
  name: "concordance",
  dtype: "float",
  inputs: 6,
  formula: (t, p, meanT, meanP, varianceT, varianceP) => {
    const both = f.multiply(f.subtract(t, meanP), f.subtract(p, meanP));
    const norm = f.add(f.add(varianceT, varianceP), f.square(f.subtract(meanT, meanP)));
    return f.divide(f.multiply(2, both), f.add(norm, epsilon));
  },
});

/**
 * The mean of the concordance correlation of yTrue and yPred along an axis (Lin 1989): 2 · covariance /
 * (var yTrue + var yPred + (mean yTrue − mean yPred)²). 1 only where both are equal.
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const correlation = metrics.concordanceCorrelation();
 * correlation.updateState([[1, 2, 3]], [[1, 2, 3]]);
 * (await correlation.result().array()).toFixed(4) // => "1.0000"
 * ```
 */
export class ConcordanceCorrelation extends metric(
  MeanOfValues,
  "ConcordanceCorrelation",
  "concordance_correlation",
  correlationAxis,
) {
  override readonly direction = "max";

  protected override values(yTrue: Tensor, yPred: Tensor): Tensor {
    const [t, p] = pair(yTrue, yPred, this.label);
    const { axis } = this;
    const means = [t, p].map((x) => mean(x, axis, true));
    const variances = [t, p].map((x) => variance(x, axis, true));
    return mean(concordance([t, p, ...means, ...variances], []), axis);
  }
}

type Aggregation = "uniform_average" | "variance_weighted_average" | null;

const aggregation = choice(["uniform_average", "variance_weighted_average"], {
  default: "uniform_average",
  nullable: true,
} as { readonly default: "uniform_average" }) as unknown as Option<Aggregation, Aggregation, false>;

const determination = op<
  { squares: Tensor; sums: Tensor; residual: Tensor; count: Tensor; samples: Tensor },
  "score",
  { readonly aggregation: Aggregation; readonly regressors: number }
>({
  name: "determination",
  shape: ({ sums }, { aggregation }) => ({
    score: { shape: aggregation === null ? sums.shape : [], dtype: "float64" },
  }),
  loops({ squares, sums, residual, count, samples }, { score }, { aggregation, regressors }) {
    const columns = Array.from({ length: sums.size }, (_, index) => {
      const [sum, weight] = [sums.data[index] as number, count.data[index] as number];
      const total = (squares.data[index] as number) - (sum * sum) / weight;
      const raw = 1 - (residual.data[index] as number) / total;
      return { total, raw: Math.abs(raw) === Number.POSITIVE_INFINITY ? 0 : raw };
    });
    const add = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
    const scores =
      aggregation === null
        ? columns.map(({ raw }) => raw)
        : aggregation === "uniform_average"
          ? [add(columns.map(({ raw }) => raw)) / columns.length]
          : [add(columns.map(({ raw, total }) => raw * total)) / add(columns.map(({ total }) => total))];
    const n = samples.data[0] as number;
    const adjusts = regressors !== 0 && regressors < n - 1;
    scores.forEach((value, index) => {
      score.data[index] = adjusts ? 1 - ((1 - value) * (n - 1)) / (n - regressors - 1) : value;
    });
    if (regressors !== 0 && !adjusts) {
      warnOnce(`R2Score: ${regressors} regressors need more samples than ${n} to adjust for; the plain score is given`);
    }
  },
  gradient: "none",
});

/**
 * The coefficient of determination of each column, 1 − Σ (yTrue − yPred)² / Σ (yTrue − mean)²: 1 for perfect
 * predictions, 0 for such that are no better than the mean. With regressors R² is adjusted for how many there are.
 * Targets and predictions are [samples, columns].
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const score = metrics.r2Score();
 * score.updateState([[1], [4], [3]], [[2], [4], [4]]);
 * (await score.result().array()).toFixed(4) // => "0.5714"
 * ```
 */
export class R2Score extends metric(Metric, "R2Score", "r2_score", {
  /** What becomes of the scores of the columns: their mean, their mean by variance, or null, which leaves them. */
  classAggregation: aggregation,
  /** How many regressors the predictions come from; 0 does not adjust. */
  numRegressors: integer({ default: 0, min: 0 }),
}) {
  override readonly direction = "max";

  protected override shapes(yPred: Shape | undefined): Readonly<Record<string, Shape>> | undefined {
    if (!yPred) return undefined;
    if (yPred.length !== 2) {
      throw new ShapeError(`${this.label}: needs predictions [samples, columns], got shape ${formatShape(yPred)}`);
    }
    const columns = [yPred[1] as number];
    return { num_samples: [], squared_sum: columns, sum: columns, residual: columns, count: columns };
  }

  override updateState(yTrue: TensorLike, yPred: TensorLike, sampleWeight?: TensorLike | null): void {
    inScope(() => {
      const output = toTensor(yPred);
      const { device } = output;
      const [t, p] = pair(toTensor(yTrue, { device }), output, this.label);
      this.accumulate(p, () => {
        this.shapes(p.shape);
        const given = sampleWeight ?? null;
        const weight =
          given === null
            ? broadcastTo(toTensor(1, { device, dtype: "float64" }), p.shape)
            : broadcastTo(alignWeight(cast(toTensor(given, { device }), "float64"), p.shape, this.label), p.shape);
        const weighted = multiply(t, weight);
        return {
          num_samples: t.size,
          squared_sum: sum(multiply(t, weighted), 0),
          sum: sum(weighted, 0),
          residual: sum(multiply(square(subtract(t, p)), weight), 0),
          count: sum(weight, 0),
        };
      });
    }, false);
  }

  protected override compute(state: State): Tensor {
    const { num_samples: samples, squared_sum: squares, sum: sums, residual, count } = state as Record<string, Tensor>;
    return determination({ squares, sums, residual, count, samples } as never, {
      aggregation: this.classAggregation,
      regressors: this.numRegressors,
    }).score;
  }
}

export const rootMeanSquaredError = maker(RootMeanSquaredError);
export const cosineSimilarity = maker(CosineSimilarity);
export const pearsonCorrelation = maker(PearsonCorrelation);
export const concordanceCorrelation = maker(ConcordanceCorrelation);
export const r2Score = maker(R2Score);
