/**
 * AveragePooling2D: the average element of each window over rows and columns.
 */
import { factory } from "../layer.ts";
import { AveragePooling, averagePoolingOptions } from "./pooling.ts";

/**
 * The average element of each window, for each channel: [batch, rows, columns, channels] → [batch, rows', columns', channels]
 * (or channels first), with `floor((size − poolSize) / stride) + 1` windows along an axis under padding "valid" and
 * `ceil(size / stride)` under "same". At the edges, only the
 * elements that are really there count.
 *
 * @throws ShapeError where a window does not fit into the input.
 *
 * @example
 * ```ts
 * import { AveragePooling2D, tensor } from "varve";
 * const x = tensor([[1, 2], [3, 6]], [1, 2, 2, 1]);
 * await new AveragePooling2D({ poolSize: 2 }).apply(x).array() // => [[[[3]]]]
 * ```
 */
export class AveragePooling2D extends AveragePooling {
  static override readonly className = "AveragePooling2D";
  static override readonly schema = /* @__PURE__ */ averagePoolingOptions(2);
}

export const averagePooling2d = factory(AveragePooling2D);
