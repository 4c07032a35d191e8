/**
 * Parameters of a normalization: whether they fit x, and how those that span some of its axes are lined up with it.
 */
import { DTypeError, ShapeError } from "../../core/errors.ts";
import type { Spec } from "../../core/op.ts";
import { broadcastsTo, formatShape, sameShape, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { reshape } from "../movement/reshape.ts";

/** Refuses a parameter that does not broadcast to x, or has another dtype. */
export function checkParameter(name: string, parameter: Spec | undefined, x: Spec, where: string): void {
  if (!parameter) return;
  if (!broadcastsTo(parameter.shape, x.shape)) {
    throw new ShapeError(
      `${where}: ${name} of shape ${formatShape(parameter.shape)} does not broadcast to x of shape ${formatShape(x.shape)}`,
    );
  }
  if (parameter.dtype !== x.dtype) {
    throw new DTypeError(`${where}: ${name} is ${parameter.dtype}, x is ${x.dtype}; cast one: ops.cast(${name}, …)`);
  }
}

/**
 * A parameter that spans `axes` of x (ascending), seen with a shape that broadcasts to x. One of another shape is
 * refused.
 */
export function spanning(name: string, parameter: Tensor, x: Tensor, axes: readonly number[], where: string): Tensor {
  const spanned = axes.map((axis) => x.shape[axis] as number);
  if (parameter.rank === x.rank && broadcastsTo(parameter.shape, x.shape)) return parameter;
  if (parameter.size !== sizeOf(spanned) || parameter.rank > Math.max(1, axes.length)) {
    throw new ShapeError(
      `${where}: ${name} has shape ${formatShape(parameter.shape)}, where axes ${formatShape(axes)} of x of shape ${formatShape(x.shape)} need ${formatShape(spanned)}`,
    );
  }
  const trailing = axes.every((axis, index) => axis === x.rank - axes.length + index);
  if (trailing && sameShape(parameter.shape, spanned)) return parameter;
  return reshape(
    parameter,
    x.shape.map((size, axis) => (axes.includes(axis) ? size : 1)),
  );
}
