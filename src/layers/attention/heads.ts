/**
 * What MultiHeadAttention and GroupQueryAttention share: projections of query, key and value to many heads, attention of
 * each head, and a projection back. How many heads there are, and of what size, is theirs to say.
 */
import type { DType } from "../../core/dtype.ts";
import { OptionError, ShapeError } from "../../core/errors.ts";
import {
  boolean,
  integer,
  number,
  type Option,
  type OptionsOf,
  type Schema,
  type ValuesOf,
  withoutConfig,
} from "../../core/options.ts";
import { broadcastsTo, formatShape, type PartialShape, sameShape } from "../../core/shape.ts";
import type { SymbolicTensor } from "../../core/symbolic.ts";
import type { Tensor } from "../../core/tensor.ts";
import { attend, seenPlaces, unseen } from "../../ops/attention/attention.ts";
import { multiply } from "../../ops/elementwise/binary.ts";
import { cast } from "../../ops/elementwise/cast.ts";
import { logicalAnd, where } from "../../ops/elementwise/compare.ts";
import { einsum } from "../../ops/matmul/einsum.ts";
import { repeat } from "../../ops/movement/broadcast.ts";
import { reshape } from "../../ops/movement/reshape.ts";
import type { TensorLike } from "../../ops/op.ts";
import { dropout } from "../../ops/random/random.ts";
import { mean } from "../../ops/reduce/reduce.ts";
import { softmax } from "../../ops/softmax/softmax.ts";
import { type RegularizerOption, regularizer } from "../../regularizers.ts";
import { tensorOption } from "../call-options.ts";
import { EinsumDense } from "../core/einsum-dense.ts";
import type { CallContext } from "../layer.ts";
import { type SeedOptions, seedOptions } from "../regularization/noise.ts";
import { type KernelOptions, kernelOptions } from "../weights.ts";
import { type Attended, Attending, type AttentionCall, attended, attentionCall, checkMask } from "./scores.ts";

/** What a call may be told. */
export type HeadsCall = {
  /**
   * True where a query may see a key: [queries, keys], [batch, queries, keys] or [batch, heads, queries, keys]; numbers
   * count where they are not 0. Default null: all see all.
   */
  attentionMask: Option<TensorLike | SymbolicTensor | null, Tensor | null, false>;
} & AttentionCall;

/* @__NO_SIDE_EFFECTS__ */
export function headsCall(): HeadsCall {
  return { attentionMask: tensorOption(), ...attentionCall() };
}

export type HeadsContext = CallContext & ValuesOf<HeadsCall>;

/** As users write it. */
export type HeadsCallOptions = OptionsOf<HeadsCall>;

/** The options of both layers. */
export type HeadsOptions = {
  /** The part of the weights that is dropped in training. Default 0. */
  dropout: Option<number, number, false>;
  /** Whether the projections have biases. Default true. */
  useBias: Option<boolean, boolean, false>;
  /** A query sees only keys less than this many places away, on either side. Default null: all. */
  slidingWindow: Option<number | null, number | null, false>;
  /** Nothing to choose here: attention is always computed in tiles. True refuses what Keras's cannot do. */
  flashAttention: Option<boolean | null, boolean | null, false>;
  /** A penalty on the outputs of the projections, divided by the batch size and added to the loss. */
  activityRegularizer: RegularizerOption<{ readonly default: null }>;
  /** Whether the heads' results are multiplied by the sigmoid of another projection of the query. Default false. */
  useGate: Option<boolean, boolean, false>;
} & Omit<KernelOptions, "activation" | "useBias"> &
  SeedOptions;

/* @__NO_SIDE_EFFECTS__ */
export function headsOptions(): HeadsOptions {
  const { activation: _, useBias, ...options } = kernelOptions();
  return {
    dropout: number({ default: 0, min: 0, max: 1 }),
    useBias,
    slidingWindow: integer({ default: null, min: 1 }),
    flashAttention: withoutConfig(boolean({ default: null })),
    ...options,
    activityRegularizer: regularizer({ default: null }),
    useGate: boolean({ default: false }),
    ...seedOptions(),
  };
}

