/**
 * Bidirectional: a recurrent layer and another one that begins at the end.
 */
import { OptionError } from "../../core/errors.ts";
import { choice, option } from "../../core/options.ts";
import { formatShape, sameShape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { add, divide, multiply } from "../../ops/elementwise/binary.ts";
import { concatenate } from "../../ops/movement/concatenate.ts";
import { flip } from "../../ops/movement/slice.ts";
import type { TensorLike } from "../../ops/op.ts";
import { baseOptions, factory, type InputShape, Layer, type LayerOptions, layer } from "../layer.ts";
import { describeLayer, deserializeLayer } from "../serialize.ts";
import { startOption } from "../weights.ts";
import { type SequenceContext, sequenceCall, stepInputShape } from "./cell.ts";
import { Recurrent } from "./recurrent.ts";

const directionOption = option<Recurrent, Recurrent, Record<never, never>>(
  {},
  {
    expected: "a recurrent layer",
    parse: (given, refuse) => (given instanceof Recurrent ? given : refuse()),
    toConfig: describeLayer,
    fromConfig: (json, classes) => deserializeLayer(json, classes) as Recurrent,
  },
);

const bidirectionalOptions = {
  /** The recurrent layer that goes forwards; one like it is made, with weights of its own. */
  layer: directionOption,
  /** How both outputs meet: "concat" (default), "sum", "mul" or "ave"; null leaves them apart. */
  mergeMode: choice(["concat", "sum", "mul", "ave"], { default: "concat" as const, nullable: true } as {
    readonly default: "concat";
    readonly nullable: true;
  }),
  /** The layer that goes backwards. Default: one like `layer`. */
  backwardLayer: directionOption,
  /** Values to begin with, those of the forward layer first. No config has them. Default null. */
  weights: startOption<readonly TensorLike[]>("a list of values, those of the forward layer first", (given) => given),
};

/** What the constructor of a Bidirectional takes. */
export interface BidirectionalOptions
  extends Omit<LayerOptions<typeof bidirectionalOptions>, "backwardLayer" | "mergeMode"> {
  /** How both outputs meet: "concat" (default), "sum", "mul" or "ave"; null leaves them apart. */
  mergeMode?: "concat" | "sum" | "mul" | "ave" | null | undefined;
  /** The layer that goes backwards. Default null: one like `layer`. */
  backwardLayer?: Recurrent | null | undefined;
}

/** A layer with the same options, inner layers copied too; `changes` replace some. */
function copyOf<L extends Layer>(original: L, changes: Readonly<Record<string, unknown>> = {}): L {
  const { schema } = original.constructor as typeof Layer;
  const copied = (value: unknown): unknown =>
    value instanceof Layer ? copyOf(value) : Array.isArray(value) ? value.map(copied) : value;
  const names = Object.keys({ ...baseOptions, ...schema }).filter((name) => name !== "weights");
  const options = names.map((name) => [name, copied((original as unknown as Record<string, unknown>)[name])]);
  const make = original.constructor as unknown as new (options: unknown) => L;
  return new make({ ...Object.fromEntries(options), ...changes });
}

/** Options as the layer keeps them: both layers as they will be called. */
function prepared(options: BidirectionalOptions): LayerOptions<typeof bidirectionalOptions> {
  const { layer: given, backwardLayer } = options;
  if (!(given instanceof Recurrent) || (backwardLayer && !(backwardLayer instanceof Recurrent)))
    return options as never;
  // Steps that are masked put out zeros, so that the directions do not differ there.
  const zeroOutputForMask = given.returnSequences;
  const named = (direction: string) => `${direction}_${given.name.replace(new RegExp(`^${direction}_`), "")}`;
  const backwards = backwardLayer ?? copyOf(given, { name: named("backward"), goBackwards: true, zeroOutputForMask });
  return {
    ...options,
    layer: copyOf(given, { name: named("forward"), zeroOutputForMask }),
    backwardLayer:
      backwards.zeroOutputForMask === zeroOutputForMask ? backwards : copyOf(backwards, { zeroOutputForMask }),
  } as never;
}

/**
 * Goes over time in both directions, each with weights of its own (Schuster & Paliwal, 1997), and merges the outputs:
 * side by side, by sum, product or average, or not at all. With `returnSequences` the backward outputs are put back
 * into the order of time first.
 *
 * - Input: as of the inner layer; or a list of it and the initial states, those of the forward layer first.
 * - Output: as of the inner layer, twice as wide for "concat"; with `mergeMode: null` a list of both. With the inner
 *   layer's `returnState` the states of the forward, then of the backward layer follow.
 * - Weights: those of the forward, then of the backward layer.
 *
 * A mask goes to both. Where sequences come out, masked steps put out zeros.
 *
 * @throws OptionError where both layers go the same way, or differ in `returnSequences`, `returnState` or `stateful`.
 *
 * @example
 * ```ts
 * import { Bidirectional, SimpleRNN, tensor } from "varve";
 * const ones = { kernelInitializer: "ones", recurrentInitializer: "ones" };
 * const sums = new SimpleRNN({ units: 1, activation: null, returnSequences: true, ...ones });
 * const layer = new Bidirectional({ layer: sums });
 * await layer.apply(tensor([[[1], [2], [3]]])).array() // => [[[1, 6], [3, 5], [6, 3]]]
 * ```
 */
export class Bidirectional extends layer("Bidirectional", bidirectionalOptions, undefined, sequenceCall) {
  override readonly supportsMasking = true;

  constructor(options: BidirectionalOptions) {
    super(prepared(options ?? {}) as never);
  }

  /** The layer that goes forwards. */
  get forwardLayer(): Recurrent {
    return this.layer;
  }

  protected override checkOptions(): void {
    const [there, back] = [this.layer, this.backwardLayer];
    if (there.goBackwards === back.goBackwards) {
      throw new OptionError(
        `${this.label}: both layers have goBackwards: ${there.goBackwards}; one of them must go forwards and one backwards`,
      );
    }
    for (const option of ["stateful", "returnSequences", "returnState"] as const) {
      if (there[option] !== back[option]) {
        throw new OptionError(
          `${this.label}: ${option} is ${there[option]} in the forward layer and ${back[option]} in the backward layer; it must be the same`,
        );
      }
    }
  }

  override build(shape: InputShape): void {
    const sequence = stepInputShape(shape);
    this.layer.build(sequence);
    this.backwardLayer.build(sequence);
  }

  /** Makes the states of both layers zeros again. */
  resetState(): void {
    this.layer.resetState();
    this.backwardLayer.resetState();
  }

  /** As `resetState`. */
  resetStates(): void {
    this.resetState();
  }

  override call(inputs: Tensor | readonly Tensor[], { training, mask, initialState }: SequenceContext) {
    const [x, ...listed] = (Array.isArray(inputs) ? inputs : [inputs]) as [Tensor, ...Tensor[]];
    const states = initialState ?? listed;
    if (states.length % 2 === 1) {
      this.refuse(
        `needs as many initial states for the backward as for the forward layer, got ${states.length} in all`,
      );
    }
    const half = states.length / 2;
    const pass = (inner: Recurrent, given: readonly Tensor[]) => {
      const outputs: unknown = inner.apply(x, { training, mask, initialState: given.length > 0 ? given : null });
      return (inner.returnState ? outputs : [outputs]) as [Tensor, ...Tensor[]];
    };
    const [there, ...statesThere] = pass(this.layer, states.slice(0, half));
    const [last, ...statesBack] = pass(this.backwardLayer, states.slice(half));
    const back = this.layer.returnSequences ? flip(last, 1) : last;
    const outputs = this.#merged(there, back);
    for (const output of outputs) output.mask = this.layer.returnSequences ? mask : undefined;
    const all = [...outputs, ...statesThere, ...statesBack];
    return all.length === 1 ? (all[0] as Tensor) : all;
  }

  #merged(there: Tensor, back: Tensor): Tensor[] {
    if (this.mergeMode !== null && this.mergeMode !== "concat" && !sameShape(there.shape, back.shape)) {
      this.refuse(
        `the forward layer gives ${formatShape(there.shape)}, the backward layer ${formatShape(back.shape)}, which mergeMode "${this.mergeMode}" cannot merge; use "concat" or null, or layers of one width`,
      );
    }
    switch (this.mergeMode) {
      case null:
        return [there, back];
      case "concat":
        return [concatenate([there, back], -1)];
      case "sum":
        return [add(there, back)];
      case "mul":
        return [multiply(there, back)];
      case "ave":
        return [divide(add(there, back), 2)];
    }
  }

  /** Masks go only with outputs of all steps; `call` attaches them. */
  override computeMask(): undefined {
    return undefined;
  }
}

export const bidirectional = factory(Bidirectional);
