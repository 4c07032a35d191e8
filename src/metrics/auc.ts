/**
 * The area under the curve of two rates over all thresholds.
 */
import { maker } from "../core/configurable.ts";
import { OptionError, ShapeError } from "../core/errors.ts";
import type { View } from "../core/op.ts";
import { boolean, choice, integer, type Json, type Option, option, unlessNull } from "../core/options.ts";
import { inScope } from "../core/scope.ts";
import { formatShape, type Shape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { epsilon } from "../losses/regression.ts";
import { sigmoid } from "../ops/elementwise/activations.ts";
import { op, type TensorLike } from "../ops/op.ts";
import { toTensor } from "../ops/tensor.ts";
import { allCounts, type Counting, countConfusion, evenThresholds } from "./confusion.ts";
import { Metric, metric, type State } from "./metric.ts";

const ratio = (a: number, b: number) => (b === 0 ? 0 : a / b);

interface Curve {
  readonly curve: "ROC" | "PR" | "PRGAIN";
  readonly summation: "interpolation" | "minoring" | "majoring";
  readonly labelWeights: readonly number[] | null;
}

interface Counts {
  readonly tp: number;
  readonly fp: number;
  readonly tn: number;
  readonly fn: number;
}

/** The point of a threshold on the curve. */
function pointOf({ tp, fp, tn, fn }: Counts, curve: Curve["curve"]): [x: number, y: number] {
  const recall = ratio(tp, tp + fn);
  if (curve === "ROC") return [ratio(fp, fp + tn), recall];
  if (curve === "PR") return [recall, ratio(tp, tp + fp)];
  if (tp === 0) return [0, 1];
  const odds = ratio(tp + fn, tn + fp);
  return [Math.max(1 - odds * ratio(fn, tp), 0), 1 - odds * ratio(fp, tp)];
}

/**
 * The area below precision over recall between two thresholds, where true positives are interpolated and precision
 * follows from them (Davis & Goadrich 2006): ∫ with tp = a + s·p, p being all positives.
 */
function areaOfPrecision(left: Counts, right: Counts): number {
  const [p, q] = [left.tp + left.fp, right.tp + right.fp];
  const gained = left.tp - right.tp;
  const slope = ratio(gained, Math.max(p - q, 0));
  const intercept = right.tp - slope * q;
  const spread = p > 0 && q > 0 ? p / q : 1;
  return ratio(slope * (gained + intercept * Math.log(spread)), Math.max(right.tp + right.fn, 0));
}

/** The area of one curve, from its counts threshold by threshold. */
function areaOf(counts: readonly Counts[], { curve, summation }: Curve): number {
  let area = 0;
  for (let index = 1; index < counts.length; index++) {
    const [left, right] = [counts[index - 1] as Counts, counts[index] as Counts];
    if (curve === "PR" && summation === "interpolation") {
      area += areaOfPrecision(left, right);
      continue;
    }
    const [[x0, y0], [x1, y1]] = [pointOf(left, curve), pointOf(right, curve)];
    const height =
      summation === "interpolation" ? (y0 + y1) / 2 : summation === "minoring" ? Math.min(y0, y1) : Math.max(y0, y1);
    area += (x0 - x1) * height;
  }
  return area;
}

const areaUnderCurve = op<{ tp: Tensor; fp: Tensor; tn: Tensor; fn: Tensor }, "area", Curve>({
  name: "areaUnderCurve",
  shape: () => ({ area: { shape: [], dtype: "float64" } }),
  loops({ tp, fp, tn, fn }, { area }, curve) {
    const [thresholds, labels = 1] = tp.shape as [number, number?];
    const at = ({ data }: View, row: number, label: number) => data[row * labels + label] as number;
    let [sum, weights] = [0, 0];
    for (let label = 0; label < labels; label++) {
      const counts = Array.from({ length: thresholds }, (_, row) => ({
        tp: at(tp, row, label),
        fp: at(fp, row, label),
        tn: at(tn, row, label),
        fn: at(fn, row, label),
      }));
      const weight = tp.shape.length > 1 ? (curve.labelWeights?.[label] ?? 1) : 1;
      sum += weight * areaOf(counts, curve);
      weights += weight;
    }
    area.data[0] = ratio(sum, weights);
  },
  gradient: "none",
});

function list(expected: string, fits: (value: number) => boolean) {
  return option(
    { default: null as readonly number[] | null },
    {
      expected,
      parse: (given, refuse): readonly number[] =>
        Array.isArray(given) && given.length > 0 && given.every((each) => Number.isFinite(each) && fits(each))
          ? Object.freeze([...given])
          : refuse(),
      toConfig: (value: readonly number[] | null) => value as Json,
      fromConfig: (json): readonly number[] => json as readonly number[],
    },
  ) as unknown as Option<readonly number[] | null, readonly number[] | null, false>;
}

const base = metric(Metric, "AUC", null, {
  /** How many thresholds, evenly from 0 to 1. */
  numThresholds: integer({ default: 200, min: 2 }),
  /** Which curve. */
  curve: choice(["ROC", "PR", "PRGAIN"], { default: "ROC" }),
  /** How high the curve is between two thresholds: interpolated, the lower ("minoring") or the upper end. */
  summationMethod: choice(["interpolation", "minoring", "majoring"], { default: "interpolation" }),
  /** The thresholds between 0 and 1, in place of `numThresholds`. */
  thresholds: unlessNull(list("a list of numbers in [0, 1]", (value) => value >= 0 && value <= 1)),
  /** Whether each place of the last axis has a curve of its own; the result is the mean of their areas. */
  multiLabel: boolean({ default: false }),
  /** How many places that axis has. Default: as the first predictions have it. */
  numLabels: integer({ default: null, min: 1 }),
  /** How much each place counts. */
  labelWeights: list("a list of numbers ≥ 0", (value) => value >= 0),
  /** Whether predictions are logits rather than probabilities. */
  fromLogits: boolean({ default: false }),
});

/**
 * The area under the curve of two rates over all thresholds: the ROC curve (recall tp / (tp + fn) over false alarms
 * fp / (fp + tn)), precision over recall, or both as gains (Flach & Kull 2015). Perfect predictions have area 1.
 * Thresholds are even unless given; between them a curve is interpolated, or taken at its lower or upper end. For
 * precision over recall, interpolation is Davis & Goadrich's (2006).
 *
 * @throws OptionError for `numLabels` without `multiLabel`.
 *
 * @example
 * ```ts
 * import { metrics } from "varve";
 * const auc = metrics.auc({ numThresholds: 3 });
 * auc.updateState([0, 0, 1, 1], [0, 0.5, 0.3, 0.9]);
 * await auc.result().array() // => 0.75
 * ```
 */
export class AUC extends base {
  override readonly direction = "max";

  constructor(...given: ConstructorParameters<typeof base>) {
    super(...given);
    if (this.numLabels !== null && !this.multiLabel) {
      throw new OptionError(`${this.label}: numLabels is for multiLabel: true only`);
    }
  }

  get #counting(): Counting {
    const inner = this.thresholds
      ? [...this.thresholds].sort((a, b) => a - b)
      : evenThresholds(this.numThresholds).slice(1, -1);
    return {
      // 0 lies above the first and 1 below the last
      thresholds: [-epsilon, ...inner, 1 + epsilon],
      columns: this.multiLabel,
      labelWeights: this.multiLabel ? null : this.labelWeights,
    };
  }

  protected override shapes(yPred: Shape | undefined): Readonly<Record<string, Shape>> | undefined {
    const { thresholds } = this.#counting;
    let shape = [thresholds.length];
    if (this.multiLabel) {
      if (yPred && yPred.length !== 2) {
        throw new ShapeError(
          `${this.label}: multiLabel needs predictions [samples, labels], got shape ${formatShape(yPred)}`,
        );
      }
      const labels = this.numLabels ?? yPred?.[1];
      if (labels === undefined) return undefined;
      shape = [...shape, labels];
    }
    return Object.fromEntries(Object.keys(allCounts).map((name) => [name, shape]));
  }

  override updateState(yTrue: TensorLike, yPred: TensorLike, sampleWeight?: TensorLike | null): void {
    inScope(() => {
      const given = toTensor(yPred);
      const output = this.fromLogits ? sigmoid(given) : given;
      this.accumulate(output, () => {
        this.shapes(output.shape);
        const target = toTensor(yTrue, { device: output.device });
        const counted = countConfusion(target, output, sampleWeight, this.#counting, this.label);
        return Object.fromEntries(Object.entries(allCounts).map(([name, count]) => [name, counted[count] as Tensor]));
      });
    }, false);
  }

  protected override compute(state: State): Tensor {
    const counts = Object.fromEntries(Object.entries(allCounts).map(([name, count]) => [count, state[name] as Tensor]));
    const { curve, summationMethod, labelWeights } = this;
    return areaUnderCurve(counts as never, { curve, summation: summationMethod, labelWeights }).area;
  }

  /** As Keras has it, whose `num_thresholds` counts the ends of thresholds that were given. */
  override getConfig(): Record<string, Json> {
    const config = super.getConfig();
    return this.thresholds ? { ...config, num_thresholds: this.thresholds.length + 2 } : config;
  }
}

export const auc = maker(AUC);
