/**
 * AdditiveAttention: sums of values, weighted by a sum over what a query and a key make together.
 */
import { boolean } from "../../core/options.ts";
import type { PartialShape } from "../../core/shape.ts";
import type { SymbolicTensor } from "../../core/symbolic.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Variable } from "../../core/variable.ts";
import { glorotUniform } from "../../initializers.ts";
import { add, multiply } from "../../ops/elementwise/binary.ts";
import { tanh } from "../../ops/elementwise/unary.ts";
import type { TensorLike } from "../../ops/op.ts";
import type { SeedGenerator } from "../../ops/random/seed.ts";
import { sum } from "../../ops/reduce/sum.ts";
import { type CallOptions, factory, layer } from "../layer.ts";
import {
  type AttentionContext,
  type AttentionOptions,
  attended,
  attentionCall,
  pairs,
  scoresOptions,
  sumByScores,
  type WithScores,
} from "./scores.ts";

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
export class AdditiveAttention extends layer(
  "AdditiveAttention",
  scoresOptions(),
  {
    /** Whether what is summed is scaled by numbers that are learned. Default true. */
    useScale: boolean({ default: true }),
  },
  attentionCall(),
) {
  override readonly supportsMasking = true;
  scale: Variable | undefined = undefined;
  #seeds: SeedGenerator | undefined;

  override apply(inputs: readonly TensorLike[], options: WithScores): [Tensor, Tensor];
  override apply(inputs: readonly SymbolicTensor[], options: WithScores): [SymbolicTensor, SymbolicTensor];
  override apply(
    inputs: SymbolicTensor | readonly SymbolicTensor[],
    options?: CallOptions & AttentionOptions,
  ): SymbolicTensor;
  override apply(inputs: TensorLike | readonly TensorLike[], options?: CallOptions & AttentionOptions): Tensor;
  override apply(inputs: never, options?: CallOptions & AttentionOptions): unknown {
    return super.apply(inputs, options);
  }

  override build(shapes: readonly PartialShape[]): void {
    const [query] = attended<PartialShape>(this.label, shapes);
    if (this.useScale) {
      this.scale = this.addWeight({ name: "scale", shape: [this.sizeAt(query, -1)], initializer: glorotUniform() });
    }
    if (this.dropout > 0) this.#seeds = this.addSeedGenerator(this.seed);
  }

  override call(inputs: readonly Tensor[], context: AttentionContext): Tensor | [Tensor, Tensor] {
    const scores = (query: Tensor, key: Tensor) => {
      const both = tanh(pairs(add, query, key));
      return sum(this.scale ? multiply(both, this.scale) : both, -1);
    };
    return sumByScores(this, inputs, context, { scores }, this.#seeds);
  }

  /** The mask of the queries. */
  override computeMask(_inputs: unknown, [queryMask]: readonly (Tensor | undefined)[]): Tensor | undefined {
    return queryMask;
  }
}

export const additiveAttention = factory(AdditiveAttention);
