/**
 * Attention: sums of values, weighted by how well their keys fit a query, by a dot product or a sum.
 */
import { boolean, choice } from "../../core/options.ts";
import { currentScope } from "../../core/scope.ts";
import type { PartialShape } from "../../core/shape.ts";
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
import { mean, min } from "../../ops/reduce/reduce.ts";
import { sum } from "../../ops/reduce/sum.ts";
import { full, zeros } from "../../ops/tensor.ts";
import { factory, layerOn } from "../layer.ts";
import { type Attended, pairs, Scored, type Scoring } from "./scores.ts";

/** Which queries see nothing, [batch, queries, 1]. */
function blindQueries(mask: Tensor, queries: number, causal: boolean): Tensor {
  const keys = mask.shape[1] as number;
  const first = min(where(mask, arange(keys, undefined, 1, "int32"), keys), 1, true);
  const last = causal ? arange(queries, undefined, 1, "int32") : full([queries], keys - 1, "int32");
  const blind = less(last, first);
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
export class Attention extends layerOn(Scored, "Attention", {
  /** Whether scores are scaled by a number that is learned. Default false. */
  useScale: boolean({ default: false }),
  /** "dot" (default) or "concat": how a query and a key make a score. */
  scoreMode: choice(["dot", "concat"], { default: "dot" }),
}) {
  scale: Variable | undefined = undefined;
  concatScoreWeight: Variable | undefined = undefined;

  override build(shapes: readonly PartialShape[]): void {
    super.build(shapes);
    const start = { shape: [], initializer: ones() };
    if (this.useScale) this.scale = this.addWeight({ name: "scale", ...start });
    if (this.scoreMode === "concat") {
      this.concatScoreWeight = this.addWeight({ name: "concat_score_weight", ...start });
    }
  }

  #scaled(x: Tensor): Tensor {
    return this.scale ? multiply(x, this.scale) : x;
  }

  protected override get scoring(): Scoring {
    return this.scoreMode === "dot"
      ? {
          scores: (query, key) => matmul(this.#scaled(query), transpose(key, [0, 2, 1])),
          withoutScores: (inputs, causal, mask) => this.#fused(inputs, causal, mask),
        }
      : {
          scores: (query, key) =>
            multiply(sum(tanh(this.#scaled(pairs(add, query, key))), -1), (this.concatScoreWeight as Variable).value),
        };
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
    if (!mask || mask.size === 0 || !currentScope()?.recording) return sums;
    const blind = blindQueries(mask, query.shape[1] as number, causal);
    return add(sums, unseenSlopes([this.#scaled(query), value, key], blind));
  }
}

export const attention = factory(Attention);
