/**
 * What ConvLSTM1D, 2D and 3D share: their options, their cell, and the base that names no rank.
 */
import { integer } from "../../core/options.ts";
import type { PartialShape, Shape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Variable } from "../../core/variable.ts";
import { spatialAxes, windowsAlong } from "../../core/windows.ts";
import { convolve } from "../../ops/convolution/convolution.ts";
import { add, multiply } from "../../ops/elementwise/binary.ts";
import { concatenate } from "../../ops/movement/concatenate.ts";
import { split } from "../../ops/movement/slice.ts";
import type { SeedGenerator } from "../../ops/random/seed.ts";
import { zeros } from "../../ops/tensor.ts";
import { checkWindows, type FiltersOption, type WindowOptions, windowOptions } from "../convolutional/convolution.ts";
import { type CallContext, type InputShape, type InputSpec, layer } from "../layer.ts";
import { weight } from "../weights.ts";
import {
  type CellWeightOptions,
  cellWeightOptions,
  dropoutMasks,
  type ForgetOptions,
  forgetBias,
  forgetOptions,
  lstmGates,
  partOf,
  recurrentWeight,
  type Step,
  stepInputShape,
  stepInputs,
} from "./cell.ts";
import { optionsOfCell, recurrent } from "./recurrent.ts";

export type ConvLSTMOptions = FiltersOption & WindowOptions & CellWeightOptions & ForgetOptions;

/** The options of convolutional LSTMs over so many axes. */
/* @__NO_SIDE_EFFECTS__ */
export function convLSTMOptions(rank: number): ConvLSTMOptions {
  return { filters: integer({ min: 1 }), ...windowOptions(rank), ...cellWeightOptions(), ...forgetOptions() };
}

/** A convolution whose gates each see another part of x, where there are masks for them. */
function maskedConvolution(
  x: Tensor,
  kernel: Tensor,
  bias: Tensor | undefined,
  masks: readonly Tensor[],
  convolution: (x: Tensor, kernel: Tensor, bias?: Tensor) => Tensor,
  axis: number,
): Tensor {
  if (masks.length === 0) return convolution(x, kernel, bias);
  const kernels = split(kernel, masks.length, -1);
  const biases = bias ? split(bias, masks.length) : [];
  return concatenate(
    masks.map((mask, index) => convolution(multiply(x, mask), kernels[index] as Tensor, biases[index])),
    axis,
  );
}

/** One step of a convolutional LSTM; Keras has no such cell of its own, so it is no layer to be named. */
class ConvLSTMCell extends layer("ConvLSTMCell", convLSTMOptions(1)) {
  kernel: Variable | undefined = undefined;
  recurrentKernel: Variable | undefined = undefined;
  bias: Variable | undefined = undefined;
  #seeds: SeedGenerator | undefined;

  get stateSize(): readonly number[] {
    return [this.filters, this.filters];
  }

  get #channelAxis(): number {
    return this.dataFormat === "channels_last" ? -1 : 1;
  }

  override build(shape: InputShape): void {
    const channels = this.sizeAt(stepInputShape(shape), this.#channelAxis);
    const width = 4 * this.filters;
    this.kernel = this.addWeight(weight(this, "kernel", [...this.kernelSize, channels, width]));
    this.recurrentKernel = this.addWeight(recurrentWeight(this, [...this.kernelSize, this.filters, width]));
    if (this.useBias) this.bias = this.addWeight(forgetBias(this, this.filters));
    this.#seeds = this.addSeedGenerator(this.seed);
  }

  /** The shape of a state beside a step's input of that shape. */
  #stateShape(shape: Shape): Shape {
    const sizes = shape.with(this.#channelAxis, this.filters);
    spatialAxes(shape.length, this.dataFormat).forEach((axis, index) => {
      sizes[axis] = windowsAlong(shape[axis] as number, {
        window: this.kernelSize[index] as number,
        stride: this.strides[index] as number,
        dilation: this.dilationRate[index] as number,
        padding: this.padding,
      }).count;
    });
    return sizes;
  }

  initialState(shape: Shape): readonly Tensor[] {
    const state = this.#stateShape(shape);
    return [zeros(state, this.dtype), zeros(state, this.dtype)];
  }

  stepper(shape: Shape, context: CallContext): Step {
    const [kernel, recurrentKernel] = [this.kernel as Variable, this.recurrentKernel as Variable];
    const axis = this.#channelAxis;
    const masksOf = (rate: number, of: Shape) => dropoutMasks(partOf(rate), 4, of, this, this.#seeds, context);
    const ofInput = masksOf(this.dropout, shape);
    const ofState = masksOf(this.recurrentDropout, this.#stateShape(shape));
    const ofWindows = (x: Tensor, weights: Tensor, bias?: Tensor) => convolve(x, weights, bias, this, this.label);
    const same = { padding: "same", dataFormat: this.dataFormat } as const;
    const inPlace = (h: Tensor, weights: Tensor) => convolve(h, weights, undefined, same, this.label);
    return (x, [h, c]) => {
      const given = maskedConvolution(x, kernel.value, this.bias?.value, ofInput, ofWindows, axis);
      const fed = maskedConvolution(h as Tensor, recurrentKernel.value, undefined, ofState, inPlace, axis);
      return lstmGates(add(given, fed), c as Tensor, axis, this);
    };
  }

  override call(inputs: readonly Tensor[], context: CallContext): Tensor[] {
    const [x, states] = stepInputs(this, inputs);
    return [...this.stepper(x.shape, context)(x, states)];
  }
}

/** The cell with the options for so many axes. */
function cellOf(rank: number): typeof ConvLSTMCell {
  return class extends ConvLSTMCell {
    static override readonly schema = convLSTMOptions(rank);
  };
}

/** A convolutional LSTM over as many axes as `kernelSize` has numbers. */
export abstract class ConvLSTM extends recurrent("ConvLSTM", convLSTMOptions(1)) {
  protected override inputSpec: readonly InputSpec[] = [{ rank: this.kernelSize.length + 3 }];
  override readonly cell = new (cellOf(this.kernelSize.length))({
    ...optionsOfCell(this, ConvLSTMCell.schema, "conv_lstm_cell"),
    activityRegularizer: null,
  });

  protected override checkOptions(): void {
    checkWindows(this);
  }

  override build(shape: InputShape): void {
    super.build(shape);
    const sequence: PartialShape = stepInputShape(shape);
    const axis = this.dataFormat === "channels_last" ? -1 : 2;
    const [spec] = this.inputSpec as readonly [InputSpec];
    this.inputSpec = [{ ...spec, axes: { ...spec.axes, [axis]: this.sizeAt(sequence, axis) } }];
  }
}
