/**
 * AdaptiveAveragePooling2D: the average of as many windows over rows and columns as there shall be results.
 */
import { factory } from "../layer.ts";
import { AdaptiveAveragePooling, adaptivePoolingOptions } from "./adaptive-pooling.ts";

/**
 * The average of each window, for each channel: [batch, rows, columns, channels] → [batch, …outputSize, channels]
 * (or channels first). Window i of n along an axis of size s goes from ⌊i s / n⌋ to ⌈(i + 1) s / n⌉, so the size of the
 * output does not depend on that of the input.
 *
 * @throws ShapeError for an input of another rank.
 *
 * @example
 * ```ts
 * import { AdaptiveAveragePooling2D, tensor } from "varve";
 * const x = tensor([1, 2, 3, 6], [1, 2, 2, 1]);
 * await new AdaptiveAveragePooling2D({ outputSize: 1 }).apply(x).array() // => [[[[3]]]]
 * ```
 */
export class AdaptiveAveragePooling2D extends AdaptiveAveragePooling {
  static override readonly className = "AdaptiveAveragePooling2D";
  static override readonly schema = /* @__PURE__ */ adaptivePoolingOptions(2);
}

export const adaptiveAveragePooling2d = factory(AdaptiveAveragePooling2D);
