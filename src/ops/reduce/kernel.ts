/**
 * How reductions call their kernel: the axes of a tensor as an alternation of kept and reduced runs.
 */
import { bytesOf, isFloat } from "../../core/dtype.ts";
import { call, type KernelCall, type Pointer, type Workspace } from "../../core/op.ts";
import { type Shape, sizeOf, stridesOf } from "../../core/shape.ts";
import { equal, input, notEqual, or, select } from "../elementwise/formula.ts";
import { copying, kernelCall, programOf } from "../elementwise/program.ts";
import { between, copy, numbersFrom0 } from "../movement/copy.ts";

/** What the kernel can do, by its numbers. */
const kinds = { sum: 0, mean: 0, max: 1, min: 2, variance: 3 };

export type KernelKind = keyof typeof kinds;

/** Columns that the kernel reduces together. */
const columnsOfUnit = 256;

/** The most pieces that work is split into, some for each of eight threads; each has scratch memory of its own. */
const mostPieces = 32;

interface Run {
  readonly isReduced: boolean;
  size: number;
  stride: number;
}

/**
 * Neighbouring axes of the same role as one. Kept axes of size 1 separate reduced ones all the same: the order of
 * summation must not depend on how many samples there are.
 */
function runsOf(x: Pointer, axes: readonly number[]): Run[] {
  const strides = stridesOf(x.shape);
  const runs: Run[] = [];
  for (const [axis, size] of x.shape.entries()) {
    const isReduced = axes.includes(axis);
    const stride = strides[axis] as number;
    const last = runs.at(-1);
    if (last?.isReduced === isReduced) Object.assign(last, { size: last.size * size, stride });
    else runs.push({ isReduced, size, stride });
  }
  return runs;
}

/** The call that reduces `x`, real numbers, over `axes`. */
function reduceCall(
  kind: KernelKind,
  x: Pointer,
  y: Pointer,
  axes: readonly number[],
  workspace: Workspace,
): KernelCall {
  const runs = runsOf(x, axes);
  const inner = runs.pop() as Run;
  const reduced = runs.filter(({ isReduced }) => isReduced);
  const kept = runs.filter(({ isReduced }) => !isReduced);
  const rows = reduced.pop() ?? { size: 1, stride: 0 };
  const places = sizeOf(kept.map(({ size }) => size));
  const units = inner.isReduced ? places : places * Math.ceil(inner.size / columnsOfUnit);
  const unitsOfPiece = Math.ceil(units / mostPieces);
  const pieces = Math.ceil(units / unitsOfPiece);
  const element = x.dtype === "float32" ? 4 : 8;
  const scratch = inner.isReduced ? 0 : columnsOfUnit * (8 + 2 * element);
  const plan = workspace.int32([
    Number(!inner.isReduced),
    inner.size,
    rows.size,
    rows.stride,
    sizeOf(reduced.map(({ size }) => size)),
    reduced.length,
    kept.length,
    unitsOfPiece,
    units,
    workspace.temporary(scratch * pieces),
    scratch,
    ...[...reduced, ...kept].flatMap(({ size, stride }) => [size, stride]),
  ]);
  const divisor = kind === "sum" ? 1 : x.size / y.size;
  return call(element === 4 ? "reduce32" : "reduce64", [kinds[kind], x.at, y.at, plan, divisor], { pieces });
}

/** Into how many parts a long reduction is cut at most, and how many elements of a place each has at least. */
const [mostParts, partLength] = [16, 1024];

/** The largest number up to `most` that divides `size`. */
function divisorOf(size: number, most: number): number {
  let divisor = Math.max(1, Math.min(size, Math.floor(most)));
  while (size % divisor !== 0) divisor--;
  return divisor;
}

/**
 * The same in two calls where it is long: first equal parts of an axis, each by itself, then over the parts, so that
 * threads share even a single place of the result. Into how many parts depends on the reduced sizes alone. A variance
 * is not cut, since its parts would need the mean of all.
 */
function partedCalls(
  kind: KernelKind,
  x: Pointer,
  y: Pointer,
  axes: readonly number[],
  workspace: Workspace,
): readonly KernelCall[] {
  const most = kind === "variance" ? 1 : Math.min(mostParts, x.size / y.size / partLength);
  const partsOf = (axis: number) => divisorOf(x.shape[axis] as number, most);
  // An outer axis keeps runs of neighbours whole: an inner one must give more than twice as many parts.
  const axis = axes.reduce((best, each) => (partsOf(each) > 2 * partsOf(best) ? each : best));
  const parts = partsOf(axis);
  if (parts === 1) return [reduceCall(kind, x, y, axes, workspace)];
  const shape = x.shape.toSpliced(axis, 1, parts, (x.shape[axis] as number) / parts);
  const within = axes.map((each) => (each < axis ? each : each + 1));
  const partials = between(
    shape.filter((_, each) => !within.includes(each)),
    x.dtype,
    workspace,
  );
  const over = axis - axes.filter((each) => each < axis).length;
  return [
    reduceCall(kind, { ...x, shape }, partials, within, workspace),
    reduceCall(kind, partials, y, [over], workspace),
  ];
}

