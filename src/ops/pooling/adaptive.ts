/**
 * Pooling to a size: windows that cover each axis in as many equal steps as there shall be results. Windows are boxes,
 * so the axes are pooled one after the other.
 */
import { isFloat } from "../../core/dtype.ts";
import { ShapeError } from "../../core/errors.ts";
import { checkWord } from "../../core/options.ts";
import { checkRank, formatShape, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { type DataFormat, perAxis, spatialAxes } from "../../core/windows.ts";
import { divide } from "../elementwise/binary.ts";
import { cast } from "../elementwise/cast.ts";
import { where } from "../elementwise/compare.ts";
import { take } from "../indexing/take.ts";
import { reshape } from "../movement/reshape.ts";
import { publicOp, type TensorLike } from "../op.ts";
import { amax } from "../reduce/reduce.ts";
import { sum } from "../reduce/sum.ts";
import { tensor, toTensor } from "../tensor.ts";

/** The windows along an axis: window i goes from ⌊i · size / count⌋ to ⌈(i + 1) · size / count⌉. */
function windowsOf(size: number, count: number): readonly (readonly [start: number, length: number])[] {
  return Array.from({ length: count }, (_, index) => {
    const start = Math.floor((index * size) / count);
    return [start, Math.ceil(((index + 1) * size) / count) - start] as const;
  });
}

/** One axis pooled to `count` results. */
function pooled(kind: "max" | "average", x: Tensor, axis: number, count: number): Tensor {
  const size = x.shape[axis] as number;
  const windows = windowsOf(size, count);
  const longest = Math.max(...windows.map(([, length]) => length));
  // Windows that are shorter have their last element again.
  const places = windows.flatMap(([start, length]) =>
    Array.from({ length: longest }, (_, index) => start + Math.min(index, length - 1)),
  );
  const [before, after] = [x.shape.slice(0, axis), x.shape.slice(axis + 1)];
  const all = reshape(take(x, Int32Array.from(places), axis), [sizeOf(before), count, longest, sizeOf(after)]);
  const shape = [...before, count, ...after];
  if (kind === "max") return reshape(amax(all, 2), shape);
  const counts = windows.flatMap(([, length]) => Array.from({ length: longest }, (_, index) => Number(index < length)));
  const sums = sum(where(tensor(counts, [count, longest, 1], "bool"), all, 0), 2);
  const lengths = tensor(
    windows.map(([, length]) => length),
    [count, 1],
    x.dtype,
  );
  return reshape(divide(sums, lengths), shape);
}

type Arguments = [x: TensorLike, outputSize: number | readonly number[], dataFormat?: DataFormat | null];

function runAdaptive(kind: "max" | "average", [x, outputSize, dataFormat]: Arguments): Tensor {
  const name = kind === "max" ? "adaptiveMaxPool" : "adaptiveAveragePool";
  const given = toTensor(x);
  checkRank(given.shape, [3, 4, 5], name);
  const format = checkWord(["channels_last", "channels_first"], dataFormat ?? "channels_last", "dataFormat", name);
  const axes = spatialAxes(given.rank, format);
  const counts = perAxis(outputSize, axes.length, name, "outputSize");
  if (axes.some((axis) => given.shape[axis] === 0)) {
    throw new ShapeError(`${name}: an empty axis has no windows, got shape ${formatShape(given.shape)}`);
  }
  const start = kind === "average" && !isFloat(given.dtype) ? cast(given, "float32") : given;
  return axes.reduce((result, axis, index) => pooled(kind, result, axis, counts[index] as number), start);
}

/**
 * The average of as many windows as there shall be results: window i of n along an axis of size s goes from ⌊i s / n⌋
 * to ⌈(i + 1) s / n⌉, so that all sizes of input give one size of output. Integers are averaged as float32.
 *
 * @param x [batch, …spatial, channels], or [batch, channels, …spatial] under "channels_first".
 * @param outputSize How many results along each spatial axis: one number for all, or one for each.
 * @param dataFormat "channels_last" (default) or "channels_first".
 * @throws ShapeError for ranks other than 3 to 5, and for empty axes.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * const x = tensor([1, 3, 2, 5, 4], [1, 5, 1]);
 * await ops.adaptiveAveragePool(x, 2).array() // => [[[2], [3.66667]]]
 * ```
 */
export const adaptiveAveragePool = publicOp(
  "adaptiveAveragePool",
  (...args: Arguments): Tensor => runAdaptive("average", args),
);

/**
 * The largest element of as many windows as there shall be results, windows as for `adaptiveAveragePool`. Equal
 * elements of a window share the gradient.
 *
 * @param x [batch, …spatial, channels], or [batch, channels, …spatial] under "channels_first".
 * @param outputSize How many results along each spatial axis: one number for all, or one for each.
 * @param dataFormat "channels_last" (default) or "channels_first".
 * @throws ShapeError for ranks other than 3 to 5, and for empty axes.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * const x = tensor([1, 3, 2, 5, 4], [1, 5, 1]);
 * await ops.adaptiveMaxPool(x, 2).array() // => [[[3], [5]]]
 * ```
 */
export const adaptiveMaxPool = publicOp("adaptiveMaxPool", (...args: Arguments): Tensor => runAdaptive("max", args));
