/**
 * RepeatVector: each vector as many equal steps.
 */
import { integer } from "../../core/options.ts";
import type { Tensor } from "../../core/tensor.ts";
import { broadcastTo } from "../../ops/movement/broadcast.ts";
import { expandDims } from "../../ops/movement/reshape.ts";
import { factory, layer } from "../layer.ts";

/**
 * Repeats each vector: `[batch, features] → [batch, n, features]`.
 *
 * @example
 * ```ts
 * import { RepeatVector, tensor } from "varve";
 * await new RepeatVector({ n: 2 }).apply(tensor([[1, 2, 3]])).array() // => [[[1, 2, 3], [1, 2, 3]]]
 * ```
 */
export class RepeatVector extends layer("RepeatVector", {
  /** How many times. */
  n: integer({ min: 1 }),
}) {
  protected override inputSpec = { rank: 2 };

  override call(x: Tensor): Tensor {
    const [batch, features] = x.shape as [number, number];
    return broadcastTo(expandDims(x, 1), [batch, this.n, features]);
  }
}

export const repeatVector = factory(RepeatVector);
