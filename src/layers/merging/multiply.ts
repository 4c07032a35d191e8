/**
 * Multiply: the product of all inputs.
 */
import type { Tensor } from "../../core/tensor.ts";
import { multiply as times } from "../../ops/elementwise/binary.ts";
import { where } from "../../ops/elementwise/compare.ts";
import { factory } from "../layer.ts";
import { ElementwiseMerge, maskFor } from "./merge.ts";

/**
 * The product of all inputs, element by element: `y = x₁ · x₂ · …`. Shapes broadcast behind the batch; inputs of lower rank get axes of size 1
 * right after the batch. Where masks
 * came with the inputs, factors that do not count are 1; where none counts, the product is 0.
 *
 * @throws ShapeError where batches differ or shapes do not broadcast.
 *
 * @example
 * ```ts
 * import { Multiply, tensor } from "varve";
 * await new Multiply().apply([tensor([[1, 20]]), tensor([[10, 2]])]).array() // => [[10, 40]]
 * ```
 */
export class Multiply extends ElementwiseMerge {
  static override readonly className = "Multiply";

  protected override combine(inputs: readonly Tensor[], masks: readonly (Tensor | undefined)[]): Tensor {
    const factors = inputs.map((x, index) => {
      const mask = masks[index];
      return mask ? where(maskFor(x, mask), x, 1) : x;
    });
    const product = factors.reduce((all, x) => times(all, x));
    const mask = this.computeMask(inputs, masks);
    return mask ? where(maskFor(product, mask), product, 0) : product;
  }
}

export const multiply = factory(Multiply);
