/**
 * Order: `argsort`, `sort`, `topK`, `searchsorted`. One record finds the order; values are then picked by index, so the
 * gradient is that of picking. NaN counts as larger than every number, and equal elements keep their order.
 */
import { OptionError, ShapeError, show } from "../../core/errors.ts";
import { checkWhole, formatShape, normalizeAxis, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { gather } from "../indexing/gather.ts";
import { ravel } from "../movement/reshape.ts";
import { op, publicOp, type TensorLike } from "../op.ts";
import { toTensor } from "../tensor.ts";

/** Whether `a` comes before `b` in ascending order, as a comparison gives it; NaN is the largest. */
function compare(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
}

interface Ordering {
  readonly axis: number;
  readonly descending: boolean;
  /** How many of the first to give. */
  readonly count: number;
}

const orderOp = op<{ x: Tensor }, "y", Ordering>({
  name: "argsort",
  shape: ({ x }, { axis, count }) => ({ y: { shape: x.shape.with(axis, count), dtype: "int32" } }),
  loops({ x }, { y }, { axis, descending, count }) {
    const size = x.shape[axis] as number;
    const inner = sizeOf(x.shape.slice(axis + 1));
    const outer = sizeOf(x.shape.slice(0, axis));
    const sign = descending ? -1 : 1;
    const order = new Int32Array(size);
    for (let line = 0; line < outer * inner; line++) {
      const o = Math.floor(line / inner);
      const i = line % inner;
      const at = (index: number) => x.data[(o * size + index) * inner + i] as number;
      for (let index = 0; index < size; index++) order[index] = index;
      order.sort((a, b) => sign * compare(at(a), at(b)) || a - b);
      for (let rank = 0; rank < count; rank++) y.data[(o * count + rank) * inner + i] = order[rank] as number;
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
  return orderOp({ x: given }, { axis: along, descending: false, count: given.shape[along] as number }).y;
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
  const indices = orderOp({ x: given }, { axis: along, descending: false, count: given.shape[along] as number }).y;
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
  const indices = orderOp({ x: given }, { axis: along, descending: true, count: k }).y;
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
        const order = compare(sequence.data[middle] as number, value);
        if (order < 0 || (after && order === 0)) low = middle + 1;
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
    if (side !== "left" && side !== "right") {
      throw new OptionError(`searchsorted: side must be "left" or "right", got ${show(side)}`);
    }
    const sequence = toTensor(sortedSequence);
    const given = toTensor(values, { device: sequence.device });
    return searchOp({ sequence, values: given }, { after: side === "right" }).y;
  },
);
