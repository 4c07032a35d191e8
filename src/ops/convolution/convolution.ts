/**
 * The convolutions of `ops.*`: strides, dilation, paddings by name, groups, both data formats, transposed, depthwise
 * and separable. Here options are checked and turned into a `Correlation`; the computing stands in `correlation.ts`.
 * Under "channels_first" the channels are moved behind the spatial axes and back again: two passes over the images,
 * which is little beside the products.
 */
import { isFloat, promote } from "../../core/dtype.ts";
import { OptionError, ShapeError, show } from "../../core/errors.ts";
import { checkWord } from "../../core/options.ts";
import { checkRank, formatShape, type Shape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { type DataFormat, perAxis, windowsAlong } from "../../core/windows.ts";
import { cast } from "../elementwise/cast.ts";
import { reshape } from "../movement/reshape.ts";
import { transpose } from "../movement/transpose.ts";
import { publicOp, type TensorLike } from "../op.ts";
import { toTensor } from "../tensor.ts";
import { correlate, correlateInputGradient } from "./correlation.ts";
import type { Correlation } from "./geometry.ts";

/** "valid": windows lie inside. "same": ceil(size / stride) windows. "causal": as many, none sees what comes later. */
export type ConvolutionPadding = "valid" | "same" | "causal";

/** The options of a convolution as layers pass them on. @internal */
export interface ConvolutionOptions {
  readonly strides?: number | readonly number[] | undefined;
  readonly padding?: ConvolutionPadding | undefined;
  readonly dataFormat?: DataFormat | null | undefined;
  readonly dilationRate?: number | readonly number[] | undefined;
}

const paddings = ["valid", "same", "causal"] as const;

/** The options checked, for images with that many spatial axes. */
interface Checked {
  readonly strides: readonly number[];
  readonly dilation: readonly number[];
  readonly padding: ConvolutionPadding;
  readonly channelsFirst: boolean;
}

function check(
  x: Tensor,
  kernel: Tensor,
  { strides = 1, padding = "valid", dataFormat, dilationRate = 1 }: ConvolutionOptions,
  where: string,
): Checked {
  checkRank(x.shape, [3, 4, 5], where);
  if (kernel.rank !== x.rank) {
    throw new ShapeError(
      `${where}: an input of rank ${x.rank} needs a kernel of rank ${x.rank}, got shapes ${formatShape(x.shape)} and ${formatShape(kernel.shape)}`,
    );
  }
  if (kernel.shape.slice(0, -2).includes(0)) {
    throw new ShapeError(`${where}: a kernel needs spatial sizes ≥ 1, got shape ${formatShape(kernel.shape)}`);
  }
  const rank = x.rank - 2;
  const checked = {
    strides: perAxis(strides, rank, where, "strides"),
    dilation: perAxis(dilationRate, rank, where, "dilationRate"),
    padding: checkWord(paddings, padding, "padding", where),
    channelsFirst:
      checkWord(["channels_last", "channels_first"], dataFormat ?? "channels_last", "dataFormat", where) ===
      "channels_first",
  };
  if (checked.padding === "causal" && rank !== 1) {
    throw new OptionError(`${where}: padding "causal" is for one spatial axis, got ${rank}; use "same" or "valid"`);
  }
  if (Math.max(...checked.strides) > 1 && Math.max(...checked.dilation) > 1) {
    throw new OptionError(
      `${where}: strides ${show(strides)} with dilationRate ${show(dilationRate)}: only one of the two may be above 1`,
    );
  }
  return checked;
}

/** The channels behind the spatial axes. */
function channelsLast(x: Tensor, channelsFirst: boolean): Tensor {
  if (!channelsFirst) return x;
  return transpose(x, [0, ...x.shape.slice(2).map((_, axis) => axis + 2), 1]);
}

/** The channels where the user wants them. */
function channelsBack(y: Tensor, channelsFirst: boolean): Tensor {
  if (!channelsFirst) return y;
  return transpose(y, [0, y.rank - 1, ...y.shape.slice(2).map((_, axis) => axis + 1)]);
}

/** The operands as real numbers of one dtype. */
function operands(inputs: TensorLike, ...others: TensorLike[]): [Tensor, ...Tensor[]] {
  const tensors = [inputs, ...others].map((each) => toTensor(each));
  const dtype = tensors.map((each) => each.dtype).reduce(promote);
  return tensors.map((each) => cast(each, isFloat(dtype) ? dtype : "float32")) as [Tensor, ...Tensor[]];
}

function checkBias(bias: Tensor | undefined, filters: number, where: string): void {
  if (bias && (bias.rank !== 1 || bias.shape[0] !== filters)) {
    throw new ShapeError(
      `${where}: ${filters} filters need a bias of shape [${filters}], got ${formatShape(bias.shape)}`,
    );
  }
}

/** How a kernel lies over x, which is [batch, …spatial, channels]; `shape` is the one the user gave. */
function correlationOf(
  x: Tensor,
  window: Shape,
  groups: number,
  options: Checked,
  shape: Shape,
  where: string,
): Correlation {
  const { strides, dilation, padding, channelsFirst } = options;
  const size = x.shape.slice(1, -1);
  const along = size.map((length, axis) => {
    const windows = windowsAlong(length, {
      window: window[axis] as number,
      stride: strides[axis] as number,
      dilation: dilation[axis] as number,
      padding,
    });
    const span = ((window[axis] as number) - 1) * (dilation[axis] as number) + 1;
    if (windows.count === 0) {
      throw new ShapeError(
        `${where}: a kernel of size ${window[axis]}${span > (window[axis] as number) ? `, dilated to ${span},` : ""} does not fit into axis ${axis + (channelsFirst ? 2 : 1)} of shape ${formatShape(shape)}; use a smaller kernel or padding "same"`,
      );
    }
    return windows;
  });
  return {
    size,
    window,
    count: along.map(({ count }) => count),
    strides,
    dilation,
    before: along.map(({ before }) => before),
    groups,
  };
}

/** A convolution with bias, for layers; `where` is what messages call it. @internal */
export function convolve(
  inputs: TensorLike,
  kernel: TensorLike,
  bias: TensorLike | undefined,
  options: ConvolutionOptions,
  where: string,
): Tensor {
  const [given, w, b] = operands(inputs, kernel, ...(bias === undefined ? [] : [bias])) as [Tensor, Tensor, Tensor?];
  const checked = check(given, w, options, where);
  const x = channelsLast(given, checked.channelsFirst);
  const channels = x.shape.at(-1) as number;
  const [groupChannels, filters] = w.shape.slice(-2) as [number, number];
  checkBias(b, filters, where);
  const groups = channels / groupChannels;
  if (!Number.isInteger(groups) || groups < 1) {
    throw new ShapeError(
      `${where}: an input with ${channels} channels, shape ${formatShape(given.shape)}, cannot meet a kernel for ${groupChannels} channels (or groups of as many), shape ${formatShape(w.shape)}`,
    );
  }
  if (filters % groups !== 0) {
    throw new ShapeError(
      `${where}: ${channels} channels in groups of ${groupChannels} make ${groups} groups, which ${filters} filters cannot be shared among; kernel shape ${formatShape(w.shape)}`,
    );
  }
  const correlation = correlationOf(x, w.shape.slice(0, -2), groups, checked, given.shape, where);
  return channelsBack(correlate({ x, kernel: w, bias: b }, correlation).y, checked.channelsFirst);
}

/** A depthwise convolution with bias, for layers. @internal */
export function convolveDepthwise(
  inputs: TensorLike,
  kernel: TensorLike,
  bias: TensorLike | undefined,
  options: ConvolutionOptions,
  where: string,
): Tensor {
  const [x, w] = operands(inputs, kernel) as [Tensor, Tensor];
  const { channelsFirst } = check(x, w, options, where);
  const channels = x.shape[channelsFirst ? 1 : x.rank - 1] as number;
  const [own, multiplier] = w.shape.slice(-2) as [number, number];
  if (own !== channels) {
    throw new ShapeError(
      `${where}: an input with ${channels} channels, shape ${formatShape(x.shape)}, needs a kernel for ${channels} channels, got ${own}, shape ${formatShape(w.shape)}`,
    );
  }
  const grouped = reshape(w, [...w.shape.slice(0, -2), 1, own * multiplier]);
  return convolve(x, grouped, bias, options, where);
}

/** The options of a transposed convolution as layers pass them on. @internal */
export interface TransposedConvolutionOptions extends ConvolutionOptions {
  readonly outputPadding?: number | readonly number[] | null | undefined;
}

/** A transposed convolution with bias, for layers. @internal */
export function convolveTransposed(
  inputs: TensorLike,
  kernel: TensorLike,
  bias: TensorLike | undefined,
  { outputPadding = null, ...options }: TransposedConvolutionOptions,
  where: string,
): Tensor {
  const [given, w, b] = operands(inputs, kernel, ...(bias === undefined ? [] : [bias])) as [Tensor, Tensor, Tensor?];
  const { strides, dilation, padding, channelsFirst } = check(given, w, options, where);
  if (padding === "causal") {
    throw new OptionError(`${where}: padding "causal" is not for transposed convolutions; use "same" or "valid"`);
  }
  const x = channelsLast(given, channelsFirst);
  const [filters, channels] = w.shape.slice(-2) as [number, number];
  checkBias(b, filters, where);
  if (channels !== x.shape.at(-1)) {
    throw new ShapeError(
      `${where}: an input with ${x.shape.at(-1)} channels, shape ${formatShape(given.shape)}, cannot meet a kernel [...spatial, ${filters} out, ${channels} in]; the last axis of a transposed kernel is the input's channels`,
    );
  }
  const count = x.shape.slice(1, -1);
  const window = w.shape.slice(0, -2);
  const extra =
    outputPadding === null
      ? undefined
      : typeof outputPadding === "number"
        ? count.map(() => outputPadding)
        : outputPadding;
  if (extra && (extra.length !== count.length || !extra.every((size) => Number.isSafeInteger(size) && size >= 0))) {
    throw new OptionError(
      `${where}: outputPadding must be a whole number ≥ 0, or a list of ${count.length} of them, got ${show(outputPadding)}`,
    );
  }
  const along = count.map((length, axis) => {
    const stride = strides[axis] as number;
    const span = ((window[axis] as number) - 1) * (dilation[axis] as number) + 1;
    const more = extra?.[axis];
    if (padding === "valid")
      return { size: (length - 1) * stride + (more === undefined ? Math.max(span, stride) : span + more), before: 0 };
    const odd = span % 2;
    const size = more === undefined ? length * stride : (length - 1) * stride + odd + more;
    // What the kernels cover beyond `size` is cut off, the smaller half of it in front.
    const padded = more === undefined ? stride + span - 2 : span + odd - 2 + more;
    return { size, before: span - 1 - Math.min(Math.ceil(padded / 2), span - 1) };
  });
  const { dx: y } = correlateInputGradient(
    { dy: x, kernel: w, bias: b },
    {
      size: along.map(({ size }) => Math.max(size, 0)),
      window,
      count,
      strides,
      dilation,
      before: along.map(({ before }) => before),
      groups: 1,
    },
  );
  return channelsBack(y, channelsFirst);
}

/**
 * Convolution (as in all of deep learning without turning the kernel around) in one to three dimensions:
 * `y[n, o, q] = Σ over t, c of inputs[n, o · stride + t · dilationRate − before, c] · kernel[t, c, q]`, where `before`
 * is what the padding puts in front and the input is 0 outside. A kernel for fewer channels than the input has splits
 * both channels and filters into groups that only see each other.
 *
 * @param inputs [batch, …spatial, channels], or [batch, channels, …spatial] under "channels_first".
 * @param kernel [...spatial, channels / groups, filters], under both data formats.
 * @param strides How far apart windows begin: one number for all spatial axes, or one for each. Default 1.
 * @param padding "valid" (default): windows lie inside, `floor((size − span) / stride) + 1` of them where the span is
 *   `(window − 1) · dilationRate + 1`. "same": `ceil(size / stride)`, the missing zeros half in front, the larger half
 *   behind. "causal", for one spatial axis: as many, the zeros all in front.
 * @param dataFormat "channels_last" (default) or "channels_first".
 * @param dilationRate How far apart the elements of a window are. Default 1; not together with strides above 1.
 * @throws ShapeError for ranks other than 3 to 5, channels that do not form groups, and kernels that fit nowhere;
 *   OptionError for options that are unknown or contradict each other.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * const x = tensor([1, 2, 3, 4, 5], [1, 5, 1]);
 * const difference = tensor([-1, 0, 1], [3, 1, 1]);
 * await ops.conv(x, difference).array() // => [[[2], [2], [2]]]
 * ```
 */
export const conv = publicOp(
  "conv",
  (
    inputs: TensorLike,
    kernel: TensorLike,
    strides: number | readonly number[] = 1,
    padding: ConvolutionPadding = "valid",
    dataFormat?: DataFormat | null,
    dilationRate: number | readonly number[] = 1,
  ): Tensor => convolve(inputs, kernel, undefined, { strides, padding, dataFormat, dilationRate }, "conv"),
);

/**
 * Convolution of each channel by itself: output channel `c · multiplier + m` is channel `c` under `kernel[…, c, m]`.
 *
 * @param inputs [batch, …spatial, channels], or [batch, channels, …spatial] under "channels_first".
 * @param kernel [...spatial, channels, multiplier].
 * @param strides Default 1; this and the other options as for `conv`.
 * @throws ShapeError and OptionError as `conv`.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * const x = tensor([[[1, 10], [2, 20], [3, 30]]]);
 * const kernel = tensor([[[1], [1]], [[1], [-1]]]); // sums of the first channel, differences of the second
 * await ops.depthwiseConv(x, kernel).array() // => [[[3, -10], [5, -10]]]
 * ```
 */
export const depthwiseConv = publicOp(
  "depthwiseConv",
  (
    inputs: TensorLike,
    kernel: TensorLike,
    strides: number | readonly number[] = 1,
    padding: ConvolutionPadding = "valid",
    dataFormat?: DataFormat | null,
    dilationRate: number | readonly number[] = 1,
  ): Tensor =>
    convolveDepthwise(inputs, kernel, undefined, { strides, padding, dataFormat, dilationRate }, "depthwiseConv"),
);

/** A separable convolution with bias, for layers. @internal */
export function convolveSeparable(
  inputs: TensorLike,
  depthwiseKernel: TensorLike,
  pointwiseKernel: TensorLike,
  bias: TensorLike | undefined,
  options: ConvolutionOptions,
  where: string,
): Tensor {
  const [x, depthwise, pointwise] = operands(inputs, depthwiseKernel, pointwiseKernel) as [Tensor, Tensor, Tensor];
  if (pointwise.rank !== x.rank || !pointwise.shape.slice(0, -2).every((size) => size === 1)) {
    throw new ShapeError(
      `${where}: the pointwise kernel of an input of rank ${x.rank} has spatial sizes 1, got shape ${formatShape(pointwise.shape)}`,
    );
  }
  const { channelsFirst } = check(x, depthwise, options, where);
  const filtered = convolveDepthwise(
    channelsLast(x, channelsFirst),
    depthwise,
    undefined,
    { ...options, dataFormat: "channels_last" },
    where,
  );
  return channelsBack(convolve(filtered, pointwise, bias, {}, where), channelsFirst);
}

/**
 * A depthwise convolution, then one of window size 1 that mixes the channels.
 *
 * @param inputs [batch, …spatial, channels], or [batch, channels, …spatial] under "channels_first".
 * @param depthwiseKernel [...spatial, channels, multiplier].
 * @param pointwiseKernel [1, …, channels · multiplier, filters].
 * @param strides Default 1; this and the other options as for `conv`, all of them for the depthwise part.
 * @throws ShapeError and OptionError as `conv`.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * const x = tensor([[[1, 10], [2, 20], [3, 30]]]);
 * const depthwise = tensor([[[1], [1]], [[1], [-1]]]);
 * const pointwise = tensor([[[1], [1]]]); // adds both channels
 * await ops.separableConv(x, depthwise, pointwise).array() // => [[[-7], [-5]]]
 * ```
 */
export const separableConv = publicOp(
  "separableConv",
  (
    inputs: TensorLike,
    depthwiseKernel: TensorLike,
    pointwiseKernel: TensorLike,
    strides: number | readonly number[] = 1,
    padding: ConvolutionPadding = "valid",
    dataFormat?: DataFormat | null,
    dilationRate: number | readonly number[] = 1,
  ): Tensor =>
    convolveSeparable(
      inputs,
      depthwiseKernel,
      pointwiseKernel,
      undefined,
      { strides, padding, dataFormat, dilationRate },
      "separableConv",
    ),
);

/**
 * The transposed convolution: what a convolution passes back to its input, used to make images larger. Each input
 * element spreads the kernel, times itself, over the output, `stride` apart; what overlaps is added.
 *
 * @param inputs [batch, …spatial, channels], or [batch, channels, …spatial] under "channels_first".
 * @param kernel [...spatial, filters, channels]: the output's channels come first.
 * @param strides Default 1.
 * @param padding "valid" (default): everything is kept, `(size − 1) · stride + max(span, stride)`. "same": `size · stride`.
 * @param outputPadding Given, the output's size is `(size − 1) · stride + span + outputPadding` under "valid" and
 *   `(size − 1) · stride + span mod 2 + outputPadding` under "same". Default: as said above.
 * @param dataFormat "channels_last" (default) or "channels_first".
 * @param dilationRate Default 1; not together with strides above 1.
 * @throws ShapeError and OptionError as `conv`.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * const x = tensor([1, 2], [1, 2, 1]);
 * const kernel = tensor([1, 1, 1], [3, 1, 1]);
 * await ops.convTranspose(x, kernel, 2).array() // => [[[1], [1], [3], [2], [2]]]
 * ```
 */
export const convTranspose = publicOp(
  "convTranspose",
  (
    inputs: TensorLike,
    kernel: TensorLike,
    strides: number | readonly number[] = 1,
    padding: "valid" | "same" = "valid",
    outputPadding?: number | readonly number[] | null,
    dataFormat?: DataFormat | null,
    dilationRate: number | readonly number[] = 1,
  ): Tensor =>
    convolveTransposed(
      inputs,
      kernel,
      undefined,
      { strides, padding, outputPadding, dataFormat, dilationRate },
      "convTranspose",
    ),
);
