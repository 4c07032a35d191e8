/**
 * GlobalMaxPooling2D: the largest element over all rows and columns.
 */
import type { Tensor } from "../../core/tensor.ts";
import { max } from "../../ops/reduce/reduce.ts";
import { factory } from "../layer.ts";
import { GlobalPooling } from "./global-pooling.ts";

/**
 * The largest element of each channel: [batch, rows, columns, channels] → [batch, channels] (or channels first), with the
 * spatial axes kept as 1 under `keepdims`. Equal elements share the gradient.
 *
 * @example
 * ```ts
 * import { GlobalMaxPooling2D, tensor } from "varve";
 * const x = tensor([[1, 2], [3, 6]], [1, 2, 2, 1]);
 * await new GlobalMaxPooling2D().apply(x).array() // => [[6]]
 * ```
 */
export class GlobalMaxPooling2D extends GlobalPooling {
  static override readonly className = "GlobalMaxPooling2D";
  protected override inputSpec = { rank: 4 };

  override call(x: Tensor): Tensor {
    return max(x, this.axesOf(x), this.keepdims);
  }
}

export const globalMaxPooling2d = factory(GlobalMaxPooling2D);
