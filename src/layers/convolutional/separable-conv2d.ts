/**
 * SeparableConv2D: each channel under windows of its own over rows and columns, then all of them mixed.
 */
import { factory } from "../layer.ts";
import { SeparableConvolution, separableOptions } from "./convolution.ts";

/**
 * A depthwise convolution, then one of window size 1 that mixes the channels: far fewer weights than one convolution that
 * does both. [batch, rows, columns, channels] → [batch, rows', columns', filters] (or channels first).
 * Weights: `depthwiseKernel` [...kernelSize, channels, depthMultiplier], `pointwiseKernel`
 * [1, …, channels · depthMultiplier, filters], `bias` [filters].
 *
 * @throws ShapeError where the channels are unknown, or a window fits nowhere; OptionError for options that contradict
 *   each other.
 *
 * @example
 * ```ts
 * import { SeparableConv2D, ones } from "varve";
 * const layer = new SeparableConv2D({ filters: 1, kernelSize: 2, depthwiseInitializer: "ones", pointwiseInitializer: "ones" });
 * await layer.apply(ones([1, 2, 2, 1])).array() // => [[[[4]]]]
 * ```
 *
 * Chollet (2017), Xception: deep learning with depthwise separable convolutions.
 */
export class SeparableConv2D extends SeparableConvolution {
  static override readonly className = "SeparableConv2D";
  static override readonly schema = /* @__PURE__ */ separableOptions(2);
}

export const separableConv2d = factory(SeparableConv2D);
