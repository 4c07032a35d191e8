/**
 * MaxPooling1D: the largest element of each window over steps.
 */
import { factory } from "../layer.ts";
import { MaxPooling, maxPoolingOptions } from "./pooling.ts";

/**
 * The largest element of each window, for each channel: [batch, steps, channels] → [batch, steps', channels]
 * (or channels first), with `floor((size − poolSize) / stride) + 1` windows along an axis under padding "valid" and
 * `ceil(size / stride)` under "same". The gradient goes to the
 * first of equal elements.
 *
 * @throws ShapeError where a window does not fit into the input.
 *
 * @example
 * ```ts
 * import { MaxPooling1D, tensor } from "varve";
 * const x = tensor([1, 3, 2, 5], [1, 4, 1]);
 * await new MaxPooling1D().apply(x).array() // => [[[3], [5]]]
 * ```
 */
export class MaxPooling1D extends MaxPooling {
  static override readonly className = "MaxPooling1D";
  static override readonly schema = /* @__PURE__ */ maxPoolingOptions(1);
}

export const maxPooling1d = factory(MaxPooling1D);
