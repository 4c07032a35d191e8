/**
 * Conv3D: learned windows that slide over depth, height and width.
 */
import { factory } from "../layer.ts";
import { Convolution, convolutionOptions } from "./convolution.ts";

/**
 * `y[o, q] = activation(Σ over t, c of x[o · strides + t · dilationRate − before, c] · kernel[t, c, q] + bias[q])`, with
 * o a position over depth, height and width, t one in the window, c an input channel and q a filter:
 * [batch, depth, height, width, channels] → [batch, depth', height', width', filters] (or channels first).
 * Weights: `kernel` [...kernelSize, channels / groups, filters], `bias` [filters].
 *
 * @throws ShapeError where the channels are unknown or form no groups, or a window fits nowhere; OptionError for options
 *   that contradict each other.
 *
 * @example
 * ```ts
 * import { Conv3D, ones } from "varve";
 * const layer = new Conv3D({ filters: 1, kernelSize: 2, kernelInitializer: "ones" });
 * await layer.apply(ones([1, 2, 2, 2, 1])).array() // => [[[[[8]]]]]
 * ```
 */
export class Conv3D extends Convolution {
  static override readonly className = "Conv3D";
  static override readonly schema = /* @__PURE__ */ convolutionOptions(3);
}

export const conv3d = factory(Conv3D);
