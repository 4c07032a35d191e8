/**
 * Values put or added at indices: `scatter`, `scatterUpdate`, `segmentSum` and its kind, `bincount`.
 */
import { onDevice } from "../../core/device.ts";
import type { DType } from "../../core/dtype.ts";
import { ShapeError } from "../../core/errors.ts";
import { checkWord } from "../../core/options.ts";
import { checkShape, checkWhole, formatShape, type Shape, sameShape, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { onesLike } from "../creation/creation.ts";
import { add, divide, multiply } from "../elementwise/binary.ts";
import { cast } from "../elementwise/cast.ts";
import { equal, less, where as select } from "../elementwise/compare.ts";
import { reshape } from "../movement/reshape.ts";
import { op, publicOp, type TensorLike } from "../op.ts";
import { full, toTensor, zeros } from "../tensor.ts";
import { gather, scatterAdd } from "./gather.ts";
import { toIndices } from "./take.ts";

/**
 * For each row of indices [count, k], the number of the slice they mean in a tensor of shape [sizes…, …], or −1 where
 * there is none. Of several rows that mean the same slice, all keep its number, or the last one, or the one that is so
 * many places after the first.
 */
const sliceNumbers = op<{ indices: Tensor }, "y", { sizes: Shape; keep: "all" | "last" | number }>({
  name: "sliceNumbers",
  shape: ({ indices }) => ({ y: { shape: [indices.shape[0] as number], dtype: "int32" } }),
  loops({ indices }, { y }, { sizes, keep }) {
    const seen = new Map<number, { count: number; row: number }>();
    for (let row = 0; row < y.size; row++) {
      let number = 0;
      for (let at = 0; at < sizes.length; at++) {
        const size = sizes[at] as number;
        let index = indices.data[row * sizes.length + at] as number;
        if (index < 0) index += size;
        number = index < 0 || index >= size ? Number.NaN : number * size + index;
      }
      const before = seen.get(number);
      seen.set(number, { count: (before?.count ?? 0) + 1, row });
      if (keep === "last" && before) y.data[before.row] = -1;
      const kept = typeof keep === "string" || (before?.count ?? 0) === keep;
      y.data[row] = kept && !Number.isNaN(number) ? number : -1;
    }
  },
  gradient: "none",
});

/** Rows of `x` replaced by others, at the numbers of rows, each of which occurs once or is −1. */
const replaceRows = op<{ x: Tensor; rows: Tensor; updates: Tensor }, "y">({
  name: "replaceRows",
  shape: ({ x }) => ({ y: x }),
  loops({ x, rows, updates }, { y }) {
    const length = sizeOf(x.shape.slice(1));
    y.data.set(x.data);
    for (let row = 0; row < rows.size; row++) {
      const to = rows.data[row] as number;
      if (to >= 0) y.data.set(updates.data.subarray(row * length, (row + 1) * length), to * length);
    }
  },
  gradient: ({ y }, { inputs: { rows, updates } }) => {
    const dy = y as Tensor;
    return {
      x: (): Tensor => replaceRows({ x: dy, rows, updates: zeros(updates.shape, dy.dtype) }, undefined).y,
      rows: "none",
      updates: () => gather({ x: dy, indices: rows }, { axis: 0, aligned: false, wrap: false }).y,
    };
  },
});

const byRow = { axis: 0, aligned: false, wrap: false };

/** Indices [count, k], and values or updates [count, slice]; refuses those that do not fit a tensor of that shape. */
function rowsOf(indices: Tensor, values: Tensor, shape: Shape, where: string): { flat: Tensor; depth: number } {
  const depth = indices.shape.at(-1) ?? 0;
  if (indices.rank === 0 || depth > shape.length) {
    throw new ShapeError(
      `${where}: the last axis of indices names up to ${shape.length} axes of shape ${formatShape(shape)}, got indices of shape ${formatShape(indices.shape)}`,
    );
  }
  const wanted = [...indices.shape.slice(0, -1), ...shape.slice(depth)];
  if (!sameShape(values.shape, wanted)) {
    throw new ShapeError(
      `${where}: indices of shape ${formatShape(indices.shape)} into ${formatShape(shape)} need values of shape ${formatShape(wanted)}, got ${formatShape(values.shape)}`,
    );
  }
  return { flat: reshape(indices, [sizeOf(indices.shape.slice(0, -1)), depth]), depth };
}

/** The values as one row for each slice. */
function asRows(x: Tensor, shape: Shape, depth: number): Tensor {
  const length = sizeOf(shape.slice(depth));
  return reshape(x, [length === 0 ? sizeOf(x.shape.slice(0, -1)) : x.size / length, length]);
}

const reductions = ["add", "max", "min", "mul"] as const;

/** How updates meet what is there. */
type Reduction = (typeof reductions)[number];

const extremeRows = op<{ x: Tensor; rows: Tensor; updates: Tensor }, "y", { largest: boolean }>({
  name: "extremeRows",
  shape: ({ x }) => ({ y: x }),
  loops({ x, rows, updates }, { y }, { largest }) {
    const better = largest ? Math.max : Math.min;
    const length = sizeOf(x.shape.slice(1));
    y.data.set(x.data);
    for (let index = 0; index < updates.size; index++) {
      const row = rows.data[Math.floor(index / length)] as number;
      const to = row * length + (index % length);
      if (row >= 0) y.data[to] = better(y.data[to] as number, updates.data[index] as number);
    }
  },
  // Those that are as large as the result share its gradient evenly.
  gradient: ({ y: dy }, { inputs: { x, rows, updates }, outputs: { y } }) => {
    const at = (given: Tensor) => gather({ x: given, indices: rows }, byRow).y;
    const fromX = () => cast(equal(x, y), y.dtype);
    const fromUpdates = () => cast(equal(updates, at(y)), y.dtype);
    const share = () => {
      const winners = scatterAdd({ x: fromUpdates(), indices: rows }, { ...byRow, shape: x.shape }).y;
      return divide(dy as Tensor, add(fromX(), winners));
    };
    return {
      x: () => multiply(share(), fromX()),
      rows: "none",
      updates: () => multiply(at(share()), fromUpdates()),
    };
  },
});

/** `x` [rows, length] with `updates` [count, length] brought in where indices [count, k] say. */
function reduceRows(x: Tensor, indices: Tensor, sizes: Shape, updates: Tensor, reduction: Reduction): Tensor {
  const rowsFor = (keep: "all" | number) => sliceNumbers({ indices }, { sizes, keep }).y;
  if (reduction === "add") {
    return add(x, scatterAdd({ x: updates, indices: rowsFor("all") }, { ...byRow, shape: x.shape }).y);
  }
  if (reduction !== "mul") {
    return extremeRows({ x, rows: rowsFor("all"), updates }, { largest: reduction === "max" }).y;
  }
  // One factor for each row at a time, so that the gradient is that of a product, zeros or not.
  let product = x;
  for (let place = 0; ; place++) {
    const rows = rowsFor(place);
    if (rows.device.concrete && rows.dataSync().every((row) => row < 0)) return product;
    const present = gather({ x: product, indices: rows }, byRow).y;
    product = replaceRows({ x: product, rows, updates: multiply(present, updates) }, undefined).y;
    if (!rows.device.concrete) return product;
  }
}

/**
 * Zeros of a shape with `values` added at `indices`; where an index occurs several times, the values add up.
 *
 * @param indices Whole numbers [..., k]: each row names an element, or a slice where k is less than the rank.
 * @param values [..., and the shape of a slice].
 * @throws ShapeError where these do not fit; what an index out of range names is left out.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.scatter([[0], [2], [2]], tensor([1, 2, 3]), [4]).array() // => [1, 0, 5, 0]
 * ```
 */
export const scatter = publicOp("scatter", (indices: TensorLike, values: TensorLike, shape: Shape): Tensor => {
  const given = toTensor(values);
  checkShape(shape, "scatter");
  const { flat, depth } = rowsOf(toIndices(indices, given, "scatter"), given, shape, "scatter");
  const indexed = sliceNumbers({ indices: flat }, { sizes: shape.slice(0, depth), keep: "all" }).y;
  const target = [sizeOf(shape.slice(0, depth)), sizeOf(shape.slice(depth))];
  return reshape(
    scatterAdd({ x: asRows(given, shape, depth), indices: indexed }, { ...byRow, shape: target }).y,
    shape,
  );
});

/**
 * `inputs` with `updates` at `indices`. Where an index occurs several times, the last one counts.
 *
 * @param indices Whole numbers [..., k]: each row names an element, or a slice where k is less than the rank.
 * @param updates [..., and the shape of a slice].
 * @param reduction How an update meets what is there: replaces it (default), or `"add"`, `"max"`, `"min"`, `"mul"`;
 *   then all updates of an index count.
 * @throws ShapeError where these do not fit; what an index out of range names is left out.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.scatterUpdate(tensor([0, 0, 0]), [[1]], tensor([7])).array() // => [0, 7, 0]
 * ```
 */
export const scatterUpdate = publicOp(
  "scatterUpdate",
  (inputs: TensorLike, indices: TensorLike, updates: TensorLike, reduction?: Reduction | null): Tensor => {
    if (reduction) checkWord(reductions, reduction, "reduction", "scatterUpdate");
    const base = toTensor(inputs);
    const raw = toTensor(updates, { device: base.device, dtype: base.dtype });
    const given = raw.dtype === base.dtype ? raw : cast(raw, base.dtype);
    const { shape } = base;
    const { flat, depth } = rowsOf(toIndices(indices, base, "scatterUpdate"), given, shape, "scatterUpdate");
    const sizes = shape.slice(0, depth);
    const x = reshape(base, [sizeOf(sizes), sizeOf(shape.slice(depth))]);
    const rows = asRows(given, shape, depth);
    if (reduction) return reshape(reduceRows(x, flat, sizes, rows, reduction), shape);
    const last = sliceNumbers({ indices: flat }, { sizes, keep: "last" }).y;
    return reshape(replaceRows({ x, rows: last, updates: rows }, undefined).y, shape);
  },
);

/** Data and segment numbers; refuses those that do not fit. */
function segments(data: TensorLike, segmentIds: TensorLike, numSegments: number, where: string) {
  const x = toTensor(data);
  const indices = toIndices(segmentIds, x, where, "segmentIds");
  if (indices.rank !== 1 || x.shape[0] !== indices.size) {
    throw new ShapeError(
      `${where}: segmentIds must be a vector with one number for each of the first axis of ${formatShape(x.shape)}, got shape ${formatShape(indices.shape)}`,
    );
  }
  checkWhole(numSegments, "numSegments", where, 0);
  return { x, indices };
}

/**
 * Sums over the slices of the first axis that have the same segment number. What has a number out of range is left out.
 *
 * @param segmentIds The segment of each slice.
 * @param numSegments How many segments there are.
 * @param sorted Whether segment numbers ascend; makes no difference here.
 * @throws ShapeError where there is not one number for each slice.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.segmentSum(tensor([1, 2, 3]), [0, 1, 0], 2).array() // => [4, 2]
 * ```
 */
export const segmentSum = publicOp(
  "segmentSum",
  (data: TensorLike, segmentIds: TensorLike, numSegments: number, _sorted?: boolean): Tensor => {
    const { x, indices } = segments(data, segmentIds, numSegments, "segmentSum");
    return scatterAdd({ x, indices }, { ...byRow, shape: x.shape.with(0, numSegments) }).y;
  },
);

/** The value that a segment without slices keeps, in each dtype. */
const least = {
  bool: 0,
  uint8: 0,
  int32: -(2 ** 31),
  float32: Number.NEGATIVE_INFINITY,
  float64: Number.NEGATIVE_INFINITY,
};
const greatest = {
  bool: 1,
  uint8: 255,
  int32: 2 ** 31 - 1,
  float32: Number.POSITIVE_INFINITY,
  float64: Number.POSITIVE_INFINITY,
};

/** What `reduction` makes of the slices of each segment, starting from one value. */
function reduceSegments(
  data: TensorLike,
  segmentIds: TensorLike,
  numSegments: number,
  reduction: Reduction,
  start: (dtype: DType) => number,
  where: string,
): Tensor {
  const { x, indices } = segments(data, segmentIds, numSegments, where);
  const slices = asRows(x, x.shape, 1);
  const shape = [numSegments, slices.shape[1] as number];
  const base = onDevice(x.device, () => full(shape, start(x.dtype), x.dtype));
  // Segment numbers do not count from the back: what is negative is left out, as what is too large.
  const ids = select(less(indices, 0), numSegments, indices);
  const reduced = reduceRows(base, reshape(ids, [indices.size, 1]), [numSegments], slices, reduction);
  return reshape(reduced, x.shape.with(0, numSegments));
}

/**
 * The largest elements over the slices of the first axis that have the same segment number. What has a number out of
 * range is left out; a segment without slices is −∞, or the least number of an integer dtype. Equal largest elements
 * share the gradient.
 *
 * @param segmentIds The segment of each slice.
 * @param numSegments How many segments there are.
 * @param sorted Whether segment numbers ascend; makes no difference here.
 * @throws ShapeError where there is not one number for each slice.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.segmentMax(tensor([1, 2, 3]), [0, 1, 0], 2).array() // => [3, 2]
 * ```
 */
export const segmentMax = publicOp(
  "segmentMax",
  (data: TensorLike, segmentIds: TensorLike, numSegments: number, _sorted?: boolean): Tensor =>
    reduceSegments(data, segmentIds, numSegments, "max", (dtype) => least[dtype], "segmentMax"),
);

/**
 * As `segmentMax`, the smallest elements; a segment without slices is ∞, or the greatest number of an integer dtype.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.segmentMin(tensor([1, 2, 3]), [0, 1, 0], 2).array() // => [1, 2]
 * ```
 */
export const segmentMin = publicOp(
  "segmentMin",
  (data: TensorLike, segmentIds: TensorLike, numSegments: number, _sorted?: boolean): Tensor =>
    reduceSegments(data, segmentIds, numSegments, "min", (dtype) => greatest[dtype], "segmentMin"),
);

/**
 * As `segmentSum`, products; a segment without slices is 1.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.segmentProd(tensor([1, 2, 3]), [0, 1, 0], 2).array() // => [3, 2]
 * ```
 */
export const segmentProd = publicOp(
  "segmentProd",
  (data: TensorLike, segmentIds: TensorLike, numSegments: number, _sorted?: boolean): Tensor =>
    reduceSegments(data, segmentIds, numSegments, "mul", () => 1, "segmentProd"),
);

/**
 * How often each of the numbers 0, 1, … occurs in a vector; in a matrix, in each of its rows. The size depends on the
 * values, so a symbolic tensor is refused.
 *
 * @param weights What each occurrence counts. Default: 1.
 * @param minlength How long the result is at least. Default 0.
 * @throws ShapeError where `x` is no vector or matrix, or holds a negative number.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.bincount(tensor([1, 2, 2, 4], undefined, "int32")).array() // => [0, 1, 2, 0, 1]
 * ```
 */
export const bincount = publicOp(
  "bincount",
  (x: TensorLike, weights?: TensorLike | null, minlength: number = 0): Tensor => {
    const numbers = toTensor(x, { dtype: "int32" });
    const indices = toIndices(numbers, numbers, "bincount", "x");
    if (indices.rank !== 1 && indices.rank !== 2) {
      throw new ShapeError(`bincount: needs a vector or a matrix, got shape ${formatShape(indices.shape)}`);
    }
    checkWhole(minlength, "minlength", "bincount", 0);
    const values = indices.dataSync();
    let length = minlength;
    for (const value of values) {
      if (value < 0) throw new ShapeError(`bincount: counts the numbers 0, 1, …; got ${value}`);
      if (value >= length) length = value + 1;
    }
    const counted =
      weights === undefined || weights === null ? onesLike(indices) : toTensor(weights, { device: indices.device });
    if (!sameShape(counted.shape, indices.shape)) {
      throw new ShapeError(
        `bincount: weights of shape ${formatShape(counted.shape)} for numbers of shape ${formatShape(indices.shape)}; give one for each`,
      );
    }
    const columns = indices.shape.at(-1) as number;
    const places = values.map((value, at) => Math.floor(at / columns) * length + value);
    const shape = [...indices.shape.slice(0, -1), length];
    const flat = toTensor(places, { device: indices.device });
    return reshape(
      scatterAdd({ x: reshape(counted, [-1]), indices: flat }, { ...byRow, shape: [sizeOf(shape)] }).y,
      shape,
    );
  },
);
