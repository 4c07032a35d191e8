/**
 * Normalizations: GroupNorm, BatchNorm with its running reciprocal deviation, and LocalResponseNorm. The mathematics is
 * `ops/normalize`.
 */
import { OptionError, show } from "../../../core/errors.ts";
import { axes, integer, number } from "../../../core/options.ts";
import { normalizeAxes, type PartialShape } from "../../../core/shape.ts";
import type { Tensor } from "../../../core/tensor.ts";
import type { Variable } from "../../../core/variable.ts";
import { moveAverage, normalizeBy } from "../../../ops/normalize/given.ts";
import { localResponseNormalization } from "../../../ops/normalize/local-response.ts";
import { nearestGroups, normalizeInGroups } from "../../../ops/normalize/normalizations.ts";
import { normalize } from "../../../ops/normalize/normalize.ts";
import { type ComputeContext, neupyLayer } from "../layer.ts";
import { callable, parameter } from "../options.ts";
import { IdentityLayer } from "./input.ts";

class GroupNormLayer extends neupyLayer(
  "GroupNorm",
  {
    /** How many groups the channels are split into. */
    nGroups: integer({ min: 1 }),
    /** How the shift [1, 1, 1, channels] begins. Default 0. */
    beta: parameter({ default: 0 }),
    /** How the scale [1, 1, 1, channels] begins. Default 1. */
    gamma: parameter({ default: 1 }),
    /** Added to the variance before its square root. Default 1e-5. */
    epsilon: number({ default: 1e-5, min: 0 }),
  },
  ["nGroups", "beta", "gamma", "epsilon"],
  IdentityLayer,
) {
  protected override get rank(): number {
    return 4;
  }

  protected override checkInputs(shape: PartialShape): void {
    const channels = shape[3] as number | null;
    if (channels === null || channels % this.nGroups === 0) return;
    this.refuse(
      `cannot divide ${channels} input channels into ${this.nGroups} groups; take nGroups ${nearestGroups(this.nGroups, channels).join(" or ")}`,
    );
  }

  protected override build(shape: PartialShape): void {
    const parameters = [1, 1, 1, this.known(shape, 3, "channels")];
    this.variable(this.gamma, "gamma", parameters);
    this.variable(this.beta, "beta", parameters);
  }

  override compute([x]: readonly [Tensor]): Tensor {
    const { gamma, beta } = this.variables as { gamma: Variable; beta: Variable };
    return normalizeInGroups(
      { x, gamma: gamma.value, beta: beta.value },
      { groups: this.nGroups, channel: 3, over: [1, 2], epsilon: this.epsilon },
    );
  }
}

/**
 * Group normalization: the channels of each image are split into groups, and each group, over all rows and columns, is
 * given mean 0 and variance 1. Then every channel has its own scale and shift. A batch of one gives what a batch of many
 * gives, and training and inference are the same.
 *
 *     y = (x − mean) / √(variance + epsilon) · gamma + beta
 *
 * - Input: [batch, rows, columns, channels]. Output: the same shape.
 * - Variables: `gamma`, `beta`, each [1, 1, 1, channels].
 *
 * @throws LayerConnectionError where the input has another rank, or nGroups does not divide its channels;
 *   WeightInitializationError where the number of channels is unknown when the variables are made.
 *
 * @example
 * ```ts
 * import { GroupNorm } from "varve/neupy";
 * const norm = GroupNorm(2, { epsilon: 0 });
 * await norm.output([[[[1, 3, 10, 30]]]]).array() // => [[[[-1, 1, -1, 1]]]]
 * ```
 *
 * @see Wu & He, Group Normalization, 2018, https://arxiv.org/abs/1803.08494
 */
export const GroupNorm = /* @__PURE__ */ callable(GroupNormLayer);
export type GroupNorm = GroupNormLayer;

