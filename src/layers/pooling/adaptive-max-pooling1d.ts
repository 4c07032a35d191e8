/**
 * AdaptiveMaxPooling1D: the largest element of as many windows over time as there shall be results.
 */
import { factory } from "../layer.ts";
import { AdaptiveMaxPooling, adaptivePoolingOptions } from "./adaptive-pooling.ts";

/**
 * The largest element of each window, for each channel: [batch, steps, channels] → [batch, outputSize, channels]
 * (or channels first). Window i of n along an axis of size s goes from ⌊i s / n⌋ to ⌈(i + 1) s / n⌉, so the size of the
 * output does not depend on that of the input. Equal elements of a
 * window share the gradient.
 *
 * @throws ShapeError for an input of another rank.
 *
 * @example
 * ```ts
 * import { AdaptiveMaxPooling1D, tensor } from "varve";
 * const x = tensor([1, 3, 2, 5, 4], [1, 5, 1]);
 * await new AdaptiveMaxPooling1D({ outputSize: 2 }).apply(x).array() // => [[[3], [5]]]
 * ```
 */
export class AdaptiveMaxPooling1D extends AdaptiveMaxPooling {
  static override readonly className = "AdaptiveMaxPooling1D";
  static override readonly schema = /* @__PURE__ */ adaptivePoolingOptions(1);
}

export const adaptiveMaxPooling1d = factory(AdaptiveMaxPooling1D);
