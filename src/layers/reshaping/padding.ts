/**
 * Adding to and taking from both sides of the spatial axes: what the ZeroPadding and Cropping layers do.
 */
import { ShapeError } from "../../core/errors.ts";
import { formatShape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { type DataFormat, spatialAxes } from "../../core/windows.ts";
import { pad } from "../../ops/movement/concatenate.ts";
import { slice } from "../../ops/movement/slice.ts";
import type { Sides } from "../spatial.ts";

/** The amounts for every axis of a tensor: none outside the spatial ones. */
function onEveryAxis(sides: Sides, rank: number, format: DataFormat): Sides {
  const axes = spatialAxes(rank, format);
  return Array.from({ length: rank }, (_, axis) => sides[axes.indexOf(axis)] ?? ([0, 0] as const));
}

/** `x` with so many zeros around it. */
export function addZeros(x: Tensor, sides: Sides, format: DataFormat): Tensor {
  return pad(x, onEveryAxis(sides, x.rank, format));
}

/** `x` without so much at its sides; refuses to leave nothing. */
export function crop(x: Tensor, sides: Sides, format: DataFormat): Tensor {
  const amounts = onEveryAxis(sides, x.rank, format);
  const left = x.shape.map((size, axis) => {
    const [before, after] = amounts[axis] as readonly [number, number];
    const rest = size - before - after;
    if (rest <= 0 && before + after > 0) {
      throw new ShapeError(
        `cropping ${before} and ${after} leaves nothing of axis ${axis} of shape ${formatShape(x.shape)}; crop less than its size`,
      );
    }
    return rest;
  });
  return slice(
    x,
    amounts.map(([before]) => before),
    left,
  );
}
