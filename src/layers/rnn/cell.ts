/**
 * What a recurrent cell is: a layer that takes one step. Here stand its interface, how states are counted, made and
 * checked, the options of Keras's own cells, and the options of the layers that go over time with a cell.
 */
import { type Activation, type ActivationOption, activation } from "../../activations.ts";
import { type ConstraintOption, constraint } from "../../constraints.ts";
import { type Device, onDevice } from "../../core/device.ts";
import type { DType } from "../../core/dtype.ts";
import { ShapeError } from "../../core/errors.ts";
import { boolean, integer, number, type Option, option, unlessNull } from "../../core/options.ts";
import { formatShape, type PartialShape, type Shape, sameShape } from "../../core/shape.ts";
import type { SymbolicTensor } from "../../core/symbolic.ts";
import { Tensor } from "../../core/tensor.ts";
import { leaves } from "../../core/tree.ts";
import { Variable } from "../../core/variable.ts";
import { Initializer, type InitializerOption, initializer } from "../../initializers.ts";
import { add, multiply } from "../../ops/elementwise/binary.ts";
import { affine } from "../../ops/matmul/matmul.ts";
import { concatenate } from "../../ops/movement/concatenate.ts";
import { expandDims } from "../../ops/movement/reshape.ts";
import { split } from "../../ops/movement/slice.ts";
import type { TensorLike } from "../../ops/op.ts";
import { dropout } from "../../ops/random/random.ts";
import type { SeedGenerator } from "../../ops/random/seed.ts";
import { ones, toTensor, zeros } from "../../ops/tensor.ts";
import { type RegularizerOption, regularizer } from "../../regularizers.ts";
import { type CallContext, type InputShape, Layer, type WeightOptions } from "../layer.ts";
import { type SeedOptions, seedOptions } from "../regularization/noise.ts";
import { type KernelOptions, kernelOptions, weight } from "../weights.ts";

/** The size of the only state, or those of each of several. */
export type StateSize = number | readonly StateSize[];

/** One step: from the input and the states to the output and the new states, in this order. */
export type Step = (x: Tensor, states: readonly Tensor[]) => readonly Tensor[];

/** What a sequence of steps leaves behind: each state [batch, steps + 1, …], from before the first to after the last. */
export type StateHistory = readonly Tensor[];

/**
 * A layer that takes one step of a recurrence: it is called on `[x, ...states]` and gives `[y, ...new states]`. Any
 * layer of your own with a `stateSize` is one.
 */
export interface RecurrentCell extends Layer {
  /** How many numbers each state has for a sample. */
  readonly stateSize: StateSize;
  /** How many numbers the output has for a sample. Default: as the first state. */
  readonly outputSize?: number;
  /** The states before the first step, for a step's input of that shape. Default: zeros [batch, size]. */
  initialState?(shape: Shape): readonly Tensor[];
  /**
   * The step for all of a sequence: what is drawn or worked out once for it is so here. Default: `call`. The shape is
   * that of a step's input.
   */
  stepper?(shape: Shape, context: CallContext): Step;
  /** All steps at once, where the cell knows a faster way than one after the other. */
  history?(
    sequence: Tensor,
    states: readonly Tensor[],
    mask: Tensor | undefined,
    context: CallContext,
  ): StateHistory | undefined;
}

/** Whether something can take steps. */
export function isCell(value: unknown): value is RecurrentCell {
  return value instanceof Layer && (value as Partial<RecurrentCell>).stateSize !== undefined;
}

/** The sizes of all states, one after the other. */
export function stateSizes(size: StateSize): readonly number[] {
  return typeof size === "number" ? [size] : size.flatMap(stateSizes);
}

/** How many numbers a cell puts out for a sample. */
export function outputSize(cell: RecurrentCell): number {
  return cell.outputSize ?? (stateSizes(cell.stateSize)[0] as number);
}

