/**
 * AdditiveAttention: sums of values, weighted by a sum over what a query and a key make together.
 */
import { boolean } from "../../core/options.ts";
import type { PartialShape } from "../../core/shape.ts";
import type { Variable } from "../../core/variable.ts";
import { glorotUniform } from "../../initializers.ts";
import { add, multiply } from "../../ops/elementwise/binary.ts";
import { tanh } from "../../ops/elementwise/unary.ts";
import { sum } from "../../ops/reduce/sum.ts";
import { factory, layerOn } from "../layer.ts";
import { pairs, Scored, type Scoring } from "./scores.ts";

/**
 * Attention after Bahdanau: every query gets the average of the values, weighted by the softmax of its scores with
 * their keys.
 *
 *     y = softmax(scores) · value        scores = Σ scale · tanh(query + key), over the size
 *
 * It is called on a list, [query, value] or [query, value, key]; without a key the value is the key. Masks are a list
 * too: what is masked in the query comes out as 0, and what is masked in the value is not seen. The mask of the query
 * is that of the output. What is summed for the scores is in memory: [batch, queries, keys, size].
 *
 * - Inputs: query [batch, queries, size], value [batch, keys, any size], key [batch, keys, size].
 * - Output: [batch, queries, size of a value]; with `returnAttentionScores` a list of it and the weights
 *   [batch, queries, keys].
 * - Weights: `scale` [size] with `useScale`, as "glorot_uniform" draws it.
 *
 * @throws ShapeError where it is not called on two or three inputs, or these or their masks do not fit together.
 *
 * @example
 * ```ts
 * import { AdditiveAttention, tensor } from "varve";
 * const query = tensor([[[0]]]);
 * const value = tensor([[[-1], [1]]]);
 * const layer = new AdditiveAttention({ useScale: false });
 * const y = layer.apply([query, tensor([[[1], [3]]]), value], { useCausalMask: true });
 * await y.array() // => [[[1]]]
 * ```
 *
 * @see Bahdanau et al., Neural Machine Translation by Jointly Learning to Align and Translate, 2015, https://arxiv.org/abs/1409.0473
 */
export class AdditiveAttention extends layerOn(Scored, "AdditiveAttention", {
  /** Whether what is summed is scaled by numbers that are learned. Default true. */
  useScale: boolean({ default: true }),
}) {
  scale: Variable | undefined = undefined;

  override build(shapes: readonly PartialShape[]): void {
    super.build(shapes);
    const [query] = shapes as readonly [PartialShape];
    if (this.useScale) {
      this.scale = this.addWeight({ name: "scale", shape: [this.sizeAt(query, -1)], initializer: glorotUniform() });
    }
  }

  protected override get scoring(): Scoring {
    return {
      scores: (query, key) => {
        const both = tanh(pairs(add, query, key));
        return sum(this.scale ? multiply(both, this.scale) : both, -1);
      },
    };
  }
}

export const additiveAttention = factory(AdditiveAttention);
