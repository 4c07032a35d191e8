/**
 * Pooling: the largest or the average element of each window that slides over the spatial axes, in one to three
 * dimensions and both data formats. Pooling over whole axes is a reduction and not here.
 *
 * Every case is seen as [outer, depth, height, width, inner]: channels_last has the batch outside and the channels
 * inside; channels_first has both outside and one element inside; missing spatial axes have size 1.
 */

import { checkFloat, isFloat } from "../../core/dtype.ts";
import { ShapeError } from "../../core/errors.ts";
import { call, type KernelCall, type Pointer, type Workspace } from "../../core/op.ts";
import { checkWord } from "../../core/options.ts";
import { checkRank, formatShape, type Shape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { type DataFormat, perAxis, spatialAxes, windowsAlong } from "../../core/windows.ts";
import { cast } from "../elementwise/cast.ts";
import { between, transposed } from "../movement/copy.ts";
import { op, publicOp, type TensorLike } from "../op.ts";
import { toTensor } from "../tensor.ts";
import { kernels } from "./kernels.generated.ts";

interface Pooling {
  readonly kind: "max" | "average";
  readonly poolSize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: "valid" | "same";
  readonly dataFormat: DataFormat;
}

const nameOf = ({ kind }: Pooling) => (kind === "max" ? "maxPool" : "averagePool");

/** The view [outer, depth, height, width, inner] with its windows; lists are per spatial axis, always three. */
interface Geometry {
  readonly outer: number;
  readonly inner: number;
  readonly size: readonly number[];
  readonly window: readonly number[];
  readonly stride: readonly number[];
  readonly before: readonly number[];
  readonly count: readonly number[];
}

function geometryOf(shape: Shape, { poolSize, strides, padding, dataFormat }: Pooling): Geometry {
  const axes = spatialAxes(shape.length, dataFormat);
  const along = axes.map((axis, index) =>
    windowsAlong(shape[axis] as number, {
      window: poolSize[index] as number,
      stride: strides[index] as number,
      padding,
    }),
  );
  const three = (list: readonly number[], missing: number) => [...new Array(3 - list.length).fill(missing), ...list];
  const [batch, channels] = [
    shape[0] as number,
    shape[dataFormat === "channels_last" ? shape.length - 1 : 1] as number,
  ];
  return {
    outer: dataFormat === "channels_last" ? batch : batch * channels,
    inner: dataFormat === "channels_last" ? channels : 1,
    size: three(
      axes.map((axis) => shape[axis] as number),
      1,
    ),
    window: three(poolSize, 1),
    stride: three(strides, 1),
    before: three(
      along.map(({ before }) => before),
      0,
    ),
    count: three(
      along.map(({ count }) => count),
      1,
    ),
  };
}

/** The shape after pooling; refuses windows that fit nowhere. */
function pooledShape(shape: Shape, pooling: Pooling): Shape {
  const axes = spatialAxes(shape.length, pooling.dataFormat);
  const { count } = geometryOf(shape, pooling);
  return shape.map((size, axis) => {
    const index = axes.indexOf(axis);
    if (index < 0) return size;
    const windows = count[3 - axes.length + index] as number;
    if (windows === 0 && size > 0) {
      throw new ShapeError(
        `${nameOf(pooling)}: a window of ${pooling.poolSize[index]} does not fit into axis ${axis} of shape ${formatShape(shape)}; use a smaller poolSize or padding "same"`,
      );
    }
    return windows;
  });
}

/**
 * Calls `visit` for every window and inner position: the offset of its result, and those of its elements in row-major
 * order (always the same list, overwritten).
 */
function eachWindow(
  { outer, inner, size, window, stride, before, count }: Geometry,
  visit: (result: number, elements: readonly number[]) => void,
): void {
  /** First and last position of the window that begins at `index` strides. */
  const bounds = (axis: number, index: number): readonly [number, number] => {
    const start = index * (stride[axis] as number) - (before[axis] as number);
    return [Math.max(start, 0), Math.min(start + (window[axis] as number), size[axis] as number)];
  };
  const [depth, height, width] = size as [number, number, number];
  const [frames, rows, columns] = count as [number, number, number];
  const elements: number[] = [];
  let result = 0;
  for (let n = 0; n < outer; n++) {
    for (let f = 0; f < frames; f++) {
      const [d0, d1] = bounds(0, f);
      for (let r = 0; r < rows; r++) {
        const [h0, h1] = bounds(1, r);
        for (let c = 0; c < columns; c++) {
          const [w0, w1] = bounds(2, c);
          for (let i = 0; i < inner; i++) {
            elements.length = 0;
            for (let d = d0; d < d1; d++) {
              for (let h = h0; h < h1; h++) {
                for (let w = w0; w < w1; w++) {
                  elements.push((((n * depth + d) * height + h) * width + w) * inner + i);
                }
              }
            }
            visit(result++, elements);
          }
        }
      }
    }
  }
}

/** Which of the elements is the largest: the first of equal ones; the first NaN where there is one. */
function argmax(data: ArrayLike<number>, elements: readonly number[]): number {
  let best = elements[0] as number;
  for (const element of elements) {
    if (Number.isNaN(data[best])) break;
    const value = data[element] as number;
    if (value > (data[best] as number) || Number.isNaN(value)) best = element;
  }
  return best;
}

/** The geometry as the kernels read it. */
function geometryList({ inner, size, window, stride, before, count }: Geometry, workspace: Workspace): number {
  return workspace.int32([inner, ...size, ...window, ...stride, ...before, ...count]);
}

/** Maps that channels_first lays out side by side, so that their windows are pooled as vectors. */
const mapsTogether = [16, 8, 4];

/** A tensor of maps as a kernel with `inner` neighbours reads it, and the calls that lay it out so. */
interface Maps {
  readonly geometry: Geometry;
  /** The operand as the kernel shall read it; `calls` get what it takes. */
  read(x: Pointer, calls: KernelCall[]): number;
  /** Where the kernel shall write, and what brings it where it belongs, to be done after. */
  write(y: Pointer): { readonly at: number; readonly after: readonly KernelCall[] };
}

function mapsOf(geometry: Geometry, workspace: Workspace): Maps {
  const together = geometry.inner === 1 ? mapsTogether.find((count) => geometry.outer % count === 0) : undefined;
  if (together === undefined) return { geometry, read: ({ at }) => at, write: ({ at }) => ({ at, after: [] }) };
  const outer = geometry.outer / together;
  const apart = (x: Pointer) => [outer, together, x.size / geometry.outer];
  const joined = (x: Pointer) => between([outer, x.size / geometry.outer, together], x.dtype, workspace);
  return {
    geometry: { ...geometry, outer, inner: together },
    read(x, calls) {
      const y = joined(x);
      calls.push(transposed({ ...x, shape: apart(x) }, y, [0, 2, 1], workspace));
      return y.at;
    },
    write(y) {
      const x = joined(y);
      return { at: x.at, after: [transposed(x, y, [0, 2, 1], workspace)] };
    },
  };
}

/** The largest or the average element of each window. @internal */
export const pool = op<{ x: Tensor }, "y", Pooling>({
  name: "pool",
  shape({ x }, pooling) {
    if (pooling.kind === "average") checkFloat(x.dtype, "averagePool");
    return { y: { shape: pooledShape(x.shape, pooling), dtype: x.dtype } };
  },
  loops({ x }, { y }, pooling) {
    const { kind } = pooling;
    eachWindow(geometryOf(x.shape, pooling), (result, elements) => {
      if (kind === "max") {
        y.data[result] = x.data[argmax(x.data, elements)] as number;
        return;
      }
      let sum = 0;
      for (const element of elements) sum += x.data[element] as number;
      y.data[result] = sum / elements.length;
    });
  },
  kernels,
  wasm({ x }, { y }, pooling, workspace) {
    if (x.dtype !== "float32") return undefined;
    const { geometry, read, write } = mapsOf(geometryOf(x.shape, pooling), workspace);
    const kernel = pooling.kind === "max" ? "maxPool" : "averagePool";
    const [frames, rows] = geometry.count as [number, number];
    const calls: KernelCall[] = [];
    const { at, after } = write(y);
    const args = [read(x, calls), at, geometryList(geometry, workspace)] as const;
    return [...calls, call(kernel, args, { pieces: geometry.outer * frames * rows }), ...after];
  },
  gradient: ({ y: dy }, { inputs: { x }, outputs: { y } }, pooling) => ({
    x: (): Tensor => poolGradient({ x, y, dy: dy as Tensor }, pooling).dx,
  }),
});

/**
 * What pooling passes back: each window's dy goes to its largest element, or in equal parts to all of them.
 * The average looks at no element of x, only at its shape. y is what pooling gave; it only saves the kernel work.
 */
const poolGradient = op<{ x: Tensor; y?: Tensor | undefined; dy: Tensor }, "dx", Pooling>({
  name: "poolGradient",
  shape: ({ x }) => ({ dx: x }),
  loops({ x, dy }, { dx }, pooling) {
    const { kind } = pooling;
    const sums = new Float64Array(dx.size);
    eachWindow(geometryOf(x.shape, pooling), (result, elements) => {
      const gradient = dy.data[result] as number;
      if (kind === "max") (sums[argmax(x.data, elements)] as number) += gradient;
      else for (const element of elements) (sums[element] as number) += gradient / elements.length;
    });
    dx.data.set(sums);
  },
  kernels,
  wasm({ x, y, dy }, { dx }, pooling, workspace) {
    const isAverage = pooling.kind === "average";
    if (x.dtype !== "float32" || (!isAverage && !y)) return undefined;
    const { geometry, read, write } = mapsOf(geometryOf(x.shape, pooling), workspace);
    const list = geometryList(geometry, workspace);
    const { outer: pieces } = geometry;
    const calls: KernelCall[] = [];
    const { at, after } = write(dx);
    const slopes = read(dy, calls);
    calls.push(
      isAverage
        ? call("averagePoolGradient", [slopes, at, list], { pieces })
        : call("maxPoolGradient", [read(x, calls), read(y as Pointer, calls), slopes, at, list], { pieces }),
    );
    return [...calls, ...after];
  },
  gradient: ({ dx: ddx }, { inputs: { x } }, pooling) => ({
    x: "none",
    y: "none",
    dy: (): Tensor =>
      pooling.kind === "average"
        ? pool({ x: ddx as Tensor }, pooling).y
        : atMaximum({ x, values: ddx as Tensor }, pooling).y,
  }),
});

/** For each window the element of `values` where x is largest: the transpose of passing dy back, for second derivatives. */
const atMaximum = op<{ x: Tensor; values: Tensor }, "y", Pooling>({
  name: "atMaximum",
  shape: ({ x }, pooling) => ({ y: { shape: pooledShape(x.shape, pooling), dtype: x.dtype } }),
  loops({ x, values }, { y }, pooling) {
    eachWindow(geometryOf(x.shape, pooling), (result, elements) => {
      y.data[result] = values.data[argmax(x.data, elements)] as number;
    });
  },
  gradient: ({ y: dy }, { inputs: { x } }, pooling) => ({
    x: "none",
    values: (): Tensor => poolGradient({ x, dy: dy as Tensor }, pooling).dx,
  }),
});

type PoolArguments = readonly [
  x: TensorLike,
  poolSize: number | readonly number[],
  strides?: number | readonly number[] | null,
  padding?: "valid" | "same",
  dataFormat?: DataFormat | null,
];

function runPool(
  kind: "max" | "average",
  [given, poolSize, strides, padding = "valid", dataFormat]: PoolArguments,
): Tensor {
  const where = kind === "max" ? "maxPool" : "averagePool";
  const x = toTensor(given);
  checkRank(x.shape, [3, 4, 5], where);
  const rank = x.rank - 2;
  return pool(
    { x: kind === "average" && !isFloat(x.dtype) ? cast(x, "float32") : x },
    {
      kind,
      poolSize: perAxis(poolSize, rank, where, "poolSize"),
      strides: perAxis(strides ?? poolSize, rank, where, "strides"),
      padding: checkWord(["valid", "same"], padding, "padding", where),
      dataFormat: checkWord(["channels_last", "channels_first"], dataFormat ?? "channels_last", "dataFormat", where),
    },
  ).y;
}

/**
 * The largest element of each window: `y[n, i, c] = max over k < poolSize of x[n, i · stride + k, c]`, in one to
 * three spatial dimensions. A window that holds a NaN gives NaN. The gradient goes to the first of equal elements.
 *
 * @param x [batch, …spatial, channels], or [batch, channels, …spatial] under "channels_first"; any dtype.
 * @param poolSize The window: one length for all spatial axes, or one for each.
 * @param strides How far apart windows begin. Default: poolSize.
 * @param padding "valid" (default): windows lie inside. "same": `ceil(size / stride)` windows, over the edges where
 *   need be; what lies outside does not count.
 * @param dataFormat "channels_last" (default) or "channels_first".
 * @throws ShapeError for ranks other than 3 to 5, and where a window fits nowhere.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * const x = tensor([1, 3, 2, 5, 4, 0], [1, 6, 1]);
 * await ops.maxPool(x, 2).array() // => [[[3], [5], [4]]]
 * ```
 */
export const maxPool = publicOp("maxPool", (...args: PoolArguments): Tensor => runPool("max", args));

/**
 * The average of each window, over the elements that are really there: under padding "same" a window at the edge
 * counts fewer. Integers are averaged as float32.
 *
 * @param x [batch, …spatial, channels], or [batch, channels, …spatial] under "channels_first".
 * @param poolSize The window: one length for all spatial axes, or one for each.
 * @param strides How far apart windows begin. Default: poolSize.
 * @param padding "valid" (default): windows lie inside. "same": `ceil(size / stride)` windows, over the edges where
 *   need be; what lies outside does not count.
 * @param dataFormat "channels_last" (default) or "channels_first".
 * @throws ShapeError for ranks other than 3 to 5, and where a window fits nowhere.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * const x = tensor([1, 3, 2, 5, 4], [1, 5, 1]);
 * await ops.averagePool(x, 2, 2, "same").array() // => [[[2], [3.5], [4]]]
 * ```
 */
export const averagePool = publicOp("averagePool", (...args: PoolArguments): Tensor => runPool("average", args));
