/**
 * Embedding: a learned vector for each whole number.
 */
import { type ConstraintOption, constraint } from "../../constraints.ts";
import { inspect } from "../../core/observer.ts";
import { boolean, integer, type Json, type Option } from "../../core/options.ts";
import { Tensor } from "../../core/tensor.ts";
import { Variable } from "../../core/variable.ts";
import { type InitializerOption, initializer } from "../../initializers.ts";
import { cast } from "../../ops/elementwise/cast.ts";
import { notEqual } from "../../ops/elementwise/compare.ts";
import { gather } from "../../ops/indexing/gather.ts";
import type { TensorLike } from "../../ops/op.ts";
import { type RegularizerOption, regularizer } from "../../regularizers.ts";
import { factory, layer } from "../layer.ts";
import {
  type AdaptationOptions,
  adaptationConfig,
  adaptationOptions,
  adaptationWeights,
  adaptedMatrix,
  checkAdaptation,
  type StartOption,
  startOption,
  weight,
} from "../weights.ts";

export type EmbeddingSchema = {
  /** How many numbers there are: 0 to inputDim − 1. */
  inputDim: Option<number, number, true>;
  /** The length of each vector. */
  outputDim: Option<number, number, true>;
  /** How the vectors begin. Default "uniform": between −0.05 and 0.05. */
  embeddingsInitializer: InitializerOption<{ readonly default: string }>;
  /** A penalty on the vectors. */
  embeddingsRegularizer: RegularizerOption<{ readonly default: null }>;
  /** A penalty on the layer's output, divided by the batch size and added to the loss. */
  activityRegularizer: RegularizerOption<{ readonly default: null }>;
  /** What the vectors must satisfy after each update. */
  embeddingsConstraint: ConstraintOption<{ readonly default: null }>;
  /** Whether 0 stands for padding: a mask comes out that leaves it out. Default false. */
  maskZero: Option<boolean, boolean, false>;
  /** The vectors to begin with, [inputDim, outputDim], or a list of them alone. No config has them. Default null. */
  weights: StartOption<TensorLike | readonly TensorLike[]>;
} & AdaptationOptions;

export const embeddingSchema: EmbeddingSchema = {
  inputDim: integer({ min: 1 }),
  outputDim: integer({ min: 1 }),
  embeddingsInitializer: initializer({ default: "uniform" }),
  embeddingsRegularizer: regularizer({ default: null }),
  activityRegularizer: regularizer({ default: null }),
  embeddingsConstraint: constraint({ default: null }),
  maskZero: boolean({ default: false }),
  weights: startOption("vectors [inputDim, outputDim]", (given) => (isListOfOne(given) ? given : [given])),
  ...adaptationOptions(),
};

/** Whether something is a matrix in a list, and not a matrix with one row. */
function isListOfOne(given: unknown): boolean {
  if (!Array.isArray(given) || given.length !== 1) return false;
  const [item] = given;
  return item instanceof Tensor || item instanceof Variable || (Array.isArray(item) && typeof item[0] === "object");
}

/**
 * `y[…, :] = embeddings[x[…], :]`: whole numbers of any shape [batch, …] → [batch, …, outputDim]. Real numbers are cut
 * off to whole ones.
 * Weights: `embeddings` [inputDim, outputDim]; with `loraRank`, `loraEmbeddingsA` [inputDim, rank] and
 * `loraEmbeddingsB` [rank, outputDim] beside frozen embeddings.
 *
 * @throws ShapeError where a number is negative or not below inputDim.
 *
 * @example
 * ```ts
 * import { Embedding, tensor } from "varve";
 * const embedding = new Embedding({ inputDim: 3, outputDim: 2, weights: [[0, 0], [1, 2], [3, 4]] });
 * await embedding.apply(tensor([[2, 1]], [1, 2], "int32")).array() // => [[[3, 4], [1, 2]]]
 * ```
 */
export class Embedding extends layer("Embedding", embeddingSchema) {
  override readonly supportsMasking = this.maskZero;
  protected override readonly autocast = false;
  embeddings: Variable | undefined = undefined;
  loraEmbeddingsA: Variable | undefined = undefined;
  loraEmbeddingsB: Variable | undefined = undefined;

  protected override checkOptions(): void {
    checkAdaptation(this.label, this.loraRank, this.embeddingsConstraint);
  }

  override build(): void {
    const shape = [this.inputDim, this.outputDim] as const;
    this.embeddings = this.addWeight(weight(this, "embeddings", shape));
    if (this.loraRank !== null) {
      const [a, b] = adaptationWeights("embeddings", shape, this.loraRank, this.embeddingsRegularizer);
      this.loraEmbeddingsA = this.addWeight(a);
      this.loraEmbeddingsB = this.addWeight(b);
      this.embeddings.trainable = false;
    }
  }

  /** The vectors that count, [inputDim, outputDim]. */
  protected get matrix(): Tensor {
    return adaptedMatrix(this.embeddings as Variable, this.loraEmbeddingsA, this.loraEmbeddingsB, this);
  }

  override call(x: Tensor): Tensor {
    const indices = cast(x, "int32");
    this.#checkIndices(indices);
    return gather({ x: this.matrix, indices }, { axis: 0, aligned: false, wrap: false }).y;
  }

  override computeMask(x: Tensor): Tensor | undefined {
    return this.maskZero ? notEqual(x, 0) : undefined;
  }

  override getConfig(): Record<string, Json> {
    return { ...super.getConfig(), ...adaptationConfig(this) };
  }

  /** Refuses numbers without a vector, where the device lets them be read at once. */
  #checkIndices(indices: Tensor): void {
    inspect(indices, (values) => {
      for (let at = 0; at < values.length; at++) {
        const index = values[at] as number;
        if (index >= 0 && index < this.inputDim) continue;
        this.refuse(
          `${index} is not one of the numbers 0 … ${this.inputDim - 1} that inputDim ${this.inputDim} provides for`,
        );
      }
    });
  }
}

export const embedding = factory(Embedding);
