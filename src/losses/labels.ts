/**
 * Labels: targets that are the numbers of classes.
 */
import { isFloat, type TypedArray } from "../core/dtype.ts";
import { ShapeError } from "../core/errors.ts";
import { formatShape, sameShape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { cast } from "../ops/elementwise/cast.ts";
import { takeAlongAxis } from "../ops/indexing/take.ts";
import { expandDims, squeeze } from "../ops/movement/reshape.ts";

/** Refuses labels that name no class. `ignored` is let through. */
export function checkLabels(
  labels: TypedArray,
  classes: number,
  where: string,
  ignored: number | null = null,
  wayOut = "",
): void {
  for (let at = 0; at < labels.length; at++) {
    const label = labels[at] as number;
    if (label === ignored || (label >= 0 && label < classes && Number.isInteger(label))) continue;
    throw new ShapeError(
      `${where}: label ${label} (element ${at}) is not one of the ${classes} classes 0 … ${classes - 1}${wayOut}`,
    );
  }
}

/** The labels as int32 with one axis less than the predictions; refuses those that do not fit. */
export function toLabels(yTrue: Tensor, yPred: Tensor, axis: number, where: string): Tensor {
  const wanted = yPred.shape.filter((_, index) => index !== axis);
  const labels = yTrue.rank === yPred.rank && yTrue.shape[axis] === 1 && yPred.rank > 0 ? squeeze(yTrue, axis) : yTrue;
  if (!sameShape(labels.shape, wanted)) {
    const oneHot = sameShape(yTrue.shape, yPred.shape)
      ? "; for one-hot targets use CategoricalCrossentropy or CategoricalAccuracy"
      : "";
    throw new ShapeError(
      `${where}: labels of shape ${formatShape(yTrue.shape)} do not fit predictions of shape ${formatShape(yPred.shape)}, which need ${formatShape(wanted)}${oneHot}`,
    );
  }
  return isFloat(labels.dtype) || labels.dtype !== "int32" ? cast(labels, "int32") : labels;
}

/** What `x` has for the labelled class. */
export function atLabels(x: Tensor, labels: Tensor, axis: number): Tensor {
  return squeeze(takeAlongAxis(x, expandDims(labels, axis), axis), axis);
}
