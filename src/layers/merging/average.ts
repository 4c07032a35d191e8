/**
 * Average: the average of all inputs.
 */
import type { Tensor } from "../../core/tensor.ts";
import { divide, add as plus } from "../../ops/elementwise/binary.ts";
import { factory } from "../layer.ts";
import { ElementwiseMerge } from "./merge.ts";

/**
 * The average of all inputs, element by element: `y = (x₁ + x₂ + … ) / n`. Shapes broadcast behind the batch; inputs of lower rank get axes of size 1
 * right after the batch.
 *
 * @throws ShapeError where batches differ or shapes do not broadcast.
 *
 * @example
 * ```ts
 * import { Average, tensor } from "varve";
 * await new Average().apply([tensor([[1, 20]]), tensor([[10, 2]])]).array() // => [[5.5, 11]]
 * ```
 */
export class Average extends ElementwiseMerge {
  static override readonly className = "Average";

  protected override combine(inputs: readonly Tensor[]): Tensor {
    return divide(
      inputs.reduce((sum, x) => plus(sum, x)),
      inputs.length,
    );
  }
}

export const average = factory(Average);
