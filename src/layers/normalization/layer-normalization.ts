/**
 * LayerNormalization: each sample normalized over axes of its own; the mathematics is `ops/normalize`.
 */
import { axes, boolean, number } from "../../core/options.ts";
import type { PartialShape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Variable } from "../../core/variable.ts";
import { layerNormalization as normalizeOver, scaleBySpread } from "../../ops/normalize/normalizations.ts";
import { factory, layer } from "../layer.ts";
import { weight } from "../weights.ts";
import { affineOptions, parameterShape } from "./affine.ts";

/**
 * Layer normalization: over the axes, every sample is given mean 0 and variance 1; then each element along those axes
 * has its own scale and shift.
 *
 *     y = (x − mean) / √(variance + epsilon) · gamma + beta
 *
 * Nothing depends on the rest of the batch.
 *
 * - Input: any rank; the sizes of the axes must be known. Output: the same shape.
 * - Weights: `gamma` and `beta`, with the sizes of the axes: over axes [1, 2, 3] of [5, 20, 30, 40], [20, 30, 40].
 * - A mask is handed on; it does not change the statistics.
 *
 * @throws ShapeError where an axis does not exist, is named twice, or has a size that is not known.
 *
 * @example
 * ```ts
 * import { layers, tensor } from "varve";
 * const norm = layers.layerNormalization({ epsilon: 1e-12 });
 * await norm.apply(tensor([[1, 3], [30, 10]])).array() // => [[-1, 1], [1, -1]]
 * ```
 *
 * @see Ba, Kiros & Hinton, Layer Normalization, 2016, https://arxiv.org/abs/1607.06450
 */
export class LayerNormalization extends layer(
  "LayerNormalization",
  {
    /** The axes to normalize over, usually those of the features. Default -1. */
    axis: axes({ default: -1, list: true }),
    /** Added to the variance before its square root. Default 1e-3. */
    epsilon: number({ default: 1e-3, min: 0 }),
    /**
     * Divide by the standard deviation without subtracting the mean, with a gamma and no beta: `y = x / √(variance +
     * epsilon) · gamma`. Only for what older Keras saved; `RMSNormalization` divides by the root mean square. Default
     * false.
     */
    rmsScaling: boolean({ default: false }),
  },
  affineOptions,
) {
  override readonly supportsMasking = true;
  gamma: Variable | undefined = undefined;
  beta: Variable | undefined = undefined;

  override build(shape: PartialShape): void {
    const spanned = parameterShape(this.axis, shape, this.label, (axis) => this.sizeAt(shape, axis));
    if (this.scale || this.rmsScaling) this.gamma = this.addWeight(weight(this, "gamma", spanned));
    if (this.center && !this.rmsScaling) this.beta = this.addWeight(weight(this, "beta", spanned));
  }

  override call(x: Tensor): Tensor {
    if (this.rmsScaling) return scaleBySpread(x, (this.gamma as Variable).value, this.axis, this.epsilon);
    return normalizeOver(x, this.gamma, this.beta, this.axis, this.epsilon);
  }
}

export const layerNormalization = factory(LayerNormalization);
