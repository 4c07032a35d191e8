/**
 * Conv2D: learned windows that slide over rows and columns.
 */
import { factory } from "../layer.ts";
import { Convolution, convolutionOptions } from "./convolution.ts";

/**
 * `y[o, q] = activation(Σ over t, c of x[o · strides + t · dilationRate − before, c] · kernel[t, c, q] + bias[q])`, with
 * o a position over rows and columns, t one in the window, c an input channel and q a filter:
 * [batch, rows, columns, channels] → [batch, rows', columns', filters] (or channels first).
 * Weights: `kernel` [...kernelSize, channels / groups, filters], `bias` [filters].
 *
 * @throws ShapeError where the channels are unknown or form no groups, or a window fits nowhere; OptionError for options
 *   that contradict each other.
 *
 * @example
 * ```ts
 * import { Conv2D, ones } from "varve";
 * const layer = new Conv2D({ filters: 1, kernelSize: 2, kernelInitializer: "ones" });
 * await layer.apply(ones([1, 2, 2, 1])).array() // => [[[[4]]]]
 * ```
 */
export class Conv2D extends Convolution {
  static override readonly className = "Conv2D";
  static override readonly schema = /* @__PURE__ */ convolutionOptions(2);
}

export const conv2d = factory(Conv2D);
