/**
 * Elements seen through strides, in ONNX: what a window does is found again as slices, an order of axes and repetition;
 * what pieces put together are, as a concatenation or a frame around one.
 */
import type { DType } from "../../core/dtype.ts";
import { sizeOf, stridesOf } from "../../core/shape.ts";
import { coalesce, eachRun, type Placing, type Window } from "../../ops/movement/strided.ts";
import { beyond, type GraphBuilder, known, Untranslatable, type Value } from "./graph.ts";
import { type Dim, isKnown, type Merged, sameDim } from "./sizes.ts";

/** A window in other words: of each axis of the tensor a part, then the axes in another order, then some repeated. */
export interface Walk {
  readonly kind: "walk";
  /** For each axis of the tensor its part. */
  readonly parts: readonly {
    /** Where it begins and before what it ends, counted from the front; and both from the back, so as numbers < 0. */
    readonly start: number;
    readonly startFromBack: number;
    readonly end: number;
    readonly endFromBack: number;
    readonly step: number;
    readonly count: number;
    readonly isWhole: boolean;
  }[];
  /** The axes of the tensor that the window shows, in its order. */
  readonly order: readonly number[];
  /** The shape of the window with 1 where it only repeats. */
  readonly shown: readonly number[];
}

/** A window that is no walk: behind some leading axes, the index of every element. */
export interface Picks {
  readonly kind: "picks";
  readonly leading: number;
  readonly indices: readonly number[];
}

/** Where in a tensor of that shape the element at `offset` lies. */
function unravel(offset: number, shape: readonly number[]): number[] {
  return stridesOf(shape).map((stride, axis) => Math.floor(offset / stride) % Math.max(1, shape[axis] as number));
}

/** The window on a tensor of that shape in other words. */
export function understand(shape: readonly number[], window: Window): Walk | Picks {
  return walkOf(shape, window) ?? picksOf(shape, window);
}

function walkOf(shape: readonly number[], { shape: sizes, strides, offset }: Window): Walk | undefined {
  const own = stridesOf(shape);
  const first = unravel(offset, shape);
  const parts = shape.map((size, axis) => part(size, first[axis] as number, 1, 1));
  const order: number[] = [];
  for (const [index, size] of sizes.entries()) {
    const stride = strides[index] as number;
    if (size === 1 || stride === 0) continue;
    let found = -1;
    for (const [axis, length] of shape.entries()) {
      const step = stride / (own[axis] as number);
      const start = first[axis] as number;
      const last = start + step * (size - 1);
      const fits = length > 1 && Number.isInteger(step) && last >= 0 && last < length && !order.includes(axis);
      if (fits && (found < 0 || (own[axis] as number) > (own[found] as number))) found = axis;
    }
    if (found < 0) return undefined;
    order.push(found);
    parts[found] = part(shape[found] as number, first[found] as number, stride / (own[found] as number), size);
  }
  const shown = sizes.map((size, index) => (strides[index] === 0 ? 1 : size));
  return { kind: "walk", parts, order, shown };
}

function part(size: number, start: number, step: number, count: number) {
  const end = start + step * count;
  const isWhole = start === 0 && step === 1 && count === size;
  return { start, startFromBack: start - size, end, endFromBack: end - size, step, count, isWhole };
}

function picksOf(shape: readonly number[], window: Window): Picks {
  const own = stridesOf(shape);
  let leading = 0;
  const { shape: sizes, strides } = window;
  while (leading < Math.min(shape.length, sizes.length) - 1) {
    const isSame = sizes[leading] === shape[leading] && strides[leading] === own[leading];
    if (!isSame) break;
    leading++;
  }
  const indices = indicesOf({ shape: sizes.slice(leading), strides: strides.slice(leading), offset: window.offset });
  return { kind: "picks", leading, indices };
}

/** What the window shows of `x`, whose shape is `dims`. */
export function writeWindow(graph: GraphBuilder, x: Value, seen: Merged<Walk | Picks>, dims: readonly Dim[]): Value {
  if (seen.kind === "picks") {
    const { leading, indices } = seen;
    const outer = x.dims.slice(0, leading);
    const inner = known(x.dims.slice(leading), "where elements lie");
    const flat = graph.reshape(x, [...outer, sizeOf(inner)]);
    const picks = graph.integers(known(indices as readonly Dim[], "where elements lie"));
    const count = (indices as readonly Dim[]).length;
    const taken = graph.node("Gather", [flat, picks], { dtype: x.dtype, dims: [...outer, count] }, { axis: leading });
    return graph.reshape(taken, dims);
  }
  const { parts, order, shown } = seen as Merged<Walk>;
  const sliced = graph.slice(
    x,
    parts.flatMap(({ start, startFromBack, end, endFromBack, step, isWhole }, axis) => {
      if (isWhole || x.dims[axis] === 1) return [];
      const isToFront = end === -1;
      const isToBack = endFromBack === 0 && (step as number) > 0;
      return [
        {
          axis,
          start: isKnown(start) || !isKnown(startFromBack) ? start : startFromBack,
          end: isToFront ? -beyond : isToBack ? beyond : isKnown(end) || !isKnown(endFromBack) ? end : endFromBack,
          step: step as number,
        },
      ];
    }),
    parts.map(({ count }) => count as Dim),
  );
  const others = parts.map((_, axis) => axis).filter((axis) => !order.includes(axis));
  // Axes of size 1 may stand anywhere: only where others change places does anything move.
  const moves = order.some((axis, index) => index > 0 && (axis as number) < (order[index - 1] as number));
  const moved = moves ? graph.transpose(sliced, [...(order as readonly number[]), ...others]) : sliced;
  return graph.expand(graph.reshape(moved, shown as readonly Dim[]), dims);
}

