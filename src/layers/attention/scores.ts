/**
 * What Attention and AdditiveAttention share: options, the list they are called on, masks, and weighted sums from
 * scores. How a score comes about is theirs to say.
 */
import { ShapeError } from "../../core/errors.ts";
import { boolean, number, type Option, type OptionsOf, type Schema, type ValuesOf } from "../../core/options.ts";
import { formatShape, type PartialShape, type Shape, sameShape } from "../../core/shape.ts";
import type { SymbolicTensor } from "../../core/symbolic.ts";
import type { Tensor } from "../../core/tensor.ts";
import { seenPlaces } from "../../ops/attention/attention.ts";
import { subtract } from "../../ops/elementwise/binary.ts";
import { logicalAnd, where } from "../../ops/elementwise/compare.ts";
import { matmul } from "../../ops/matmul/matmul.ts";
import { reshape } from "../../ops/movement/reshape.ts";
import type { TensorLike } from "../../ops/op.ts";
import { dropout } from "../../ops/random/random.ts";
import type { SeedGenerator } from "../../ops/random/seed.ts";
import { softmax } from "../../ops/softmax/softmax.ts";
import { type CallContext, type CallOptions, Layer } from "../layer.ts";
import { type SeedOptions, seedOptions } from "../regularization/noise.ts";

/** What calls of all attention layers may be told. */
export type AttentionCall = {
  /** Whether a query sees only values at its own place and before. Default false. */
  useCausalMask: Option<boolean, boolean, false>;
  /** Whether the weights come out too, behind the result. Default false. Then all of them are in memory. */
  returnAttentionScores: Option<boolean, boolean, false>;
};

/* @__NO_SIDE_EFFECTS__ */
export function attentionCall(): AttentionCall {
  return { useCausalMask: boolean({ default: false }), returnAttentionScores: boolean({ default: false }) };
}

export type AttentionContext = CallContext & ValuesOf<AttentionCall>;

/** As users write it. */
export type AttentionOptions = OptionsOf<AttentionCall>;

/** Call options under which the weights come out too. */
export type WithScores<O = AttentionOptions> = CallOptions & O & { readonly returnAttentionScores: true };

/** What all attention layers are: called on queries, values and keys, whose results the mask of the queries goes with. */
export abstract class Attending<O extends AttentionOptions = AttentionOptions> extends Layer<O> {
  static override readonly callSchema: Schema = /* @__PURE__ */ attentionCall();
  override readonly supportsMasking = true;
  /** What weights are dropped with; made where some are. */
  protected seeds: SeedGenerator | undefined = undefined;

  override apply(inputs: readonly TensorLike[], options: WithScores<O>): [Tensor, Tensor];
  override apply(inputs: readonly SymbolicTensor[], options: WithScores<O>): [SymbolicTensor, SymbolicTensor];
  override apply(inputs: SymbolicTensor | readonly SymbolicTensor[], options?: CallOptions & O): SymbolicTensor;
  override apply(inputs: TensorLike | readonly TensorLike[], options?: CallOptions & O): Tensor;
  override apply(inputs: never, options?: CallOptions & O): unknown {
    return super.apply(inputs, options);
  }

  /** `call` checks them: it knows what each of them is for. */
  protected override checkMasks(): void {}

  /** The mask of the queries. */
  override computeMask(_inputs: unknown, [queryMask]: readonly (Tensor | undefined)[]): Tensor | undefined {
    return queryMask;
  }
}

/** The options of the layers that score. */
export type ScoresOptions = {
  /** The part of the weights that is dropped in training. Default 0. */
  dropout: Option<number, number, false>;
} & SeedOptions;

/* @__NO_SIDE_EFFECTS__ */
export function scoresOptions(): ScoresOptions {
  return { dropout: number({ default: 0, min: 0, max: 1 }), ...seedOptions() };
}

/** Query, value and key; the value is the key where none is given. */
export type Attended<T> = readonly [query: T, value: T, key: T];

/** Refuses anything but a list of two or three inputs. */
export function attended<T extends Tensor | PartialShape>(label: string, inputs: unknown): Attended<T> {
  const isList = Array.isArray(inputs) && typeof inputs[0] === "object" && inputs[0] !== null;
  if (!isList || inputs.length < 2 || inputs.length > 3) {
    const got = isList ? `a list of ${inputs.length}` : "one input";
    throw new ShapeError(`${label}: is called on a list, [query, value] or [query, value, key], got ${got}`);
  }
  const [query, value, key = value] = inputs as [T, T, T?];
  return [query, value, key];
}

