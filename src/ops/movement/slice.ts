/**
 * Parts of a tensor: `slice`, `getItem`, `sliceUpdate`, `split`, `unstack`, `diagonal`; and in other orders: `flip`, `roll`.
 */
import { DTypeError, OptionError, ShapeError, show } from "../../core/errors.ts";
import {
  type Axes,
  checkWhole,
  formatShape,
  normalizeAxes,
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
import { place, strided, type Window } from "./strided.ts";

/** The window on `shape` that begins at `start`; refuses one that reaches over the edge. */
function windowAt(shape: Shape, start: readonly number[], wanted: readonly number[], where: string): Window {
  if (start.length !== shape.length || wanted.length !== shape.length) {
    throw new ShapeError(
      `${where}: needs a start and a size for each of the ${shape.length} axes, got ${show(start)} and ${show(wanted)}`,
    );
  }
  const sizes = shape.map((size, axis) => {
    const from = checkWhole(start[axis], "every start index", where, 0);
    const length = wanted[axis] === -1 ? size - from : checkWhole(wanted[axis], "every size", where, 0);
    if (length < 0 || from + length > size) {
      throw new ShapeError(
        `${where}: axis ${axis} has size ${size}; ${length} elements from index ${from} reach beyond it`,
      );
    }
    return length;
  });
  const strides = stridesOf(shape);
  return {
    shape: sizes,
    strides,
    offset: start.reduce((sum, from, axis) => sum + from * (strides[axis] as number), 0),
  };
}

/**
 * The part of `inputs` that begins at `startIndices` and has that shape; a size of −1 means all that is left.
 *
 * @throws ShapeError where the part reaches over an edge.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.slice(tensor([[1, 2, 3], [4, 5, 6]]), [0, 1], [2, 2]).array() // => [[2, 3], [5, 6]]
 * ```
 */
export const slice = publicOp(
  "slice",
  (inputs: TensorLike, startIndices: readonly number[], shape: readonly number[]): Tensor => {
    const x = toTensor(inputs);
    return strided(x, windowAt(x.shape, startIndices, shape, "slice"));
  },
);

/**
 * `inputs` with `updates` in place of the part that begins at `startIndices`.
 *
 * @throws ShapeError where the updates reach over an edge; DTypeError where the dtypes differ.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.sliceUpdate(tensor([0, 0, 0, 0]), [1], tensor([7, 8])).array() // => [0, 7, 8, 0]
 * ```
 */
export const sliceUpdate = publicOp(
  "sliceUpdate",
  (inputs: TensorLike, startIndices: readonly number[], updates: TensorLike): Tensor => {
    const base = toTensor(inputs);
    const piece = toTensor(updates, { device: base.device, dtype: base.dtype });
    if (piece.dtype !== base.dtype) {
      throw new DTypeError(
        `sliceUpdate: inputs are ${base.dtype} and updates ${piece.dtype}; cast one: ops.cast(updates, "${base.dtype}")`,
      );
    }
    const window = windowAt(base.shape, startIndices, piece.shape, "sliceUpdate");
    return place([piece], { shape: base.shape, windows: [window], value: 0 }, base);
  },
);

/** A run of indices along an axis: from `start` to before `stop`, in steps; each as Python's slices have them. */
export interface Range {
  readonly start?: number | null;
  readonly stop?: number | null;
  /** Default 1; negative ones run backwards. */
  readonly step?: number | null;
}

/** What `getItem` takes for an axis, or for several. */
export type ItemKey = number | null | "..." | Range;

/** The first index of a range on an axis of that size, and how many there are. */
function rangeOn({ start, stop, step }: Range, size: number): { first: number; count: number; step: number } {
  const by = checkWhole(step ?? 1, "a step", "getItem");
  if (by === 0) throw new OptionError("getItem: a step of 0 leads nowhere; take 1, or −1 to run backwards");
  const [low, high] = by > 0 ? [0, size] : [-1, size - 1];
  const end = (given: number | null | undefined, otherwise: number) => {
    if (given === undefined || given === null) return otherwise;
    const index = checkWhole(given, "a start or stop", "getItem");
    return Math.min(Math.max(index < 0 ? index + size : index, low), high);
  };
  const first = end(start, by > 0 ? 0 : size - 1);
  const past = end(stop, by > 0 ? size : -1);
  return { first, count: Math.max(0, Math.ceil((past - first) / by)), step: by };
}

/**
 * What Python writes as `x[key]`: for every axis an index, which takes the axis away, or a range; `null` adds an axis of
 * size 1, `"..."` stands for all axes that are not named. Axes after the last key are taken whole.
 *
 * @param key One key or a list of them: a number (negative ones count from the end), `{ start, stop, step }` (each of
 *   which may be left out), `null`, or `"..."`.
 * @throws ShapeError for indices beyond the edge and for more keys than axes; OptionError for a step of 0.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * const x = tensor([[1, 2, 3], [4, 5, 6]]);
 * [await ops.getItem(x, [{}, 0]).array(), await ops.getItem(x, [1, { step: -1 }]).array()] // => [[1, 4], [6, 5, 4]]
 * ```
 *
 * @see Keras 3, `keras.ops.get_item`
 */
export const getItem = publicOp("getItem", (x: TensorLike, key: ItemKey | readonly ItemKey[]): Tensor => {
  const given = toTensor(x);
  const keys = (Array.isArray(key) ? key : [key]) as readonly ItemKey[];
  const named = keys.filter((each) => each !== null && each !== "...").length;
  if (named > given.rank || keys.filter((each) => each === "...").length > 1) {
    throw new ShapeError(
      `getItem: keys are one for each of the ${given.rank} axes of ${formatShape(given.shape)} at most, and one "..."; got ${show(key)}`,
    );
  }
  const all: readonly ItemKey[] = keys.includes("...") ? keys : [...keys, "..."];
  const steps = stridesOf(given.shape);
  const shape: number[] = [];
  const strides: number[] = [];
  let offset = 0;
  let axis = 0;
  const take = (range: Range) => {
    const { first, count, step } = rangeOn(range, given.shape[axis] as number);
    shape.push(count);
    strides.push(step * (steps[axis] as number));
    if (count > 0) offset += first * (steps[axis] as number);
    axis++;
  };
  for (const each of all) {
    if (each === "...") {
      for (let whole = given.rank - named; whole > 0; whole--) take({});
    } else if (each === null) {
      shape.push(1);
      strides.push(0);
    } else if (typeof each === "number") {
      offset += normalizeIndex(each, given.shape[axis] as number, axis) * (steps[axis] as number);
      axis++;
    } else {
      if (!isPlainObject(each)) {
        throw new OptionError(`getItem: a key is a number, { start, stop, step }, null or "...", got ${show(each)}`);
      }
      take(each);
    }
  }
  return strided(given, { shape, strides, offset });
});

function normalizeIndex(given: number, size: number, axis: number): number {
  const index = checkWhole(given, "every index", "getItem");
  if (index < -size || index >= size) {
    throw new ShapeError(`getItem: axis ${axis} has size ${size}, which has no index ${index}`);
  }
  return index < 0 ? index + size : index;
}

/** The part of `x` from index `from` to before `to` along one axis. @internal */
export function sliceAlong(x: Tensor, axis: number, from: number, to: number): Tensor {
  const strides = stridesOf(x.shape);
  return strided(x, { shape: x.shape.with(axis, to - from), strides, offset: from * (strides[axis] as number) });
}

/**
 * The parts of `x` along an axis.
 *
 * @param indicesOrSections A number: so many parts of equal size. A list: the indices at which to cut.
 * @param axis Default 0.
 * @throws ShapeError where the axis does not divide into so many parts.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * const [a, b] = ops.split(tensor([1, 2, 3, 4, 5]), [2]);
 * [await a.array(), await b.array()] // => [[1, 2], [3, 4, 5]]
 * ```
 */
export const split = publicOp(
  "split",
  (x: TensorLike, indicesOrSections: number | readonly number[], axis: number = 0): Tensor[] => {
    const given = toTensor(x);
    const along = normalizeAxis(axis, given.rank, "split");
    const size = given.shape[along] as number;
    if (typeof indicesOrSections === "number") {
      const sections = checkWhole(indicesOrSections, "the number of parts", "split", 1);
      const length = size / sections;
      if (!Number.isInteger(length)) {
        throw new ShapeError(
          `split: axis ${along} has size ${size}, which does not divide into ${sections} equal parts; give a list of indices to cut at`,
        );
      }
      return Array.from({ length: sections }, (_, part) =>
        sliceAlong(given, along, part * length, (part + 1) * length),
      );
    }
    const clamp = (index: number) => Math.min(Math.max(index < 0 ? index + size : index, 0), size);
    const cuts = indicesOrSections.map((index) => clamp(checkWhole(index, "every index", "split")));
    return [...cuts, size].map((to, part) => {
      const from = cuts[part - 1] ?? 0;
      return sliceAlong(given, along, from, Math.max(from, to));
    });
  },
);

/**
 * The slices of `x` along an axis, each without that axis.
 *
 * @param num The size of the axis, where it is to be checked.
 * @param axis Default 0.
 * @throws ShapeError where the axis has another size than `num`.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * const [a, b] = ops.unstack(tensor([[1, 2], [3, 4]]));
 * await b.array() // => [3, 4]
 * ```
 */
export const unstack = publicOp("unstack", (x: TensorLike, num?: number | null, axis: number = 0): Tensor[] => {
  const given = toTensor(x);
  const along = normalizeAxis(axis, given.rank, "unstack");
  const size = given.shape[along] as number;
  if (num !== undefined && num !== null && num !== size) {
    throw new ShapeError(`unstack: axis ${along} has size ${size}, not ${show(num)}`);
  }
  const shape = given.shape.toSpliced(along, 1);
  return Array.from({ length: size }, (_, index) => reshape(sliceAlong(given, along, index, index + 1), shape));
});

/**
 * The elements in reverse order along axes.
 *
 * @param axis One or several. Default: all.
 * @throws ShapeError where an axis does not exist or is named twice.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.flip(tensor([[1, 2], [3, 4]]), 1).array() // => [[2, 1], [4, 3]]
 * ```
 */
export const flip = publicOp("flip", (x: TensorLike, axis?: Axes): Tensor => {
  const given = toTensor(x);
  const flipped = normalizeAxes(axis, given.rank, "flip");
  const strides = stridesOf(given.shape);
  const { size } = given;
  return strided(given, {
    shape: given.shape,
    strides: strides.map((stride, at) => (flipped.includes(at) ? -stride : stride)),
    offset:
      size === 0
        ? 0
        : flipped.reduce((sum, at) => sum + ((given.shape[at] as number) - 1) * (strides[at] as number), 0),
  });
});

/** Where the `k`th diagonal of a matrix begins and how long it is. */
function diagonalOf(rows: number, columns: number, k: number): { row: number; column: number; length: number } {
  const row = Math.max(0, -k);
  const column = Math.max(0, k);
  return { row, column, length: Math.max(0, Math.min(rows - row, columns - column)) };
}

/**
 * The diagonals of the matrices that two axes form; those axes go, and the diagonal becomes the last one.
 *
 * @param offset How far above the main diagonal; negative: below. Default 0.
 * @throws ShapeError where there are fewer than two axes, or both are the same.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.diagonal(tensor([[1, 2], [3, 4]])).array() // => [1, 4]
 * ```
 */
export const diagonal = publicOp(
  "diagonal",
  (x: TensorLike, offset: number = 0, axis1: number = 0, axis2: number = 1): Tensor => {
    const given = toTensor(x);
    const rowAxis = normalizeAxis(axis1, given.rank, "diagonal");
    const columnAxis = normalizeAxis(axis2, given.rank, "diagonal");
    if (rowAxis === columnAxis)
      throw new ShapeError(`diagonal: axis1 and axis2 are both axis ${rowAxis}; name two axes`);
    checkWhole(offset, "offset", "diagonal");
    const strides = stridesOf(given.shape);
    const [down, right] = [strides[rowAxis] as number, strides[columnAxis] as number];
    const { row, column, length } = diagonalOf(
      given.shape[rowAxis] as number,
      given.shape[columnAxis] as number,
      offset,
    );
    const others = [...given.shape.keys()].filter((axis) => axis !== rowAxis && axis !== columnAxis);
    return strided(given, {
      shape: [...others.map((axis) => given.shape[axis] as number), length],
      strides: [...others.map((axis) => strides[axis] as number), down + right],
      offset: length === 0 ? 0 : row * down + column * right,
    });
  },
);

/**
 * A vector as the `k`th diagonal of a matrix of zeros; of a matrix, its `k`th diagonal.
 *
 * @param k How far above the main diagonal; negative: below. Default 0.
 * @throws ShapeError where `x` is neither a vector nor a matrix.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.diag(tensor([1, 2])).array() // => [[1, 0], [0, 2]]
 * ```
 */
export const diag = publicOp("diag", (x: TensorLike, k: number = 0): Tensor => {
  const given = toTensor(x);
  checkWhole(k, "k", "diag");
  if (given.rank === 2) return diagonal(given, k);
  if (given.rank !== 1) {
    throw new ShapeError(`diag: needs a vector or a matrix, got shape ${formatShape(given.shape)}`);
  }
  const size = given.size + Math.abs(k);
  const { row, column } = diagonalOf(size, size, k);
  const window = { shape: given.shape, strides: [size + 1], offset: row * size + column };
  return place([given], { shape: [size, size], windows: [window], value: 0 });
});

/**
 * The elements moved along axes; what leaves at one end comes in at the other.
 *
 * @param shift How far; negative: towards the front. A list gives one for each axis.
 * @param axis One or several. Default: the tensor is rolled as if it were flat.
 * @throws ShapeError where an axis does not exist, or shifts and axes differ in number.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.roll(tensor([1, 2, 3, 4]), 1).array() // => [4, 1, 2, 3]
 * ```
 */
export const roll = publicOp("roll", (x: TensorLike, shift: number | readonly number[], axis?: Axes): Tensor => {
  const given = toTensor(x);
  if (axis === undefined) {
    const [only, ...more] = typeof shift === "number" ? [shift] : shift;
    if (more.length > 0) throw new ShapeError(`roll: ${show(shift)} are several shifts; name an axis for each`);
    return reshape(rollAlong(reshape(given, [-1]), 0, only), given.shape);
  }
  const axes = typeof axis === "number" ? [axis] : axis;
  const shifts = typeof shift === "number" ? axes.map(() => shift) : shift;
  if (shifts.length !== axes.length) {
    throw new ShapeError(`roll: ${shifts.length} shifts for ${axes.length} axes; give one for each`);
  }
  return axes.reduce<Tensor>(
    (rolled, each, at) => rollAlong(rolled, normalizeAxis(each, given.rank, "roll"), shifts[at]),
    given,
  );
});

function rollAlong(x: Tensor, axis: number, shift: number | undefined): Tensor {
  const by = checkWhole(shift, "every shift", "roll");
  const size = x.shape[axis] as number;
  return reindex(
    x,
    axis,
    Array.from({ length: size }, (_, at) => (((at - by) % size) + size) % size),
  );
}
