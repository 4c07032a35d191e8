/**
 * Seeing the same elements with another shape: `reshape` and its relatives move nothing.
 */
import { ShapeError, show } from "../../core/errors.ts";
import { formatShape, type Shape, sizeOf } from "../../core/shape.ts";
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
 * The same tensor as a new one, which can be disposed on its own.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.identity(tensor([1, 2])).array() // => [1, 2]
 * ```
 */
export const identity = publicOp("identity", (x: TensorLike): Tensor => {
  const given = toTensor(x);
  return reshapeOp({ x: given }, { shape: given.shape }).y;
});
