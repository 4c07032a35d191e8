/**
 * What the convolutional layers share: their options, and the four bases whose concrete layers only name their rank.
 */
import { type ConstraintOption, constraint } from "../../constraints.ts";
import { OptionError, show } from "../../core/errors.ts";
import { choice, integer, type Option, sizes } from "../../core/options.ts";
import type { PartialShape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Variable } from "../../core/variable.ts";
import type { DataFormat } from "../../core/windows.ts";
import { type InitializerOption, initializer } from "../../initializers.ts";
import {
  convolve,
  convolveDepthwise,
  convolveSeparable,
  convolveTransposed,
} from "../../ops/convolution/convolution.ts";
import { type RegularizerOption, regularizer } from "../../regularizers.ts";
import { type InputSpec, layer, layerOn } from "../layer.ts";
import { type DataFormatOption, dataFormat } from "../spatial.ts";
import { type KernelOptions, kernelOptions, type OutputOptions, outputOptions, weight } from "../weights.ts";

type SizesOption = Option<number | readonly number[], readonly number[], false>;
type RequiredSizes = Option<number | readonly number[], readonly number[], true>;

/** Where windows lie. */
export type WindowOptions = {
  /** The window: one length for all spatial axes, or one for each. */
  kernelSize: RequiredSizes;
  /** How far apart windows begin: one number, or one for each spatial axis. Default 1. */
  strides: SizesOption;
  /** "valid" (default): windows lie inside. "same": ceil(size / stride) of them, over the edges where need be. */
  padding: Option<"valid" | "same", "valid" | "same", false>;
  /** Where the channels are: "channels_last" (default) or "channels_first". */
  dataFormat: DataFormatOption;
  /** How far apart the elements of a window are. Default 1; only 1 where strides are above 1. */
  dilationRate: SizesOption;
  /** A penalty on the layer's output, divided by the batch size and added to the loss. */
  activityRegularizer: RegularizerOption<{ readonly default: null }>;
};

/* @__NO_SIDE_EFFECTS__ */
export function windowOptions(rank: number): WindowOptions {
  return {
    kernelSize: sizes({ rank }),
    strides: sizes({ rank, default: 1 }),
    padding: choice(["valid", "same"], { default: "valid" }),
    dataFormat: dataFormat(),
    dilationRate: sizes({ rank, default: 1 }),
    activityRegularizer: regularizer({ default: null }),
  };
}

export type FiltersOption = {
  /** How many channels come out. */
  filters: Option<number, number, true>;
};

type DepthMultiplierOption = {
  /** How many results each channel gives. Default 1. */
  depthMultiplier: Option<number, number, false>;
};

type DepthwiseOptions = {
  /** How the kernel of the single channels begins. Default "glorot_uniform". */
  depthwiseInitializer: InitializerOption<{ readonly default: string }>;
  /** A penalty on that kernel. */
  depthwiseRegularizer: RegularizerOption<{ readonly default: null }>;
  /** What that kernel must satisfy after each update. */
  depthwiseConstraint: ConstraintOption<{ readonly default: null }>;
};

type PointwiseOptions = {
  /** How the kernel that mixes channels begins. Default "glorot_uniform". */
  pointwiseInitializer: InitializerOption<{ readonly default: string }>;
  /** A penalty on that kernel. */
  pointwiseRegularizer: RegularizerOption<{ readonly default: null }>;
  /** What that kernel must satisfy after each update. */
  pointwiseConstraint: ConstraintOption<{ readonly default: null }>;
};

export type ConvolutionOptions = FiltersOption &
  Omit<WindowOptions, "padding"> & {
    /**
     * "valid" (default): windows lie inside. "same": ceil(size / stride) of them, over the edges where need be.
     * "causal", in one dimension: as many, none of which sees what comes later.
     */
    padding: Option<"valid" | "same" | "causal", "valid" | "same" | "causal", false>;
    /** Into how many groups channels and filters are split, which see each other only. Default 1. */
    groups: Option<number, number, false>;
  } & KernelOptions;

