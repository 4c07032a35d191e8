/**
 * AveragePooling3D: the average element of each window over depth, height and width.
 */
import { factory } from "../layer.ts";
import { AveragePooling, averagePoolingOptions } from "./pooling.ts";

/**
 * The average element of each window, for each channel: [batch, depth, height, width, channels] → [batch, depth', height', width', channels]
 * (or channels first), with `floor((size − poolSize) / stride) + 1` windows along an axis under padding "valid" and
 * `ceil(size / stride)` under "same". At the edges, only the
 * elements that are really there count.
 *
 * @throws ShapeError where a window does not fit into the input.
 *
 * @example
 * ```ts
 * import { AveragePooling3D, tensor } from "varve";
 * const x = tensor([1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 2, 2, 1]);
 * await new AveragePooling3D({ poolSize: 2 }).apply(x).array() // => [[[[[4.5]]]]]
 * ```
 */
export class AveragePooling3D extends AveragePooling {
  static override readonly className = "AveragePooling3D";
  static override readonly schema = /* @__PURE__ */ averagePoolingOptions(3);
}

export const averagePooling3d = factory(AveragePooling3D);
