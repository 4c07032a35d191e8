/**
 * BatchNormalization: each channel normalized over the batch while training, and by what was seen then at inference.
 * The mathematics is `ops/normalize`; here are the moving statistics, masks and batch renormalization.
 */
import { OptionError } from "../../core/errors.ts";
import { axes, boolean, type Json, number, option } from "../../core/options.ts";
import { formatShape, normalizeAxis, type PartialShape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { isPlainObject } from "../../core/tree.ts";
import type { Variable } from "../../core/variable.ts";
import { initializer } from "../../initializers.ts";
import { add, divide, maximum, minimum, multiply, subtract } from "../../ops/elementwise/binary.ts";
import { cast } from "../../ops/elementwise/cast.ts";
import { where } from "../../ops/elementwise/compare.ts";
import { sqrt, square } from "../../ops/elementwise/unary.ts";
import { broadcastTo } from "../../ops/movement/broadcast.ts";
import { expandDims, reshape, stopGradient } from "../../ops/movement/reshape.ts";
import { moveAverage } from "../../ops/normalize/given.ts";
import { batchNormalization as normalizeBy } from "../../ops/normalize/normalizations.ts";
import { normalize } from "../../ops/normalize/normalize.ts";
import { spanning } from "../../ops/normalize/parameters.ts";
import { moments } from "../../ops/reduce/reduce.ts";
import { sum } from "../../ops/reduce/sum.ts";
import { type CallContext, factory, layer } from "../layer.ts";
import { weight } from "../weights.ts";
import { affineOptions } from "./affine.ts";

/** Bounds of the correction of batch renormalization. */
export interface RenormClipping {
  /** The largest factor. Default: none. */
  readonly rmax?: number;
  /** The smallest factor. Default: none. */
  readonly rmin?: number;
  /** The largest shift either way. Default: none. */
  readonly dmax?: number;
}

const bounds = ["rmax", "rmin", "dmax"];

const renormClipping = option(
  { default: null as RenormClipping | null },
  {
    expected: "an object with numbers rmax ≥ rmin and dmax ≥ 0, each of which may be left out",
    parse(given, refuse): RenormClipping {
      if (!isPlainObject(given)) return refuse();
      const fits = Object.entries(given).every(([name, bound]) => bounds.includes(name) && Number.isFinite(bound));
      const { rmax = Number.POSITIVE_INFINITY, rmin = 0, dmax = 0 } = given as RenormClipping;
      return fits && rmax >= rmin && dmax >= 0 ? Object.freeze({ ...given }) : refuse();
    },
    toConfig: (value) => ({ ...value }),
    fromConfig: (json) => json as RenormClipping,
  },
);

/** Keras has this for several devices that train one model. */
const synchronized = option(
  { default: false },
  {
    expected: "false: there is one device to take statistics on",
    parse: (given, refuse): boolean => (given === false ? false : refuse()),
    toConfig: (value) => value,
    fromConfig: (json) => json as boolean,
  },
);

/** What Keras divides by more than the number of unmasked steps, so that none is no division by 0. */
const maskEpsilon = 1e-7;

/**
 * Batch normalization. While training, every channel is given mean 0 and variance 1 over the batch and all positions,
 * and moving averages of both are kept; at inference those are used. Then each channel has its own scale and shift.
 *
 *     training:  y = (x − mean) / √(variance + epsilon) · gamma + beta
 *                moving = moving · momentum + statistics of the batch · (1 − momentum)
 *     inference: y = (x − movingMean) / √(movingVariance + epsilon) · gamma + beta
 *
 * The variance is the biased one in both. `trainable = false` means inference, whatever the call says: the moving
 * averages stay as they are.
 *
 * - Input: rank 2 or more; the channels' size must be known. Output: the same shape.
 * - Weights: `gamma`, `beta`, `movingMean`, `movingVariance`, each [channels]; with `renorm` also `movingStddev`,
 *   `renormMean` and `renormStddev`.
 * - A mask of all axes but the last keeps what it masks out of the statistics. It is handed on.
 *
 * @throws ShapeError where the axis does not exist or its size is not known, or a mask has another rank.
 *
 * @example
 * ```ts
 * import { layers, tensor } from "varve";
 * const norm = layers.batchNormalization({ epsilon: 1e-12, momentum: 0 });
 * const y = norm.apply(tensor([[1, 30], [3, 10]]), { training: true });
 * [await y.array(), await norm.movingMean.value.array()] // => [[[-1, 1], [1, -1]], [2, 20]]
 * ```
 *
 * @see Ioffe & Szegedy, Batch Normalization, 2015, https://arxiv.org/abs/1502.03167; Ioffe, Batch Renormalization, 2017,
 *   https://arxiv.org/abs/1702.03275
 */
export class BatchNormalization extends layer(
  "BatchNormalization",
  {
    /** The channel axis. Default -1. */
    axis: axes({ default: -1 }),
    /** How much of the moving averages stays at each step. Default 0.99. */
    momentum: number({ default: 0.99, min: 0, max: 1 }),
    /** Added to the variance before its square root. Default 1e-3. */
    epsilon: number({ default: 1e-3, min: 0 }),
    /** How the moving mean begins. Default "zeros". */
    movingMeanInitializer: initializer({ default: "zeros" }),
    /** How the moving variance begins. Default "ones". */
    movingVarianceInitializer: initializer({ default: "ones" }),
    /** Whether to correct the statistics of the batch towards moving ones while training. Default false. */
    renorm: boolean({ default: false }),
    /** With `renorm`: bounds of the correction, `{ rmax, rmin, dmax }`. Default: none. */
    renormClipping,
    /** With `renorm`: how much of the statistics that it corrects towards stays at each step. Default 0.99. */
    renormMomentum: number({ default: 0.99, min: 0, max: 1 }),
    /** Always false. */
    synchronized,
  },
  affineOptions,
) {
  override readonly supportsMasking = true;
  gamma: Variable | undefined = undefined;
  beta: Variable | undefined = undefined;
  movingMean: Variable | undefined = undefined;
  movingVariance: Variable | undefined = undefined;
  movingStddev: Variable | undefined = undefined;
  renormMean: Variable | undefined = undefined;
  renormStddev: Variable | undefined = undefined;

  protected override checkOptions(): void {
    if (this.renormClipping && !this.renorm) {
      throw new OptionError(
        `${this.label}: renormClipping bounds the correction of renorm: true; set that, or leave it out`,
      );
    }
  }

  override build(shape: PartialShape): void {
    const axis = normalizeAxis(this.axis, shape.length, this.label);
    const channels = this.sizeAt(shape, axis);
    const statistic = (name: string, begin: typeof this.movingMeanInitializer) =>
      this.addWeight({ name, shape: [channels], initializer: begin, trainable: false });
    this.inputSpec = { rank: shape.length, axes: { [axis]: channels } };
    if (this.scale) this.gamma = this.addWeight(weight(this, "gamma", [channels]));
    if (this.center) this.beta = this.addWeight(weight(this, "beta", [channels]));
    this.movingMean = statistic("moving_mean", this.movingMeanInitializer);
    this.movingVariance = statistic("moving_variance", this.movingVarianceInitializer);
    if (!this.renorm) return;
    const deviation = sqrt(this.movingVariance);
    this.movingStddev = statistic("moving_stddev", this.movingVarianceInitializer);
    this.movingStddev.assign(deviation);
    this.renormMean = statistic("renorm_mean", this.movingMeanInitializer);
    this.renormStddev = statistic("renorm_stddev", this.movingVarianceInitializer);
    this.renormStddev.assign(deviation);
  }

  override call(x: Tensor, { training, mask }: CallContext): Tensor {
    if (mask && mask.rank !== x.rank - 1) {
      this.refuse(
        `a mask has one axis less than the input of shape ${formatShape(x.shape)}, got shape ${formatShape(mask.shape)}`,
      );
    }
    const { axis, epsilon, gamma, beta } = this;
    const [movingMean, movingVariance] = [this.movingMean as Variable, this.movingVariance as Variable];
    if (!training || !this.trainable) return normalizeBy(x, movingMean, movingVariance, axis, beta, gamma, epsilon);
    const channel = normalizeAxis(axis, x.rank, this.label);
    const over = x.shape.map((_, index) => index).filter((index) => index !== channel);
    const channels = [x.shape[channel] as number];
    if (!mask && !this.renorm) {
      const spanned = (name: string, parameter: Variable | undefined) =>
        parameter && spanning(name, parameter.value, x, [channel], this.label);
      const statistics = normalize(
        { x, gamma: spanned("gamma", gamma), beta: spanned("beta", beta) },
        { over, epsilon, kind: "standard" },
      );
      moveAverage(movingMean, reshape(statistics.mean, channels), this.momentum, x);
      moveAverage(movingVariance, reshape(statistics.variance, channels), this.momentum, x);
      return statistics.y;
    }
    const [mean, variance] = mask ? maskedMoments(x, mask, over, channels) : moments(x, over);
    if (this.renorm) return this.#renormalize(x, mean, variance);
    moveAverage(movingMean, mean, this.momentum, x);
    moveAverage(movingVariance, variance, this.momentum, x);
    return normalizeBy(x, mean, variance, axis, beta, gamma, epsilon);
  }

  /**
   * Batch renormalization: `y = (n · r + d) · gamma + beta` with n normalized by the batch, r and d such that it is as
   * if normalized by the moving statistics. The gradient takes r and d for constants.
   */
  #renormalize(x: Tensor, mean: Tensor, variance: Tensor): Tensor {
    const { rmax, rmin, dmax } = this.renormClipping ?? {};
    const [renormMean, renormStddev] = [this.renormMean as Variable, this.renormStddev as Variable];
    const [movingMean, movingStddev] = [this.movingMean as Variable, this.movingStddev as Variable];
    const stddev = sqrt(add(variance, this.epsilon));
    const towards = maximum(renormStddev, Math.sqrt(this.epsilon));
    let r = divide(stddev, towards);
    let d = divide(subtract(mean, renormMean), towards);
    if (rmin !== undefined) r = maximum(r, rmin);
    if (rmax !== undefined) r = minimum(r, rmax);
    if (dmax !== undefined) d = minimum(maximum(d, -dmax), dmax);
    const scale = this.gamma ? multiply(stopGradient(r), this.gamma) : stopGradient(r);
    const shift = this.gamma ? multiply(stopGradient(d), this.gamma) : stopGradient(d);
    const offset = this.beta ? add(shift, this.beta) : shift;

    moveAverage(renormMean, mean, this.renormMomentum, x);
    moveAverage(renormStddev, stddev, this.renormMomentum, x);
    moveAverage(movingMean, mean, this.momentum, x);
    moveAverage(movingStddev, stddev, this.momentum, x);
    if (x.device.concrete) {
      const spread = subtract(square(movingStddev), this.epsilon);
      (this.movingVariance as Variable).assign(maximum(spread, 0));
    }
    return normalizeBy(x, mean, variance, this.axis, offset, scale, this.epsilon);
  }

  override getConfig(): Record<string, Json> {
    const config = super.getConfig();
    return this.renorm && !this.renormClipping ? { ...config, renorm_clipping: {} } : config;
  }
}

/** Mean and variance of what the mask lets count. */
function maskedMoments(x: Tensor, mask: Tensor, over: readonly number[], shape: readonly number[]): [Tensor, Tensor] {
  const counts = broadcastTo(cast(expandDims(mask, -1), "bool"), x.shape);
  const number = add(sum(cast(counts, x.dtype), over, true), maskEpsilon);
  const mean = divide(sum(where(counts, x, 0), over, true), number);
  const deviations = where(counts, square(subtract(x, mean)), 0);
  const variance = divide(sum(deviations, over, true), number);
  return [reshape(mean, shape), reshape(variance, shape)];
}

export const batchNormalization = factory(BatchNormalization);
