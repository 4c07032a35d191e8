/**
 * Elements by index: `take`, `takeAlongAxis`, `nonzero`.
 */
import { isFloat } from "../../core/dtype.ts";
import { DTypeError, ShapeError } from "../../core/errors.ts";
import { inspect } from "../../core/observer.ts";
import { broadcastShapes, formatShape, normalizeAxis } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { cast } from "../elementwise/cast.ts";
import { broadcastTo } from "../movement/broadcast.ts";
import { reshape } from "../movement/reshape.ts";
import { publicOp, type TensorLike } from "../op.ts";
import { toTensor } from "../tensor.ts";
import { gather } from "./gather.ts";

/** The operand as int32 indices on the device of `beside`; refuses real numbers. @internal */
export function toIndices(value: TensorLike, beside: Tensor, where: string, name = "indices"): Tensor {
  const given = toTensor(value, { device: beside.device, dtype: "int32" });
  if (isFloat(given.dtype)) {
    throw new DTypeError(
      `${where}: ${name} must be whole numbers, got ${given.dtype}; cast them: ops.cast(${name}, "int32")`,
    );
  }
  return given.dtype === "int32" ? given : cast(given, "int32");
}

/**
 * Refuses indices outside an axis, where the device lets them be read at once; elsewhere such indices pick zeros.
 * @internal
 */
export function checkIndices(indices: Tensor, size: number, where: string): void {
  inspect(indices, (values) => {
    for (let at = 0; at < values.length; at++) {
      const index = values[at] as number;
      if (index < -size || index >= size) {
        const range = size === 0 ? "which is empty" : `whose indices go from ${-size} to ${size - 1}`;
        throw new ShapeError(`${where}: index ${index} (element ${at}) is outside an axis of size ${size}, ${range}`);
      }
    }
  });
}

/**
 * Slices of `x` by index along an axis. Negative indices count from the back.
 *
 * @param indices Whole numbers of any shape, which takes the place of the axis.
 * @param axis Default: `x` is flattened first.
 * @throws ShapeError where an index is out of range; DTypeError where indices are not whole numbers.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.take(tensor([[1, 2], [3, 4], [5, 6]]), [2, 0], 0).array() // => [[5, 6], [1, 2]]
 * ```
 */
export const take = publicOp("take", (x: TensorLike, indices: TensorLike, axis?: number | null): Tensor => {
  const flat = axis === undefined || axis === null;
  const given = flat ? reshape(x, [-1]) : toTensor(x);
  const along = normalizeAxis(flat ? 0 : axis, given.rank, "take");
  const picks = toIndices(indices, given, "take");
  checkIndices(picks, given.shape[along] as number, "take");
  return gather({ x: given, indices: picks }, { axis: along, aligned: false, wrap: true }).y;
});

/**
 * One element of `x` for each index, from the same line along the axis: `y[i, j] = x[i, indices[i, j]]` for the last
 * axis of a matrix. Negative indices count from the back.
 *
 * @param indices Whole numbers; off the axis its shape and that of `x` broadcast.
 * @param axis Default: both are flattened first.
 * @throws ShapeError where ranks differ, shapes do not broadcast, or an index is out of range.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.takeAlongAxis(tensor([[10, 20], [30, 40]]), [[1], [0]], 1).array() // => [[20], [30]]
 * ```
 */
export const takeAlongAxis = publicOp(
  "takeAlongAxis",
  (x: TensorLike, indices: TensorLike, axis?: number | null): Tensor => {
    const flat = axis === undefined || axis === null;
    const given = flat ? reshape(x, [-1]) : toTensor(x);
    const picks = toIndices(indices, given, "takeAlongAxis");
    if (picks.rank !== given.rank) {
      throw new ShapeError(
        `takeAlongAxis: indices of shape ${formatShape(picks.shape)} must have the rank of x, whose shape is ${formatShape(given.shape)}`,
      );
    }
    const along = normalizeAxis(flat ? 0 : axis, given.rank, "takeAlongAxis");
    const size = given.shape[along] as number;
    const lines = broadcastShapes(given.shape.with(along, 1), picks.shape.with(along, 1), "takeAlongAxis");
    checkIndices(picks, size, "takeAlongAxis");
    return gather(
      {
        x: broadcastTo(given, lines.with(along, size)),
        indices: broadcastTo(picks, lines.with(along, picks.shape[along] as number)),
      },
      { axis: along, aligned: true, wrap: true },
    ).y;
  },
);

/**
 * Where `x` is not 0: for each axis, the indices of those elements. The size depends on the values, so a symbolic
 * tensor is refused.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * const [rows, columns] = ops.nonzero(tensor([[0, 1], [1, 0]]));
 * [await rows.array(), await columns.array()] // => [[0, 1], [1, 0]]
 * ```
 */
export const nonzero = publicOp("nonzero", (x: TensorLike): Tensor[] => {
  const given = toTensor(x);
  const found = [...given.dataSync().entries()].flatMap(([at, value]) => (value === 0 ? [] : [at]));
  let stride = given.size;
  return given.shape.map((size) => {
    stride /= size;
    const indices = Int32Array.from(found, (at) => Math.floor(at / stride) % size);
    return toTensor(indices, { device: given.device });
  });
});