/** Whether an element is not 0. */
const isSet = /* @__PURE__ */ programOf(() => notEqual(input(0), 0), 1);

/** The number of an element (of those in the last operand) that is the extreme, or NaN; of others infinity. */
const placeOfExtreme = /* @__PURE__ */ programOf(() => {
  const [x, extreme, place] = [input(0), input(1), input(2)];
  return select(or(equal(x, extreme), notEqual(x, x)), place, Number.POSITIVE_INFINITY);
}, 3);

/** The most elements along an axis whose places are numbered in a list. */
const mostPlaces = 1 << 16;

/** Lines of so few elements are reduced side by side, as columns. */
const shortLine = 8;

/** The most lines that are laid out as columns in one piece. */
const linesOfPiece = 4096;

/** The calls that reduce real numbers. Which way short lines go depends on their length alone. */
function realCalls(
  kind: KernelKind,
  x: Pointer,
  y: Pointer,
  axes: readonly number[],
  workspace: Workspace,
): readonly KernelCall[] {
  if (x.size === y.size && kind !== "variance") {
    // Each place stands for one element: itself.
    return [kernelCall(copying(), [{ ...x, shape: y.shape }], [], y, workspace) as KernelCall];
  }
  const last = x.shape.length - 1;
  const length = x.shape[last] as number;
  if (axes.length !== 1 || axes[0] !== last || length === 1 || length > shortLine) {
    return partedCalls(kind, x, y, axes, workspace);
  }
  const lines = x.size / length;
  const columns = lines === 1 ? x : between([length, lines], x.dtype, workspace);
  const bytes = bytesOf(x.dtype);
  const layOut = (from: number, pieces: number, width: number): KernelCall =>
    copy(
      { at: x.at + from * length * bytes, strides: [width * length, 1, length] },
      { at: columns.at + from * bytes, strides: [width, lines, 1] },
      [pieces, length, width],
      bytes,
      workspace,
    );
  const pieces = Math.floor(lines / linesOfPiece);
  const rest = lines % linesOfPiece;
  return [
    ...(lines > 1 && pieces > 0 ? [layOut(0, pieces, linesOfPiece)] : []),
    ...(lines > 1 && rest > 0 ? [layOut(pieces * linesOfPiece, 1, rest)] : []),
    reduceCall(kind, { ...columns, shape: [length, lines] }, y, [0], workspace),
  ];
}

/**
 * The calls that reduce `x` over `axes`, or undefined where the loops shall. The kernel knows real numbers only: whole
 * ones go through float64, which holds them exactly, and truth is the largest or the smallest of ones and zeros.
 */
export function reduceCalls(
  name: KernelKind | "any" | "all",
  x: Pointer,
  y: Pointer,
  axes: readonly number[],
  workspace: Workspace,
): readonly KernelCall[] | undefined {
  if (x.size === 0 || axes.length === 0) return undefined;
  const isTruth = name === "any" || name === "all";
  if (isFloat(x.dtype) && !isTruth) return realCalls(name, x, y, axes, workspace);
  const [dtype, program] = isTruth ? (["float32", isSet] as const) : (["float64", copying] as const);
  const [kind] = isTruth ? ([name === "any" ? "max" : "min"] as const) : [name];
  const given = between(x.shape, dtype, workspace);
  const result = between(y.shape, dtype, workspace);
  return [
    kernelCall(program(), [x], [], given, workspace) as KernelCall,
    ...realCalls(kind, given, result, axes, workspace),
    kernelCall(copying(), [result], [], y, workspace) as KernelCall,
  ];
}

/** The calls that find the place of the first extreme along one axis, or among all, or undefined where the loops shall. */
export function placeCalls(
  kind: "max" | "min",
  x: Pointer,
  y: Pointer,
  axes: readonly number[],
  workspace: Workspace,
): readonly KernelCall[] | undefined {
  const isWhole = axes.length === x.shape.length;
  const shape = isWhole ? [x.size] : x.shape;
  const axis = isWhole ? 0 : (axes[0] as number);
  const count = shape[axis] as number;
  if ((axes.length !== 1 && !isWhole) || x.size === 0 || count > mostPlaces) return undefined;
  const dtype = x.dtype === "float64" || x.dtype === "int32" ? "float64" : "float32";
  const of = (own: Shape) => between(own, dtype, workspace);
  const given = isFloat(x.dtype) ? { ...x, shape } : of(shape);
  const [extreme, places, first] = [of(shape.with(axis, 1)), of(shape), of(shape.with(axis, 1))];
  const numbers = numbersFrom0([count, ...new Array<number>(shape.length - 1 - axis).fill(1)], dtype, workspace);
  return [
    ...(isFloat(x.dtype) ? [] : [kernelCall(copying(), [{ ...x, shape }], [], given, workspace) as KernelCall]),
    ...realCalls(kind, given, extreme, [axis], workspace),
    kernelCall(placeOfExtreme(), [given, extreme, numbers], [], places, workspace) as KernelCall,
    ...realCalls("min", places, first, [axis], workspace),
    kernelCall(copying(), [first], [], y, workspace) as KernelCall,
  ];
}
