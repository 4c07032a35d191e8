/**
 * Several tensors in one: `concatenate`, `stack`; and more room around one: `pad`.
 */
import { promote } from "../../core/dtype.ts";
import { OptionError, ShapeError, show } from "../../core/errors.ts";
import { checkWord } from "../../core/options.ts";
import { checkWhole, formatShape, normalizeAxis, stridesOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { cast } from "../elementwise/cast.ts";
import { reindex } from "../indexing/gather.ts";
import { publicOp, type TensorLike } from "../op.ts";
import { toTensor } from "../tensor.ts";
import { reshape } from "./reshape.ts";
import { place } from "./strided.ts";

/** The operands as tensors of one dtype on one device. */
function inOneDType(xs: readonly TensorLike[], where: string): Tensor[] {
  if (!Array.isArray(xs) || xs.length === 0) {
    throw new ShapeError(`${where}: needs a list of one tensor or more, got ${show(xs)}`);
  }
  const tensors = xs.map((x) => toTensor(x));
  const dtype = tensors.map((x) => x.dtype).reduce(promote);
  return tensors.map((x) => (x.dtype === dtype ? x : cast(x, dtype)));
}

/** The tensors one after the other along an axis. */
function join(tensors: readonly Tensor[], along: number): Tensor {
  const sizes = tensors.map((x) => x.shape[along] as number);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const shape = (tensors[0] as Tensor).shape.with(along, total);
  const strides = stridesOf(shape);
  let at = 0;
  const windows = tensors.map((x, index) => {
    const window = { shape: x.shape, strides, offset: at * (strides[along] as number) };
    at += sizes[index] as number;
    return window;
  });
  return place(tensors, { shape, windows, value: 0 });
}

/**
 * Tensors one after the other along an axis. Different dtypes meet in the larger one.
 *
 * @param axis Default 0.
 * @throws ShapeError where ranks differ, or sizes do on another axis.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.concatenate([tensor([[1], [2]]), tensor([[3], [4]])], 1).array() // => [[1, 3], [2, 4]]
 * ```
 */
export const concatenate = publicOp("concatenate", (xs: readonly TensorLike[], axis: number = 0): Tensor => {
  const tensors = inOneDType(xs, "concatenate");
  const { shape } = tensors[0] as Tensor;
  const along = normalizeAxis(axis, shape.length, "concatenate");
  tensors.forEach((x, index) => {
    if (x.rank !== shape.length || x.shape.some((size, at) => at !== along && size !== shape[at])) {
      throw new ShapeError(
        `concatenate: input ${index} has shape ${formatShape(x.shape)}, the first has ${formatShape(shape)}; only axis ${along} may differ`,
      );
    }
  });
  return join(tensors, along);
});

/**
 * Tensors of one shape along a new axis. Different dtypes meet in the larger one.
 *
 * @param axis Where the new axis stands in the result. Default 0.
 * @throws ShapeError where shapes differ.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.stack([tensor([1, 2]), tensor([3, 4])], -1).array() // => [[1, 3], [2, 4]]
 * ```
 */
export const stack = publicOp("stack", (x: readonly TensorLike[], axis: number = 0): Tensor => {
  const tensors = inOneDType(x, "stack");
  const { shape } = tensors[0] as Tensor;
  const along = normalizeAxis(axis, shape.length + 1, "stack");
  tensors.forEach((each, index) => {
    if (each.rank !== shape.length || each.shape.some((size, at) => size !== shape[at])) {
      throw new ShapeError(
        `stack: input ${index} has shape ${formatShape(each.shape)}, the first has ${formatShape(shape)}; shapes must be equal`,
      );
    }
  });
  return join(
    tensors.map((each) => reshape(each, shape.toSpliced(along, 0, 1))),
    along,
  );
});

/** How much to add on an axis: on both sides alike, or before and after. */
export type PadWidth = number | readonly number[] | readonly (readonly number[])[];

const padModes = ["constant", "edge", "reflect", "symmetric"] as const;

/** What stands around the elements that `pad` keeps. */
export type PadMode = (typeof padModes)[number];

/** For each axis, how much comes before and after. */
function padWidths(width: PadWidth, rank: number): [before: number, after: number][] {
  const nested = typeof width === "number" ? [[width]] : typeof width[0] === "number" ? [width] : width;
  const pairs = (nested as readonly (readonly number[])[]).map((pair) => {
    const [before, after = before, ...more] = Array.isArray(pair) ? pair : [];
    if (more.length > 0)
      throw new ShapeError(`pad: widths are a number or [before, after] for each axis, got ${show(width)}`);
    return [checkWhole(before, "every width", "pad", 0), checkWhole(after, "every width", "pad", 0)] as [
      number,
      number,
    ];
  });
  if (pairs.length === 1) return Array.from({ length: rank }, () => pairs[0] as [number, number]);
  if (pairs.length !== rank) {
    throw new ShapeError(`pad: ${pairs.length} widths for ${rank} axes; give one for all, or one for each axis`);
  }
  return pairs;
}

/** For each index of a padded axis, the index it shows. */
function mirrored(size: number, before: number, after: number, mode: Exclude<PadMode, "constant">): number[] {
  // A reflection repeats after a there-and-back walk: without the edges twice in "reflect", with them in "symmetric".
  const period = mode === "reflect" ? Math.max(1, 2 * size - 2) : 2 * size;
  return Array.from({ length: before + size + after }, (_, at) => {
    const index = at - before;
    if (mode === "edge") return Math.min(Math.max(index, 0), size - 1);
    const phase = ((index % period) + period) % period;
    return phase < size ? phase : (mode === "reflect" ? period : period - 1) - phase;
  });
}

/**
 * More elements around those of `x`.
 *
 * @param padWidth A number for every side, `[before, after]` for every axis, or a list with one of these for each axis.
 * @param mode `"constant"` (default): one value. `"edge"`: the outermost element. `"reflect"`: mirrored at the outermost
 *   element. `"symmetric"`: mirrored behind it.
 * @param constantValues The value of mode "constant". Default 0.
 * @throws ShapeError where the widths do not fit the rank, or an empty axis should be mirrored.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.pad(tensor([1, 2, 3]), [2, 1], "reflect").array() // => [3, 2, 1, 2, 3, 2]
 * ```
 */
export const pad = publicOp(
  "pad",
  (x: TensorLike, padWidth: PadWidth, mode: PadMode = "constant", constantValues?: number | null): Tensor => {
    const kind = checkWord(padModes, mode, "mode", "pad");
    if (kind !== "constant" && constantValues !== undefined && constantValues !== null) {
      throw new OptionError(`pad: constantValues belong to mode "constant", not to "${kind}"; leave them out`);
    }
    const given = toTensor(x);
    const widths = padWidths(padWidth, given.rank);
    if (kind === "constant") {
      const shape = widths.map(([before, after], axis) => before + (given.shape[axis] as number) + after);
      const strides = stridesOf(shape);
      const offset = widths.reduce((sum, [before], axis) => sum + before * (strides[axis] as number), 0);
      return place([given], { shape, windows: [{ shape: given.shape, strides, offset }], value: constantValues ?? 0 });
    }
    return widths.reduce((padded, [before, after], axis) => {
      if (before + after === 0) return padded;
      const size = padded.shape[axis] as number;
      if (size === 0) throw new ShapeError(`pad: axis ${axis} is empty; mode "${kind}" has nothing to repeat there`);
      return reindex(padded, axis, mirrored(size, before, after, kind));
    }, given);
  },
);