/** The states of a cell before the first of several steps with inputs of that shape, on a device of one's own. */
export function initialStates(cell: RecurrentCell, shape: Shape, device?: Device): readonly Tensor[] {
  const make = () =>
    cell.initialState?.(shape) ??
    stateSizes(cell.stateSize).map((size) => zeros([shape[0] as number, size], cell.dtype));
  return device ? onDevice(device, make) : make();
}

/** One step after the other, with what holds for all of them settled. */
export function stepperOf(cell: RecurrentCell, shape: Shape, context: CallContext): Step {
  return (
    cell.stepper?.(shape, context) ??
    ((x, states) => {
      const outputs = cell.call([x, ...states], context);
      return Array.isArray(outputs) ? outputs : [outputs as Tensor];
    })
  );
}

/** Refuses states that are not as many, or not of the shapes, as those a cell begins with. */
export function checkStates({ label }: Layer, states: readonly Tensor[], expected: readonly Tensor[]): void {
  const same = (state: Tensor, index: number) => sameShape(state.shape, (expected[index] as Tensor).shape);
  if (states.length === expected.length && states.every(same)) return;
  const words = (tensors: readonly Tensor[]) =>
    `${tensors.length} ${tensors.length === 1 ? "state" : "states"} of shape ${tensors.map(({ shape }) => formatShape(shape)).join(" and ")}`;
  throw new ShapeError(
    `${label}: needs ${words(expected)}, got ${states.length === 0 ? "none" : words(states)}; the first size is the batch`,
  );
}

/** The input of a step and the states, from what a cell is called on; states of other shapes are refused. */
export function stepInputs(cell: RecurrentCell, inputs: unknown): readonly [x: Tensor, states: readonly Tensor[]] {
  const [x, ...states] = (Array.isArray(inputs) ? inputs : [inputs]) as [Tensor, ...Tensor[]];
  checkStates(cell, states, initialStates(cell, x.shape, x.device));
  return [x, states];
}

/** What is given for states: one tensor, or a list of them, in lists again for stacked cells. */
export type GivenStates = TensorLike | SymbolicTensor | readonly GivenStates[];

function tensorsOf(given: unknown): readonly Tensor[] | undefined {
  if (given instanceof Tensor || given instanceof Variable || ArrayBuffer.isView(given)) {
    return [toTensor(given as TensorLike)];
  }
  if (!Array.isArray(given) || given.length === 0) return undefined;
  const leaf = leaves(given)[0];
  if (typeof leaf === "number") return given.map((each) => toTensor(each as TensorLike));
  const found = given.map(tensorsOf);
  return found.includes(undefined) ? undefined : (found as (readonly Tensor[])[]).flat();
}

/** What calls of recurrent layers may be told. */
export const sequenceCall = {
  /** The states before the first step, one tensor or a list of them. Default: zeros, or what a stateful layer kept. */
  initialState: option<GivenStates, readonly Tensor[], { readonly default: null }>(
    { default: null },
    {
      expected: "a tensor or a list of tensors, one for each state",
      parse: (given, refuse) => tensorsOf(given) ?? refuse(),
      toConfig: () => null,
      fromConfig: (json) => json as unknown as GivenStates,
    },
  ),
};

/** What `call` of a recurrent layer is told. */
export interface SequenceContext extends CallContext {
  readonly initialState?: readonly Tensor[] | null;
}

/** How a layer goes over time. */
export type SequenceOptions = {
  /** Whether all outputs come out, [batch, steps, …], or only the last. Default false: the last. */
  returnSequences: Option<boolean, boolean, false>;
  /** Whether the states after the last step come out too, behind the output. Default false. */
  returnState: Option<boolean, boolean, false>;
  /** Whether the last step comes first; sequences then come out in that order, too. Default false. */
  goBackwards: Option<boolean, boolean, false>;
  /** Whether the states after a call are those before the next one, until `resetState()`. Default false. */
  stateful: Option<boolean, boolean, false>;
  /** Asks for a known number of steps; how steps are computed does not depend on it. Default false. */
  unroll: Option<boolean, boolean, false>;
  /** Whether the output of a masked step is 0, or that of the step before. Default false: that of the step before. */
  zeroOutputForMask: Option<boolean, boolean, false>;
};