export type TransposedOptions = FiltersOption &
  WindowOptions & {
    /** Adds to the size of the output, less than the stride. Default null: worked out. */
    outputPadding: Option<number | readonly number[] | null, readonly number[] | null, false>;
  } & KernelOptions;

export type DepthwiseConvolutionOptions = WindowOptions & DepthMultiplierOption & DepthwiseOptions & OutputOptions;

export type SeparableOptions = FiltersOption &
  WindowOptions &
  DepthMultiplierOption &
  DepthwiseOptions &
  PointwiseOptions &
  OutputOptions;

/** The options of convolution over so many axes. */
/* @__NO_SIDE_EFFECTS__ */
export function convolutionOptions(rank: number): ConvolutionOptions {
  const paddings = ["valid", "same", ...(rank === 1 ? (["causal"] as const) : [])] as const;
  return {
    filters: integer({ min: 1 }),
    ...windowOptions(rank),
    padding: choice(paddings, { default: "valid" }),
    groups: integer({ default: 1, min: 1 }),
    ...kernelOptions(),
  };
}

/** The options of transposed convolution over so many axes. */
/* @__NO_SIDE_EFFECTS__ */
export function transposedOptions(rank: number): TransposedOptions {
  return {
    filters: integer({ min: 1 }),
    ...windowOptions(rank),
    outputPadding: sizes({ rank, default: null, min: 0 }),
    ...kernelOptions(),
  };
}

/* @__NO_SIDE_EFFECTS__ */
function depthwise(rank: number) {
  return {
    ...windowOptions(rank),
    depthMultiplier: integer({ default: 1, min: 1 }),
    depthwiseInitializer: initializer({ default: "glorot_uniform" }),
    depthwiseRegularizer: regularizer({ default: null }),
    depthwiseConstraint: constraint({ default: null }),
  };
}

/** The options of depthwise convolution over so many axes. */
/* @__NO_SIDE_EFFECTS__ */
export function depthwiseOptions(rank: number): DepthwiseConvolutionOptions {
  return { ...depthwise(rank), ...outputOptions() };
}

/** The options of separable convolution over so many axes. */
/* @__NO_SIDE_EFFECTS__ */
export function separableOptions(rank: number): SeparableOptions {
  return {
    filters: integer({ min: 1 }),
    ...depthwise(rank),
    pointwiseInitializer: initializer({ default: "glorot_uniform" }),
    pointwiseRegularizer: regularizer({ default: null }),
    pointwiseConstraint: constraint({ default: null }),
    ...outputOptions(),
  };
}

interface Windows {
  readonly label: string;
  readonly kernelSize: readonly number[];
  readonly strides: readonly number[];
  readonly dilationRate: readonly number[];
}

/** Refuses strides together with dilation. */
export function checkWindows({ label, strides, dilationRate }: Windows): void {
  if (Math.max(...strides) > 1 && Math.max(...dilationRate) > 1) {
    throw new OptionError(
      `${label}: strides ${show(strides)} with dilationRate ${show(dilationRate)}: only one of the two may be above 1`,
    );
  }
}

const channelAxis = (format: DataFormat) => (format === "channels_last" ? -1 : 1);

/** What the input must look like: the rank, and once built the channels. */
function specOf(
  { kernelSize, dataFormat }: Windows & { readonly dataFormat: DataFormat },
  channels?: number,
): InputSpec {
  const rank = kernelSize.length + 2;
  return channels === undefined ? { rank } : { rank, axes: { [channelAxis(dataFormat)]: channels } };
}

/* @__NO_SIDE_EFFECTS__ */
function sharedOptions(): Omit<WindowOptions, "padding"> & OutputOptions {
  const { padding: _, ...windows } = windowOptions(1);
  return { ...windows, ...outputOptions() };
}

/** What the layers with windows share: their channels, and a bias for each channel that comes out. */
abstract class Windowed extends layer("Windowed", sharedOptions()) {
  protected override inputSpec: InputSpec = specOf(this);
  bias: Variable | undefined = undefined;

  /** Makes the kernels, for so many channels, and says how many come out. */
  protected abstract buildKernels(channels: number): number;

