/**
 * GlobalAveragePooling2D: the average element over all rows and columns.
 */
import type { Tensor } from "../../core/tensor.ts";
import { mean } from "../../ops/reduce/reduce.ts";
import { factory } from "../layer.ts";
import { GlobalPooling } from "./global-pooling.ts";

/**
 * The average element of each channel: [batch, rows, columns, channels] → [batch, channels] (or channels first), with the
 * spatial axes kept as 1 under `keepdims`.
 *
 * @example
 * ```ts
 * import { GlobalAveragePooling2D, tensor } from "varve";
 * const x = tensor([[1, 2], [3, 6]], [1, 2, 2, 1]);
 * await new GlobalAveragePooling2D().apply(x).array() // => [[3]]
 * ```
 */
export class GlobalAveragePooling2D extends GlobalPooling {
  static override readonly className = "GlobalAveragePooling2D";
  protected override inputSpec = { rank: 4 };

  override call(x: Tensor): Tensor {
    return mean(x, this.axesOf(x), this.keepdims);
  }
}

export const globalAveragePooling2d = factory(GlobalAveragePooling2D);
