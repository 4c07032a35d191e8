/**
 * DepthwiseConv2D: each channel under windows of its own over rows and columns.
 */
import { factory } from "../layer.ts";
import { DepthwiseConvolution, depthwiseOptions } from "./convolution.ts";

/**
 * Convolution of each channel by itself: output channel `c · depthMultiplier + m` is channel c under `kernel[…, c, m]`.
 * [batch, rows, columns, channels] → [batch, rows', columns', channels · depthMultiplier] (or channels first).
 * Weights: `kernel` [...kernelSize, channels, depthMultiplier], `bias` [channels · depthMultiplier].
 *
 * @throws ShapeError where the channels are unknown, or a window fits nowhere; OptionError for options that contradict
 *   each other.
 *
 * @example
 * ```ts
 * import { DepthwiseConv2D, ones } from "varve";
 * const layer = new DepthwiseConv2D({ kernelSize: 2, depthwiseInitializer: "ones" });
 * await layer.apply(ones([1, 2, 2, 1])).array() // => [[[[4]]]]
 * ```
 */
export class DepthwiseConv2D extends DepthwiseConvolution {
  static override readonly className = "DepthwiseConv2D";
  static override readonly schema = /* @__PURE__ */ depthwiseOptions(2);
}

export const depthwiseConv2d = factory(DepthwiseConv2D);
