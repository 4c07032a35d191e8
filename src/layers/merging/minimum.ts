/**
 * Minimum: the smallest of all inputs.
 */
import type { Tensor } from "../../core/tensor.ts";
import { minimum as smaller } from "../../ops/elementwise/binary.ts";
import { factory } from "../layer.ts";
import { combineWhereCounted, ElementwiseMerge } from "./merge.ts";

/**
 * The smallest of all inputs, element by element: `y = min(x₁, x₂, …)`. Shapes broadcast behind the batch; inputs of lower rank get axes of size 1
 * right after the batch. Where masks
 * came with the inputs, only those that count there are compared.
 *
 * @throws ShapeError where batches differ or shapes do not broadcast.
 *
 * @example
 * ```ts
 * import { Minimum, tensor } from "varve";
 * await new Minimum().apply([tensor([[1, 20]]), tensor([[10, 2]])]).array() // => [[1, 2]]
 * ```
 */
export class Minimum extends ElementwiseMerge {
  static override readonly className = "Minimum";

  protected override combine(inputs: readonly Tensor[], masks: readonly (Tensor | undefined)[]): Tensor {
    return combineWhereCounted(smaller, inputs, masks);
  }
}

export const minimum = factory(Minimum);
