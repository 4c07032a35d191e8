/**
 * AveragePooling1D: the average element of each window over steps.
 */
import { factory } from "../layer.ts";
import { AveragePooling, averagePoolingOptions } from "./pooling.ts";

/**
 * The average element of each window, for each channel: [batch, steps, channels] → [batch, steps', channels]
 * (or channels first), with `floor((size − poolSize) / stride) + 1` windows along an axis under padding "valid" and
 * `ceil(size / stride)` under "same". At the edges, only the
 * elements that are really there count.
 *
 * @throws ShapeError where a window does not fit into the input.
 *
 * @example
 * ```ts
 * import { AveragePooling1D, tensor } from "varve";
 * const x = tensor([1, 3, 2, 5], [1, 4, 1]);
 * await new AveragePooling1D({ poolSize: 2 }).apply(x).array() // => [[[2], [3.5]]]
 * ```
 */
export class AveragePooling1D extends AveragePooling {
  static override readonly className = "AveragePooling1D";
  static override readonly schema = /* @__PURE__ */ averagePoolingOptions(1);
}

export const averagePooling1d = factory(AveragePooling1D);
