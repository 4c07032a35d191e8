/**
 * RMSNormalization: each sample divided by the root of its mean square; the mathematics is `ops/normalize`.
 */
import { axes, number } from "../../core/options.ts";
import type { PartialShape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Variable } from "../../core/variable.ts";
import { ones } from "../../initializers.ts";
import { rmsNormalization as normalizeOver } from "../../ops/normalize/normalizations.ts";
import { factory, layer } from "../layer.ts";
import { parameterShape } from "./affine.ts";

/**
 * Root mean square normalization: over the axes, every sample is divided by the root of its mean square, and each
 * element multiplied by its scale. Nothing is subtracted, so it costs less than layer normalization.
 *
 *     y = x / √(mean(x²) + epsilon) · scale
 *
 * - Input: any rank; the sizes of the axes must be known. Output: the same shape.
 * - Weights: `scale`, with the sizes of the axes.
 *
 * @throws ShapeError where an axis does not exist, is named twice, or has a size that is not known.
 *
 * @example
 * ```ts
 * import { layers, tensor } from "varve";
 * const norm = layers.rmsNormalization({ epsilon: 1e-12 });
 * await norm.apply(tensor([[3, 3], [-2, 2]])).array() // => [[1, 1], [-1, 1]]
 * ```
 *
 * @see Zhang & Sennrich, Root Mean Square Layer Normalization, 2019, https://arxiv.org/abs/1910.07467
 */
export class RMSNormalization extends layer("RMSNormalization", {
  /** The axes to normalize over, usually those of the features. Default -1. */
  axis: axes({ default: -1, list: true }),
  /** Added to the mean square before its root; null means 1e-7. Default 1e-6. */
  epsilon: number({ default: 1e-6 as number | null, min: 0, nullable: true }),
}) {
  scale: Variable | undefined = undefined;

  override build(shape: PartialShape): void {
    const spanned = parameterShape(this.axis, shape, this.label, (axis) => this.sizeAt(shape, axis));
    this.scale = this.addWeight({ name: "scale", shape: spanned, initializer: ones() });
  }

  override call(x: Tensor): Tensor {
    return normalizeOver(x, this.scale, this.axis, this.epsilon ?? undefined);
  }
}

export const rmsNormalization = factory(RMSNormalization);