/* @__NO_SIDE_EFFECTS__ */
export function sequenceOptions(): SequenceOptions {
  return {
    returnSequences: boolean({ default: false }),
    returnState: boolean({ default: false }),
    goBackwards: boolean({ default: false }),
    stateful: boolean({ default: false }),
    unroll: boolean({ default: false }),
    zeroOutputForMask: boolean({ default: false }),
  };
}

/** The options of cells with an input kernel, a recurrent kernel and a bias, dropped out between them. */
export type CellWeightOptions = Omit<KernelOptions, "activation"> & {
  /** What is applied to the new state: a name like "relu", or a function of a tensor. Default "tanh". */
  activation: Option<ActivationOption, Activation, false>;
  /** How the recurrent kernel begins. Default "orthogonal". */
  recurrentInitializer: InitializerOption<{ readonly default: string }>;
  /** A penalty on the recurrent kernel. */
  recurrentRegularizer: RegularizerOption<{ readonly default: null }>;
  /** What the recurrent kernel must satisfy after each update. */
  recurrentConstraint: ConstraintOption<{ readonly default: null }>;
  /** The part of the input that is dropped while training, the same at all steps. Default 0. */
  dropout: Option<number, number, false>;
  /** The part of the state that is dropped from the recurrent product while training, the same at all steps. Default 0. */
  recurrentDropout: Option<number, number, false>;
} & SeedOptions;

/* @__NO_SIDE_EFFECTS__ */
export function cellWeightOptions(): CellWeightOptions {
  return {
    ...kernelOptions(),
    activation: activation({ default: "tanh" }),
    recurrentInitializer: initializer({ default: "orthogonal" }),
    recurrentRegularizer: regularizer({ default: null }),
    recurrentConstraint: constraint({ default: null }),
    dropout: number({ default: 0, min: 0, max: 1 }),
    recurrentDropout: number({ default: 0, min: 0, max: 1 }),
    ...seedOptions(),
  };
}

export type UnitsOption = {
  /** How many numbers the state, and so the output, has for a sample. */
  units: Option<number, number, true>;
};

/** The options of SimpleRNN's cell. */
export type SimpleCellOptions = UnitsOption & CellWeightOptions;

/* @__NO_SIDE_EFFECTS__ */
export function simpleCellOptions(): SimpleCellOptions {
  return { units: integer({ min: 1 }), ...cellWeightOptions() };
}

type GateOptions = {
  /** What is applied to the gates. Default "sigmoid". */
  recurrentActivation: Option<ActivationOption, Activation, false>;
};

/** Options of the gates of an LSTM. */
export type ForgetOptions = GateOptions & {
  /** Whether the bias of the forget gate begins at 1 (Jozefowicz et al., 2015). Default true. */
  unitForgetBias: Option<boolean, boolean, false>;
};

/* @__NO_SIDE_EFFECTS__ */
export function forgetOptions(): ForgetOptions {
  return {
    recurrentActivation: activation({ default: "sigmoid" }),
    unitForgetBias: boolean({ default: true }),
  };
}

/** The options of an LSTM's cell. */
export type LSTMCellOptions = SimpleCellOptions & ForgetOptions;

/* @__NO_SIDE_EFFECTS__ */
export function lstmCellOptions(): LSTMCellOptions {
  return { ...simpleCellOptions(), ...forgetOptions() };
}

/** Options of the gates of a GRU. */
export type ResetOptions = GateOptions & {
  /** Whether the reset gate comes after the recurrent product, which then has a bias of its own. Default true. */
  resetAfter: Option<boolean, boolean, false>;
};

/* @__NO_SIDE_EFFECTS__ */
export function resetOptions(): ResetOptions {
  return { recurrentActivation: activation({ default: "sigmoid" }), resetAfter: boolean({ default: true }) };
}

/** The options of a GRU's cell. */
export type GRUCellOptions = SimpleCellOptions & ResetOptions;

/* @__NO_SIDE_EFFECTS__ */
export function gruCellOptions(): GRUCellOptions {
  return { ...simpleCellOptions(), ...resetOptions() };
}

