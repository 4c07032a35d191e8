/**
 * Elements seen through strides: the one mechanism behind transpose, broadcasting, slicing, flipping, diagonals,
 * tiling, concatenation and padding. A window says where in a tensor each element of another shape lies;
 * `strided` reads through one, `place` writes through several, `stridedAdd` adds through one. Each is a gradient of
 * another: reading scatters its gradient back, writing reads its own.
 * What stands elsewhere: the public functions, which only work out windows.
 */
import { bytesOf } from "../../core/dtype.ts";
import type { Pointer, View } from "../../core/op.ts";
import { type Shape, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { op } from "../op.ts";
import { reduceCalls } from "../reduce/kernel.ts";
import { fill } from "../tensor.ts";
import { between, copy, fillWith, inOrder, joinAxes, type Side } from "./copy.ts";
import { reshape } from "./reshape.ts";

/** Element `i` of a tensor of that shape lies at `offset + Σ i[k] · strides[k]` of another one. Strides may be 0 or negative. */
export interface Window {
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly offset: number;
}

/** The same window with axes of size 1 left out and neighbours that run on joined; it has one axis at least. @internal */
export function coalesce({ shape, strides, offset }: Window): Window {
  const axes = joinAxes(shape, strides, strides);
  return { shape: axes.map(({ size }) => size), strides: axes.map(({ a }) => a), offset };
}

/** The side of a copy that a window on a tensor is. */
function through({ at, dtype }: Pointer, { strides, offset }: Window): Side {
  return { at: at + offset * bytesOf(dtype), strides };
}

/** Visits the runs along the last axis in row-major order: where each starts, and the number of its first element. @internal */
export function eachRun({ shape, strides, offset }: Window, visit: (at: number, index: number) => void): void {
  const size = sizeOf(shape);
  const length = shape[shape.length - 1] as number;
  const counters = new Array<number>(shape.length).fill(0);
  let at = offset;
  for (let index = 0; index < size; index += length) {
    visit(at, index);
    for (let axis = shape.length - 2; axis >= 0; axis--) {
      const count = (counters[axis] as number) + 1;
      at += strides[axis] as number;
      if (count < (shape[axis] as number)) {
        counters[axis] = count;
        break;
      }
      at -= count * (strides[axis] as number);
      counters[axis] = 0;
    }
  }
}

/** @internal */
export const stridedOp = op<{ x: Tensor }, "y", Window>({
  name: "strided",
  shape: ({ x }, { shape }) => ({ y: { shape, dtype: x.dtype } }),
  loops({ x }, { y }, window) {
    const runs = coalesce(window);
    const length = runs.shape.at(-1) as number;
    const step = runs.strides.at(-1) as number;
    eachRun(runs, (at, index) => {
      for (let i = 0; i < length; i++) y.data[index + i] = x.data[at + i * step] as number;
    });
  },
  wasm: ({ x }, { y }, window, workspace) =>
    copy(through(x, window), inOrder(y), window.shape, bytesOf(x.dtype), workspace),
  gradient: ({ y: dy }, { inputs: { x } }, window) => ({
    x: (): Tensor => stridedAdd({ x: dy as Tensor }, { ...window, target: x.shape }).y,
  }),
});

/** The elements of `x` that the window shows. Where it shows all of them in order, nothing is copied. @internal */
export function strided(x: Tensor, window: Window): Tensor {
  const { shape, strides, offset } = coalesce(window);
  const same = shape.length === 1 && (strides[0] === 1 || shape[0] === 1) && offset === 0 && shape[0] === x.size;
  return same ? reshape(x, window.shape) : stridedOp({ x }, window).y;
}

/** Whether a window may show an element twice: not where each stride reaches beyond all that the smaller ones reach. */
function overlaps(window: Window): boolean {
  const { shape, strides } = coalesce(window);
  const axes = shape
    .map((size, axis) => ({ size, step: Math.abs(strides[axis] as number) }))
    .filter(({ size }) => size > 1)
    .sort((a, b) => a.step - b.step);
  let reach = 0;
  return axes.some(({ size, step }) => {
    const before = reach;
    reach += (size - 1) * step;
    return step <= before;
  });
}

/**
 * Zeros of shape `target`, to which each element of `x` is added where the window says. @internal
 */
const stridedAdd = op<{ x: Tensor }, "y", Window & { readonly target: Shape }>({
  name: "stridedAdd",
  shape: ({ x }, { target }) => ({ y: { shape: target, dtype: x.dtype } }),
  loops({ x }, { y }, window) {
    const runs = coalesce(window);
    const length = runs.shape.at(-1) as number;
    const step = runs.strides.at(-1) as number;
    const sums = new Float64Array(y.size);
    eachRun(runs, (at, index) => {
      for (let i = 0; i < length; i++) (sums[at + i * step] as number) += x.data[index + i] as number;
    });
    y.data.set(sums);
  },
  wasm({ x }, { y }, window, workspace) {
    // What is added to one place along whole axes is summed there first; then each place is written once.
    const repeated = window.strides.flatMap((stride, axis) => (stride === 0 && window.shape[axis] !== 1 ? [axis] : []));
    const single = { ...window, shape: window.shape.map((size, axis) => (repeated.includes(axis) ? 1 : size)) };
    if (x.size === 0 || overlaps(single)) return undefined;
    const sums = repeated.length > 0 ? between(single.shape, x.dtype, workspace) : x;
    const summing =
      repeated.length > 0 ? reduceCalls("sum", { ...x, shape: window.shape }, sums, repeated, workspace) : [];
    return (
      summing && [
        ...summing,
        ...(sums.size === y.size ? [] : [fillWith(0, y, workspace)]),
        copy(inOrder(sums), through(y, single), single.shape, bytesOf(x.dtype), workspace),
      ]
    );
  },
  gradient: ({ y: dy }, _saved, window) => ({ x: (): Tensor => strided(dy as Tensor, window) }),
});

/** Where each piece goes, and what is where none does. */
export interface Placing {
  readonly shape: Shape;
  /** One for each piece, without overlap. */
  readonly windows: readonly Window[];
  /** What stands where no piece goes and there is no base. */
  readonly value: number;
}

type Pieces = Readonly<Record<string, Tensor | undefined>>;

/** @internal */
export const placeOp = op<Pieces, "y", Placing>({
  name: "place",
  shape: (pieces, { shape }) => {
    const some = pieces.base ?? pieces[0];
    return { y: { shape, dtype: (some as View).dtype } };
  },
  loops({ base, ...pieces }, { y }, { windows, value }) {
    if (base) y.data.set(base.data);
    else if (!fills(windows, y.shape)) y.data.fill(value);
    windows.forEach((window, number) => {
      const runs = coalesce(window);
      const length = runs.shape.at(-1) as number;
      const step = runs.strides.at(-1) as number;
      const { data } = pieces[number] as View;
      eachRun(runs, (at, index) => {
        for (let i = 0; i < length; i++) y.data[at + i * step] = data[index + i] as number;
      });
    });
  },
  wasm({ base, ...pieces }, { y }, { windows, value }, workspace) {
    const bytes = bytesOf(y.dtype);
    const background = base
      ? copy(inOrder(base), inOrder(y), y.shape, bytes, workspace)
      : fillWith(value, y, workspace);
    return [
      ...(fills(windows, y.shape) ? [] : [background]),
      ...windows.map((window, number) => {
        const piece = pieces[number] as Pointer;
        return copy(inOrder(piece), through(y, window), window.shape, bytes, workspace);
      }),
    ];
  },
  gradient: ({ y }, { inputs }, placing) => {
    const dy = y as Tensor;
    const rest = (): Tensor => {
      const nothing = placing.windows.map((window, number) => [
        number,
        fill({}, { shape: window.shape, dtype: dy.dtype, value: 0 }).y,
      ]);
      return placeOp({ base: dy, ...Object.fromEntries(nothing) }, placing).y;
    };
    return Object.fromEntries(
      Object.keys(inputs).map((name) => [
        name,
        name === "base" ? rest : (): Tensor => strided(dy, placing.windows[Number(name)] as Window),
      ]),
    );
  },
});

/** Whether windows that do not overlap leave nothing uncovered. */
function fills(windows: readonly Window[], shape: Shape): boolean {
  return windows.reduce((size, window) => size + sizeOf(window.shape), 0) === sizeOf(shape);
}

/** The pieces written where their windows say, over `base` or over one value. @internal */
export function place(pieces: readonly Tensor[], placing: Placing, base?: Tensor): Tensor {
  const numbered = Object.fromEntries(pieces.entries());
  return placeOp({ ...numbered, base }, placing).y;
}