/** What the functions here need to know of the layer they work for. */
interface Owner extends ValuesOf<HeadsOptions> {
  readonly label: string;
  readonly dtype: DType;
}

/** Query, value and key must have one batch, and there is a value for every key. */
function checkAttended(label: string, [query, value, key]: Attended<PartialShape>): void {
  const refuse = (problem: string): never => {
    const shapes = [query, value, key].map(formatShape).join(", ");
    throw new ShapeError(`${label}: ${problem}, got query, value and key of shapes ${shapes}`);
  };
  if (query.length < 3) refuse("needs inputs of rank 3 or more, [batch, steps, …, size]");
  if (value.length !== query.length || key.length !== query.length) refuse("needs inputs of one rank");
  if (!sameShape(value.slice(1, -1), key.slice(1, -1))) refuse("needs as many values as keys");
  const batches = [query, value, key].map(([batch]) => batch).filter((batch) => batch !== null);
  if (new Set(batches).size > 1) refuse("needs one batch size for all inputs");
}

const letters = "abcdefghijklmnopqrstuvwxyz";

/** A projection of the last `from` axes of an input of that shape to axes of the sizes `to`. */
function projection(
  owner: Owner,
  name: string,
  shape: PartialShape,
  from: number,
  to: readonly number[],
  activation: "sigmoid" | null = null,
): EinsumDense {
  const rank = shape.length;
  const kept = letters.slice(0, rank - from);
  const summed = letters.slice(rank - from, rank);
  const made = letters.slice(rank, rank + to.length);
  const dense = new EinsumDense({
    name,
    equation: `${kept}${summed},${summed}${made}->${kept}${made}`,
    outputShape: [...new Array<null>(kept.length - 1).fill(null), ...to],
    biasAxes: owner.useBias ? made : null,
    activation,
    dtype: owner.dtype,
    kernelInitializer: owner.kernelInitializer,
    biasInitializer: owner.biasInitializer,
    kernelRegularizer: owner.kernelRegularizer,
    biasRegularizer: owner.biasRegularizer,
    activityRegularizer: owner.activityRegularizer,
    kernelConstraint: owner.kernelConstraint,
    biasConstraint: owner.biasConstraint,
  });
  dense.build(shape);
  return dense;
}

/** Without a mask: these layers look after masks themselves. */
const plain = { mask: [] };

/** How many heads there are, and how large; those of keys and values are as many, or fewer that are shared. */
export interface HeadSizes {
  readonly heads: number;
  readonly keyHeads: number;
  readonly keySize: number;
  readonly valueSize: number;
}

/**
 * Query, key and value are projected to many heads, each head attends, and all results are projected back. How many
 * heads there are, over which axes they attend and what comes out is for the layers to say.
 */
export abstract class WithHeads extends Attending<HeadsCallOptions> {
  static override readonly schema: HeadsOptions = /* @__PURE__ */ headsOptions();
  static override readonly callSchema: Schema = /* @__PURE__ */ headsCall();
  static override readonly inputNames = ["query", "value", "key"];
  queryDense: EinsumDense | undefined = undefined;
  keyDense: EinsumDense | undefined = undefined;
  gateDense: EinsumDense | undefined = undefined;
  valueDense: EinsumDense | undefined = undefined;
  outputDense: EinsumDense | undefined = undefined;
  /** The axes that are attended over, once it is built. */
  protected attended: readonly number[] = [];

  protected abstract readonly sizes: HeadSizes;

  protected override checkOptions(): void {
    const { label, flashAttention, dropout: rate } = this.options;
    if (flashAttention && rate > 0) {
      throw new OptionError(`${label}: flashAttention has no dropout, got ${rate}; leave one of them out`);
    }
  }

  /** This, with the options that its schema gives it. */
  private get options(): Owner {
    return this as unknown as Owner;
  }

  /** The axes to attend over, of an input of that rank. */
  protected axesFor(rank: number): readonly number[] {
    return Array.from({ length: rank - 2 }, (_, index) => index + 1);
  }

