/**
 * Normalization: features on a common scale, by a mean and a variance that are given, or taken from data beforehand.
 * Training changes nothing here.
 */
import { OptionError, show } from "../../core/errors.ts";
import { boolean, type Json, option } from "../../core/options.ts";
import { formatShape, normalizeAxes, type PartialShape, type Shape, sameShape, sizeOf } from "../../core/shape.ts";
import { type NestedArray, Tensor } from "../../core/tensor.ts";
import { isPlainObject } from "../../core/tree.ts";
import { Variable } from "../../core/variable.ts";
import { ones, zeros } from "../../initializers.ts";
import { add, divide, maximum, multiply, subtract } from "../../ops/elementwise/binary.ts";
import { cast } from "../../ops/elementwise/cast.ts";
import { sqrt } from "../../ops/elementwise/unary.ts";
import { broadcastTo } from "../../ops/movement/broadcast.ts";
import { reshape } from "../../ops/movement/reshape.ts";
import { normalize } from "../../ops/normalize/normalize.ts";
import type { TensorLike } from "../../ops/op.ts";
import { tensor, toTensor } from "../../ops/tensor.ts";
import { factory, layer } from "../layer.ts";

/** One batch: its inputs, or inputs with what belongs to them, of which the first count. */
export type AdaptBatch = TensorLike | readonly [TensorLike, ...unknown[]] | { readonly x: TensorLike };

/** What `adapt` takes: all data at once, or its batches one after the other. */
export type AdaptData = TensorLike | Iterable<AdaptBatch> | AsyncIterable<AdaptBatch>;

/** The least that a standard deviation counts for, so that a feature without spread is no division by 0. */
const leastDeviation = 1e-7;

/* @__NO_SIDE_EFFECTS__ */
function keptAxes() {
  return option<number | readonly number[] | null, readonly number[], { readonly default: -1 }>(
    { default: -1 },
    {
      expected: "a whole number, a list of different ones, or null",
      parse(given, refuse) {
        const list = given === null ? [] : Array.isArray(given) ? given : [given];
        const fits = list.every((axis) => Number.isSafeInteger(axis)) && new Set(list).size === list.length;
        return fits ? Object.freeze([...list]) : refuse();
      },
      toConfig: (value) => value,
      fromConfig: (json) => json as number | readonly number[] | null,
    },
  );
}

/** A number, nested arrays of numbers, a typed array or a tensor, kept as plain numbers. */
/* @__NO_SIDE_EFFECTS__ */
function statistic(least: number) {
  return option<TensorLike | null, NestedArray | null, { readonly default: null }>(
    { default: null },
    {
      expected: `a finite number${least === 0 ? " ≥ 0" : ""}, or nested arrays of them`,
      parse(given, refuse): NestedArray {
        const plain = given instanceof Tensor || given instanceof Variable ? toTensor(given).arraySync() : given;
        const nested = ArrayBuffer.isView(plain) ? Array.from(plain as unknown as ArrayLike<number>) : plain;
        const elements = Array.isArray(nested) ? nested.flat(Number.POSITIVE_INFINITY) : [nested];
        const fits = elements.every((each) => Number.isFinite(each) && (each as number) >= least);
        const isRagged = Array.isArray(nested) && sizeOf(shapeOf(nested)) !== elements.length;
        return fits && elements.length > 0 && !isRagged ? (nested as NestedArray) : refuse();
      },
      toConfig: (value) => value as Json,
      fromConfig: (json) => json as NestedArray,
    },
  );
}

/** Whether a list holds batches, rather than numbers. */
function isBatches(data: unknown): data is Iterable<AdaptBatch> | AsyncIterable<AdaptBatch> {
  if (data instanceof Tensor || data instanceof Variable || ArrayBuffer.isView(data)) return false;
  if (!Array.isArray(data)) {
    return typeof data === "object" && data !== null && (Symbol.iterator in data || Symbol.asyncIterator in data);
  }
  const [first] = data.flat(2);
  return typeof first === "object" && first !== null;
}

