/**
 * Conv1D: learned windows that slide over steps.
 */
import { factory } from "../layer.ts";
import { Convolution, convolutionOptions } from "./convolution.ts";

/**
 * `y[o, q] = activation(Σ over t, c of x[o · strides + t · dilationRate − before, c] · kernel[t, c, q] + bias[q])`, with
 * o a position over steps, t one in the window, c an input channel and q a filter:
 * [batch, steps, channels] → [batch, steps', filters] (or channels first). Under padding "causal" no output sees a
 * later step.
 * Weights: `kernel` [...kernelSize, channels / groups, filters], `bias` [filters].
 *
 * @throws ShapeError where the channels are unknown or form no groups, or a window fits nowhere; OptionError for options
 *   that contradict each other.
 *
 * @example
 * ```ts
 * import { Conv1D, ones } from "varve";
 * const layer = new Conv1D({ filters: 1, kernelSize: 3, kernelInitializer: "ones" });
 * await layer.apply(ones([1, 3, 1])).array() // => [[[3]]]
 * ```
 */
export class Conv1D extends Convolution {
  static override readonly className = "Conv1D";
  static override readonly schema = /* @__PURE__ */ convolutionOptions(1);
}

export const conv1d = factory(Conv1D);
