/**
 * AdaptiveMaxPooling3D: the largest element of as many windows over three spatial axes as there shall be results.
 */
import { factory } from "../layer.ts";
import { AdaptiveMaxPooling, adaptivePoolingOptions } from "./adaptive-pooling.ts";

/**
 * The largest element of each window, for each channel: [batch, depth, rows, columns, channels] → [batch, …outputSize, channels]
 * (or channels first). Window i of n along an axis of size s goes from ⌊i s / n⌋ to ⌈(i + 1) s / n⌉, so the size of the
 * output does not depend on that of the input. Equal elements of a
 * window share the gradient.
 *
 * @throws ShapeError for an input of another rank.
 *
 * @example
 * ```ts
 * import { AdaptiveMaxPooling3D, tensor } from "varve";
 * const x = tensor([1, 2, 3, 6], [1, 1, 2, 2, 1]);
 * await new AdaptiveMaxPooling3D({ outputSize: [1, 1, 2] }).apply(x).array() // => [[[[[3], [6]]]]]
 * ```
 */
export class AdaptiveMaxPooling3D extends AdaptiveMaxPooling {
  static override readonly className = "AdaptiveMaxPooling3D";
  static override readonly schema = /* @__PURE__ */ adaptivePoolingOptions(3);
}

export const adaptiveMaxPooling3d = factory(AdaptiveMaxPooling3D);
