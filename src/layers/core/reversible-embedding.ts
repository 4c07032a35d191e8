/**
 * ReversibleEmbedding: an Embedding that can be asked the other way round, for a score of each number.
 */
import { boolean, choice, number, type Option, type OptionsOf, type ValuesOf } from "../../core/options.ts";
import type { SymbolicTensor } from "../../core/symbolic.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Variable } from "../../core/variable.ts";
import { divide, multiply } from "../../ops/elementwise/binary.ts";
import { cast } from "../../ops/elementwise/cast.ts";
import { notEqual } from "../../ops/elementwise/compare.ts";
import { tanh } from "../../ops/elementwise/unary.ts";
import { matmul } from "../../ops/matmul/matmul.ts";
import { transpose } from "../../ops/movement/transpose.ts";
import type { TensorLike } from "../../ops/op.ts";
import { type CallContext, type CallOptions, factory, type LayerOptions } from "../layer.ts";
import { Embedding, type EmbeddingSchema, embeddingSchema } from "./embedding.ts";

type ReversibleSchema = {
  /** Whether scores are taken with the vectors themselves. Default true; false gives them a matrix of their own. */
  tieWeights: Option<boolean, boolean, false>;
  /** The dtype of the scores: "float32" or "float64". Default null: that of the layer. */
  reverseDtype: Option<"float32" | "float64" | null, "float32" | "float64" | null, false>;
  /** Scores s become cap · tanh(s / cap), which is between −cap and cap. Default null: they stay. */
  logitSoftCap: Option<number | null, number | null, false>;
};

const reversibleSchema: ReversibleSchema = {
  tieWeights: boolean({ default: true }),
  reverseDtype: choice(["float32", "float64"], { default: null }),
  logitSoftCap: number({ default: null, above: 0 }),
};

type ReversibleCall = {
  /** Whether vectors go in and scores come out. Default false. */
  reverse: Option<boolean, boolean, false>;
};

const reversibleCall: ReversibleCall = { reverse: boolean({ default: false }) };

type Told = CallOptions & OptionsOf<ReversibleCall>;

/**
 * An Embedding, `y[…, :] = embeddings[x[…], :]`, that with `reverse` gives a score for each number instead: the products
 * of a vector with those of all numbers, as a language model ends in.
 *
 *     logits = x · embeddingsᵀ        and, with a cap, cap · tanh(logits / cap)
 *
 * - Input: whole numbers [batch, …] → [batch, …, outputDim]; in reverse vectors [batch, …, outputDim] → [batch, …,
 *   inputDim].
 * - Weights: those of Embedding; without `tieWeights` also `reverseEmbeddings` [outputDim, inputDim].
 *
 * @throws ShapeError where a number is negative or not below inputDim, or a vector has another length.
 *
 * @example
 * ```ts
 * import { ReversibleEmbedding, tensor } from "varve";
 * const layer = new ReversibleEmbedding({ inputDim: 3, outputDim: 2, weights: [[0, 1], [1, 0], [1, 1]] });
 * const vectors = layer.apply(tensor([[2]], [1, 1], "int32"));
 * await layer.apply(vectors, { reverse: true }).array() // => [[[1, 1, 2]]]
 * ```
 *
 * @see Press & Wolf, Using the Output Embedding to Improve Language Models, 2016, https://arxiv.org/abs/1608.05859
 */
export class ReversibleEmbedding extends Embedding {
  static override readonly className = "ReversibleEmbedding";
  static override readonly schema = { ...embeddingSchema, ...reversibleSchema };
  static override readonly callSchema = reversibleCall;
  declare readonly tieWeights: boolean;
  declare readonly reverseDtype: "float32" | "float64" | null;
  declare readonly logitSoftCap: number | null;
  reverseEmbeddings: Variable | undefined = undefined;

  constructor(options: LayerOptions<EmbeddingSchema & ReversibleSchema>) {
    super(options);
  }

  override apply(inputs: SymbolicTensor | readonly SymbolicTensor[], options?: Told): SymbolicTensor;
  override apply(inputs: TensorLike | readonly TensorLike[], options?: Told): Tensor;
  override apply(inputs: never, options?: Told): unknown {
    return super.apply(inputs, options);
  }

  override build(): void {
    super.build();
    if (this.tieWeights) return;
    this.reverseEmbeddings = this.addWeight({
      name: "reverse_embeddings",
      shape: [this.outputDim, this.inputDim],
      initializer: this.embeddingsInitializer,
    });
  }

  override call(x: Tensor, context?: CallContext & Partial<ValuesOf<ReversibleCall>>): Tensor {
    if (!context?.reverse) {
      const y = super.call(x);
      if (this.maskZero) y.mask = notEqual(x, 0);
      return y;
    }
    const dtype = this.reverseDtype ?? this.dtype;
    const matrix = this.reverseEmbeddings?.value ?? transpose(this.matrix);
    const logits = matmul(cast(x, dtype), cast(matrix, dtype));
    const cap = this.logitSoftCap;
    return cap === null ? logits : multiply(tanh(divide(logits, cap)), cap);
  }

  /** The mask stands at the vectors already, and scores have none. */
  override computeMask(): undefined {}
}

export const reversibleEmbedding = factory(ReversibleEmbedding);
