/**
 * Attention: sums of values, weighted by how well their keys fit a query, by a dot product or a sum.
 */
import { boolean, choice } from "../../core/options.ts";
import { currentScope } from "../../core/scope.ts";
import type { PartialShape } from "../../core/shape.ts";
import type { SymbolicTensor } from "../../core/symbolic.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Variable } from "../../core/variable.ts";
import { ones } from "../../initializers.ts";
import { attend } from "../../ops/attention/attention.ts";
import { arange } from "../../ops/creation/creation.ts";
import { add, multiply, subtract } from "../../ops/elementwise/binary.ts";
import { less, where } from "../../ops/elementwise/compare.ts";
import { tanh } from "../../ops/elementwise/unary.ts";
import { matmul } from "../../ops/matmul/matmul.ts";
import { inPlaceOf, reshape, stopGradient } from "../../ops/movement/reshape.ts";
import { transpose } from "../../ops/movement/transpose.ts";
import type { TensorLike } from "../../ops/op.ts";
import type { SeedGenerator } from "../../ops/random/seed.ts";
import { mean, min } from "../../ops/reduce/reduce.ts";
import { sum } from "../../ops/reduce/sum.ts";
import { full, zeros } from "../../ops/tensor.ts";
import { type CallOptions, factory, layer } from "../layer.ts";
import {
  type Attended,
  type AttentionContext,
  type AttentionOptions,
  attended,
  attentionCall,
  pairs,
  scoresOptions,
  sumByScores,
  type WithScores,
} from "./scores.ts";

/** Which queries see nothing, [batch, queries, 1]; undefined where all see something. */
function blindQueries(mask: Tensor, queries: number, causal: boolean): Tensor | undefined {
  const keys = mask.shape[1] as number;
  if (keys === 0) return undefined;
  const first = min(where(mask, arange(keys, undefined, 1, "int32"), keys), 1, true);
  const last = causal ? arange(queries, undefined, 1, "int32") : full([queries], keys - 1, "int32");
  const blind = less(last, first);
  const { concrete, synchronous } = blind.device;
  if (concrete && synchronous && !blind.dataSync().includes(1)) return undefined;
  return reshape(blind, [...blind.shape, 1]);
}

/**
 * Zeros, with the gradients that come by the scores of queries that see nothing. These give each of n keys the weight
 * 1 / n, whose slopes are those of q · kᵀ · (v − mean of v) / n, so that no scores are needed.
 */
function unseenSlopes([query, value, key]: Attended<Tensor>, blind: Tensor): Tensor {
  const others = stopGradient(subtract(value, mean(value, 1, true)));
  const slopes = multiply(matmul(transpose(key, [0, 2, 1]), others), 1 / (key.shape[1] as number));
  const through = where(blind, matmul(query, slopes), 0);
  return inPlaceOf(zeros(through.shape, through.dtype), through);
}

/**
 * Attention after Luong: every query gets the average of the values, weighted by the softmax of its scores with their
 * keys.
 *
 *     y = softmax(scores) · value
 *     scores = scale · query · keyᵀ                                  "dot"
 *     scores = weight · Σ tanh(scale · (query + key)), over the size  "concat"
 *
 * It is called on a list, [query, value] or [query, value, key]; without a key the value is the key. Masks are a list
 * too: what is masked in the query comes out as 0, and what is masked in the value is not seen. A query that may see
 * nothing gets the average of all values. The mask of the query is that of the output. In dot mode, and unless
 * scores are asked for or dropped out, memory grows with the steps and not with their product.
 *
 * - Inputs: query [batch, queries, size], value [batch, keys, any size], key [batch, keys, size].
 * - Output: [batch, queries, size of a value]; with `returnAttentionScores` a list of it and the weights
 *   [batch, queries, keys].
 * - Weights: `scale` [] with `useScale`, `concatScoreWeight` [] in concat mode; both start as 1.
 *
 * @throws ShapeError where it is not called on two or three inputs, or these or their masks do not fit together.
 *
 * @example
 * ```ts
 * import { Attention, tensor } from "varve";
 * const query = tensor([[[0, 0]]]);
 * const value = tensor([[[1, 2], [3, 4]]]);
 * const y = new Attention().apply([query, value]);
 * await y.array() // => [[[2, 3]]]
 * ```
 *
 * @see Luong et al., Effective Approaches to Attention-based Neural Machine Translation, 2015, https://arxiv.org/abs/1508.04025
 */
export class Attention extends layer(
  "Attention",
  scoresOptions(),
  {
    /** Whether scores are scaled by a number that is learned. Default false. */
    useScale: boolean({ default: false }),
    /** "dot" (default) or "concat": how a query and a key make a score. */
    scoreMode: choice(["dot", "concat"], { default: "dot" }),
  },
  attentionCall(),
) {
  override readonly supportsMasking = true;
  scale: Variable | undefined = undefined;
  concatScoreWeight: Variable | undefined = undefined;
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
    attended(this.label, shapes);
    const start = { shape: [], initializer: ones() };
    if (this.useScale) this.scale = this.addWeight({ name: "scale", ...start });
    if (this.scoreMode === "concat") {
      this.concatScoreWeight = this.addWeight({ name: "concat_score_weight", ...start });
    }
    if (this.dropout > 0) this.#seeds = this.addSeedGenerator(this.seed);
  }

  #scaled(x: Tensor): Tensor {
    return this.scale ? multiply(x, this.scale) : x;
  }

  override call(inputs: readonly Tensor[], context: AttentionContext): Tensor | [Tensor, Tensor] {
    const scoring =
      this.scoreMode === "dot"
        ? {
            scores: (query: Tensor, key: Tensor) => matmul(this.#scaled(query), transpose(key, [0, 2, 1])),
            withoutScores: (attended: Attended<Tensor>, causal: boolean, mask: Tensor | undefined) =>
              this.#fused(attended, causal, mask),
          }
        : {
            scores: (query: Tensor, key: Tensor) =>
              multiply(sum(tanh(this.#scaled(pairs(add, query, key))), -1), (this.concatScoreWeight as Variable).value),
          };
    return sumByScores(this, inputs, context, scoring, this.#seeds);
  }

  #fused([query, value, key]: Attended<Tensor>, causal: boolean, mask: Tensor | undefined): Tensor {
    const oneHead = (x: Tensor) => reshape(x, [x.shape[0] as number, x.shape[1] as number, 1, x.shape[2] as number]);
    const y = attend(
      {
        q: oneHead(this.#scaled(query)),
        k: oneHead(key),
        v: oneHead(value),
        mask: mask && reshape(mask, [mask.shape[0] as number, 1, 1, mask.shape[1] as number]),
      },
      { scale: 1, causal, window: null, unseeing: "average" },
    );
    const sums = reshape(y, [query.shape[0] as number, query.shape[1] as number, value.shape[2] as number]);
    const blind = mask && currentScope()?.recording ? blindQueries(mask, query.shape[1] as number, causal) : undefined;
    return blind ? add(sums, unseenSlopes([this.#scaled(query), value, key], blind)) : sums;
  }

  /** The mask of the queries. */
  override computeMask(_inputs: unknown, [queryMask]: readonly (Tensor | undefined)[]): Tensor | undefined {
    return queryMask;
  }
}

export const attention = factory(Attention);
