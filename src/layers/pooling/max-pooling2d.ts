/**
 * MaxPooling2D: the largest element of each window over rows and columns.
 */
import { factory } from "../layer.ts";
import { MaxPooling, maxPoolingOptions } from "./pooling.ts";

/**
 * The largest element of each window, for each channel: [batch, rows, columns, channels] → [batch, rows', columns', channels]
 * (or channels first), with `floor((size − poolSize) / stride) + 1` windows along an axis under padding "valid" and
 * `ceil(size / stride)` under "same". The gradient goes to the
 * first of equal elements.
 *
 * @throws ShapeError where a window does not fit into the input.
 *
 * @example
 * ```ts
 * import { MaxPooling2D, tensor } from "varve";
 * const x = tensor([[1, 2], [3, 6]], [1, 2, 2, 1]);
 * await new MaxPooling2D().apply(x).array() // => [[[[6]]]]
 * ```
 */
export class MaxPooling2D extends MaxPooling {
  static override readonly className = "MaxPooling2D";
  static override readonly schema = /* @__PURE__ */ maxPoolingOptions(2);
}

export const maxPooling2d = factory(MaxPooling2D);
