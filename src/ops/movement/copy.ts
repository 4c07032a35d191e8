/**
 * Calls of the kernel that copies between two views of a shape: what transposes, slices, pads and concatenations come
 * to, and what other ops do with their operands before their own kernels read them.
 */
import { arrayClassOf, bytesOf, type DType } from "../../core/dtype.ts";
import { call, type KernelCall, type Pointer, type Workspace } from "../../core/op.ts";
import { type Shape, sizeOf, stridesOf } from "../../core/shape.ts";

/** An axis of two views of one shape: its size, and the step it means in each. */
interface Axis {
  readonly size: number;
  readonly a: number;
  readonly b: number;
}

/** The axes of two views of one shape, without those of size 1, neighbours that run on in both joined; one at least. @internal */
export function joinAxes(shape: Shape, a: readonly number[], b: readonly number[]): Axis[] {
  const axes: Axis[] = [];
  for (let axis = 0; axis < shape.length; axis++) {
    const next = { size: shape[axis] as number, a: a[axis] as number, b: b[axis] as number };
    const last = axes.at(-1);
    if (next.size === 1) continue;
    if (last && last.a === next.size * next.a && last.b === next.size * next.b) {
      axes[axes.length - 1] = { ...next, size: last.size * next.size };
    } else axes.push(next);
  }
  return axes.length === 0 ? [{ size: 1, a: 1, b: 1 }] : axes;
}

/** A side of a copy, as the kernel sees it. */
export interface Side {
  /** The address of the first element. */
  readonly at: number;
  readonly strides: readonly number[];
}

/** Rows that the kernel copies as one piece. */
const rowsPerPiece = 32;

/** Longer rows are taken as several, of a power of two of elements from `least` to `most`, where one divides them. */
const section = { least: 256, most: 4096 };

/** How many elements of a row of that length are taken as one. */
function sectionOf(length: number): number {
  let size = section.most;
  while (size >= section.least && length % size !== 0) size /= 2;
  return length > section.most && size >= section.least ? size : length;
}

/** The kernel call that copies elements of that many bytes from one view of a shape to another. */
export function copy(source: Side, target: Side, shape: Shape, bytes: number, workspace: Workspace): KernelCall {
  let axes = joinAxes(shape, source.strides, target.strides);
  // The kernel wants columns that are neighbours in the target and, where those are not so in the source, rows that are.
  const column = axes.findIndex(({ b }) => b === 1);
  const row = axes.findIndex(({ a }) => a === 1);
  if (column >= 0 && row >= 0 && column !== row) {
    axes = [...axes.filter((_, at) => at !== column && at !== row), axes[row] as Axis, axes[column] as Axis];
  }
  const whole = axes.pop() as Axis;
  const size = sectionOf(whole.size);
  const rows = axes.pop();
  axes.push({ size: whole.size / size, a: whole.a * size, b: whole.b * size }, ...(rows ? [rows] : []), {
    ...whole,
    size,
  });
  const outer = sizeOf(axes.slice(0, -2).map(({ size }) => size));
  const list = (of: (axis: Axis) => number) => workspace.int32(axes.map(of));
  return call(
    "stridedCopy",
    [
      source.at,
      target.at,
      list(({ size }) => size),
      list(({ a }) => a * bytes),
      list(({ b }) => b * bytes),
      axes.length,
      bytes,
    ],
    { pieces: sizeOf(shape) === 0 ? 0 : outer * Math.ceil((axes.at(-2) as Axis).size / rowsPerPiece) },
  );
}

/** The side of a copy that the elements of a tensor in order are. */
export function inOrder({ at, shape }: Pointer): Side {
  return { at, strides: stridesOf(shape) };
}

/** The kernel call that writes one value everywhere. */
export function fillWith(value: number, y: Pointer, workspace: Workspace): KernelCall {
  const one = new (arrayClassOf(y.dtype))(1);
  one[0] = value;
  const bytes = new Uint8Array(8);
  bytes.set(new Uint8Array(one.buffer));
  const at = workspace.int32([...new Int32Array(bytes.buffer)]);
  return copy({ at, strides: [0] }, { at: y.at, strides: [1] }, [y.size], bytesOf(y.dtype), workspace);
}

/** Memory for a tensor between two kernels. */
export function between(shape: Shape, dtype: DType, workspace: Workspace): Pointer {
  const size = sizeOf(shape);
  return { at: workspace.temporary(size * bytesOf(dtype)), shape, dtype, size };
}

/** The call that writes `x` into `y` with its axes in another order: axis k of y is axis `order[k]` of x. */
export function transposed(x: Pointer, y: Pointer, order: readonly number[], workspace: Workspace): KernelCall {
  const strides = stridesOf(x.shape);
  const source = { at: x.at, strides: order.map((axis) => strides[axis] as number) };
  const shape = order.map((axis) => x.shape[axis] as number);
  return copy(source, { at: y.at, strides: stridesOf(shape) }, shape, bytesOf(x.dtype), workspace);
}

/** The numbers from 0 on, of that shape. */
export function numbersFrom0(shape: Shape, dtype: "float32" | "float64", workspace: Workspace): Pointer {
  const size = sizeOf(shape);
  const numbers = arrayClassOf(dtype).from(Array.from({ length: size }, (_, index) => index));
  return { at: workspace.int32([...new Int32Array(numbers.buffer)]), shape, dtype, size };
}
