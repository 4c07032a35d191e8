/**
 * SeparableConv1D: each channel under windows of its own over steps, then all of them mixed.
 */
import { factory } from "../layer.ts";
import { SeparableConvolution, separableOptions } from "./convolution.ts";

/**
 * A depthwise convolution, then one of window size 1 that mixes the channels: far fewer weights than one convolution that
 * does both. [batch, steps, channels] → [batch, steps', filters] (or channels first).
 * Weights: `depthwiseKernel` [...kernelSize, channels, depthMultiplier], `pointwiseKernel`
 * [1, …, channels · depthMultiplier, filters], `bias` [filters].
 *
 * @throws ShapeError where the channels are unknown, or a window fits nowhere; OptionError for options that contradict
 *   each other.
 *
 * @example
 * ```ts
 * import { SeparableConv1D, ones } from "varve";
 * const layer = new SeparableConv1D({ filters: 1, kernelSize: 3, depthwiseInitializer: "ones", pointwiseInitializer: "ones" });
 * await layer.apply(ones([1, 3, 1])).array() // => [[[3]]]
 * ```
 *
 * Chollet (2017), Xception: deep learning with depthwise separable convolutions.
 */
export class SeparableConv1D extends SeparableConvolution {
  static override readonly className = "SeparableConv1D";
  static override readonly schema = /* @__PURE__ */ separableOptions(1);
}

export const separableConv1d = factory(SeparableConv1D);