  /** What the result has in place of the last axis of a query of that shape. */
  protected resultAxes(query: PartialShape): readonly number[] {
    return [this.sizeAt(query, -1)];
  }

  override build(shapes: readonly PartialShape[]): void {
    const { options } = this;
    const [query, value, key] = attended<PartialShape>(this.label, shapes);
    checkAttended(this.label, [query, value, key]);
    const { heads, keyHeads, keySize, valueSize } = this.sizes;
    this.attended = this.axesFor(query.length);
    this.queryDense = projection(options, "query", query, 1, [heads, keySize]);
    this.keyDense = projection(options, "key", key, 1, [keyHeads, keySize]);
    if (options.useGate) this.gateDense = projection(options, "gate", query, 1, [heads, valueSize], "sigmoid");
    this.valueDense = projection(options, "value", value, 1, [keyHeads, valueSize]);
    const joined = [...query.slice(0, -1), heads, valueSize];
    this.outputDense = projection(options, "attention_output", joined, 2, this.resultAxes(query));
    if (options.dropout > 0) this.seeds = this.addSeedGenerator(options.seed);
  }

  override call(inputs: readonly Tensor[], context: HeadsContext): Tensor | [Tensor, Tensor] {
    const { options, label } = this;
    const { dropout: rate, flashAttention } = options;
    const [query, value, key] = attended<Tensor>(label, inputs);
    checkAttended(label, [query.shape, value.shape, key.shape]);
    const { training, returnAttentionScores } = context;
    if (flashAttention && returnAttentionScores) {
      throw new OptionError(`${label}: flashAttention has no scores to return; leave one of them out`);
    }
    const drops = training && rate > 0;
    const heads = {
      q: (this.queryDense as EinsumDense).apply(query, plain),
      k: (this.keyDense as EinsumDense).apply(key, plain),
      v: (this.valueDense as EinsumDense).apply(value, plain),
    };
    const gates = this.gateDense?.apply(query, plain);
    const finish = (y: Tensor) => (this.outputDense as EinsumDense).apply(gates ? multiply(y, gates) : y, plain);
    if (query.rank === 3 && !drops && !returnAttentionScores) return finish(inTiles(options, heads, context));
    const weights = weightsOf(options, heads, context, this.attended);
    const used = drops ? dropout(weights, rate, { seed: this.seeds }) : weights;
    const { source, target, product } = equationsOf(heads.q.rank, this.attended);
    const y = finish(einsum(`${product},${source}->${target}`, used, shared(heads.v, heads.q)));
    return returnAttentionScores ? [y, weights] : y;
  }
}

type Heads = { readonly q: Tensor; readonly k: Tensor; readonly v: Tensor };

/** The heads of a key or value, each as often as there are heads of queries that share it. */
function shared(x: Tensor, q: Tensor): Tensor {
  const repeats = (q.shape.at(-2) as number) / (x.shape.at(-2) as number);
  return repeats === 1 ? x : repeat(x, repeats, x.rank - 2);
}

/** A mask with axes of size 1 in front of the last ones, where those of heads and other axes are. */
function spread(mask: Tensor, rank: number, last: number): Tensor {
  const at = mask.rank - last;
  return reshape(mask, [
    ...mask.shape.slice(0, at),
    ...new Array<number>(rank - mask.rank).fill(1),
    ...mask.shape.slice(at),
  ]);
}

const both = (a: Tensor | undefined, b: Tensor | undefined) => (a && b ? logicalAnd(a, b) : (a ?? b));

/** The mask of a call, over the axes of the scores; `attended` of them are those of queries and keys. */
function attentionMaskOf({ label }: Owner, { attentionMask }: HeadsContext, scores: readonly number[], last: number) {
  if (!attentionMask) return undefined;
  const mask = cast(attentionMask, "bool");
  const fits = mask.rank >= last && mask.rank <= scores.length;
  const whole = fits ? spread(mask, scores.length, last) : mask;
  if (!fits || !broadcastsTo(whole.shape, scores)) {
    throw new ShapeError(
      `${label}: attentionMask must broadcast to the scores' shape ${formatShape(scores)}, or that without heads, got ${formatShape(mask.shape)}`,
    );
  }
  return whole;
}

