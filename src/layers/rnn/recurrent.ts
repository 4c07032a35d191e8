/**
 * The base of the layers that go over time with a cell: initial states, masks, direction, what comes out, and what is
 * kept from call to call. What a step computes is the cell's affair.
 */
import { OptionError } from "../../core/errors.ts";
import type { Schema, ValuesOf } from "../../core/options.ts";
import { inScope } from "../../core/scope.ts";
import { formatShape, type PartialShape, type Shape, sameShape } from "../../core/shape.ts";
import { shapesDevice } from "../../core/shapes-device.ts";
import type { SymbolicTensor } from "../../core/symbolic.ts";
import { Tensor } from "../../core/tensor.ts";
import { Variable } from "../../core/variable.ts";
import { cast } from "../../ops/elementwise/cast.ts";
import { where } from "../../ops/elementwise/compare.ts";
import { stack } from "../../ops/movement/concatenate.ts";
import { copy, reshape } from "../../ops/movement/reshape.ts";
import { flip, sliceAlong } from "../../ops/movement/slice.ts";
import type { TensorLike } from "../../ops/op.ts";
import { stepAt, stepsOf } from "../../ops/recurrent/steps.ts";
import {
  type CallOptions,
  type InputShape,
  type InputSpec,
  type LayerClassOn,
  type LayerOptions,
  layer,
  layerOn,
} from "../layer.ts";
import {
  checkStates,
  type GivenStates,
  initialStates,
  type RecurrentCell,
  type SequenceContext,
  type SequenceOptions,
  type StateSize,
  sequenceCall,
  sequenceOptions,
  stateSizes,
  stepInputShape,
  stepperOf,
} from "./cell.ts";

/** What a call of a recurrent layer may be told. */
export interface SequenceCallOptions extends CallOptions {
  /** The states before the first step, one tensor or a list of them. Default: zeros, or what a stateful layer kept. */
  readonly initialState?: GivenStates | null | undefined;
}

/** What a sequence gives: the output of the last step, those of all steps, and the states after them. */
interface Passed {
  readonly last: Tensor;
  readonly all: Tensor | undefined;
  readonly states: readonly Tensor[];
}

/** The states one after the other, in lists as the cell has them. */
function packed(states: readonly Tensor[], sizes: StateSize): unknown[] {
  const left = [...states];
  const take = (size: StateSize): unknown => (typeof size === "number" ? left.shift() : size.map(take));
  return typeof sizes === "number" ? [take(sizes)] : sizes.map(take);
}

/** Where the first state of the last cell is: what a cell put out before, as far as it is known. */
function outputState(size: StateSize): number {
  if (typeof size === "number" || typeof size[0] === "number") return 0;
  return stateSizes(size.slice(0, -1)).length;
}

/** A mask [batch] or [batch, steps] beside a tensor with more axes. */
function beside(mask: Tensor, tensor: Tensor): Tensor {
  return reshape(mask, [...mask.shape, ...new Array<number>(tensor.rank - mask.rank).fill(1)]);
}

export abstract class Recurrent extends layer("Recurrent", sequenceOptions(), undefined, sequenceCall) {
  override readonly supportsMasking = true;
  protected override inputSpec: InputSpec | readonly InputSpec[] | undefined = [{ minRank: 3 }];
  /** What takes the steps. */
  declare readonly cell: RecurrentCell;
  #states: readonly Variable[] | undefined;

  /** The states that a stateful layer keeps, once it is built. */
  get states(): readonly Variable[] | undefined {
    return this.#states;
  }

