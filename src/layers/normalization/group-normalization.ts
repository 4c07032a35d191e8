/**
 * GroupNormalization: each sample normalized over groups of its channels; the mathematics is `ops/normalize`.
 */
import { axes, integer, number } from "../../core/options.ts";
import { formatShape, type PartialShape, type Shape, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Variable } from "../../core/variable.ts";
import { warnOnce } from "../../core/warn.ts";
import { channelAxis, checkGroups, groupNormalization as normalizeGroups } from "../../ops/normalize/normalizations.ts";
import { factory, layer } from "../layer.ts";
import { weight } from "../weights.ts";
import { affineOptions } from "./affine.ts";

/**
 * Group normalization: the channels of each sample are split into groups, and each group, over all positions, is given
 * mean 0 and variance 1. Then every channel has its own scale and shift.
 *
 *     y = (x − mean) / √(variance + epsilon) · gamma + beta
 *
 * Nothing depends on the rest of the batch, so a batch of one gives what a batch of many gives, and training and
 * inference are the same. One group is layer normalization over everything but the batch, with parameters for each
 * channel; as many groups as channels (−1) is instance normalization.
 *
 * - Input: rank 2 to 6, batch first; the channels' size must be known. Output: the same shape.
 * - Weights: `gamma` [channels], `beta` [channels].
 * - A mask is handed on; it does not change the statistics.
 *
 * @throws ShapeError where the groups do not divide the channels, the channels' size is not known, or their axis is the
 *   batch or does not exist.
 *
 * @example
 * ```ts
 * import { layers, tensor } from "varve";
 * const norm = layers.groupNormalization({ groups: 2, epsilon: 1e-12 });
 * await norm.apply(tensor([[1, 3, 10, 30]])).array() // => [[-1, 1, -1, 1]]
 * ```
 *
 * @see Wu & He, Group Normalization, 2018, https://arxiv.org/abs/1803.08494
 */
export class GroupNormalization extends layer(
  "GroupNormalization",
  {
    /** How many groups the channels are split into; -1 gives every channel its own. Default 32. */
    groups: integer({ default: 32, min: 1, or: -1 }),
    /** The channel axis. Default -1. */
    axis: axes({ default: -1 }),
    /** Added to the variance before its square root. Default 1e-3. */
    epsilon: number({ default: 1e-3, min: 0 }),
  },
  affineOptions,
) {
  override readonly supportsMasking = true;
  gamma: Variable | undefined = undefined;
  beta: Variable | undefined = undefined;

  override build(shape: PartialShape): void {
    const channels = this.sizeAt(shape, this.axis);
    const axis = channelAxis(this.axis, shape, this.label);
    const groups = checkGroups(this.groups, channels, this.label);
    const others = shape.filter((_, index) => index !== 0 && index !== axis);
    if (!others.includes(null) && (channels / groups) * sizeOf(others as Shape) === 1) {
      warnOnce(
        `${this.label}: with ${groups} groups of ${formatShape(shape)} every group has one value, so the output is beta whatever comes in; take fewer groups`,
      );
    }
    this.inputSpec = { rank: shape.length, axes: { [axis]: channels } };
    if (this.scale) this.gamma = this.addWeight(weight(this, "gamma", [channels]));
    if (this.center) this.beta = this.addWeight(weight(this, "beta", [channels]));
  }

  override call(x: Tensor): Tensor {
    return normalizeGroups(x, this.groups, this.gamma, this.beta, this.axis, this.epsilon);
  }
}

export const groupNormalization = factory(GroupNormalization);
