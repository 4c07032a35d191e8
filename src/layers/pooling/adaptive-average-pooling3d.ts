/**
 * AdaptiveAveragePooling3D: the average of as many windows over three spatial axes as there shall be results.
 */
import { factory } from "../layer.ts";
import { AdaptiveAveragePooling, adaptivePoolingOptions } from "./adaptive-pooling.ts";

/**
 * The average of each window, for each channel: [batch, depth, rows, columns, channels] → [batch, …outputSize, channels]
 * (or channels first). Window i of n along an axis of size s goes from ⌊i s / n⌋ to ⌈(i + 1) s / n⌉, so the size of the
 * output does not depend on that of the input.
 *
 * @throws ShapeError for an input of another rank.
 *
 * @example
 * ```ts
 * import { AdaptiveAveragePooling3D, tensor } from "varve";
 * const x = tensor([1, 2, 3, 6], [1, 1, 2, 2, 1]);
 * await new AdaptiveAveragePooling3D({ outputSize: [1, 1, 2] }).apply(x).array() // => [[[[[2], [4]]]]]
 * ```
 */
export class AdaptiveAveragePooling3D extends AdaptiveAveragePooling {
  static override readonly className = "AdaptiveAveragePooling3D";
  static override readonly schema = /* @__PURE__ */ adaptivePoolingOptions(3);
}

export const adaptiveAveragePooling3d = factory(AdaptiveAveragePooling3D);