export type FusionOption = {
  /** Keras's choice of a fused implementation for graphics cards; there is none here. Only "auto" and false. */
  useCudnn: Option<"auto" | false, "auto" | false, false>;
};

/* @__NO_SIDE_EFFECTS__ */
export function fusionOption(): FusionOption {
  const useCudnn = option<"auto" | false, "auto" | false, { readonly default: "auto" }>(
    { default: "auto" },
    {
      expected: '"auto" or false: cuDNN is not to be had here',
      parse: (given, refuse) => (given === "auto" || given === false ? given : refuse()),
      toConfig: () => null,
      fromConfig: () => "auto",
    },
  );
  return { useCudnn: unlessNull(useCudnn) as FusionOption["useCudnn"] };
}

/** The weight options of a recurrent kernel. */
export function recurrentWeight(owner: Parameters<typeof weight<"recurrent">>[0], shape: Shape): WeightOptions {
  return { ...weight(owner, "recurrent", shape), name: "recurrent_kernel" };
}

/** How the bias of four gates is made: that of the second begins at 1, unless its owner would not have that. */
export function forgetBias(
  owner: Parameters<typeof weight<"bias">>[0] & { readonly unitForgetBias: boolean },
  units: number,
): WeightOptions {
  const bias = weight(owner, "bias", [4 * units]);
  if (!owner.unitForgetBias) return bias;
  const start = owner.biasInitializer;
  class ForgetBias extends Initializer {
    override call(_shape: Shape, dtype: DType): Tensor {
      return concatenate([start.call([units], dtype), ones([units], dtype), start.call([2 * units], dtype)]);
    }
  }
  return { ...bias, initializer: new ForgetBias() };
}

/** Gated cells take a rate of 1 for none, as Keras's do. */
export function partOf(rate: number): number {
  return rate === 1 ? 0 : rate;
}

/** The end of an LSTM's step: output and states from the sum of both products, in which gates lie along an axis. */
export function lstmGates(
  sums: Tensor,
  c: Tensor,
  axis: number,
  { activation: squash, recurrentActivation: open }: { activation: Activation; recurrentActivation: Activation },
): readonly Tensor[] {
  const [i, f, g, o] = split(sums, 4, axis) as [Tensor, Tensor, Tensor, Tensor];
  const memory = add(multiply(open(f), c), multiply(open(i), squash(g)));
  const next = multiply(open(o), squash(memory));
  return [next, next, memory];
}

/** What a cell draws once for a sequence: `count` masks of that shape, or none where nothing is dropped. */
export function dropoutMasks(
  rate: number,
  count: number,
  shape: Shape,
  { dtype }: Layer,
  seed: SeedGenerator | undefined,
  { training }: CallContext,
): readonly Tensor[] {
  if (!training || rate === 0) return [];
  return Array.from({ length: count }, () => dropout(ones(shape, dtype), rate, { seed }));
}

/** x · kernel + bias; with a mask for each part of the kernel, each part sees another part of x. */
export function maskedProduct(x: Tensor, kernel: Tensor, bias: Tensor | undefined, masks: readonly Tensor[]): Tensor {
  const [first, ...others] = masks;
  if (others.length === 0) return affine(first ? multiply(x, first) : x, kernel, bias);
  const kernels = split(kernel, masks.length, -1);
  const product = concatenate(
    masks.map((mask, index) => affine(multiply(x, mask), kernels[index] as Tensor)),
    -1,
  );
  return bias ? add(product, bias) : product;
}

/** All steps of a sequence [batch, steps, inputs], each times the one mask there is. */
export function maskedSequence(x: Tensor, [mask]: readonly Tensor[]): Tensor {
  return mask ? multiply(x, expandDims(mask, 1)) : x;
}

/** The shape of a step's input, from that of all a cell is called on. */
export function stepInputShape(shape: InputShape): PartialShape {
  return (Array.isArray(shape[0]) ? shape[0] : shape) as PartialShape;
}
