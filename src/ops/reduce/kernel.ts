/**
 * How reductions call their kernel: the axes of a tensor as an alternation of kept and reduced runs.
 */
import { call, type KernelCall, type Pointer, type Workspace } from "../../core/op.ts";
import { sizeOf, stridesOf } from "../../core/shape.ts";

/** What the kernel can do, by its numbers. */
const kinds = { sum: 0, mean: 0, max: 1, min: 2, variance: 3 };

export type KernelKind = keyof typeof kinds;

/** Whether the kernel has that reduction. */
export function hasKernel(name: string): name is KernelKind {
  return Object.hasOwn(kinds, name);
}

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

/** The call that reduces `x` over `axes`, or undefined where the loops shall. */
export function reduceCall(
  kind: KernelKind,
  x: Pointer,
  y: Pointer,
  axes: readonly number[],
  workspace: Workspace,
): KernelCall | undefined {
  if ((x.dtype !== "float32" && x.dtype !== "float64") || x.size === 0 || axes.length === 0) return undefined;
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
