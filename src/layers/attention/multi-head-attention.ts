/**
 * MultiHeadAttention: attention by several heads, each in a space of its own.
 */

import { integer, type Json, option } from "../../core/options.ts";
import { type Axes, normalizeAxis, type PartialShape } from "../../core/shape.ts";
import { factory, layerOn } from "../layer.ts";
import { type HeadSizes, WithHeads } from "./heads.ts";

/** One number or a list of them; the value is a list. */
function listOption(expected: string, fits: (value: number) => boolean) {
  return option<Axes, readonly number[], { readonly default: null }>(
    { default: null },
    {
      expected,
      parse: (given, refuse) => {
        const list = Array.isArray(given) ? given : [given];
        const isGood = list.length > 0 && list.every((value) => Number.isSafeInteger(value) && fits(value));
        return isGood ? Object.freeze([...list]) : refuse();
      },
      toConfig: (list) => list,
      fromConfig: (json) => json as Axes,
    },
  );
}

/**
 * Attention with several heads: queries, keys and values are projected to `numHeads` spaces, in each of which every
 * query gets the average of the values, weighted by how well their keys fit; all results together are projected back.
 *
 *     headᵢ = softmax(Qᵢ Kᵢᵀ / √keyDim) · Vᵢ        Qᵢ = query · queryKernelᵢ + biasᵢ, and so for Kᵢ and Vᵢ
 *     y = [head₁, head₂, …] · outputKernel + bias
 *
 * It is called on a list, [query, value] or [query, value, key]; without a key the value is the key. A query sees the
 * keys that the masks of value and key, `attentionMask`, `useCausalMask` and `slidingWindow` all allow. One that may
 * see nothing, or is masked itself, gets the average of all values; with dropout, or where scores are returned, 0. The
 * mask of the query is that of the output.
 *
 * Unless scores are asked for or dropped out, the scores of a sequence are never in memory together, in neither
 * direction: memory grows with the number of steps and not with its square.
 *
 * - Inputs: query [batch, queries…, size], value [batch, keys…, size], key [batch, keys…, size], sizes as one likes.
 * - Output: [batch, queries…, size of the query], or `outputShape` in place of the size; with `returnAttentionScores` a
 *   list of it and the weights [batch, heads, queries, keys].
 * - Weights: of `queryDense`, `keyDense`, `gateDense` (with `useGate`), `valueDense`: `kernel` [size, heads, keyDim or
 *   valueDim], `bias` [heads, keyDim or valueDim]; of `outputDense`: `kernel` [heads, valueDim, size], `bias` [size].
 *
 * @throws ShapeError where it is not called on two or three inputs, or these or the masks do not fit together.
 *
 * @example
 * ```ts
 * import { MultiHeadAttention, ones } from "varve";
 * const layer = new MultiHeadAttention({ numHeads: 2, keyDim: 4 });
 * const x = ones([1, 5, 8]);
 * const [y, scores] = layer.apply([x, x], { returnAttentionScores: true, useCausalMask: true });
 * [y.shape, scores.shape] // => [[1, 5, 8], [1, 2, 5, 5]]
 * ```
 *
 * @see Vaswani et al., Attention Is All You Need, 2017, https://arxiv.org/abs/1706.03762
 */
export class MultiHeadAttention extends layerOn(WithHeads, "MultiHeadAttention", {
  /** How many heads. */
  numHeads: integer({ min: 1 }),
  /** The size of queries and keys in each head. */
  keyDim: integer({ min: 1 }),
  /** The size of values in each head. Default null: keyDim. */
  valueDim: integer({ default: null, min: 1 }),
  /** What the output has in place of the query's last axis. Default null: an axis of the same size. */
  outputShape: listOption("a whole number ≥ 1 or a list of them", (size) => size >= 1),
  /** The axes of the input that are attended over. Default null: all but the first and the last. */
  attentionAxes: listOption("an axis or a list of axes", () => true),
}) {
  /** The projections are penalized, not the output. */
  protected override get outputPenalty(): null {
    return null;
  }

  protected override get sizes(): HeadSizes {
    const { numHeads: heads, keyDim, valueDim } = this;
    return { heads, keyHeads: heads, keySize: keyDim, valueSize: valueDim ?? keyDim };
  }

  protected override axesFor(rank: number): readonly number[] {
    return this.attentionAxes?.map((axis) => normalizeAxis(axis, rank, this.label)) ?? super.axesFor(rank);
  }

  protected override resultAxes(query: PartialShape): readonly number[] {
    return this.outputShape ?? super.resultAxes(query);
  }

  override getConfig(): Record<string, Json> {
    return { ...super.getConfig(), value_dim: this.sizes.valueSize };
  }
}

export const multiHeadAttention = factory(MultiHeadAttention);
