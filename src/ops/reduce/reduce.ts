/**
 * Reductions over axes besides the sum: means and variances, extremes and where they lie, products, truth, norms.
 */

import { checkFloat, type DType, isFloat } from "../../core/dtype.ts";
import { OptionError, ShapeError, show } from "../../core/errors.ts";
import { formatShape, normalizeAxis, reduceShape, type Shape, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { add, divide, multiply, power, subtract } from "../elementwise/binary.ts";
import { cast } from "../elementwise/cast.ts";
import { equal, isfinite, notEqual, where } from "../elementwise/compare.ts";
import { elementwise } from "../elementwise/elementwise.ts";
import * as f from "../elementwise/formula.ts";
import { abs, exp, log, sqrt, square } from "../elementwise/unary.ts";
import { reshape } from "../movement/reshape.ts";
import { type OpFunction, op, publicOp, type TensorLike } from "../op.ts";
import { toTensor } from "../tensor.ts";
import { type KernelKind, placeCalls, reduceCalls } from "./kernel.ts";
import { eachReduced } from "./loops.ts";
import { type AxisArgument, type Reduction, reductionOf, spread, sum, sumDType } from "./sum.ts";

export type ReduceOp = OpFunction<{ x: Tensor }, "y", Reduction>;

/** How many elements each place of the result stands for. */
function countOf(shape: Shape, axes: readonly number[]): number {
  return sizeOf(axes.map((axis) => shape[axis] as number));
}

/** The record of a reduction: its dtype, its loop over the elements of one place, and its gradient. */
/* @__NO_SIDE_EFFECTS__ */
function reduction(
  name: KernelKind | "prod" | "any" | "all" | "argmax" | "argmin",
  dtypeOf: (dtype: DType) => DType,
  reduce: (elements: Float64Array) => number,
  gradient: "none" | ((dy: Tensor, x: Tensor, y: Tensor, reduction: Reduction) => Tensor),
): ReduceOp {
  return op<{ x: Tensor }, "y", Reduction>({
    name,
    shape: ({ x }, { axes, keepdims }) => ({
      y: { shape: reduceShape(x.shape, axes, keepdims), dtype: dtypeOf(x.dtype) },
    }),
    loops({ x }, { y }, { axes }) {
      eachReduced(x, axes, (index, elements) => {
        y.data[index] = reduce(elements);
      });
    },
    wasm({ x }, { y }, { axes }, workspace) {
      if (name === "prod") return undefined;
      if (name === "argmax" || name === "argmin") {
        return placeCalls(name === "argmax" ? "max" : "min", x, y, axes, workspace);
      }
      return reduceCalls(name, x, y, axes, workspace);
    },
    gradient:
      gradient === "none"
        ? "none"
        : ({ y: dy }, { inputs: { x }, outputs: { y } }, attributes) => ({
            x: isFloat(x.dtype) ? () => gradient(dy as Tensor, x, y, attributes) : "none",
          }),
  });
}

/** A function of `ops.*` that takes a tensor, axes, and whether to keep them with size 1. */
/* @__NO_SIDE_EFFECTS__ */
function publicReduction(name: string, run: (x: Tensor, reduction: Reduction) => Tensor) {
  return publicOp(name, (x: TensorLike, axis?: AxisArgument, keepdims?: boolean): Tensor => {
    const given = toTensor(x);
    return run(given, reductionOf(given, axis, keepdims, name));
  });
}

const floatOf = (dtype: DType): DType => (isFloat(dtype) ? dtype : "float32");

function total(elements: Float64Array): number {
  let sum = 0;
  for (const element of elements) sum += element;
  return sum;
}

const meanOp = reduction(
  "mean",
  floatOf,
  (elements) => total(elements) / elements.length,
  (dy, x, _y, { axes }) => spread(multiply(dy, 1 / countOf(x.shape, axes)), { axes }, x.shape),
);

/**
 * The mean over axes, or over all.
 * Gradient: dx = dy / n.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.mean(tensor([[1, 2], [3, 4]]), 0).array() // => [2, 3]
 * ```
 */
export const mean = publicReduction("mean", (x, reduction) => meanOp({ x }, reduction).y);

/** factor · dy · (x − mean): the gradient of the variance. */
const scaledDeviation = elementwise({
  name: "varianceGradient",
  dtype: "float",
  inputs: 3,
  parameters: 1,
  formula: (dy, x, centre, factor) => f.multiply(f.multiply(factor, dy), f.subtract(x, centre)),
});

const varianceOp = reduction(
  "variance",
  floatOf,
  (elements) => {
    const centre = total(elements) / elements.length;
    let squares = 0;
    for (const element of elements) squares += (element - centre) ** 2;
    return squares / elements.length;
  },
  (dy, x, _y, { axes }) => {
    const keep = { axes, keepdims: true };
    // twice, since a large mean, rounded to the dtype, is off by more than small deviations can bear
    const centred = subtract(x, meanOp({ x }, keep).y);
    const centre = meanOp({ x: centred }, keep).y;
    const kept = reshape(dy, centre.shape);
    return scaledDeviation([kept, centred, centre], [2 / countOf(x.shape, axes)]);
  },
);

/**
 * The variance over axes, or over all: the mean of the squared deviations from the mean, which is found first, so that
 * a large mean costs no digits. Never below 0. Exported as `var` too, which is its name in Keras.
 * Gradient: dx = 2 · dy · (x − mean) / n.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.variance(tensor([1, 3])).array() // => 1
 * ```
 */
export const variance = publicReduction("variance", (x, reduction) => varianceOp({ x }, reduction).y);
export { variance as var };

/**
 * The standard deviation, √variance.
 * Gradient: dx = dy · (x − mean) / (n · std).
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.std(tensor([1, 3])).array() // => 1
 * ```
 */
export const std = publicReduction("std", (x, reduction) => sqrt(varianceOp({ x }, reduction).y));

/**
 * Mean and variance over axes.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * const [mean, variance] = ops.moments(tensor([1, 3]), 0);
 * [await mean.array(), await variance.array()] // => [2, 1]
 * ```
 */
export const moments = publicOp(
  "moments",
  (x: TensorLike, axes: AxisArgument, keepdims?: boolean): [Tensor, Tensor] => {
    const given = toTensor(x);
    const reduction = reductionOf(given, axes, keepdims, "moments");
    return [meanOp({ x: given }, reduction).y, varianceOp({ x: given }, reduction).y];
  },
);

/** The gradient of an extreme: shared equally among the elements that reach it. */
function shareOfExtreme(dy: Tensor, x: Tensor, y: Tensor, { axes }: Reduction): Tensor {
  const shape = reduceShape(x.shape, axes, true);
  const reached = cast(equal(x, reshape(y, shape)), x.dtype);
  const share = divide(reshape(dy, shape), sum(reached, axes, true));
  return multiply(reached, share);
}

/** Refuses empty groups, which have no extreme. */
function checkNotEmpty(x: Tensor, axes: readonly number[], where: string): void {
  if (countOf(x.shape, axes) === 0) {
    throw new ShapeError(`${where}: shape ${formatShape(x.shape)} has no elements along axes ${show(axes)}`);
  }
}

/* @__NO_SIDE_EFFECTS__ */
function extreme(name: "max" | "min", choose: (a: number, b: number) => number) {
  const record = reduction(
    name,
    (dtype) => dtype,
    (elements) => elements.reduce(choose),
    shareOfExtreme,
  );
  return (x: Tensor, reduction: Reduction): Tensor => {
    checkNotEmpty(x, reduction.axes, name);
    return record({ x }, reduction).y;
  };
}

const maxOf = extreme("max", (a, b) => Math.max(a, b));
const minOf = extreme("min", (a, b) => Math.min(a, b));

/**
 * The largest element along axes, or of all; NaN where one is NaN.
 * Gradient: dy at the largest element, shared equally where several are.
 *
 * @throws ShapeError where there are no elements.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.max(tensor([[1, 5], [3, 4]]), 0).array() // => [3, 5]
 * ```
 */
export const max = publicReduction("max", maxOf);

/**
 * The smallest element along axes, or of all; NaN where one is NaN.
 * Gradient: dy at the smallest element, shared equally where several are.
 *
 * @throws ShapeError where there are no elements.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.min(tensor([[1, 5], [3, 4]]), 0).array() // => [1, 4]
 * ```
 */
export const min = publicReduction("min", minOf);

/**
 * The same as `max`.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.amax(tensor([1, 5])).array() // => 5
 * ```
 */
export const amax = publicReduction("amax", maxOf);

/**
 * The same as `min`.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.amin(tensor([1, 5])).array() // => 1
 * ```
 */
export const amin = publicReduction("amin", minOf);

const prodOp = reduction(
  "prod",
  sumDType,
  (elements) => {
    let product = 1;
    for (const element of elements) product *= element;
    return product;
  },
  // without a zero every element gets y / x; a single zero gets the product of the others, and they get nothing
  (dy, x, _y, { axes }) => {
    const keep = { axes, keepdims: true };
    const isZero = equal(x, 0);
    const zeros = sum(cast(isZero, x.dtype), axes, true);
    const others = prodOp({ x: where(isZero, 1, x) }, keep).y;
    const ofNonzero = where(equal(zeros, 0), divide(others, where(isZero, 1, x)), 0);
    const ofZero = where(equal(zeros, 1), others, 0);
    return multiply(reshape(dy, others.shape), where(isZero, ofZero, ofNonzero));
  },
);

/**
 * The product over axes, or over all. Integers and bools are multiplied as int32. An empty product is 1.
 * Gradient: dx = dy · the product of the other elements. (The second derivative takes zeros for constants.)
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.prod(tensor([[1, 2], [3, 4]]), 1).array() // => [2, 12]
 * ```
 */
export const prod = publicReduction("prod", (x, reduction) => prodOp({ x }, reduction).y);

const anyOp = reduction(
  "any",
  () => "bool",
  (elements) => Number(elements.some((element) => element !== 0)),
  "none",
);
const allOp = reduction(
  "all",
  () => "bool",
  (elements) => Number(elements.every((element) => element !== 0)),
  "none",
);

/**
 * Whether any element along axes, or of all, is not 0.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.any(tensor([[0, 1], [0, 0]]), 1).array() // => [true, false]
 * ```
 */
export const any = publicReduction("any", (x, reduction) => anyOp({ x }, reduction).y);

/**
 * Whether no element along axes, or of all, is 0.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.all(tensor([[0, 1], [1, 1]]), 1).array() // => [false, true]
 * ```
 */
export const all = publicReduction("all", (x, reduction) => allOp({ x }, reduction).y);

/**
 * How many elements along axes, or of all, are not 0; int32.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.countNonzero(tensor([0, 3, -1])).array() // => 2
 * ```
 */
export const countNonzero = publicOp(
  "countNonzero",
  (x: TensorLike, axis?: AxisArgument): Tensor => sum(notEqual(toTensor(x), 0), axis),
);

/**
 * log Σ e^x over axes, or over all, without overflow.
 * Gradient: dx = dy · softmax(x).
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.logsumexp(tensor([1000, 1000])).array() // => 1000.6931762695312
 * ```
 */
export const logsumexp = publicReduction("logsumexp", (x, { axes, keepdims }) => {
  checkFloat(x.dtype, "logsumexp");
  return logsumexpOp({ x }, { axes, keepdims }).y;
});

const logsumexpOp = op<{ x: Tensor }, "y", Reduction>({
  name: "logsumexp",
  shape: ({ x }, { axes, keepdims }) => ({ y: { shape: reduceShape(x.shape, axes, keepdims), dtype: x.dtype } }),
  reference({ x }, { axes, keepdims }) {
    checkNotEmpty(x, axes, "logsumexp");
    const largest = maxOf(x, { axes, keepdims: true });
    const shift = where(isfinite(largest), largest, 0);
    const y = add(log(sum(exp(subtract(x, shift)), axes, true)), shift);
    return { y: reshape(y, reduceShape(x.shape, axes, keepdims)) };
  },
  gradient: ({ y: dy }, { inputs: { x }, outputs: { y } }, { axes }) => ({
    x: () => {
      const shape = reduceShape(x.shape, axes, true);
      return multiply(reshape(dy as Tensor, shape), exp(subtract(x, reshape(y, shape))));
    },
  }),
});

/** Where the extreme lies among the elements: the first of equals, or the first NaN. */
function indexOf(elements: Float64Array, better: (a: number, b: number) => boolean): number {
  let best = 0;
  for (let index = 0; index < elements.length; index++) {
    const element = elements[index] as number;
    if (Number.isNaN(element)) return index;
    if (better(element, elements[best] as number)) best = index;
  }
  return best;
}

/* @__NO_SIDE_EFFECTS__ */
function indexReduction(name: "argmax" | "argmin", better: (a: number, b: number) => boolean) {
  const record = reduction(
    name,
    () => "int32",
    (elements) => indexOf(elements, better),
    "none",
  );
  return publicOp(name, (x: TensorLike, axis?: number | null, keepdims?: boolean): Tensor => {
    const given = toTensor(x);
    const axes = axis === undefined || axis === null ? undefined : normalizeAxis(axis, given.rank, name);
    const reduction = reductionOf(given, axes, keepdims, name);
    checkNotEmpty(given, reduction.axes, name);
    return record({ x: given }, reduction).y;
  });
}

/**
 * The index of the largest element along an axis, or among all in row-major order; the first of equals, or the first
 * NaN. The result is int32.
 *
 * @throws ShapeError where there are no elements.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.argmax(tensor([[1, 5], [3, 2]]), 1).array() // => [1, 0]
 * ```
 */
export const argmax = indexReduction("argmax", (a, b) => a > b);

/**
 * The index of the smallest element along an axis, or among all in row-major order; the first of equals, or the first
 * NaN. The result is int32.
 *
 * @throws ShapeError where there are no elements.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.argmin(tensor([[1, 5], [3, 2]]), 1).array() // => [0, 1]
 * ```
 */
export const argmin = indexReduction("argmin", (a, b) => a < b);

/** Which norm: 2 or null is the Euclidean one. */
export type NormOrder = number | "fro" | null;

function vectorNorm(x: Tensor, order: number, axes: readonly number[], keepdims: boolean): Tensor {
  if (order === 2) return sqrt(sum(square(x), axes, keepdims));
  if (order === 1) return sum(abs(x), axes, keepdims);
  if (order === 0) return cast(sum(notEqual(x, 0), axes, keepdims), x.dtype);
  if (order === Number.POSITIVE_INFINITY) return max(abs(x), axes, keepdims);
  if (order === Number.NEGATIVE_INFINITY) return min(abs(x), axes, keepdims);
  return power(sum(power(abs(x), order), axes, keepdims), 1 / order);
}

/**
 * The norm of the vectors along an axis, of the matrices along two, or of the whole.
 *
 * @param ord For vectors a number p: (Σ |x|^p)^(1/p), where ∞ and −∞ mean the largest and the smallest |x|, and 0 how
 *   many elements are not 0. For matrices `"fro"`, 1 and −1 (the largest and smallest column sum of |x|), ∞ and −∞ (of
 *   the row sums). Default: √Σ x².
 * @param axis One axis, two, or none for all.
 * @throws OptionError for another order; matrix norms by singular values are not among these.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.norm(tensor([3, 4])).array() // => 5
 * ```
 */
export const norm = publicOp(
  "norm",
  (x: TensorLike, ord?: NormOrder, axis?: AxisArgument, keepdims?: boolean): Tensor => {
    const tensor = toTensor(x);
    const given = isFloat(tensor.dtype) ? tensor : cast(tensor, "float32");
    const { axes, keepdims: keep } = reductionOf(given, axis, keepdims, "norm");
    const order = ord ?? null;
    if (order === null || (order === "fro" && axes.length === 2)) return vectorNorm(given, 2, axes, keep);
    if (typeof order === "number" && !Number.isNaN(order)) {
      if (axes.length === 1) return vectorNorm(given, order, axes, keep);
      // the axes as they were named: rows, then columns
      const [rows, columns] = Array.isArray(axis) ? axis.map((each) => (each + given.rank) % given.rank) : axes;
      const isInfinite = Math.abs(order) === Number.POSITIVE_INFINITY;
      if (axes.length === 2 && (isInfinite || Math.abs(order) === 1)) {
        const sums = sum(abs(given), (isInfinite ? columns : rows) as number, true);
        const y = (order > 0 ? max : min)(sums, axes, true);
        return reshape(y, reduceShape(given.shape, axes, keep));
      }
    }
    throw new OptionError(
      `norm: order ${show(order)} is not known over ${axes.length} axes; vectors take numbers, matrices take "fro", 1, -1, Infinity, -Infinity`,
    );
  },
);
