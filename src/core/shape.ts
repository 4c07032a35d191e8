/**
 * Shapes and axes: the arithmetic on them, and the checks with their wording.
 * Pure functions on plain arrays; nothing here knows tensors.
 */
import { ShapeError, show } from "./errors.ts";

/** The sizes of a tensor's axes; `[]` is a scalar. */
export type Shape = readonly number[];

/** A shape in which some sizes are not known yet (`null`), as symbolic tensors have. */
export type PartialShape = readonly (number | null)[];

/** One axis or several, counted from the front (0 …) or from the back (−1 …). */
export type Axes = number | readonly number[];

/**
 * Numbers that can stand in for an unknown size when a symbolic call is tried (see `symbolic.ts`): highly composite, so
 * that divisibility by small numbers holds.
 */
const standIns = [27720, 32760, 55440, 65520, 110880, 131040];

/** Two numbers to stand in for unknown sizes beside known ones. */
export function standInsBeside(known: readonly number[]): readonly [number, number] {
  return standIns.filter((size) => !known.includes(size)).slice(0, 2) as [number, number];
}

let standIn: number | undefined;

/** Runs something in which that number stands for an unknown size. */
export function standingIn<R>(size: number | undefined, run: () => R): R {
  const outer = standIn;
  standIn = size;
  try {
    return run();
  } finally {
    standIn = outer;
  }
}

/** Whether a size stands in for an unknown one at this moment. */
export function isProbe(size: number): boolean {
  return size === standIn;
}

/** Number of elements. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const length of shape) size *= length;
  return size;
}

/** A shape as messages show it: `[8, 56, 56, 64]`, unknown sizes as `?`. */
export function formatShape(shape: PartialShape): string {
  return `[${shape.map((size) => (size === null || isProbe(size) ? "?" : String(size))).join(", ")}]`;
}

/** Row-major strides, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis] as number;
  }
  return strides;
}

/** Whether two shapes are the same. */
export function sameShape(a: PartialShape, b: PartialShape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** Refuses shapes with anything but whole sizes ≥ 0. */
export function checkShape(shape: unknown, where: string): Shape {
  if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    throw new ShapeError(`${where}: a shape is an array of whole numbers ≥ 0, got ${show(shape)}`);
  }
  return shape;
}

/** Refuses what is not a whole number ≥ `min`; `name` is what the function calls it. */
export function checkWhole(value: unknown, name: string, where: string, min = -(2 ** 31)): number {
  if (!Number.isSafeInteger(value) || (value as number) < min) {
    throw new ShapeError(
      `${where}: ${name} must be a whole number${min > -(2 ** 31) ? ` ≥ ${min}` : ""}, got ${show(value)}`,
    );
  }
  return value as number;
}

/** The axis counted from the front; refuses what is not an axis of that rank. */
export function normalizeAxis(axis: number, rank: number, where: string): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    const range = rank === 0 ? "a scalar has no axes" : `axes of rank ${rank} go from ${-rank} to ${rank - 1}`;
    throw new ShapeError(`${where}: axis ${show(axis)} is out of range; ${range}`);
  }
  return axis < 0 ? axis + rank : axis;
}

/** The axes counted from the front, ascending; refuses duplicates. `undefined` means all of them. */
export function normalizeAxes(axes: Axes | undefined, rank: number, where: string): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, axis) => axis);
  const list = typeof axes === "number" ? [axes] : axes;
  const normalized = list.map((axis) => normalizeAxis(axis, rank, where));
  if (new Set(normalized).size !== normalized.length) {
    throw new ShapeError(`${where}: axes ${show(list)} name an axis of rank ${rank} twice; name each once`);
  }
  return normalized.sort((a, b) => a - b);
}

/** The shape both broadcast to, by NumPy's rule: aligned at the back, sizes equal or one of them 1. */
export function broadcastShapes(a: Shape, b: Shape, where: string): Shape {
  if (sameShape(a, b)) return a;
  const rank = Math.max(a.length, b.length);
  const shape = new Array<number>(rank);
  for (let axis = 0; axis < rank; axis++) {
    const m = a[axis - rank + a.length] ?? 1;
    const n = b[axis - rank + b.length] ?? 1;
    if (m !== n && m !== 1 && n !== 1) {
      throw new ShapeError(
        `${where}: shapes ${formatShape(a)} and ${formatShape(b)} do not broadcast; aligned at the back, sizes must be equal or 1`,
      );
    }
    shape[axis] = m === 1 ? n : m;
  }
  return shape;
}

/** Whether `shape` broadcasts to exactly `target`. */
export function broadcastsTo(shape: Shape, target: Shape): boolean {
  const offset = target.length - shape.length;
  return offset >= 0 && shape.every((size, axis) => size === 1 || size === target[axis + offset]);
}

/** `shape` without `axes`, or with size 1 there when `keepdims`. */
export function reduceShape(shape: Shape, axes: readonly number[], keepdims: boolean): Shape {
  if (keepdims) return shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  return shape.filter((_, axis) => !axes.includes(axis));
}

/** Refuses ranks other than those listed. */
export function checkRank(shape: PartialShape, ranks: readonly number[], where: string): void {
  if (!ranks.includes(shape.length)) {
    throw new ShapeError(
      `${where}: needs rank ${ranks.join(" or ")}, got rank ${shape.length}, shape ${formatShape(shape)}`,
    );
  }
}
