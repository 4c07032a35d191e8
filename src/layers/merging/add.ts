/**
 * Add: the sum of all inputs.
 */
import type { Tensor } from "../../core/tensor.ts";
import { add as plus } from "../../ops/elementwise/binary.ts";
import { factory } from "../layer.ts";
import { ElementwiseMerge } from "./merge.ts";

/**
 * The sum of all inputs, element by element: `y = x₁ + x₂ + …`. Shapes broadcast behind the batch; inputs of lower rank get axes of size 1
 * right after the batch.
 *
 * @throws ShapeError where batches differ or shapes do not broadcast.
 *
 * @example
 * ```ts
 * import { Add, tensor } from "varve";
 * await new Add().apply([tensor([[1, 20]]), tensor([[10, 2]])]).array() // => [[11, 22]]
 * ```
 */
export class Add extends ElementwiseMerge {
  static override readonly className = "Add";

  protected override combine(inputs: readonly Tensor[]): Tensor {
    return inputs.reduce((sum, x) => plus(sum, x));
  }
}

export const add = factory(Add);