  protected override checkOptions(): void {
    checkWindows(this);
  }

  override build(shape: PartialShape): void {
    const channels = this.sizeAt(shape, channelAxis(this.dataFormat));
    const made = this.buildKernels(channels);
    if (this.useBias) this.bias = this.addWeight(weight(this, "bias", [made]));
    this.inputSpec = specOf(this, channels);
  }
}

/** Convolution over as many axes as `kernelSize` has numbers. */
export abstract class Convolution extends layerOn(Windowed, "Convolution", convolutionOptions(1)) {
  kernel: Variable | undefined = undefined;

  protected override checkOptions(): void {
    super.checkOptions();
    if (this.filters % this.groups !== 0) {
      throw new OptionError(`${this.label}: ${this.filters} filters cannot form ${this.groups} groups of equal size`);
    }
  }

  protected override buildKernels(channels: number): number {
    if (channels % this.groups !== 0) {
      this.refuse(
        `${channels} channels cannot form ${this.groups} groups of equal size; choose a divisor of ${channels}`,
      );
    }
    this.kernel = this.addWeight(weight(this, "kernel", [...this.kernelSize, channels / this.groups, this.filters]));
    return this.filters;
  }

  override call(x: Tensor): Tensor {
    return this.activation(convolve(x, this.kernel as Variable, this.bias, this, this.label));
  }
}

/** Transposed convolution over as many axes as `kernelSize` has numbers. */
export abstract class TransposedConvolution extends layerOn(Windowed, "TransposedConvolution", transposedOptions(1)) {
  kernel: Variable | undefined = undefined;

  protected override checkOptions(): void {
    super.checkOptions();
    if (this.outputPadding?.some((more, axis) => more >= (this.strides[axis] as number))) {
      throw new OptionError(
        `${this.label}: outputPadding ${show(this.outputPadding)} must be less than strides ${show(this.strides)}`,
      );
    }
  }

  protected override buildKernels(channels: number): number {
    this.kernel = this.addWeight(weight(this, "kernel", [...this.kernelSize, this.filters, channels]));
    return this.filters;
  }

  override call(x: Tensor): Tensor {
    return this.activation(convolveTransposed(x, this.kernel as Variable, this.bias, this, this.label));
  }
}

/** Depthwise convolution over as many axes as `kernelSize` has numbers. */
export abstract class DepthwiseConvolution extends layerOn(Windowed, "DepthwiseConvolution", depthwiseOptions(1)) {
  kernel: Variable | undefined = undefined;

  protected override buildKernels(channels: number): number {
    const kernel = weight(this, "depthwise", [...this.kernelSize, channels, this.depthMultiplier]);
    this.kernel = this.addWeight({ ...kernel, name: "kernel" });
    return channels * this.depthMultiplier;
  }

  override call(x: Tensor): Tensor {
    return this.activation(convolveDepthwise(x, this.kernel as Variable, this.bias, this, this.label));
  }
}

/** Separable convolution over as many axes as `kernelSize` has numbers. */
export abstract class SeparableConvolution extends layerOn(Windowed, "SeparableConvolution", separableOptions(1)) {
  depthwiseKernel: Variable | undefined = undefined;
  pointwiseKernel: Variable | undefined = undefined;

  protected override buildKernels(channels: number): number {
    const ones = this.kernelSize.map(() => 1);
    const single = weight(this, "depthwise", [...this.kernelSize, channels, this.depthMultiplier]);
    const mixing = weight(this, "pointwise", [...ones, channels * this.depthMultiplier, this.filters]);
    this.depthwiseKernel = this.addWeight({ ...single, name: "depthwise_kernel" });
    this.pointwiseKernel = this.addWeight({ ...mixing, name: "pointwise_kernel" });
    return this.filters;
  }

  override call(x: Tensor): Tensor {
    const [single, mixing] = [this.depthwiseKernel as Variable, this.pointwiseKernel as Variable];
    return this.activation(convolveSeparable(x, single, mixing, this.bias, this, this.label));
  }
}