  override build(shape: InputShape): void {
    const sequence = stepInputShape(shape);
    const step: PartialShape = [sequence[0] as number | null, ...sequence.slice(2)];
    this.cell.build(step);
    const [spec] = this.inputSpec as readonly [InputSpec];
    if (spec.rank === 3) this.inputSpec = [{ ...spec, axes: { [-1]: this.sizeAt(sequence, -1) } }];
    if (!this.stateful) return;
    if (step.includes(null)) {
      this.refuse(
        `is stateful, so the batch size must be known, got shape ${formatShape(sequence)}; give it in input({ batchSize }) or batchShape`,
      );
    }
    this.#states = initialStates(this.cell, step as Shape).map(
      (value) => new Variable(value, { name: "rnn_state", trainable: false }),
    );
    const [built] = this.inputSpec as readonly [InputSpec];
    this.inputSpec = [{ ...built, axes: { ...built.axes, 0: step[0] as number } }];
  }

  /** Makes the states zeros again, or whatever the cell begins with. */
  resetState(): void {
    const states = this.#states;
    if (!states) return;
    const shape = stepInputShape(this.buildShape as InputShape) as Shape;
    inScope(() => {
      initialStates(this.cell, shape.toSpliced(1, 1)).forEach((value, index) => {
        (states[index] as Variable).assign(value);
      });
    }, false);
  }

  /** As `resetState`. */
  resetStates(): void {
    this.resetState();
  }

  override apply<R = SymbolicTensor>(
    inputs: SymbolicTensor | readonly SymbolicTensor[],
    options?: SequenceCallOptions,
  ): R;
  override apply<R = Tensor>(inputs: TensorLike | readonly TensorLike[], options?: SequenceCallOptions): R;
  override apply(inputs: unknown, options?: SequenceCallOptions): unknown {
    return super.apply(inputs as Tensor, options as CallOptions);
  }

  override call(inputs: Tensor | readonly Tensor[], context: SequenceContext): Tensor | Tensor[] {
    const [x, ...listed] = (Array.isArray(inputs) ? inputs : [inputs]) as [Tensor, ...Tensor[]];
    if (x.shape[1] === 0) this.refuse(`needs one step at least, got shape ${formatShape(x.shape)}`);
    if (listed.length > 0 && context.initialState) {
      throw new OptionError(`${this.label}: got states in the list of inputs and as initialState; give them once`);
    }
    const mask = this.#checkedMask(x, context.mask);
    const states = this.#statesBefore(x, context.initialState ?? listed);
    const forwards = { x, mask };
    const sequence = this.goBackwards ? { x: flip(x, 1), mask: mask && flip(mask, 1) } : forwards;
    const passed =
      this.#atOnce(sequence.x, states, sequence.mask, context) ??
      this.#stepByStep(sequence.x, states, sequence.mask, context);
    this.#states?.forEach((variable, index) => {
      variable.assign(passed.states[index] as Tensor);
    });
    const y = this.returnSequences ? (passed.all as Tensor) : passed.last;
    if (!this.returnState) return y;
    const own = passed.states.map((state) => (state === y ? copy(state) : state));
    return [y, ...packed(own, this.cell.stateSize)] as Tensor[];
  }

  /** `call` checks them: it knows what each of them is for. */
  protected override checkMasks(): void {}

  /** The mask goes on with the outputs of all steps. */
  override computeMask(_inputs: unknown, [mask]: readonly (Tensor | undefined)[]): Tensor | undefined {
    return this.returnSequences ? mask : undefined;
  }

  #checkedMask(x: Tensor, mask: Tensor | undefined): Tensor | undefined {
    if (!mask) return undefined;
    if (!sameShape(mask.shape, x.shape.slice(0, 2))) {
      this.refuse(
        `a mask has shape [batch, steps], so ${formatShape(x.shape.slice(0, 2))} for an input of shape ${formatShape(x.shape)}, got ${formatShape(mask.shape)}`,
      );
    }
    return cast(mask, "bool");
  }

  #statesBefore(x: Tensor, given: readonly Tensor[]): readonly Tensor[] {
    const initial = () => initialStates(this.cell, x.shape.toSpliced(1, 1), x.device);
    if (given.length === 0) return this.#states?.map(({ value }) => value) ?? initial();
    checkStates(this, given, initial());
    return given.map((state) => cast(state, this.dtype));
  }

  /** All steps at once, where the cell can. */
  #atOnce(
    x: Tensor,
    states: readonly Tensor[],
    mask: Tensor | undefined,
    context: SequenceContext,
  ): Passed | undefined {
    const history = this.cell.history?.(x, states, mask, context);
    if (!history) return undefined;
    const steps = x.shape[1] as number;
    const [outputs] = history as readonly [Tensor];
    const after = history.map((each) => stepAt(each, steps));
    const zeroed = (y: Tensor, counts: Tensor | undefined) =>
      this.zeroOutputForMask && counts ? where(beside(counts, y), y, 0) : y;
    return {
      last: zeroed(after[0] as Tensor, mask && stepAt(mask, steps - 1)),
      all: this.returnSequences ? zeroed(sliceAlong(outputs, 1, 1, steps + 1), mask) : undefined,
      states: after,
    };
  }

  #stepByStep(x: Tensor, initial: readonly Tensor[], mask: Tensor | undefined, context: SequenceContext): Passed {
    const step = stepperOf(this.cell, x.shape.toSpliced(1, 1), context);
    const take = (input: Tensor, states: readonly Tensor[], counts: Tensor | undefined): Tensor[] => {
      const [y, ...next] = step(input, states) as [Tensor, ...Tensor[]];
      if (!counts) return [y, ...next];
      return [
        this.#maskedOutput(y, states, counts),
        ...next.map((state, index) => where(beside(counts, state), state, states[index] as Tensor)),
      ];
    };
    const steps = x.shape[1] as number;
    // Shapes alone need one step, however many there are.
    if (x.device === shapesDevice) {
      const [last, ...states] = take(stepAt(x, 0), initial, mask && stepAt(mask, 0)) as [Tensor, ...Tensor[]];
      return { last, all: Tensor.allocate(x.device, last.shape.toSpliced(1, 0, steps), last.dtype), states };
    }
    const inputs = stepsOf(x);
    const masks = mask ? stepsOf(mask) : [];
    const outputs: Tensor[] = [];
    let states = initial;
    let last: Tensor | undefined;
    inputs.forEach((input, index) => {
      const [y, ...next] = inScope(() => take(input, states, masks[index])) as [Tensor, ...Tensor[]];
      // At inference memory does not pile up with the steps: what no later step needs goes.
      const spent = [input, ...(index > 0 ? states : []), ...(last && !this.returnSequences ? [last] : [])];
      const kept = new Set([y, ...next, ...outputs]);
      for (const each of spent) if (!kept.has(each)) each.dispose();
      states = next;
      last = y;
      if (this.returnSequences) outputs.push(y);
    });
    return { last: last as Tensor, all: this.returnSequences ? stack(outputs, 1) : undefined, states };
  }

  #maskedOutput(y: Tensor, states: readonly Tensor[], counts: Tensor): Tensor {
    if (this.zeroOutputForMask) return where(beside(counts, y), y, 0);
    const before = states[outputState(this.cell.stateSize)] as Tensor;
    if (!sameShape(before.shape, y.shape)) {
      this.refuse(
        `a masked step puts out what its first state holds, but that has shape ${formatShape(before.shape)} and the output ${formatShape(y.shape)}; use zeroOutputForMask: true`,
      );
    }
    return where(beside(counts, y), y, before);
  }

  override dispose(): void {
    for (const state of this.#states ?? []) state.dispose();
    super.dispose();
  }
}

/** As `layer()`, for a layer that goes over time: its own options and those of `Recurrent`. */
/* @__NO_SIDE_EFFECTS__ */
export function recurrent<S extends Schema>(className: string, own: S): LayerClassOn<Recurrent, SequenceOptions, S> {
  return layerOn<Recurrent, SequenceOptions, S>(Recurrent, className, own);
}

/** What a layer's options say of its cell, to make that with. */
export function optionsOfCell<S extends Schema>(owner: Recurrent & ValuesOf<S>, schema: S, name: string) {
  const options = Object.fromEntries(Object.keys(schema).map((key) => [key, (owner as ValuesOf<S>)[key]]));
  return { ...options, name, dtype: owner.dtype, trainable: owner.trainable } as LayerOptions<S>;
}
