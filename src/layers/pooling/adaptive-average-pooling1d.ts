/**
 * AdaptiveAveragePooling1D: the average of as many windows over time as there shall be results.
 */
import { factory } from "../layer.ts";
import { AdaptiveAveragePooling, adaptivePoolingOptions } from "./adaptive-pooling.ts";

/**
 * The average of each window, for each channel: [batch, steps, channels] → [batch, outputSize, channels]
 * (or channels first). Window i of n along an axis of size s goes from ⌊i s / n⌋ to ⌈(i + 1) s / n⌉, so the size of the
 * output does not depend on that of the input.
 *
 * @throws ShapeError for an input of another rank.
 *
 * @example
 * ```ts
 * import { AdaptiveAveragePooling1D, tensor } from "varve";
 * const x = tensor([1, 3, 2, 5, 4], [1, 5, 1]);
 * await new AdaptiveAveragePooling1D({ outputSize: 2 }).apply(x).array() // => [[[2], [3.66667]]]
 * ```
 */
export class AdaptiveAveragePooling1D extends AdaptiveAveragePooling {
  static override readonly className = "AdaptiveAveragePooling1D";
  static override readonly schema = /* @__PURE__ */ adaptivePoolingOptions(1);
}

export const adaptiveAveragePooling1d = factory(AdaptiveAveragePooling1D);