class BatchNormLayer extends neupyLayer(
  "BatchNorm",
  {
    /** The axes that are normalized over, batch included. Default null: all but the last. */
    axes: axes({ default: null, list: true }),
    /** How far the running statistics move at each step, 0 to 1. Default 0.1. */
    alpha: number({ default: 0.1, min: 0, max: 1 }),
    /** How the shift begins. Default 0. */
    beta: parameter({ default: 0 }),
    /** How the scale begins. Default 1. */
    gamma: parameter({ default: 1 }),
    /** Added to the variance before its square root. Default 1e-5. */
    epsilon: number({ default: 1e-5, min: 0 }),
    /** How the running mean begins. Default 0. */
    runningMean: parameter({ default: 0 }),
    /** How the running reciprocal of the standard deviation begins. Default 1. */
    runningInvStd: parameter({ default: 1 }),
  },
  ["axes", "alpha", "beta", "gamma", "epsilon", "runningMean", "runningInvStd"],
  IdentityLayer,
) {
  #over(rank: number): number[] {
    const { axes } = this;
    return axes === null ? Array.from({ length: rank - 1 }, (_, axis) => axis) : normalizeAxes(axes, rank, this.label);
  }

  protected override checkInputs(shape: PartialShape): void {
    this.#over(shape.length);
  }

  protected override build(shape: PartialShape): void {
    const over = this.#over(shape.length);
    const sizes = shape.map((_, axis) =>
      over.includes(axis) ? 1 : this.known(shape, axis, `elements on axis ${axis}`),
    );
    this.variable(this.runningMean, "runningMean", sizes, false);
    this.variable(this.runningInvStd, "runningInvStd", sizes, false);
    this.variable(this.gamma, "gamma", sizes);
    this.variable(this.beta, "beta", sizes);
  }

  override compute([x]: readonly [Tensor], { training }: ComputeContext): Tensor {
    const { runningMean, runningInvStd, gamma, beta } = this.variables as Record<string, Variable>;
    const [mean, invStd] = [runningMean as Variable, runningInvStd as Variable];
    const [scale, shift] = [(gamma as Variable).value, (beta as Variable).value];
    if (!training) return normalizeBy(x, mean.value, invStd.value, scale, shift);
    const seen = normalize(
      { x, gamma: scale, beta: shift },
      { over: this.#over(x.rank), epsilon: this.epsilon, kind: "standard" },
    );
    moveAverage(mean, seen.mean, 1 - this.alpha, x);
    moveAverage(invStd, seen.rstd, 1 - this.alpha, x);
    return seen.y;
  }
}

/**
 * Batch normalization. While training, everything that differs along `axes` only is given mean 0 and variance 1, and
 * running averages move towards the batch's mean and the reciprocal of its deviation by `alpha`; otherwise those are
 * used. Keras keeps the variance instead, and counts the other way around: its momentum is 1 − alpha.
 *
 *     training:  y = (x − mean) / √(variance + epsilon) · gamma + beta
 *                running = running · (1 − alpha) + seen · alpha
 *     otherwise: y = (x − runningMean) · runningInvStd · gamma + beta
 *
 * Variables: `runningMean`, `runningInvStd` (neither is trained), `gamma`, `beta`, of the input's shape with 1 on the
 * axes.
 *
 * @example
 * ```ts
 * import { BatchNorm } from "varve/neupy";
 * const norm = BatchNorm({ epsilon: 0, alpha: 0.5 });
 * const y = norm.output([[1, 30], [3, 10]], { training: true });
 * [await y.array(), await norm.variables.runningInvStd.value.array()] // => [[[-1, 1], [1, -1]], [[1, 0.55]]]
 * ```
 *
 * @see Ioffe & Szegedy, Batch Normalization, 2015, https://arxiv.org/abs/1502.03167
 */
export const BatchNorm = /* @__PURE__ */ callable(BatchNormLayer);
export type BatchNorm = BatchNormLayer;

class LocalResponseNormLayer extends neupyLayer(
  "LocalResponseNorm",
  {
    /** How much the squares of the neighbours count. Default 1e-4. */
    alpha: number({ default: 1e-4 }),
    /** The exponent. Default 0.75. */
    beta: number({ default: 0.75 }),
    /** What the sum is added to. Default 2. */
    k: number({ default: 2 }),
    /** How far neighbours reach to either side; odd. Default 5. */
    depthRadius: integer({ default: 5, min: 1 }),
  },
  ["alpha", "beta", "k", "depthRadius"],
  IdentityLayer,
) {
  protected override checkOptions(): void {
    if (this.depthRadius % 2 === 0) {
      throw new OptionError(`${this.label}: depthRadius must be odd, got ${show(this.depthRadius)}`);
    }
  }

  protected override get rank(): number {
    return 4;
  }

  override compute([x]: readonly [Tensor]): Tensor {
    const { alpha, beta, k, depthRadius } = this;
    return localResponseNormalization(x, { radius: depthRadius, bias: k, alpha, beta });
  }
}

/**
 * Local response normalization: `y = x / (k + alpha · Σ x²)^beta`, the sum over the channels up to `depthRadius` away to
 * either side, so `2 · depthRadius + 1` of them. (NeuPy's documentation calls that number depth_radius; its code, and
 * this, take it for the radius.)
 *
 * @example
 * ```ts
 * import { LocalResponseNorm } from "varve/neupy";
 * const norm = LocalResponseNorm({ alpha: 1, beta: 1, k: 1, depthRadius: 1 });
 * await norm.output([[[[1, 2, 3]]]]).array() // => [[[[0.1666667, 0.1333333, 0.2142857]]]]
 * ```
 *
 * @see Krizhevsky, Sutskever & Hinton, 2012
 */
export const LocalResponseNorm = /* @__PURE__ */ callable(LocalResponseNormLayer);
export type LocalResponseNorm = LocalResponseNormLayer;
