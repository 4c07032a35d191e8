/**
 * Elements seen several times: `broadcastTo`, `meshgrid`, `tile`, `repeat`.
 */
import { ShapeError } from "../../core/errors.ts";
import { checkNames, checkWord } from "../../core/options.ts";
import {
  broadcastsTo,
  checkShape,
  checkWhole,
  formatShape,
  normalizeAxis,
  type Shape,
  stridesOf,
} from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { isPlainObject } from "../../core/tree.ts";
import { reindex } from "../indexing/gather.ts";
import { publicOp, type TensorLike } from "../op.ts";
import { toTensor } from "../tensor.ts";
import { reshape } from "./reshape.ts";
import { strided } from "./strided.ts";

/**
 * `x` repeated along axes of size 1, and along new ones in front, until it has that shape.
 *
 * @throws ShapeError where a size of `x` is neither 1 nor the one asked for.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.broadcastTo(tensor([1, 2]), [2, 2]).array() // => [[1, 2], [1, 2]]
 * ```
 */
export const broadcastTo = publicOp("broadcastTo", (x: TensorLike, shape: Shape): Tensor => {
  const given = toTensor(x);
  checkShape(shape, "broadcastTo");
  if (!broadcastsTo(given.shape, shape)) {
    throw new ShapeError(
      `broadcastTo: shape ${formatShape(given.shape)} does not broadcast to ${formatShape(shape)}; aligned at the back, sizes must be equal or 1`,
    );
  }
  const strides = stridesOf(given.shape);
  const offset = shape.length - given.rank;
  return strided(given, {
    shape,
    strides: shape.map((_, axis) => (given.shape[axis - offset] === 1 ? 0 : (strides[axis - offset] ?? 0))),
    offset: 0,
  });
});

/** What `meshgrid` takes after its vectors. */
export interface MeshgridOptions {
  /** `"xy"` (default) exchanges the first two axes, `"ij"` keeps them in order. */
  readonly indexing?: "xy" | "ij";
}

/**
 * Grids of coordinates: one tensor for each given vector, all of one shape, varying along that vector's axis only.
 *
 * @param args The vectors, then, where wanted, `{ indexing }`: `"xy"` (default) exchanges the first two axes, `"ij"`
 *   keeps them in order.
 * @throws ShapeError where an input has more than one axis.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * const [x, y] = ops.meshgrid(tensor([1, 2, 3]), tensor([4, 5]));
 * [await x.array(), await y.array()] // => [[[1, 2, 3], [1, 2, 3]], [[4, 4, 4], [5, 5, 5]]]
 * ```
 */
export const meshgrid = publicOp("meshgrid", (...args: readonly (TensorLike | MeshgridOptions)[]): Tensor[] => {
  const last = args.at(-1);
  const { indexing = "xy" } = isPlainObject(last) ? checkNames(last as MeshgridOptions, ["indexing"], "meshgrid") : {};
  const exchanged = checkWord(["xy", "ij"], indexing, "indexing", "meshgrid") === "xy";
  const vectors = args.filter((arg) => !isPlainObject(arg)).map((arg) => toTensor(arg as TensorLike));
  for (const { shape } of vectors) {
    if (shape.length > 1) throw new ShapeError(`meshgrid: needs vectors, got shape ${formatShape(shape)}`);
  }
  const axisOf = (index: number) => (exchanged && vectors.length > 1 && index < 2 ? 1 - index : index);
  const shape = vectors.map((_, index) => (vectors[axisOf(index)] as Tensor).size);
  return vectors.map((vector, index) =>
    broadcastTo(
      reshape(
        vector,
        shape.map((size, axis) => (axis === axisOf(index) ? size : 1)),
      ),
      shape,
    ),
  );
});

/**
 * `x` laid side by side, `repeats[axis]` times along each axis.
 *
 * @param repeats Aligned at the back; a number means the last axis.
 * @throws ShapeError where a repeat is not a whole number ≥ 0.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.tile(tensor([1, 2]), [2, 2]).array() // => [[1, 2, 1, 2], [1, 2, 1, 2]]
 * ```
 */
export const tile = publicOp("tile", (x: TensorLike, repeats: number | readonly number[]): Tensor => {
  const given = toTensor(x);
  const counts = [...(typeof repeats === "number" ? [repeats] : repeats)];
  for (const count of counts) checkWhole(count, "every repeat", "tile", 0);
  const rank = Math.max(counts.length, given.rank);
  while (counts.length < rank) counts.unshift(1);
  const sizes = [...new Array(rank - given.rank).fill(1), ...given.shape] as number[];
  const strides = stridesOf(sizes);
  const tiled = strided(given, {
    shape: sizes.flatMap((size, axis) => [counts[axis] as number, size]),
    strides: strides.flatMap((stride) => [0, stride]),
    offset: 0,
  });
  return reshape(
    tiled,
    sizes.map((size, axis) => size * (counts[axis] as number)),
  );
});

/**
 * Each element repeated in place.
 *
 * @param repeats How often: a number for all, or one for each index of the axis.
 * @param axis Default: `x` is flattened first.
 * @throws ShapeError where a repeat is not a whole number ≥ 0, or there are not as many as the axis is long.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.repeat(tensor([1, 2, 3]), 2).array() // => [1, 1, 2, 2, 3, 3]
 * ```
 */
export const repeat = publicOp(
  "repeat",
  (x: TensorLike, repeats: number | readonly number[], axis?: number): Tensor => {
    const given = axis === undefined ? reshape(x, [-1]) : toTensor(x);
    const along = normalizeAxis(axis ?? 0, given.rank, "repeat");
    const size = given.shape[along] as number;
    if (typeof repeats !== "number" && repeats.length > 1) {
      if (repeats.length !== size) {
        throw new ShapeError(
          `repeat: axis ${along} has size ${size}, got ${repeats.length} repeats; give one for each index`,
        );
      }
      const counts = repeats.map((count) => checkWhole(count, "every repeat", "repeat", 0));
      return reindex(
        given,
        along,
        counts.flatMap((count, index) => new Array<number>(count).fill(index)),
      );
    }
    const count = checkWhole(typeof repeats === "number" ? repeats : repeats[0], "repeats", "repeat", 0);
    const { shape } = given;
    const strides = stridesOf(shape);
    const repeated = strided(given, {
      shape: [...shape.slice(0, along + 1), count, ...shape.slice(along + 1)],
      strides: [...strides.slice(0, along + 1), 0, ...strides.slice(along + 1)],
      offset: 0,
    });
    return reshape(repeated, shape.with(along, size * count));
  },
);
