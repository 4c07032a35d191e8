/**
 * Walking over a tensor by groups: for each place of the result, the elements that are reduced to it.
 */
import type { View } from "../../core/op.ts";
import { type Shape, sizeOf, stridesOf } from "../../core/shape.ts";

/** Where the elements with these axes lie, in row-major order, from the first. */
export function offsetsOf(shape: Shape, axes: readonly number[]): Float64Array {
  const strides = stridesOf(shape);
  const sizes = axes.map((axis) => shape[axis] as number);
  const offsets = new Float64Array(sizeOf(sizes));
  let filled = 1;
  if (offsets.length === 0) return offsets;
  for (let k = axes.length - 1; k >= 0; k--) {
    const stride = strides[axes[k] as number] as number;
    for (let i = 1; i < (sizes[k] as number); i++) {
      for (let j = 0; j < filled; j++) offsets[i * filled + j] = i * stride + (offsets[j] as number);
    }
    filled *= sizes[k] as number;
  }
  return offsets;
}

/** The other axes. */
function axesBut(shape: Shape, axes: readonly number[]): number[] {
  return shape.flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]));
}

/** Visits each place of the result with the elements that it stands for; the array is reused. */
export function eachReduced(
  { data, shape }: View,
  axes: readonly number[],
  visit: (index: number, elements: Float64Array, at: (k: number) => number) => void,
): void {
  const within = offsetsOf(shape, axes);
  const elements = new Float64Array(within.length);
  const isRun = within.length > 0 && within[within.length - 1] === within.length - 1;
  for (const [index, start] of offsetsOf(shape, axesBut(shape, axes)).entries()) {
    if (isRun) for (let k = 0; k < within.length; k++) elements[k] = data[start + k] as number;
    else for (let k = 0; k < within.length; k++) elements[k] = data[start + (within[k] as number)] as number;
    visit(index, elements, (k) => start + (within[k] as number));
  }
}
