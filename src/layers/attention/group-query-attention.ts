/**
 * GroupQueryAttention: attention by many heads of queries that share fewer heads of keys and values.
 */
import { OptionError } from "../../core/errors.ts";
import { integer } from "../../core/options.ts";
import type { PartialShape } from "../../core/shape.ts";
import type { SymbolicTensor } from "../../core/symbolic.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { TensorLike } from "../../ops/op.ts";
import type { SeedGenerator } from "../../ops/random/seed.ts";
import type { EinsumDense } from "../core/einsum-dense.ts";
import { type CallOptions, factory, layer } from "../layer.ts";
import {
  attendWithHeads,
  checkAttended,
  checkHeads,
  type HeadsCallOptions,
  type HeadsContext,
  headsCall,
  headsOptions,
  type Projections,
  projection,
} from "./heads.ts";
import { attended, type WithScores } from "./scores.ts";

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
export class GroupQueryAttention extends layer(
  "GroupQueryAttention",
  headsOptions(),
  {
    /** The size of each head. */
    headDim: integer({ min: 1 }),
    /** How many heads of queries. */
    numQueryHeads: integer({ min: 1 }),
    /** How many heads of keys and values; a divisor of `numQueryHeads`. */
    numKeyValueHeads: integer({ min: 1 }),
  },
  headsCall(),
) {
  static override readonly inputNames = ["query", "value", "key"];
  override readonly supportsMasking = true;
  protected override inputSpec = [{ rank: 3 }, { rank: 3 }, { rank: 3 }];
  queryDense: EinsumDense | undefined = undefined;
  keyDense: EinsumDense | undefined = undefined;
  gateDense: EinsumDense | undefined = undefined;
  valueDense: EinsumDense | undefined = undefined;
  outputDense: EinsumDense | undefined = undefined;
  #seeds: SeedGenerator | undefined;

  override apply(inputs: readonly TensorLike[], options: WithScores<HeadsCallOptions>): [Tensor, Tensor];
  override apply(
    inputs: readonly SymbolicTensor[],
    options: WithScores<HeadsCallOptions>,
  ): [SymbolicTensor, SymbolicTensor];
  override apply(
    inputs: SymbolicTensor | readonly SymbolicTensor[],
    options?: CallOptions & HeadsCallOptions,
  ): SymbolicTensor;
  override apply(inputs: TensorLike | readonly TensorLike[], options?: CallOptions & HeadsCallOptions): Tensor;
  override apply(inputs: never, options?: CallOptions & HeadsCallOptions): unknown {
    return super.apply(inputs, options);
  }

  protected override checkOptions(): void {
    checkHeads(this);
    if (this.numQueryHeads % this.numKeyValueHeads !== 0) {
      throw new OptionError(
        `${this.label}: ${this.numQueryHeads} heads of queries cannot share ${this.numKeyValueHeads} heads of keys and values evenly; numQueryHeads must be a multiple of numKeyValueHeads`,
      );
    }
  }

  override build(shapes: readonly PartialShape[]): void {
    const [query, value, key] = attended<PartialShape>(this.label, shapes);
    checkAttended(this.label, [query, value, key]);
    const heads = [this.numQueryHeads, this.headDim];
    const sharedHeads = [this.numKeyValueHeads, this.headDim];
    this.queryDense = projection(this, "query", 3, 1, heads);
    this.queryDense.build(query);
    this.keyDense = projection(this, "key", 3, 1, sharedHeads);
    this.keyDense.build(key);
    if (this.useGate) {
      this.gateDense = projection(this, "gate", 3, 1, heads, "sigmoid");
      this.gateDense.build(query);
    }
    this.valueDense = projection(this, "value", 3, 1, sharedHeads);
    this.valueDense.build(value);
    this.outputDense = projection(this, "attention_output", 4, 2, [this.sizeAt(query, -1)]);
    this.outputDense.build([...query.slice(0, -1), ...heads]);
    if (this.dropout > 0) this.#seeds = this.addSeedGenerator(this.seed);
  }

  override call(inputs: readonly Tensor[], context: HeadsContext): Tensor | [Tensor, Tensor] {
    const projections = {
      query: this.queryDense,
      key: this.keyDense,
      gate: this.gateDense,
      value: this.valueDense,
      output: this.outputDense,
    } as Projections;
    return attendWithHeads(this, projections, inputs, context, [1], this.#seeds);
  }

  /** The mask of the queries. */
  override computeMask(_inputs: unknown, [queryMask]: readonly (Tensor | undefined)[]): Tensor | undefined {
    return queryMask;
  }
}

export const groupQueryAttention = factory(GroupQueryAttention);
