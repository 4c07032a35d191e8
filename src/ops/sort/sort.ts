/**
 * Order: `argsort`, `sort`, `topK`, `searchsorted`. One record finds the order; values are then picked by index, so the
 * gradient is that of picking. NaN counts as larger than every number, and equal elements keep their order.
 */
import { ShapeError } from "../../core/errors.ts";
import { checkWord } from "../../core/options.ts";
import { checkWhole, formatShape, normalizeAxis, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { gather } from "../indexing/gather.ts";
import { ravel } from "../movement/reshape.ts";
import { op, publicOp, type TensorLike } from "../op.ts";
import { toTensor } from "../tensor.ts";

/** Whether `a` stands before `b`, which it does not where they are equal; NaN is the largest number. */
const ascending = (a: number, b: number) => a < b || (Number.isNaN(b) && !Number.isNaN(a));
const descending = (a: number, b: number) => ascending(b, a);

/** Sorts indices by the values they have, by merging runs of growing length, so that equal ones keep their order. */
function mergeSort(values: Float64Array, order: Int32Array, before: typeof ascending): Int32Array {
  let from = order;
  let into: Int32Array = new Int32Array(order.length);
  for (let length = 1; length < order.length; length *= 2) {
    for (let start = 0; start < order.length; start += 2 * length) {
      const middle = Math.min(start + length, order.length);
      const end = Math.min(middle + length, order.length);
      let [left, right] = [start, middle];
      for (let at = start; at < end; at++) {
        const takeRight =
          right < end &&
          (left >= middle || before(values[from[right] as number] as number, values[from[left] as number] as number));
        into[at] = from[takeRight ? right++ : left++] as number;
      }
    }
    [from, into] = [into, from];
  }
  return from;
}

/** Lines that are shorter are merged: the counters of a pass cost as much as their elements. */
const shortLine = 128;

/**
 * The bits of float32 numbers as whole numbers ≥ 0 of the same order: those of negative ones are turned around, both
 * zeros are one, and NaN is the largest.
 */
function keysOf(values: Float64Array, largest: boolean): Uint32Array {
  const keys = new Uint32Array(new Float32Array(values).buffer);
  for (let index = 0; index < keys.length; index++) {
    const value = values[index] as number;
    const bits = value === 0 ? 0 : (keys[index] as number);
    const key = Number.isNaN(value) ? 0xffffffff : bits >= 0x80000000 ? ~bits : bits + 0x80000000;
    keys[index] = largest ? ~key : key;
  }
  return keys;
}

/** Sorts indices by keys, byte by byte from the lowest: each pass keeps the order of the one before. */
function radixSort(keys: Uint32Array): Int32Array {
  let [from, into] = [new Int32Array(keys.length), new Int32Array(keys.length)];
  for (let index = 0; index < keys.length; index++) from[index] = index;
  const places = new Int32Array(256);
  for (let shift = 0; shift < 32; shift += 8) {
    places.fill(0);
    for (let index = 0; index < keys.length; index++) {
      const byte = ((keys[index] as number) >>> shift) & 255;
      places[byte] = (places[byte] as number) + 1;
    }
    for (let byte = 0, sum = 0; byte < 256; byte++) {
      const count = places[byte] as number;
      places[byte] = sum;
      sum += count;
    }
    for (let index = 0; index < keys.length; index++) {
      const number = from[index] as number;
      const byte = ((keys[number] as number) >>> shift) & 255;
      const place = places[byte] as number;
      places[byte] = place + 1;
      into[place] = number;
    }
    [from, into] = [into, from];
  }
  return from;
}

/** The indices of the `count` first values, in order; found in one pass, for few of many. */
function selectFirst(values: Float64Array, count: number, before: typeof ascending): Int32Array {
  const chosen = new Int32Array(count);
  let found = 0;
  // The last of those chosen; a NaN never tells that something comes after it.
  let limit = Number.NaN;
  const isAscending = before === ascending;
  for (let index = 0; index < values.length; index++) {
    const value = values[index] as number;
    if (found === count && (isAscending ? value >= limit : value <= limit)) continue;
    if (found === count && !before(value, values[chosen[count - 1] as number] as number)) continue;
    let at = found < count ? found++ : count - 1;
    for (; at > 0 && before(value, values[chosen[at - 1] as number] as number); at--) {
      chosen[at] = chosen[at - 1] as number;
    }
    chosen[at] = index;
    if (found === count) limit = values[chosen[count - 1] as number] as number;
  }
  return chosen;
}

interface Ordering {
  readonly axis: number;
  /** Whether the largest come first. */
  readonly largest: boolean;
  /** How many of the first to give. */
  readonly count: number;
}

/** @internal */
export const orderOp = op<{ x: Tensor }, "y", Ordering>({
  name: "argsort",
  shape: ({ x }, { axis, count }) => ({ y: { shape: x.shape.with(axis, count), dtype: "int32" } }),
  loops({ x }, { y }, { axis, largest, count }) {
    const size = x.shape[axis] as number;
    const inner = sizeOf(x.shape.slice(axis + 1));
    const outer = sizeOf(x.shape.slice(0, axis));
    const before = largest ? descending : ascending;
    const values = new Float64Array(size);
    for (let line = 0; line < outer * inner; line++) {
      const first = Math.floor(line / inner) * inner;
      const i = line % inner;
      for (let index = 0; index < size; index++) values[index] = x.data[first * size + index * inner + i] as number;
      const few = count * 8 <= size;
      const isSingle = x.dtype !== "float64" && x.dtype !== "int32";
      const order = few
        ? selectFirst(values, count, before)
        : isSingle && size >= shortLine
          ? radixSort(keysOf(values, largest))
          : mergeSort(
              values,
              Int32Array.from(values, (_, index) => index),
              before,
            );
      for (let rank = 0; rank < count; rank++) y.data[first * count + rank * inner + i] = order[rank] as number;
    }
  },
  gradient: "none",
});

/** The axis and the operand; as in Keras, a scalar counts as a vector of one. */
function operand(x: TensorLike, axis: number | null | undefined, where: string): { given: Tensor; along: number } {
  const whole = toTensor(x);
  const given = axis === null || whole.rank === 0 ? ravel(whole) : whole;
  return { given, along: normalizeAxis(axis ?? -1, given.rank, where) };
}

/**
 * The indices that put the elements along an axis in ascending order; equal elements keep theirs, NaN comes last.
 *
 * @param axis Default −1; `null` means that `x` is flattened first.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.argsort(tensor([3, 1, 2])).array() // => [1, 2, 0]
 * ```
 */
export const argsort = publicOp("argsort", (x: TensorLike, axis?: number | null): Tensor => {
  const { given, along } = operand(x, axis, "argsort");
  return orderOp({ x: given }, { axis: along, largest: false, count: given.shape[along] as number }).y;
});

/**
 * The elements in ascending order along an axis; NaN comes last. The gradient goes to where each element came from.
 *
 * @param axis Default −1; `null` means that `x` is flattened first.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.sort(tensor([[3, 1, 2], [0, 5, 4]])).array() // => [[1, 2, 3], [0, 4, 5]]
 * ```
 */
export const sort = publicOp("sort", (x: TensorLike, axis?: number | null): Tensor => {
  const { given, along } = operand(x, axis, "sort");
  const indices = orderOp({ x: given }, { axis: along, largest: false, count: given.shape[along] as number }).y;
  return gather({ x: given, indices }, { axis: along, aligned: true, wrap: false }).y;
});

/**
 * The `k` largest elements along the last axis and their indices, largest first; of equal ones the first comes first.
 *
 * @param sorted Whether the result must be in order; here it always is.
 * @returns `[values, indices]`.
 * @throws ShapeError where `k` is larger than the axis.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * const [values, indices] = ops.topK(tensor([5, 9, 7]), 2);
 * [await values.array(), await indices.array()] // => [[9, 7], [1, 2]]
 * ```
 */
export const topK = publicOp("topK", (x: TensorLike, k: number, _sorted?: boolean): [Tensor, Tensor] => {
  const given = toTensor(x);
  const along = normalizeAxis(-1, given.rank, "topK");
  const size = given.shape[along] as number;
  if (checkWhole(k, "k", "topK", 0) > size) {
    throw new ShapeError(`topK: k is ${k}, but the last axis of shape ${formatShape(given.shape)} has only ${size}`);
  }
  const indices = orderOp({ x: given }, { axis: along, largest: true, count: k }).y;
  return [gather({ x: given, indices }, { axis: along, aligned: true, wrap: false }).y, indices];
});

const searchOp = op<{ sequence: Tensor; values: Tensor }, "y", { after: boolean }>({
  name: "searchsorted",
  shape({ sequence, values }) {
    if (sequence.shape.length !== 1) {
      throw new ShapeError(
        `searchsorted: the sorted sequence must be a vector, got shape ${formatShape(sequence.shape)}`,
      );
    }
    return { y: { shape: values.shape, dtype: "int32" } };
  },
  loops({ sequence, values }, { y }, { after }) {
    for (let at = 0; at < values.size; at++) {
      const value = values.data[at] as number;
      let low = 0;
      let high = sequence.size;
      while (low < high) {
        const middle = (low + high) >> 1;
        const element = sequence.data[middle] as number;
        if (after ? !ascending(value, element) : ascending(element, value)) low = middle + 1;
        else high = middle;
      }
      y.data[at] = low;
    }
  },
  gradient: "none",
});

/**
 * Where each value would have to be put into an ascending sequence so that it stays ascending.
 *
 * @param side Among equal elements: `"left"` (default) before them, `"right"` after them.
 * @throws ShapeError where the sequence is no vector.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.searchsorted(tensor([1, 3, 5]), [0, 3, 4]).array() // => [0, 1, 2]
 * ```
 */
export const searchsorted = publicOp(
  "searchsorted",
  (sortedSequence: TensorLike, values: TensorLike, side: "left" | "right" = "left"): Tensor => {
    const after = checkWord(["left", "right"], side, "side", "searchsorted") === "right";
    const sequence = toTensor(sortedSequence);
    const given = toTensor(values, { device: sequence.device });
    return searchOp({ sequence, values: given }, { after }).y;
  },
);
