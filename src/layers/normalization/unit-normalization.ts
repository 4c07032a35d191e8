/**
 * UnitNormalization: each sample divided by its length.
 */
import { axes } from "../../core/options.ts";
import { normalizeAxes, type PartialShape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { normalize } from "../../ops/normalize/unit.ts";
import { factory, layer } from "../layer.ts";

/**
 * Divides by the length (the root of the sum of squares) over the axes, so that it becomes 1; zeros stay zeros.
 *
 *     y = x / max(√Σ x², 1e-12)
 *
 * - Input: any rank. Output: the same shape. Weights: none.
 * - A mask is handed on.
 *
 * @throws ShapeError where an axis does not exist or is named twice.
 *
 * @example
 * ```ts
 * import { layers, tensor } from "varve";
 * await layers.unitNormalization().apply(tensor([[0, 2], [0, 0]])).array() // => [[0, 1], [0, 0]]
 * ```
 */
export class UnitNormalization extends layer("UnitNormalization", {
  /** The axes to take the length over. Default -1. */
  axis: axes({ default: -1, list: true }),
}) {
  override readonly supportsMasking = true;

  override build(shape: PartialShape): void {
    normalizeAxes(this.axis, shape.length, this.label);
  }

  override call(x: Tensor): Tensor {
    return normalize(x, this.axis, 2, 1e-12);
  }
}

export const unitNormalization = factory(UnitNormalization);