/** Refuses masks that do not tell of each step of their input. */
export function checkMask(label: string, what: string, mask: Tensor | undefined, wanted: Shape): void {
  if (mask && !sameShape(mask.shape, wanted)) {
    throw new ShapeError(
      `${label}: the mask of the ${what} must have shape ${formatShape(wanted)}, got ${formatShape(mask.shape)}`,
    );
  }
}

/** Every query with every key, put together by `combine`: [batch, queries, keys, size]. */
export function pairs(combine: (query: Tensor, key: Tensor) => Tensor, query: Tensor, key: Tensor): Tensor {
  const [batch, queries, size] = query.shape as [number, number, number];
  return combine(reshape(query, [batch, queries, 1, size]), reshape(key, [batch, 1, key.shape[1] as number, size]));
}

/**
 * What is taken from the scores of keys that are not seen. It is so much that nothing of the score is left, so a query
 * that sees nothing gets the average of all values; and it is taken away, not put in their place, so the scores of such
 * a query have gradients, as in Keras.
 */
const hidden = 2 ** 100;

/** How a layer scores. */
export interface Scoring {
  /** How well each key fits each query, [batch, queries, keys]. */
  readonly scores: (query: Tensor, key: Tensor) => Tensor;
  /** The result where the scores themselves are not needed, if there is a shorter way to it. */
  readonly withoutScores?: (inputs: Attended<Tensor>, causal: boolean, mask: Tensor | undefined) => Tensor;
}

function checkShapes(label: string, [query, value, key]: Attended<Tensor>): void {
  const shapes = [query, value, key].map(({ shape }) => formatShape(shape)).join(", ");
  const refuse = (problem: string): never => {
    throw new ShapeError(`${label}: ${problem}, got query, value and key of shapes ${shapes}`);
  };
  if ([query, value, key].some((x) => x.rank !== 3)) refuse("needs [batch, steps, size] for all inputs");
  if (value.shape[0] !== query.shape[0] || key.shape[0] !== query.shape[0])
    refuse("needs one batch size for all inputs");
  if (value.shape[1] !== key.shape[1]) refuse("needs as many values as keys");
  if (query.shape[2] !== key.shape[2]) refuse("needs queries and keys of one size");
}

/** The values summed with the softmax of scores as weights; how a score comes about is for the layers to say. */
export abstract class Scored extends Attending {
  static override readonly schema: ScoresOptions = /* @__PURE__ */ scoresOptions();
  declare readonly dropout: number;
  declare readonly seed: number | null;

  protected abstract readonly scoring: Scoring;

  override build(shapes: readonly PartialShape[]): void {
    attended(this.label, shapes);
    if (this.dropout > 0) this.seeds = this.addSeedGenerator(this.seed);
  }

  override call(inputs: readonly Tensor[], context: AttentionContext): Tensor | [Tensor, Tensor] {
    const {
      training,
      masks: [queryMask, valueMask],
      useCausalMask: causal,
      returnAttentionScores,
    } = context;
    const { label, dropout: rate } = this;
    const { scores, withoutScores } = this.scoring;
    const [query, value, key] = attended<Tensor>(label, inputs);
    checkShapes(label, [query, value, key]);
    const [batch, queries] = query.shape as [number, number, number];
    const keys = key.shape[1] as number;
    checkMask(label, "query", queryMask, [batch, queries]);
    checkMask(label, "value", valueMask, [batch, keys]);
    const counted = (y: Tensor) => (queryMask ? where(reshape(queryMask, [batch, queries, 1]), y, 0) : y);
    const drops = training && rate > 0;
    if (withoutScores && !drops && !returnAttentionScores) {
      return counted(withoutScores([query, value, key], causal, valueMask));
    }
    const places = seenPlaces(queries, keys, { causal, window: null });
    const before = places && reshape(places, [1, queries, keys]);
    const mask = valueMask && reshape(valueMask, [batch, 1, keys]);
    const seen = mask && before ? logicalAnd(mask, before) : (mask ?? before);
    const all = scores(query, key);
    const weights = softmax(seen ? where(seen, all, subtract(all, hidden)) : all);
    const used = drops ? dropout(weights, rate, { seed: this.seeds }) : weights;
    const y = counted(matmul(used, value));
    return returnAttentionScores ? [y, used] : y;
  }
}
