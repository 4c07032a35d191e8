/**
 * Counting what predictions got right: true and false positives and negatives at thresholds, and the matrix of which
 * class was taken for which. For metrics; there is nothing to differentiate.
 */
import { ShapeError } from "../../core/errors.ts";
import type { View } from "../../core/op.ts";
import { formatShape, sameShape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { op } from "../op.ts";

interface Thresholds {
  readonly thresholds: readonly number[];
  /** Whether the last axis is counted by itself, one column for each of its places. */
  readonly columns: boolean;
}

/** The place in ascending numbers before which all are smaller than `value`; 0 for NaN. */
function countBelow(ascending: ArrayLike<number>, value: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

type Counts = "tp" | "fp" | "tn" | "fn";

/**
 * For each threshold, the weights of what lies above it and is true (tp) or not (fp), and of what does not and is not
 * (tn) or is (fn). Whatever is not 0 is true. @internal
 */
export const confusionCounts = op<{ yTrue: Tensor; yPred: Tensor; weight?: Tensor | undefined }, Counts, Thresholds>({
  name: "confusionCounts",
  shape({ yTrue, yPred, weight }, { thresholds, columns }) {
    for (const other of weight ? [yTrue, weight] : [yTrue]) {
      if (sameShape(other.shape, yPred.shape)) continue;
      throw new ShapeError(
        `confusionCounts: needs shapes that are equal, got ${formatShape(yPred.shape)} and ${formatShape(other.shape)}`,
      );
    }
    const shape = columns ? [thresholds.length, yPred.shape.at(-1) as number] : [thresholds.length];
    const spec = { shape, dtype: "float64" as const };
    return { tp: spec, fp: spec, tn: spec, fn: spec };
  },
  loops({ yTrue, yPred, weight }, outputs, { thresholds, columns }) {
    const width = columns ? (yPred.shape.at(-1) as number) : 1;
    const rounded = yPred.dtype === "float32" ? thresholds.map(Math.fround) : thresholds;
    const order = rounded.map((_, index) => index).sort((a, b) => (rounded[a] as number) - (rounded[b] as number));
    const ascending = Float64Array.from(order, (index) => rounded[index] as number);
    const stride = thresholds.length + 1;
    // Each prediction falls between two thresholds; what lies above one is a sum of such falls.
    const [trues, falses] = [new Float64Array(width * stride), new Float64Array(width * stride)];
    for (let index = 0; index < yPred.size; index++) {
      const into = yTrue.data[index] !== 0 ? trues : falses;
      const place = (index % width) * stride + countBelow(ascending, yPred.data[index] as number);
      into[place] = (into[place] as number) + (weight ? (weight.data[index] as number) : 1);
    }
    for (let column = 0; column < width; column++) {
      const own = (falls: Float64Array) => falls.subarray(column * stride, (column + 1) * stride);
      above(own(trues), order, column, width, outputs.tp, outputs.fn);
      above(own(falses), order, column, width, outputs.fp, outputs.tn);
    }
  },
  gradient: "none",
});

/** Sums falls from the highest threshold down: what lies above each, and the rest. */
function above(
  falls: Float64Array,
  order: readonly number[],
  column: number,
  width: number,
  over: View,
  under: View,
): void {
  const total = falls.reduce((sum, fall) => sum + fall, 0);
  let sum = 0;
  for (let rank = order.length - 1; rank >= 0; rank--) {
    sum += falls[rank + 1] as number;
    const at = (order[rank] as number) * width + column;
    over.data[at] = sum;
    under.data[at] = total - sum;
  }
}

/**
 * matrix[i, j]: the weights of what is of class i and was taken for class j. Classes outside 0 … n − 1, and those that
 * are to be ignored, are left out. Fractions are cut off. @internal
 */
export const confusionMatrix = op<
  { yTrue: Tensor; yPred: Tensor; weight?: Tensor | undefined },
  "matrix",
  { readonly classes: number; readonly ignored: number | null }
>({
  name: "confusionMatrix",
  shape({ yTrue, yPred, weight }, { classes }) {
    for (const other of weight ? [yTrue, weight] : [yTrue]) {
      if (sameShape(other.shape, yPred.shape)) continue;
      throw new ShapeError(
        `confusionMatrix: needs shapes that are equal, got ${formatShape(yPred.shape)} and ${formatShape(other.shape)}`,
      );
    }
    return { matrix: { shape: [classes, classes], dtype: "float64" } };
  },
  loops({ yTrue, yPred, weight }, { matrix }, { classes, ignored }) {
    matrix.data.fill(0);
    const isClass = (value: number) => value >= 0 && value < classes;
    for (let index = 0; index < yPred.size; index++) {
      const [row, column] = [Math.trunc(yTrue.data[index] as number), Math.trunc(yPred.data[index] as number)];
      if (!isClass(row) || !isClass(column) || row === ignored) continue;
      const at = row * classes + column;
      matrix.data[at] = (matrix.data[at] as number) + (weight ? (weight.data[index] as number) : 1);
    }
  },
  gradient: "none",
});
