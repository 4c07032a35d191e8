/**
 * The update of Adafactor, which keeps the mean squares of a matrix as those of its rows and its columns.
 */
import type { View } from "../../core/op.ts";
import { type Shape, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { op } from "../op.ts";
import { type RuleAttributes, updateShape } from "./rule.ts";

interface AdafactorAttributes extends RuleAttributes {
  /** The learning rate, at most 1/√t. */
  readonly rate: number;
  /** How much of the mean squares stays: 1 − t^decay. */
  readonly beta2: number;
  /** Added to the squares of gradients. */
  readonly epsilon1: number;
  /** The least size that the variable is taken to have. */
  readonly epsilon2: number;
  readonly clipThreshold: number;
}

type AdafactorInputs = {
  readonly x: Tensor;
  readonly g: Tensor;
  readonly r?: Tensor | undefined;
  readonly c?: Tensor | undefined;
  readonly v: Tensor;
};

/** The shapes of the rows' and of the columns' mean squares. */
export function factorShapes(shape: Shape): { r: Shape; c: Shape } {
  return { r: shape.slice(0, -1), c: [...shape.slice(0, -2), shape.at(-1) as number] };
}

/** Moves each mean towards the mean of `count` squares of gradients, found at `offset(mean, k)`. */
function moveMeans(
  from: View,
  to: View,
  g: View,
  count: number,
  { beta2, epsilon1 }: AdafactorAttributes,
  offset: (mean: number, k: number) => number,
): void {
  for (let mean = 0; mean < from.size; mean++) {
    let sum = 0;
    for (let k = 0; k < count; k++) sum += (g.data[offset(mean, k)] as number) ** 2;
    to.data[mean] = beta2 * (from.data[mean] as number) + (1 - beta2) * (sum / count + epsilon1);
  }
}

/** The root of the mean square. */
function rootMeanSquare(values: ArrayLike<number>, factor = 1): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += (factor * (values[index] as number)) ** 2;
  return values.length === 0 ? 0 : Math.sqrt(sum / values.length);
}

/**
 * With s = g² + ε₁ of a matrix: r ← β₂r + (1−β₂) · the mean of s over each row, c likewise over each column,
 * v = r cᵀ / mean(r); of a vector v ← β₂v + (1−β₂)s. Then u = g/√v and
 * x − rate · max(ε₂, rms(x)) · u / max(1, rms(u) / clipThreshold). @internal
 */
export const adafactor = op<AdafactorInputs, "x" | "v" | "r" | "c", AdafactorAttributes>({
  name: "adafactor",
  shape({ x, g, v, r, c }) {
    const outputs = updateShape("adafactor", { x, g, v }, ["v"]);
    if (!r || !c) return outputs as never;
    return { ...outputs, r: { shape: r.shape, dtype: x.dtype }, c: { shape: c.shape, dtype: x.dtype } } as never;
  },
  loops({ x, g, r, c, v }, outputs, attributes) {
    const { keep, rate, beta2, epsilon1, epsilon2, clipThreshold } = attributes;
    const { size } = x;
    if (r && c) {
      const [rows, columns] = x.shape.slice(-2) as [number, number];
      moveMeans(r, outputs.r, g, columns, attributes, (row, k) => row * columns + k);
      moveMeans(c, outputs.c, g, rows, attributes, (mean, k) => {
        const column = mean % columns;
        return ((mean - column) / columns) * rows * columns + k * columns + column;
      });
      for (let matrix = 0; matrix < sizeOf(x.shape.slice(0, -2)); matrix++) {
        let mean = 0;
        for (let row = 0; row < rows; row++) mean += (outputs.r.data[matrix * rows + row] as number) / rows;
        for (let at = 0; at < rows * columns; at++) {
          const row = outputs.r.data[matrix * rows + Math.floor(at / columns)] as number;
          const column = outputs.c.data[matrix * columns + (at % columns)] as number;
          outputs.v.data[matrix * rows * columns + at] = (row / mean) * column;
        }
      }
    } else {
      for (let index = 0; index < size; index++) {
        const square = (g.data[index] as number) ** 2 + epsilon1;
        outputs.v.data[index] = beta2 * (v.data[index] as number) + (1 - beta2) * square;
      }
    }
    const u = new Float64Array(size);
    for (let index = 0; index < size; index++) {
      u[index] = (g.data[index] as number) / Math.sqrt(outputs.v.data[index] as number);
    }
    const step =
      (rate * Math.max(epsilon2, rootMeanSquare(x.data, keep))) / Math.max(1, rootMeanSquare(u) / clipThreshold);
    for (let index = 0; index < size; index++) {
      outputs.x.data[index] = keep * (x.data[index] as number) - step * (u[index] as number);
    }
  },
  gradient: "none",
});
