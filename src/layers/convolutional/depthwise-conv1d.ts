/**
 * DepthwiseConv1D: each channel under windows of its own over steps.
 */
import { factory } from "../layer.ts";
import { DepthwiseConvolution, depthwiseOptions } from "./convolution.ts";

/**
 * Convolution of each channel by itself: output channel `c · depthMultiplier + m` is channel c under `kernel[…, c, m]`.
 * [batch, steps, channels] → [batch, steps', channels · depthMultiplier] (or channels first).
 * Weights: `kernel` [...kernelSize, channels, depthMultiplier], `bias` [channels · depthMultiplier].
 *
 * @throws ShapeError where the channels are unknown, or a window fits nowhere; OptionError for options that contradict
 *   each other.
 *
 * @example
 * ```ts
 * import { DepthwiseConv1D, ones } from "varve";
 * const layer = new DepthwiseConv1D({ kernelSize: 3, depthwiseInitializer: "ones" });
 * await layer.apply(ones([1, 3, 1])).array() // => [[[3]]]
 * ```
 */
export class DepthwiseConv1D extends DepthwiseConvolution {
  static override readonly className = "DepthwiseConv1D";
  static override readonly schema = /* @__PURE__ */ depthwiseOptions(1);
}

export const depthwiseConv1d = factory(DepthwiseConv1D);
