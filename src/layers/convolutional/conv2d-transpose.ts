/**
 * Conv2DTranspose: each element spreads over a window of rows and columns.
 */
import { factory } from "../layer.ts";
import { TransposedConvolution, transposedOptions } from "./convolution.ts";

/**
 * What Conv2D passes back to its input, used to make images larger: each element spreads the kernel, times itself, over
 * the output, `strides` apart, and what overlaps is added. [batch, rows, columns, channels] →
 * [batch, rows', columns', filters] (or channels first), the size along an axis `size · stride` under "same" and
 * `(size − 1) · stride + max(window, stride)` under "valid"; with `outputPadding`, `(size − 1) · stride + window +
 * outputPadding` under "valid".
 * Weights: `kernel` [...kernelSize, filters, channels], `bias` [filters].
 *
 * @throws ShapeError where the channels are unknown, or a window fits nowhere; OptionError for options that contradict
 *   each other.
 *
 * @example
 * ```ts
 * import { Conv2DTranspose, ones } from "varve";
 * const layer = new Conv2DTranspose({ filters: 1, kernelSize: 1, kernelInitializer: "ones" });
 * await layer.apply(ones([1, 2, 2, 1])).array() // => [[[[1], [1]], [[1], [1]]]]
 * ```
 *
 * Dumoulin & Visin (2016), A guide to convolution arithmetic for deep learning.
 */
export class Conv2DTranspose extends TransposedConvolution {
  static override readonly className = "Conv2DTranspose";
  static override readonly schema = /* @__PURE__ */ transposedOptions(2);
}

export const conv2dTranspose = factory(Conv2DTranspose);
