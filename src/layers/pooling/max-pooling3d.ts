/**
 * MaxPooling3D: the largest element of each window over depth, height and width.
 */
import { factory } from "../layer.ts";
import { MaxPooling, maxPoolingOptions } from "./pooling.ts";

/**
 * The largest element of each window, for each channel: [batch, depth, height, width, channels] → [batch, depth', height', width', channels]
 * (or channels first), with `floor((size − poolSize) / stride) + 1` windows along an axis under padding "valid" and
 * `ceil(size / stride)` under "same". The gradient goes to the
 * first of equal elements.
 *
 * @throws ShapeError where a window does not fit into the input.
 *
 * @example
 * ```ts
 * import { MaxPooling3D, tensor } from "varve";
 * const x = tensor([1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 2, 2, 1]);
 * await new MaxPooling3D().apply(x).array() // => [[[[[8]]]]]
 * ```
 */
export class MaxPooling3D extends MaxPooling {
  static override readonly className = "MaxPooling3D";
  static override readonly schema = /* @__PURE__ */ maxPoolingOptions(3);
}

export const maxPooling3d = factory(MaxPooling3D);
