/**
 * Metrics of plain numbers: their mean, their sum, and the mean of a function of targets and predictions.
 */
import { maker } from "../core/configurable.ts";
import { keywordOf } from "../core/names.ts";
import { inScope } from "../core/scope.ts";
import type { Shape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { cast } from "../ops/elementwise/cast.ts";
import type { TensorLike } from "../ops/op.ts";
import type { mean as reduce } from "../ops/reduce/reduce.ts";
import { sum as sumOver } from "../ops/reduce/sum.ts";
import { toTensor } from "../ops/tensor.ts";
import { MeanOfValues, Metric, metric, type State, weighted } from "./metric.ts";

/**
 * The weighted mean of all values so far: Σ wᵢ xᵢ / Σ wᵢ. Several values of a sample count as their mean.
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const mean = metrics.mean();
 * mean.updateState([1, 3]);
 * mean.updateState([8], [2]);
 * await mean.result().array() // => 5
 * ```
 */
export class Mean extends metric(MeanOfValues, "Mean", "mean", {}) {
  /** Adds values, and how much each counts. */
  override updateState(values: TensorLike, sampleWeight?: TensorLike | null): void {
    inScope(() => {
      const given = toTensor(values);
      const weight = sampleWeight ?? undefined;
      this.addValues(given, weight === undefined ? undefined : toTensor(weight, { device: given.device }));
    }, false);
  }

  protected override values(_yTrue: Tensor, yPred: Tensor): Tensor {
    return yPred;
  }
}

/**
 * The weighted sum of all values so far: Σ wᵢ xᵢ.
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const sum = metrics.sum();
 * sum.updateState([1, 3]);
 * sum.updateState([8], [0.5]);
 * await sum.result().array() // => 8
 * ```
 */
export class Sum extends metric(Metric, "Sum", "sum", {}) {
  protected override shapes(): Readonly<Record<string, Shape>> {
    return { total: [] };
  }

  /** Adds values, and how much each counts. */
  override updateState(values: TensorLike, sampleWeight?: TensorLike | null): void {
    inScope(() => {
      const given = toTensor(values);
      this.accumulate(given, () => {
        const wide = cast(given, "float64");
        if (sampleWeight === undefined || sampleWeight === null) return { total: sumOver(wide) };
        const weight = cast(toTensor(sampleWeight, { device: given.device }), "float64");
        const [total] = weighted(wide, weight, sumOver as unknown as typeof reduce, this.label);
        return { total: sumOver(total) };
      });
    }, false);
  }

  protected override compute({ total }: State): Tensor {
    return total as Tensor;
  }
}

/** A metric as a plain function: a value for each sample, from targets and predictions. */
export type MetricFunction = (yTrue: Tensor, yPred: Tensor) => Tensor;

/**
 * The mean of a function of targets and predictions.
 *
 * @example
 * ```ts
 * import { metrics, ops } from "varve";
 * const metric = new metrics.MeanMetricWrapper((yTrue, yPred) => ops.abs(ops.subtract(yTrue, yPred)), { name: "error" });
 * metric.updateState([1, 2], [2, 4]);
 * await metric.result().array() // => 1.5
 * ```
 */
export class MeanMetricWrapper extends metric(MeanOfValues, "MeanMetricWrapper", null, {}) {
  readonly #fn: MetricFunction;

  constructor(fn: MetricFunction, options: { name?: string; dtype?: "float32" | "float64" } = {}) {
    super(options.name === undefined && fn.name !== "" ? { ...options, name: keywordOf(fn.name) } : options);
    this.#fn = fn;
  }

  protected override values(yTrue: Tensor, yPred: Tensor): Tensor {
    return this.#fn(yTrue, yPred);
  }
}

export const mean = maker(Mean);
export const sum = maker(Sum);
