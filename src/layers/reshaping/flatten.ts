/**
 * Flatten: each sample as one vector.
 */
import { sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { reshape } from "../../ops/movement/reshape.ts";
import { moveaxis } from "../../ops/movement/transpose.ts";
import { factory, layer } from "../layer.ts";
import { dataFormat } from "../spatial.ts";

/**
 * Flattens each sample, leaving the batch: `[batch, a, b, …] → [batch, a · b · …]`, and `[batch] → [batch, 1]`.
 * Under "channels_first" the channels are moved to the back first, so that both formats give the same order.
 *
 * @example
 * ```ts
 * import { Flatten, tensor } from "varve";
 * await new Flatten().apply(tensor([[[1, 2], [3, 4]]])).array() // => [[1, 2, 3, 4]]
 * ```
 */
export class Flatten extends layer("Flatten", {
  /** Where the channels are: "channels_last" (default) or "channels_first". */
  dataFormat: dataFormat(),
}) {
  protected override inputSpec = { minRank: 1 };

  override call(x: Tensor): Tensor {
    const ordered = this.dataFormat === "channels_first" && x.rank > 2 ? moveaxis(x, 1, -1) : x;
    return reshape(ordered, [x.shape[0] as number, sizeOf(x.shape.slice(1))]);
  }
}

export const flatten = factory(Flatten);
