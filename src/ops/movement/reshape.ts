/**
 * Seeing the same elements with another shape: `reshape` and its relatives move nothing.
 */
import { ShapeError, show } from "../../core/errors.ts";
import { type Axes, formatShape, normalizeAxes, type Shape, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { op, publicOp, type TensorLike } from "../op.ts";
import { toTensor } from "../tensor.ts";

/** The shape meant by one that may hold a −1; refuses shapes of another size. */
function resolveShape(shape: Shape, wanted: readonly number[]): Shape {
  const valid = Array.isArray(wanted) && wanted.every((size) => Number.isSafeInteger(size) && size >= -1);
  if (!valid || wanted.filter((size) => size === -1).length > 1) {
    throw new ShapeError(
      `reshape: a shape is a list of whole numbers ≥ 0, one of which may be -1, got ${show(wanted)}`,
    );
  }
  if (!wanted.includes(-1) && sizeOf(wanted) === sizeOf(shape)) return wanted;
  const known = sizeOf(wanted.filter((size) => size !== -1));
  const missing = known === 0 ? 0 : sizeOf(shape) / known;
  const resolved = wanted.map((size) => (size === -1 ? missing : size));
  if (!resolved.every(Number.isInteger) || sizeOf(resolved) !== sizeOf(shape)) {
    throw new ShapeError(
      `reshape: ${formatShape(shape)} has ${sizeOf(shape)} elements, which do not fill ${formatShape(wanted)}`,
    );
  }
  return resolved;
}

const reshapeOp = op<{ x: Tensor }, "y", { shape: Shape }>({
  name: "reshape",
  view: true,
  shape: ({ x }, { shape }) => ({ y: { shape: resolveShape(x.shape, shape), dtype: x.dtype } }),
  gradient: ({ y }, { inputs: { x } }) => ({ x: (): Tensor => reshapeOp({ x: y as Tensor }, { shape: x.shape }).y }),
});

/**
 * The same elements, in row-major order, with another shape; one size may be −1 and is then worked out.
 *
 * @throws ShapeError where the number of elements differs.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.reshape(tensor([1, 2, 3, 4]), [2, -1]).array() // => [[1, 2], [3, 4]]
 * ```
 */
export const reshape = publicOp(
  "reshape",
  (x: TensorLike, newShape: readonly number[]): Tensor => reshapeOp({ x: toTensor(x) }, { shape: newShape }).y,
);

/**
 * The same values as a tensor of their own, which can be disposed by itself; values never change, so none are moved.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.copy(tensor([1, 2])).array() // => [1, 2]
 * ```
 */
export const copy = publicOp("copy", (x: TensorLike): Tensor => {
  const given = toTensor(x);
  return reshapeOp({ x: given }, { shape: given.shape }).y;
});

/**
 * The elements as a vector.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.ravel(tensor([[1, 2], [3, 4]])).array() // => [1, 2, 3, 4]
 * ```
 */
export const ravel = publicOp("ravel", (x: TensorLike): Tensor => reshape(x, [-1]));

/**
 * New axes of size 1.
 *
 * @param axis Where they stand in the result.
 * @throws ShapeError where an axis is out of range or named twice.
 *
 * @example
 * ```ts
 * import { ops, zeros } from "varve";
 * ops.expandDims(zeros([2, 3]), [0, -1]).shape // => [1, 2, 3, 1]
 * ```
 */
export const expandDims = publicOp("expandDims", (x: TensorLike, axis: Axes): Tensor => {
  const given = toTensor(x);
  const rank = given.rank + (typeof axis === "number" ? 1 : axis.length);
  const added = normalizeAxes(axis, rank, "expandDims");
  const sizes = given.shape.values();
  return reshape(
    given,
    Array.from({ length: rank }, (_, at) => (added.includes(at) ? 1 : (sizes.next().value as number))),
  );
});

/**
 * The tensor without axes of size 1.
 *
 * @param axis Which. Default: every axis of size 1.
 * @throws ShapeError where a named axis has another size.
 *
 * @example
 * ```ts
 * import { ops, zeros } from "varve";
 * ops.squeeze(zeros([1, 2, 1]), -1).shape // => [1, 2]
 * ```
 */
export const squeeze = publicOp("squeeze", (x: TensorLike, axis?: Axes): Tensor => {
  const given = toTensor(x);
  const removed =
    axis === undefined
      ? [...given.shape.keys()].filter((at) => given.shape[at] === 1)
      : normalizeAxes(axis, given.rank, "squeeze");
  for (const at of removed) {
    if (given.shape[at] !== 1) {
      throw new ShapeError(`squeeze: axis ${at} of shape ${formatShape(given.shape)} is not of size 1`);
    }
  }
  return reshape(
    given,
    given.shape.filter((_, at) => !removed.includes(at)),
  );
});

const stopOp = op<{ x: Tensor }, "y">({
  name: "stopGradient",
  view: true,
  shape: ({ x }) => ({ y: { shape: x.shape, dtype: x.dtype } }),
  gradient: "none",
});

/**
 * The same values, through which no gradient flows.
 *
 * @example
 * ```ts
 * import { grad, ops, tensor } from "varve";
 * const f = (x) => ops.sum(ops.multiply(x, ops.stopGradient(x)));
 * await grad(f)(tensor([3])).array() // => [3]
 * ```
 */
export const stopGradient = publicOp(
  "stopGradient",
  (x: TensorLike): Tensor => stopOp({ x: toTensor(x) }, undefined).y,
);

const inPlaceOp = op<{ x: Tensor; of: Tensor }, "y">({
  name: "inPlaceOf",
  view: true,
  shape: ({ x }) => ({ y: { shape: x.shape, dtype: x.dtype } }),
  gradient: ({ y }) => ({ x: "none", of: () => y as Tensor }),
});

/**
 * The values of `x`, with the gradient of a tensor of the same shape, as if that had held them: what is rounded learns
 * as if it were not (Bengio et al., Estimating or Propagating Gradients Through Stochastic Neurons, 2013). @internal
 */
export function inPlaceOf(x: Tensor, of: Tensor): Tensor {
  return inPlaceOp({ x, of }, undefined).y;
}
