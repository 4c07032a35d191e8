/**
 * Conv1DTranspose: each element spreads over a window of steps.
 */
import { factory } from "../layer.ts";
import { TransposedConvolution, transposedOptions } from "./convolution.ts";

/**
 * What Conv1D passes back to its input, used to make images larger: each element spreads the kernel, times itself, over
 * the output, `strides` apart, and what overlaps is added. [batch, steps, channels] →
 * [batch, steps', filters] (or channels first), the size along an axis `size · stride` under "same" and
 * `(size − 1) · stride + max(window, stride)` under "valid"; with `outputPadding`, `(size − 1) · stride + window +
 * outputPadding` under "valid".
 * Weights: `kernel` [...kernelSize, filters, channels], `bias` [filters].
 *
 * @throws ShapeError where the channels are unknown, or a window fits nowhere; OptionError for options that contradict
 *   each other.
 *
 * @example
 * ```ts
 * import { Conv1DTranspose, ones } from "varve";
 * const layer = new Conv1DTranspose({ filters: 1, kernelSize: 2, kernelInitializer: "ones" });
 * await layer.apply(ones([1, 3, 1])).array() // => [[[1], [2], [2], [1]]]
 * ```
 *
 * Dumoulin & Visin (2016), A guide to convolution arithmetic for deep learning.
 */
export class Conv1DTranspose extends TransposedConvolution {
  static override readonly className = "Conv1DTranspose";
  static override readonly schema = /* @__PURE__ */ transposedOptions(1);
}

export const conv1dTranspose = factory(Conv1DTranspose);
