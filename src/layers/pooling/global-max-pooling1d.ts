/**
 * GlobalMaxPooling1D: the largest element over all steps.
 */
import type { Tensor } from "../../core/tensor.ts";
import { max } from "../../ops/reduce/reduce.ts";
import { factory } from "../layer.ts";
import { GlobalPooling } from "./global-pooling.ts";

/**
 * The largest element of each channel: [batch, steps, channels] → [batch, channels] (or channels first), with the
 * spatial axes kept as 1 under `keepdims`. Equal elements share the gradient.
 *
 * @example
 * ```ts
 * import { GlobalMaxPooling1D, tensor } from "varve";
 * const x = tensor([1, 3, 2, 5], [1, 4, 1]);
 * await new GlobalMaxPooling1D().apply(x).array() // => [[5]]
 * ```
 */
export class GlobalMaxPooling1D extends GlobalPooling {
  static override readonly className = "GlobalMaxPooling1D";
  protected override inputSpec = { rank: 3 };

  override call(x: Tensor): Tensor {
    return max(x, this.axesOf(x), this.keepdims);
  }
}

export const globalMaxPooling1d = factory(GlobalMaxPooling1D);
