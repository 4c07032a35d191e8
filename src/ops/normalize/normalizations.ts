/**
 * The normalizations by name, as `keras.ops` has them, and group normalization, which it has not: each says which axes
 * share statistics and which own parameters, and leaves the rest to `normalize`.
 */
import { ShapeError, show } from "../../core/errors.ts";
import { type Axes, formatShape, normalizeAxes, normalizeAxis, type PartialShape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { multiply } from "../elementwise/binary.ts";
import { reshape } from "../movement/reshape.ts";
import { publicOp, type TensorLike } from "../op.ts";
import { toTensor } from "../tensor.ts";
import { normalize } from "./normalize.ts";
import { spanning } from "./parameters.ts";
import { standardize } from "./standardize.ts";

/** What Keras adds where nothing is said: `keras.config.epsilon()`. */
const defaultEpsilon = 1e-7;

function likeX(value: TensorLike | null | undefined, x: Tensor): Tensor | undefined {
  return value === undefined || value === null ? undefined : toTensor(value, { device: x.device, dtype: x.dtype });
}

/** The numbers of groups nearest to `groups` that `channels` can form, one below and one above where there are. */
export function nearestGroups(groups: number, channels: number): number[] {
  const divisors = Array.from({ length: channels }, (_, index) => index + 1).filter((size) => channels % size === 0);
  const below = divisors.filter((divisor) => divisor < groups).at(-1);
  const above = divisors.find((divisor) => divisor > groups);
  return [below, above].filter((divisor) => divisor !== undefined);
}

/**
 * How many groups `channels` are split into; −1 means as many as there are. Refuses numbers that do not divide them,
 * naming the nearest that do.
 */
export function checkGroups(groups: number, channels: number, where: string): number {
  if (groups === -1) return channels;
  if (Number.isSafeInteger(groups) && groups >= 1 && channels % groups === 0) return groups;
  const near = nearestGroups(groups, channels).join(" or ");
  const choice = near === "" ? "" : `choose ${near}, or `;
  throw new ShapeError(
    `${where}: ${channels} channels cannot form ${show(groups)} groups; ${choice}groups: -1 for one group per channel`,
  );
}

/** The channel axis counted from the front; the first axis is the batch and cannot be it. */
export function channelAxis(axis: number, shape: PartialShape, where: string): number {
  const index = normalizeAxis(axis, shape.length, where);
  if (index === 0) {
    throw new ShapeError(
      `${where}: axis ${axis} of shape ${formatShape(shape)} is the batch; the channel axis must be another`,
    );
  }
  return index;
}

/** Which values of x share statistics: those of a group of channels, over some further axes. */
export interface Grouping {
  /** How many groups; they divide the channels. */
  readonly groups: number;
  /** The channel axis, counted from the front. */
  readonly channel: number;
  /** The other axes that share statistics, counted from the front. */
  readonly over: readonly number[];
  readonly epsilon: number;
}

/**
 * Normalizes x over groups of its channels and the axes in `over`, whichever they are; the rest is as `normalize` has
 * it. Every group normalization is this one. `gamma` and `beta` have one value for each channel.
 *
 * @internal
 */
export function normalizeInGroups(
  { x, gamma, beta }: { x: Tensor; gamma?: Tensor | undefined; beta?: Tensor | undefined },
  { groups, channel, over, epsilon }: Grouping,
): Tensor {
  const [before, after] = [x.shape.slice(0, channel), x.shape.slice(channel + 1)];
  const width = (x.shape[channel] as number) / groups;
  const spread = (parameter: Tensor | undefined) =>
    parameter && reshape(parameter, [groups, width, ...after.map(() => 1)]);
  // The channel axis becomes two, groups and width, so the axes behind it move by one.
  const axes = [...over.map((axis) => (axis > channel ? axis + 1 : axis)), channel + 1].sort((a, b) => a - b);
  const { y } = normalize(
    { x: reshape(x, [...before, groups, width, ...after]), gamma: spread(gamma), beta: spread(beta) },
    { over: axes, epsilon, kind: "standard" },
  );
  return reshape(y, x.shape);
}

/**
 * Group normalization: each sample's channels are split into groups, and each group, over all positions, is given mean
 * 0 and variance 1; then every channel is scaled by its gamma and shifted by its beta.
 *
 *     y = (x − mean) / √(variance + epsilon) · gamma + beta
 *
 * @param groups How many; −1 gives every channel its own (instance normalization).
 * @param gamma One for each channel. Default: none.
 * @param beta One for each channel. Default: none.
 * @param axis The channel axis. Default −1.
 * @throws ShapeError where the groups do not divide the channels.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * const x = tensor([[1, 3, 10, 30]]);
 * const y = ops.groupNormalization(x, 2, null, null, -1, 0);
 * await y.array() // => [[-1, 1, -1, 1]]
 * ```
 *
 * @see Wu & He, Group Normalization, 2018
 */
export const groupNormalization = publicOp(
  "groupNormalization",
  (
    x: TensorLike,
    groups: number,
    gamma?: TensorLike | null,
    beta?: TensorLike | null,
    axis: number = -1,
    epsilon: number = 1e-3,
  ): Tensor => {
    const where = "groupNormalization";
    const given = toTensor(x);
    const channel = channelAxis(axis, given.shape, where);
    const count = checkGroups(groups, given.shape[channel] as number, where);
    const parameter = (name: string, value: TensorLike | null | undefined) => {
      const tensor = likeX(value, given);
      return tensor && spanning(name, tensor, given, [channel], where);
    };
    return normalizeInGroups(
      { x: given, gamma: parameter("gamma", gamma), beta: parameter("beta", beta) },
      {
        groups: count,
        channel,
        over: given.shape.flatMap((_, index) => (index === 0 || index === channel ? [] : [index])),
        epsilon,
      },
    );
  },
);

/**
 * Layer normalization: over the axes, x is given mean 0 and variance 1, then scaled by gamma and shifted by beta, which
 * have those axes' sizes.
 *
 *     y = (x − mean) / √(variance + epsilon) · gamma + beta
 *
 * @param axis One or several. Default −1.
 * @param epsilon Default 1e-7.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.layerNormalization(tensor([[1, 3], [10, 30]]), [2, 1], null, -1, 0).array() // => [[-2, 1], [-2, 1]]
 * ```
 *
 * @see Ba et al., Layer Normalization, 2016
 */
export const layerNormalization = publicOp(
  "layerNormalization",
  (
    x: TensorLike,
    gamma?: TensorLike | null,
    beta?: TensorLike | null,
    axis: Axes = -1,
    epsilon: number = defaultEpsilon,
  ): Tensor => {
    const given = toTensor(x);
    const over = normalizeAxes(axis, given.rank, "layerNormalization");
    const spanned = (name: string, value: TensorLike | null | undefined) => {
      const parameter = likeX(value, given);
      return parameter && spanning(name, parameter, given, over, "layerNormalization");
    };
    return normalize(
      { x: given, gamma: spanned("gamma", gamma), beta: spanned("beta", beta) },
      { over, epsilon, kind: "standard" },
    ).y;
  },
);

/**
 * Divides by the standard deviation over the axes without subtracting the mean, and scales by gamma: what older Keras
 * files mean by `rms_scaling`. It is not root mean square normalization; that is `rmsNormalization`.
 *
 *     y = x / √(variance + epsilon) · gamma
 *
 * @internal
 */
export function scaleBySpread(x: Tensor, gamma: Tensor, axis: Axes, epsilon: number): Tensor {
  const over = normalizeAxes(axis, x.rank, "layerNormalization");
  const { rstd } = normalize({ x }, { over, epsilon, kind: "standard" });
  return multiply(multiply(x, rstd), spanning("gamma", gamma, x, over, "layerNormalization"));
}

/**
 * Root mean square normalization: divides by the root of the mean square over the axes, and multiplies by `scale`,
 * which has those axes' sizes. Nothing is subtracted.
 *
 *     y = x / √(mean(x²) + epsilon) · scale
 *
 * @param axis One or several. Default −1.
 * @param epsilon Default 1e-7.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.rmsNormalization(tensor([[1, 7]]), [5, 10], -1, 0).array() // => [[1, 14]]
 * ```
 *
 * @see Zhang & Sennrich, Root Mean Square Layer Normalization, 2019
 */
export const rmsNormalization = publicOp(
  "rmsNormalization",
  (x: TensorLike, scale?: TensorLike | null, axis: Axes = -1, epsilon: number = defaultEpsilon): Tensor => {
    const given = toTensor(x);
    const over = normalizeAxes(axis, given.rank, "rmsNormalization");
    const parameter = likeX(scale, given);
    const gamma = parameter && spanning("scale", parameter, given, over, "rmsNormalization");
    return normalize({ x: given, gamma }, { over, epsilon, kind: "rms" }).y;
  },
);

/**
 * Normalizes by a mean and a variance that are given, one for each index of the axis.
 *
 *     y = (x − mean) / √(variance + epsilon) · scale + offset
 *
 * @param offset Default: none.
 * @param scale Default: none.
 * @param epsilon Default 1e-3.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * const y = ops.batchNormalization(tensor([[5, 8]]), tensor([1, 2]), tensor([4, 9]), -1, tensor([1, 0]), null, 0);
 * await y.array() // => [[3, 2]]
 * ```
 *
 * @see Ioffe & Szegedy, Batch Normalization, 2015
 */
export const batchNormalization = publicOp(
  "batchNormalization",
  (
    x: TensorLike,
    mean: TensorLike,
    variance: TensorLike,
    axis: number,
    offset?: TensorLike | null,
    scale?: TensorLike | null,
    epsilon: number = 1e-3,
  ): Tensor => {
    const given = toTensor(x);
    const axes = [normalizeAxis(axis, given.rank, "batchNormalization")];
    const spanned = <T extends Tensor | undefined>(name: string, value: T): T =>
      (value && spanning(name, value, given, axes, "batchNormalization")) as T;
    return standardize(
      {
        x: given,
        mean: spanned("mean", likeX(mean, given) as Tensor),
        variance: spanned("variance", likeX(variance, given) as Tensor),
        gamma: spanned("scale", likeX(scale, given)),
        beta: spanned("offset", likeX(offset, given)),
      },
      { epsilon },
    ).y;
  },
);