/** Where pieces go, in other words. */
export type Arrangement =
  | { readonly kind: "same" }
  | { readonly kind: "row"; readonly axis: number; readonly order: readonly number[] }
  | { readonly kind: "frames"; readonly frames: readonly Frame[] };

/** What lies around one piece along each axis. */
interface Frame {
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly size: readonly number[];
}

/** How the windows lie in their tensor. */
export function arrange({ shape, windows }: Omit<Placing, "value">): Arrangement | undefined {
  const strides = stridesOf(shape);
  const isPlain = windows.every(
    (window) =>
      window.shape.length === shape.length &&
      window.shape.every((size, axis) => size <= 1 || window.strides[axis] === strides[axis]),
  );
  if (!isPlain) return undefined;
  const frames = windows.map((window): Frame => {
    const before = unravel(window.offset, shape);
    const after = shape.map((size, axis) => size - (before[axis] as number) - (window.shape[axis] as number));
    return { before, after, size: window.shape };
  });
  const isWhole = ({ before, after }: Frame) => [...before, ...after].every((size) => size === 0);
  if (frames.length === 1 && isWhole(frames[0] as Frame)) return { kind: "same" };
  for (const axis of shape.keys()) {
    const inOrder = [...frames.entries()].sort(
      ([, a], [, b]) => (a.before[axis] as number) - (b.before[axis] as number),
    );
    let at = 0;
    const isRow = inOrder.every(([, { before, after, size }]) => {
      const fits =
        before[axis] === at &&
        [...before, ...after].every((each, index) => each === 0 || index % shape.length === axis);
      at += size[axis] as number;
      return fits;
    });
    if (isRow && at === shape[axis]) return { kind: "row", axis, order: inOrder.map(([index]) => index) };
  }
  return { kind: "frames", frames };
}

/** The pieces put where they go, over `base` or over one value. */
export function writePieces(
  graph: GraphBuilder,
  pieces: readonly Value[],
  arrangement: Merged<Arrangement | undefined>,
  { dims, value, base }: { dims: readonly Dim[]; value: number; base: Value | undefined },
): Value {
  const [first] = pieces as [Value];
  const arranged = arrangement as Merged<Arrangement> | undefined;
  if (!arranged) throw new Untranslatable("it puts elements between others");
  if (arranged.kind === "same") return first;
  if (arranged.kind === "row") {
    const { axis, order } = arranged as Merged<Extract<Arrangement, { kind: "row" }>>;
    return graph.concat(
      (order as readonly number[]).map((index) => pieces[index] as Value),
      axis as number,
      dims,
    );
  }
  const { frames } = arranged as Merged<Extract<Arrangement, { kind: "frames" }>>;
  const [filling] = pieces.map(({ dtype }) => graph.number(value, dtype as DType)) as [Value];
  return pieces.reduce<Value | undefined>((below, piece, index) => {
    const { before, after, size } = frames[index] as Merged<Frame>;
    const pads = graph.sizes([...before, ...after]);
    const framed = graph.node("Pad", [piece, pads, filling], { dtype: piece.dtype, dims });
    if (!below) return framed;
    const isThere = maskOf(graph, { before, after, size }, dims);
    return graph.node("Where", [isThere, framed, below], { dtype: piece.dtype, dims });
  }, base) as Value;
}

/** Where in its tensor a piece lies; of size 1 along the axes that it fills. */
function maskOf(graph: GraphBuilder, { before, after, size }: Merged<Frame>, dims: readonly Dim[]): Value {
  const what = "where a piece goes";
  const fills = size.map((length, axis) => sameDim(length, dims[axis] as Dim));
  const within = (sides: readonly Dim[], whole: number) =>
    known(
      sides.map((side, axis) => (fills[axis] ? whole : side)),
      what,
    );
  const [from, length, rest] = [within(before, 0), within(size, 1), within(after, 0)];
  const shape = length.map((own, axis) => (from[axis] as number) + own + (rest[axis] as number));
  const strides = stridesOf(shape);
  const offset = from.reduce((sum, start, axis) => sum + start * (strides[axis] as number), 0);
  const mask = new Uint8Array(sizeOf(shape));
  for (const at of indicesOf({ shape: length, strides, offset })) mask[at] = 1;
  return graph.constant(mask, shape, "bool", "mask");
}

/** Where the elements lie that a window shows, in order. */
function indicesOf(window: Window): number[] {
  const runs = coalesce(window);
  const indices: number[] = [];
  const [length, step] = [runs.shape.at(-1) as number, runs.strides.at(-1) as number];
  if (sizeOf(runs.shape) === 0) return indices;
  eachRun(runs, (at) => {
    for (let i = 0; i < length; i++) indices.push(at + i * step);
  });
  return indices;
}
