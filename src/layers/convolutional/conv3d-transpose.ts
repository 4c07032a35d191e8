/**
 * Conv3DTranspose: each element spreads over a window of depth, height and width.
 */
import { factory } from "../layer.ts";
import { TransposedConvolution, transposedOptions } from "./convolution.ts";

/**
 * What Conv3D passes back to its input, used to make images larger: each element spreads the kernel, times itself, over
 * the output, `strides` apart, and what overlaps is added. [batch, depth, height, width, channels] →
 * [batch, depth', height', width', filters] (or channels first), the size along an axis `size · stride` under "same" and
 * `(size − 1) · stride + max(window, stride)` under "valid"; with `outputPadding`, `(size − 1) · stride + window +
 * outputPadding` under "valid".
 * Weights: `kernel` [...kernelSize, filters, channels], `bias` [filters].
 *
 * @throws ShapeError where the channels are unknown, or a window fits nowhere; OptionError for options that contradict
 *   each other.
 *
 * @example
 * ```ts
 * import { Conv3DTranspose, ones } from "varve";
 * const layer = new Conv3DTranspose({ filters: 1, kernelSize: 1, kernelInitializer: "ones" });
 * await layer.apply(ones([1, 2, 2, 2, 1])).array() // => [[[[[1], [1]], [[1], [1]]], [[[1], [1]], [[1], [1]]]]]
 * ```
 *
 * Dumoulin & Visin (2016), A guide to convolution arithmetic for deep learning.
 */
export class Conv3DTranspose extends TransposedConvolution {
  static override readonly className = "Conv3DTranspose";
  static override readonly schema = /* @__PURE__ */ transposedOptions(3);
}

export const conv3dTranspose = factory(Conv3DTranspose);
