/**
 * Axes in another order: `transpose`, `swapaxes`, `moveaxis`.
 */
import { ShapeError, show } from "../../core/errors.ts";
import { type Axes, normalizeAxis, stridesOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { publicOp, type TensorLike } from "../op.ts";
import { toTensor } from "../tensor.ts";
import { strided } from "./strided.ts";

/** `x` with its axes in the order of `axes`, which are counted from the front. */
function permute(x: Tensor, axes: readonly number[]): Tensor {
  const strides = stridesOf(x.shape);
  return strided(x, {
    shape: axes.map((axis) => x.shape[axis] as number),
    strides: axes.map((axis) => strides[axis] as number),
    offset: 0,
  });
}

/** The axes counted from the front, in the order given; refuses duplicates. */
function axesInOrder(axes: Axes, rank: number, where: string): number[] {
  const order = (typeof axes === "number" ? [axes] : axes).map((axis) => normalizeAxis(axis, rank, where));
  if (new Set(order).size !== order.length) {
    throw new ShapeError(`${where}: axes ${show(axes)} name an axis of rank ${rank} twice; name each once`);
  }
  return order;
}

/**
 * The axes in another order: axis `i` of the result is axis `axes[i]` of `x`.
 *
 * @param axes Every axis once. Default: reversed.
 * @throws ShapeError where `axes` is no permutation.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.transpose(tensor([[1, 2, 3], [4, 5, 6]])).array() // => [[1, 4], [2, 5], [3, 6]]
 * ```
 */
export const transpose = publicOp("transpose", (x: TensorLike, axes?: readonly number[]): Tensor => {
  const given = toTensor(x);
  if (axes === undefined) return permute(given, [...given.shape.keys()].reverse());
  const order = axesInOrder(axes, given.rank, "transpose");
  if (order.length !== given.rank) {
    throw new ShapeError(`transpose: axes must name each of the ${given.rank} axes once, got ${show(axes)}`);
  }
  return permute(given, order);
});

/**
 * Two axes exchanged.
 *
 * @throws ShapeError where an axis does not exist.
 *
 * @example
 * ```ts
 * import { ops, zeros } from "varve";
 * ops.swapaxes(zeros([2, 3, 4]), 0, -1).shape // => [4, 3, 2]
 * ```
 */
export const swapaxes = publicOp("swapaxes", (x: TensorLike, axis1: number, axis2: number): Tensor => {
  const given = toTensor(x);
  const first = normalizeAxis(axis1, given.rank, "swapaxes");
  const second = normalizeAxis(axis2, given.rank, "swapaxes");
  return permute(
    given,
    [...given.shape.keys()].map((axis) => (axis === first ? second : axis === second ? first : axis)),
  );
});

/**
 * Axes moved to other places; the rest keep their order.
 *
 * @throws ShapeError where an axis does not exist, is named twice, or `source` and `destination` differ in length.
 *
 * @example
 * ```ts
 * import { ops, zeros } from "varve";
 * ops.moveaxis(zeros([2, 3, 4]), 0, -1).shape // => [3, 4, 2]
 * ```
 */
export const moveaxis = publicOp("moveaxis", (x: TensorLike, source: Axes, destination: Axes): Tensor => {
  const given = toTensor(x);
  const from = axesInOrder(source, given.rank, "moveaxis");
  const to = axesInOrder(destination, given.rank, "moveaxis");
  if (from.length !== to.length) {
    throw new ShapeError(
      `moveaxis: source and destination must name as many axes, got ${show(source)} and ${show(destination)}`,
    );
  }
  const others = [...given.shape.keys()].filter((axis) => !from.includes(axis));
  const order = [...given.shape.keys()].map((axis) => {
    const moved = to.indexOf(axis);
    return moved >= 0 ? (from[moved] as number) : (others.shift() as number);
  });
  return permute(given, order);
});
