/**
 * GroupQueryAttention: attention by many heads of queries that share fewer heads of keys and values.
 */
import { OptionError } from "../../core/errors.ts";
import { integer } from "../../core/options.ts";
import { factory, layerOn } from "../layer.ts";
import { type HeadSizes, WithHeads } from "./heads.ts";

/**
 * Attention with several heads, of which groups share their keys and values: as MultiHeadAttention, but that there are
 * only `numKeyValueHeads` projections of key and value, each for the next numQueryHeads / numKeyValueHeads heads of
 * queries. One for all is multi-query attention, one for each is MultiHeadAttention.
 *
 *     headᵢ = softmax(Qᵢ Kⱼᵀ / √headDim) · Vⱼ        j = ⌊i · numKeyValueHeads / numQueryHeads⌋
 *
 * It is called on a list, [query, value] or [query, value, key], with masks as for MultiHeadAttention; keys and values
 * are not copied for the heads that share them.
 *
 * - Inputs: query [batch, queries, size], value and key [batch, keys, size].
 * - Output: as the query; with `returnAttentionScores` a list of it and the weights [batch, heads, queries, keys].
 * - Weights: of `queryDense`, `keyDense`, `gateDense` (with `useGate`), `valueDense`: `kernel` [size, heads, headDim],
 *   `bias` [heads, headDim]; of `outputDense`: `kernel` [heads, headDim, size], `bias` [size].
 *
 * @throws OptionError where the heads cannot be shared evenly.
 * @throws ShapeError where it is not called on two or three inputs, or these or the masks do not fit together.
 *
 * @example
 * ```ts
 * import { GroupQueryAttention, ones } from "varve";
 * const layer = new GroupQueryAttention({ headDim: 4, numQueryHeads: 6, numKeyValueHeads: 2 });
 * const y = layer.apply([ones([1, 3, 8]), ones([1, 5, 8])]);
 * [y.shape, layer.keyDense.kernel.shape] // => [[1, 3, 8], [8, 2, 4]]
 * ```
 *
 * @see Ainslie et al., GQA: Training Generalized Multi-Query Transformer Models from Multi-Head Checkpoints, 2023, https://arxiv.org/abs/2305.13245
 */
export class GroupQueryAttention extends layerOn(WithHeads, "GroupQueryAttention", {
  /** The size of each head. */
  headDim: integer({ min: 1 }),
  /** How many heads of queries. */
  numQueryHeads: integer({ min: 1 }),
  /** How many heads of keys and values; a divisor of `numQueryHeads`. */
  numKeyValueHeads: integer({ min: 1 }),
}) {
  protected override inputSpec = [{ rank: 3 }, { rank: 3 }, { rank: 3 }];

  protected override get sizes(): HeadSizes {
    const { headDim, numQueryHeads: heads, numKeyValueHeads: keyHeads } = this;
    return { heads, keyHeads, keySize: headDim, valueSize: headDim };
  }

  protected override checkOptions(): void {
    super.checkOptions();
    if (this.numQueryHeads % this.numKeyValueHeads !== 0) {
      throw new OptionError(
        `${this.label}: ${this.numQueryHeads} heads of queries cannot share ${this.numKeyValueHeads} heads of keys and values evenly; numQueryHeads must be a multiple of numKeyValueHeads`,
      );
    }
  }
}

export const groupQueryAttention = factory(GroupQueryAttention);
