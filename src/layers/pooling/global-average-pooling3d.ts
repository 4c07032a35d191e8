/**
 * GlobalAveragePooling3D: the average element over all depth, height and width.
 */
import type { Tensor } from "../../core/tensor.ts";
import { mean } from "../../ops/reduce/reduce.ts";
import { factory } from "../layer.ts";
import { GlobalPooling } from "./global-pooling.ts";

/**
 * The average element of each channel: [batch, depth, height, width, channels] → [batch, channels] (or channels first), with the
 * spatial axes kept as 1 under `keepdims`.
 *
 * @example
 * ```ts
 * import { GlobalAveragePooling3D, tensor } from "varve";
 * const x = tensor([1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 2, 2, 1]);
 * await new GlobalAveragePooling3D().apply(x).array() // => [[4.5]]
 * ```
 */
export class GlobalAveragePooling3D extends GlobalPooling {
  static override readonly className = "GlobalAveragePooling3D";
  protected override inputSpec = { rank: 5 };

  override call(x: Tensor): Tensor {
    return mean(x, this.axesOf(x), this.keepdims);
  }
}

export const globalAveragePooling3d = factory(GlobalAveragePooling3D);
