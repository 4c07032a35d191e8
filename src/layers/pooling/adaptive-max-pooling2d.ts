/**
 * AdaptiveMaxPooling2D: the largest element of as many windows over rows and columns as there shall be results.
 */
import { factory } from "../layer.ts";
import { AdaptiveMaxPooling, adaptivePoolingOptions } from "./adaptive-pooling.ts";

/**
 * The largest element of each window, for each channel: [batch, rows, columns, channels] → [batch, …outputSize, channels]
 * (or channels first). Window i of n along an axis of size s goes from ⌊i s / n⌋ to ⌈(i + 1) s / n⌉, so the size of the
 * output does not depend on that of the input. Equal elements of a
 * window share the gradient.
 *
 * @throws ShapeError for an input of another rank.
 *
 * @example
 * ```ts
 * import { AdaptiveMaxPooling2D, tensor } from "varve";
 * const x = tensor([1, 2, 3, 6], [1, 2, 2, 1]);
 * await new AdaptiveMaxPooling2D({ outputSize: [2, 1] }).apply(x).array() // => [[[[2]], [[6]]]]
 * ```
 */
export class AdaptiveMaxPooling2D extends AdaptiveMaxPooling {
  static override readonly className = "AdaptiveMaxPooling2D";
  static override readonly schema = /* @__PURE__ */ adaptivePoolingOptions(2);
}

export const adaptiveMaxPooling2d = factory(AdaptiveMaxPooling2D);
