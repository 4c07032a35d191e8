/**
 * GlobalMaxPooling3D: the largest element over all depth, height and width.
 */
import type { Tensor } from "../../core/tensor.ts";
import { max } from "../../ops/reduce/reduce.ts";
import { factory } from "../layer.ts";
import { GlobalPooling } from "./global-pooling.ts";

/**
 * The largest element of each channel: [batch, depth, height, width, channels] → [batch, channels] (or channels first), with the
 * spatial axes kept as 1 under `keepdims`. Equal elements share the gradient.
 *
 * @example
 * ```ts
 * import { GlobalMaxPooling3D, tensor } from "varve";
 * const x = tensor([1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 2, 2, 1]);
 * await new GlobalMaxPooling3D().apply(x).array() // => [[8]]
 * ```
 */
export class GlobalMaxPooling3D extends GlobalPooling {
  static override readonly className = "GlobalMaxPooling3D";
  protected override inputSpec = { rank: 5 };

  override call(x: Tensor): Tensor {
    return max(x, this.axesOf(x), this.keepdims);
  }
}

export const globalMaxPooling3d = factory(GlobalMaxPooling3D);