/** Attention of [batch, steps, heads, size] whose scores are never in memory together. */
function inTiles(owner: Owner, { q, k, v }: Heads, context: HeadsContext): Tensor {
  const { label, slidingWindow, dropout: rate } = owner;
  const [batch, queries, heads, size] = q.shape as [number, number, number, number];
  const keys = k.shape[1] as number;
  const [queryMask, valueMask, keyMask] = context.masks;
  checkMask(label, "query", queryMask, [batch, queries]);
  checkMask(label, "value", valueMask, [batch, keys]);
  checkMask(label, "key", keyMask, [batch, keys]);
  const ofKeys = both(valueMask, keyMask);
  const mask = both(
    ofKeys && reshape(cast(ofKeys, "bool"), [batch, 1, 1, keys]),
    attentionMaskOf(owner, context, [batch, heads, queries, keys], 2),
  );
  // As in Keras: 0 where the weights went through its softmax layer, else an average.
  const unseeing = rate > 0 ? "zero" : "average";
  const scale = 1 / Math.sqrt(size);
  const y = attend({ q, k, v, mask }, { scale, causal: context.useCausalMask, window: slidingWindow, unseeing });
  if (!queryMask) return y;
  // A query that does not count sees nothing; so is there no need for a mask of queries by keys.
  const counts = reshape(queryMask, [batch, queries, 1, 1]);
  return where(counts, y, unseeing === "zero" ? 0 : shared(mean(v, 1, true), q));
}

/** How the axes of keys (source), queries (target) and scores (product) are named. */
function equationsOf(rank: number, attentionAxes: readonly number[]) {
  const target = letters.slice(0, rank);
  let next = rank;
  const source = [...target]
    .map((letter, axis) => (attentionAxes.includes(axis) ? (letters[next++] as string) : letter))
    .join("");
  const batch = [...target].filter((_, axis) => axis !== rank - 1 && !attentionAxes.includes(axis));
  const along = (names: string) => attentionAxes.map((axis) => names[axis] as string);
  return { source, target, product: [...batch, ...along(target), ...along(source)].join("") };
}

/** The weights of all keys for all queries, [batch…, heads, queries…, keys…]. */
function weightsOf(owner: Owner, { q, k }: Heads, context: HeadsContext, attentionAxes: readonly number[]): Tensor {
  const { label, slidingWindow: window } = owner;
  const { source, target, product } = equationsOf(q.rank, attentionAxes);
  const scale = 1 / Math.sqrt(q.shape.at(-1) as number);
  const scores = einsum(`${source},${target}->${product}`, shared(k, q), multiply(q, scale));
  const [batch, queries] = q.shape as [number, number];
  const keys = k.shape[1] as number;
  const [queryMask, valueMask, keyMask] = context.masks;
  const overSteps = [
    queryMask && reshape(cast(queryMask, "bool"), [batch, queries, 1]),
    ...[valueMask, keyMask].map((mask) => mask && reshape(cast(mask, "bool"), [batch, 1, keys])),
    seenPlaces(queries, keys, { causal: context.useCausalMask, window }),
  ].filter((mask) => mask !== undefined);
  if (overSteps.length > 0 && (attentionAxes.length !== 1 || attentionAxes[0] !== 1)) {
    throw new ShapeError(
      `${label}: masks of inputs, a causal mask and a sliding window are for attention over axis 1, got axes ${formatShape(attentionAxes)}; give attentionMask`,
    );
  }
  const last = 2 * attentionAxes.length;
  const masks = overSteps.map((mask) =>
    mask.rank === 4
      ? reshape(mask, [...new Array<number>(scores.rank - 2).fill(1), queries, keys])
      : spread(mask, scores.rank, last),
  );
  const seen = [...masks, attentionMaskOf(owner, context, scores.shape, last)].reduce<Tensor | undefined>(
    both,
    undefined,
  );
  const axes = attentionAxes.map((_, index) => index - attentionAxes.length);
  if (!seen) return softmax(scores, axes);
  return where(seen, softmax(where(seen, scores, unseen), axes), 0);
}
