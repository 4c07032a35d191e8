/**
 * Maximum: the largest of all inputs.
 */
import type { Tensor } from "../../core/tensor.ts";
import { maximum as larger } from "../../ops/elementwise/binary.ts";
import { factory } from "../layer.ts";
import { combineWhereCounted, ElementwiseMerge } from "./merge.ts";

/**
 * The largest of all inputs, element by element: `y = max(x₁, x₂, …)`. Shapes broadcast behind the batch; inputs of lower rank get axes of size 1
 * right after the batch. Where masks
 * came with the inputs, only those that count there are compared.
 *
 * @throws ShapeError where batches differ or shapes do not broadcast.
 *
 * @example
 * ```ts
 * import { Maximum, tensor } from "varve";
 * await new Maximum().apply([tensor([[1, 20]]), tensor([[10, 2]])]).array() // => [[10, 20]]
 * ```
 */
export class Maximum extends ElementwiseMerge {
  static override readonly className = "Maximum";

  protected override combine(inputs: readonly Tensor[], masks: readonly (Tensor | undefined)[]): Tensor {
    return combineWhereCounted(larger, inputs, masks);
  }
}

export const maximum = factory(Maximum);
