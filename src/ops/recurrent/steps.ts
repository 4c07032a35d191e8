/**
 * A sequence taken apart into its steps at once, so that the way back puts their gradients together at once, too.
 */
import type { Tensor } from "../../core/tensor.ts";
import { stack } from "../movement/concatenate.ts";
import { reshape } from "../movement/reshape.ts";
import { sliceAlong } from "../movement/slice.ts";
import { op } from "../op.ts";
import { fill } from "../tensor.ts";

/** Step `index` of a sequence [batch, steps, …]. @internal */
export function stepAt(sequence: Tensor, index: number): Tensor {
  return reshape(sliceAlong(sequence, 1, index, index + 1), sequence.shape.toSpliced(1, 1));
}

const stepsOp = op<{ x: Tensor }, string>({
  name: "steps",
  shape: ({ x: { shape, dtype } }) =>
    Object.fromEntries(
      Array.from({ length: shape[1] as number }, (_, index) => [index, { shape: shape.toSpliced(1, 1), dtype }]),
    ),
  reference: ({ x }) =>
    Object.fromEntries(Array.from({ length: x.shape[1] as number }, (_, index) => [index, stepAt(x, index)])),
  gradient: (dy, { outputs }) => ({
    x: () =>
      stack(
        Object.entries(outputs).map(([index, { shape, dtype }]) => dy[index] ?? fill({}, { shape, dtype, value: 0 }).y),
        1,
      ),
  }),
});

/** The steps of a sequence [batch, steps, …]. @internal */
export function stepsOf(sequence: Tensor): Tensor[] {
  return Object.values(stepsOp({ x: sequence }, undefined));
}
