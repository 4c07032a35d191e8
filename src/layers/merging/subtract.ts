/**
 * Subtract: the first of two inputs without the second.
 */
import type { Tensor } from "../../core/tensor.ts";
import { subtract as minus } from "../../ops/elementwise/binary.ts";
import { factory } from "../layer.ts";
import { ElementwiseMerge, refuseShapes } from "./merge.ts";

/**
 * The first of two inputs without the second, element by element: `y = x₁ − x₂`. Shapes broadcast behind the batch; inputs of lower rank get axes of size 1
 * right after the batch.
 *
 * @throws ShapeError where batches differ or shapes do not broadcast.
 *
 * @example
 * ```ts
 * import { Subtract, tensor } from "varve";
 * await new Subtract().apply([tensor([[1, 20]]), tensor([[10, 2]])]).array() // => [[-9, 18]]
 * ```
 */
export class Subtract extends ElementwiseMerge {
  static override readonly className = "Subtract";

  protected override combine(inputs: readonly Tensor[]): Tensor {
    const [first, second] = inputs;
    if (!first || !second || inputs.length !== 2) return refuseShapes(this, inputs, "it takes exactly two");
    return minus(first, second);
  }
}

export const subtract = factory(Subtract);