function inputsOf(batch: AdaptBatch): TensorLike {
  if (isPlainObject(batch)) return batch.x as TensorLike;
  const isPair = Array.isArray(batch) && typeof batch[0] === "object" && !Array.isArray(batch[0]);
  return (isPair ? batch[0] : batch) as TensorLike;
}

/** Mean and variance of what was seen so far, by place. */
interface Seen {
  readonly count: number;
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

/** Of two parts of the data together (Chan, Golub & LeVeque, 1979). */
function merge(a: Seen, b: Seen): Seen {
  const count = a.count + b.count;
  const [wa, wb] = [a.count / count, b.count / count];
  const delta = a.mean.map((mean, place) => (b.mean[place] as number) - mean);
  return {
    count,
    mean: a.mean.map((mean, place) => mean + (delta[place] as number) * wb),
    variance: a.variance.map(
      (variance, place) => variance * wa + (b.variance[place] as number) * wb + (delta[place] as number) ** 2 * wa * wb,
    ),
  };
}

/**
 * Puts features on a common scale: subtracts a mean and divides by a standard deviation, one of each for every index of
 * the axes, the same for every sample, in training and at inference.
 *
 *     y = (x − mean) / max(√variance, 1e-7)        inverted: y = mean + x · max(√variance, 1e-7)
 *
 * Mean and variance are given, or taken from data by `adapt` before the layer is used.
 *
 * - Input: any rank; the sizes of the axes must be known. Output: the same shape.
 * - Weights, unless mean and variance are given: `adaptMean` and `adaptVariance` with the sizes of the axes in ascending
 *   order, and `count`, which older files have. None of them train.
 * - A mask is handed on.
 *
 * @throws OptionError where only one of mean and variance is given, their shapes differ, or they have more axes than
 *   there are to keep; ShapeError where an axis does not exist, has a size that is not known, or does not fit.
 *
 * @example
 * ```ts
 * import { layers, tensor } from "varve";
 * const norm = layers.normalization();
 * await norm.adapt([[0, 10], [2, 30]]);
 * await norm.apply(tensor([[0, 30]])).array() // => [[-1, 1]]
 * ```
 */
export class Normalization extends layer("Normalization", {
  /** The axes whose every index has its own mean and variance; null for one of each for all. Default -1. */
  axis: keptAxes(),
  /** The mean, or one for each index of the axes. Default: found by `adapt`. */
  mean: statistic(Number.NEGATIVE_INFINITY),
  /** The variance, or one for each index of the axes. Default: found by `adapt`. */
  variance: statistic(0),
  /** Whether to turn what was normalized back. Default false. */
  invert: boolean({ default: false }),
}) {
  override readonly supportsMasking = true;
  adaptMean: Variable | undefined = undefined;
  adaptVariance: Variable | undefined = undefined;
  count: Variable | undefined = undefined;

  protected override checkOptions(): void {
    const { mean, variance, axis } = this;
    if ((mean === null) !== (variance === null)) {
      throw new OptionError(
        `${this.label}: mean and variance are given together, got only ${mean === null ? "variance" : "mean"}; or neither, and then adapt()`,
      );
    }
    if (mean === null || variance === null) return;
    const [m, v] = [shapeOf(mean), shapeOf(variance)];
    if (!sameShape(m, v)) {
      throw new OptionError(
        `${this.label}: mean and variance have one shape, got ${formatShape(m)} and ${formatShape(v)}`,
      );
    }
    if (m.length > axis.length) {
      throw new OptionError(
        `${this.label}: mean of shape ${formatShape(m)} has more axes than are kept, ${show(axis)}; name those in axis`,
      );
    }
  }

  override build(shape: PartialShape): void {
    const axes = normalizeAxes(this.axis, shape.length, this.label);
    const sizes = axes.map((axis) => this.sizeAt(shape, axis));
    this.inputSpec = {
      rank: shape.length,
      axes: Object.fromEntries(axes.map((axis, index) => [axis, sizes[index] as number])),
    };
    if (this.mean !== null) {
      const given = shapeOf(this.mean);
      const aligned = sizes.slice(sizes.length - given.length);
      if (!given.every((size, index) => size === 1 || size === aligned[index])) {
        this.refuse(`mean of shape ${formatShape(given)} does not fit axes of sizes ${formatShape(sizes)}`);
      }
      return;
    }
    const make = (name: string, initializer: ReturnType<typeof zeros>) =>
      this.addWeight({ name, shape: sizes, initializer, trainable: false });
    this.adaptMean = make("mean", zeros());
    this.adaptVariance = make("variance", ones());
    this.count = this.addWeight({ name: "count", shape: [], initializer: zeros(), trainable: false, dtype: "int32" });
  }

  override call(given: Tensor): Tensor {
    const x = cast(given, this.dtype);
    const axes = normalizeAxes(this.axis, x.rank, this.label);
    const spanned = x.shape.map((size, axis) => (axes.includes(axis) ? size : 1));
    const statistic = (weight: Variable | undefined, fixed: NestedArray | null) =>
      reshape(weight ? weight.value : this.#spread(fixed as NestedArray, x.shape, axes), spanned);
    const mean = statistic(this.adaptMean, this.mean);
    const deviation = maximum(sqrt(statistic(this.adaptVariance, this.variance)), leastDeviation);
    return this.invert ? add(mean, multiply(x, deviation)) : divide(subtract(x, mean), deviation);
  }

  /** What was given for some of the axes, the last of them, for all of them. */
  #spread(values: NestedArray, shape: Shape, axes: readonly number[]): Tensor {
    const sizes = axes.map((axis) => shape[axis] as number);
    return broadcastTo(tensor(values, undefined, this.dtype), sizes);
  }

  /**
   * Takes mean and variance from data: all of it at once, or batches from a list, a generator or a stream, which are
   * taken together as one. Of batches with targets (`[x, y]` or `{ x, y }`) the inputs count. What an earlier call
   * found is replaced.
   *
   * @throws OptionError where mean and variance were given, or there is no data; ShapeError where a batch does not fit.
   */
  async adapt(data: AdaptData): Promise<void> {
    if (this.mean !== null) {
      throw new OptionError(`${this.label}: mean and variance were given, so there is nothing to adapt`);
    }
    const batches = isBatches(data) ? data : [data];
    let seen: Seen | undefined;
    for await (const batch of batches) {
      const part = await this.#measure(inputsOf(batch as AdaptBatch));
      if (part) seen = seen ? merge(seen, part) : part;
    }
    if (!seen) throw new OptionError(`${this.label}: adapt got no data`);
    const found = seen;
    const assign = (weight: Variable, values: Float64Array) => {
      using value = tensor(values, weight.shape, weight.dtype);
      weight.assign(value);
    };
    assign(this.adaptMean as Variable, found.mean);
    assign(this.adaptVariance as Variable, found.variance);
  }

  /** Undefined where a batch is empty: no sizes are to be learnt from it. */
  async #measure(given: TensorLike): Promise<Seen | undefined> {
    const x = toTensor(given);
    try {
      if (x.size === 0) return undefined;
      const axes = normalizeAxes(this.axis, x.rank, this.label);
      // Builds for batches of any size, and refuses what does not fit.
      this.computeOutputShape(x.shape.map((size, axis) => (axis === 0 && !axes.includes(0) ? null : size)));
      const over = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
      const count = sizeOf(over.map((axis) => x.shape[axis] as number));
      using real = cast(x, "float64");
      const { y, mean, variance, rstd, residual } = normalize({ x: real }, { over, epsilon: 1, kind: "standard" });
      const read = async (each: Tensor) => (await each.data()) as Float64Array;
      const part = { count, mean: await read(mean), variance: await read(variance) };
      for (const each of [y, mean, variance, rstd, residual]) each.dispose();
      return part;
    } finally {
      if (x !== given && !(given instanceof Variable)) x.dispose();
    }
  }
}

function shapeOf(values: NestedArray): number[] {
  const shape: number[] = [];
  for (let row: NestedArray | undefined = values; Array.isArray(row); row = row[0] as NestedArray) {
    shape.push(row.length);
  }
  return shape;
}

export const normalization = factory(Normalization);
