/**
 * The one primitive behind every normalization here: which axes share statistics, and which axes own parameters.
 *
 *     y = activation((x − mean) · rstd · gamma + beta)        rstd = 1 / √(variance + epsilon)
 *
 * `mean` and `variance` are taken over the axes in `over`; `gamma` and `beta` broadcast to `x`. With kind "rms" nothing
 * is subtracted: mean is 0 and variance the mean of the squares. An activation is computed where y is stored, and gives
 * the same bits as after it.
 *
 * What is not here: which axes a layer means (`normalizations.ts` and the layers say that), and the p-norm of
 * `keras.ops.normalize` (`unit.ts`), and statistics that are given (`standardize.ts`).
 *
 * Numbers far from 0 lose nothing: statistics are those of x minus a value near the mean, which is subtracted exactly,
 * and the mean is kept in two parts, `mean` rounded to the dtype and `residual`, what the rounding left over.
 */
import { checkFloat } from "../../core/dtype.ts";
import { normalizeAxes, reduceShape, type Shape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { add, divide, multiply, subtract } from "../elementwise/binary.ts";
import { rsqrt, square } from "../elementwise/unary.ts";
import { throughReference } from "../grad.ts";
import { broadcastTo } from "../movement/broadcast.ts";
import { slice } from "../movement/slice.ts";
import { op } from "../op.ts";
import { sum, sumTo } from "../reduce/sum.ts";
import { zeros } from "../tensor.ts";
import { activate, activateBackward, activationProgram, type FusableActivation, noActivation } from "./activation.ts";
import { flags, gradientCalls, normalizeCalls } from "./kernel.ts";
import { checkParameter } from "./parameters.ts";
import { planOf } from "./plan.ts";

/** What `normalize` takes, next to its tensors. */
export interface Normalization {
  /** The axes that share statistics, counted from the front. */
  readonly over: readonly number[];
  /** Added to the variance before its root. */
  readonly epsilon: number;
  /** "standard" subtracts the mean and divides by the standard deviation; "rms" divides by the root mean square. */
  readonly kind: "standard" | "rms";
  /** What y goes through before it is stored: y = activation((x − mean) · rstd · gamma + beta). Default: nothing. */
  readonly activation?: FusableActivation | undefined;
}

type Extent = Pick<Normalization, "over" | "kind">;

/** The means over axes, which stay as size 1; NaN over nothing. */
function meanOver(x: Tensor, over: readonly number[]): Tensor {
  return divide(sum(x, over, true), countOver(x.shape, over));
}

function countOver(shape: Shape, over: readonly number[]): number {
  return over.reduce((count, axis) => count * (shape[axis] as number), 1);
}

/** `x` without its mean, whose two parts are given. */
function centre(x: Tensor, mean: Tensor, residual: Tensor): Tensor {
  return subtract(subtract(x, mean), residual);
}

/** The statistics over axes, and x centred by them. */
function statistics(x: Tensor, { over, kind }: Extent) {
  if (kind === "rms") {
    const nothing = zeros(reduceShape(x.shape, over, true), x.dtype);
    return { mean: nothing, residual: nothing, variance: meanOver(square(x), over), centred: x };
  }
  // The first element stands near the others: what is subtracted from them is small, so nothing cancels.
  const first =
    countOver(x.shape, over) === 0
      ? meanOver(x, over)
      : slice(x, new Array(x.rank).fill(0), reduceShape(x.shape, over, true));
  const rough = add(first, meanOver(subtract(x, first), over));
  // Where the first element lies far off, `rough` has its rounding; the mean of the differences to it has not.
  const left = meanOver(subtract(x, rough), over);
  const mean = add(rough, left);
  const residual = subtract(left, subtract(mean, rough));
  const centred = centre(x, mean, residual);
  return { mean, residual, variance: meanOver(square(centred), over), centred };
}

/** The shape that a gradient of something absent has: no elements. */
const absent: Shape = [0];

/** The gradient kernel's own op, so that it has a meaning in smaller ops and can be differentiated again. */
interface GradientInputs {
  readonly [name: string]: Tensor | undefined;
  readonly dy: Tensor;
  readonly x: Tensor;
  readonly gamma?: Tensor | undefined;
  /** Only with an activation, whose operand depends on it. */
  readonly beta?: Tensor | undefined;
  readonly mean: Tensor;
  readonly residual: Tensor;
  readonly rstd: Tensor;
}

interface GradientExtent extends Normalization {
  /** Absent where there is no beta. */
  readonly betaShape: Shape | undefined;
}

type Gradients = { readonly dx: Tensor; readonly dgamma: Tensor; readonly dbeta: Tensor };

function gradientReference(inputs: GradientInputs, extent: GradientExtent): Gradients {
  const { dy, x, gamma, beta, mean, residual, rstd } = inputs;
  const { over, epsilon, kind, betaShape, activation } = extent;
  if (activation) {
    const { y: u } = normalize({ x, gamma, beta }, { over, epsilon, kind });
    const behind = { ...inputs, dy: activateBackward(activation, u, dy), beta: undefined };
    return normalizeGradient(behind, { ...extent, activation: undefined });
  }
  const normalized = multiply(centre(x, mean, residual), rstd);
  const g = gamma ? multiply(dy, gamma) : dy;
  const across = kind === "standard" ? subtract(g, meanOver(g, over)) : g;
  return {
    dx: multiply(subtract(across, multiply(normalized, meanOver(multiply(g, normalized), over))), rstd),
    dgamma: gamma ? sumTo(multiply(dy, normalized), gamma.shape) : zeros(absent, x.dtype),
    dbeta: betaShape ? sumTo(dy, betaShape) : zeros(absent, x.dtype),
  };
}

/**
 * The gradients of `normalize` from that of its `y`:
 *
 *     g = dy · gamma        n = (x − mean) · rstd
 *     dx = (g − mean(g) − n · mean(g · n)) · rstd        (without mean(g) for kind "rms")
 *     dgamma = Σ dy · n        dbeta = Σ dy              (over the axes along which they were broadcast)
 *
 * With an activation, `dy` is the gradient behind it: dy · activation′(u) takes its place, u = n · gamma + beta.
 *
 * @internal
 */
export const normalizeGradient = op<GradientInputs, "dx" | "dgamma" | "dbeta", GradientExtent>({
  name: "normalizeGradient",
  activation: "backward",
  shape: ({ x, gamma }, { betaShape }) => ({
    dx: { shape: x.shape, dtype: x.dtype },
    dgamma: { shape: gamma?.shape ?? absent, dtype: x.dtype },
    dbeta: { shape: betaShape ?? absent, dtype: x.dtype },
  }),
  reference: gradientReference,
  wasm(inputs, outputs, { over, kind, betaShape, activation }, workspace) {
    const { x, gamma } = inputs;
    const plan = planOf(x.shape, over, gamma?.shape, betaShape);
    const activating = activation ? activationProgram(activation, "gradient", x.dtype, workspace) : noActivation;
    if (!plan || !activating) return undefined;
    const flag = kind === "rms" ? flags.rms : 0;
    return gradientCalls(plan, x.dtype, inputs as never, outputs, flag, activating, workspace);
  },
  // The residual belongs to the mean, through which its gradient goes.
  gradient: (dy, saved, attributes) => ({
    ...throughReference(gradientReference, ["dy", "x", "gamma", "beta", "mean", "rstd"])(dy, saved, attributes),
    residual: "none",
  }),
});

type Normalized = Readonly<Record<"y" | "mean" | "variance" | "rstd" | "residual", Tensor>>;

/** How x moves the statistics: what the gradients of mean, variance and rstd add to that of x. */
function throughStatistics(
  { dmean, dvariance, drstd }: { dmean: Tensor | undefined; dvariance: Tensor | undefined; drstd: Tensor | undefined },
  { x, mean, residual, rstd }: { x: Tensor; mean: Tensor; residual: Tensor; rstd: Tensor },
  { over, kind }: Extent,
): Tensor | undefined {
  const count = countOver(x.shape, over);
  // d rstd / d variance = −rstd³ / 2
  const byRstd = drstd && multiply(multiply(drstd, multiply(rstd, square(rstd))), -0.5);
  const slope = dvariance && byRstd ? add(dvariance, byRstd) : (dvariance ?? byRstd);
  const bySpread = slope && multiply(multiply(slope, 2 / count), kind === "standard" ? centre(x, mean, residual) : x);
  const byMean = dmean && kind === "standard" ? multiply(dmean, 1 / count) : undefined;
  if (bySpread && byMean) return add(bySpread, byMean);
  return bySpread ?? (byMean && broadcastTo(byMean, x.shape));
}

/**
 * Normalizes `x` over axes. Outputs: `y` of x's shape; `mean`, `variance` (biased), `rstd`, and `residual`, what the
 * rounding of `mean` left over, of x's shape with size 1 along `over`. All of them can be differentiated, `residual`
 * as a part of `mean`.
 *
 * A group of one element, or of equal ones, gives exactly beta. A NaN or an infinity makes its own group NaN.
 *
 * @throws ShapeError where an axis does not exist or is named twice, or a parameter does not broadcast to x;
 *   DTypeError where x is no float or a parameter has another dtype.
 *
 * @see Wu & He, Group Normalization, 2018; Ba et al., Layer Normalization, 2016; Ioffe & Szegedy, Batch Normalization,
 *   2015; Zhang & Sennrich, Root Mean Square Layer Normalization, 2019
 * @internal
 */
export const normalize = op<
  { x: Tensor; gamma?: Tensor | undefined; beta?: Tensor | undefined },
  "y" | "mean" | "variance" | "rstd" | "residual",
  Normalization
>({
  name: "normalize",
  activation: "any",
  shape({ x, gamma, beta }, { over }) {
    checkFloat(x.dtype, "normalize");
    normalizeAxes(over, x.shape.length, "normalize");
    checkParameter("gamma", gamma, x, "normalize");
    checkParameter("beta", beta, x, "normalize");
    const kept = { shape: reduceShape(x.shape, over, true), dtype: x.dtype };
    return { y: { shape: x.shape, dtype: x.dtype }, mean: kept, variance: kept, rstd: kept, residual: kept };
  },
  reference({ x, gamma, beta }, { activation, ...attributes }): Normalized {
    const { over, epsilon, kind } = attributes;
    if (activation) {
      const { y: u, ...kept } = normalize({ x, gamma, beta }, attributes);
      return { y: activate(activation, u), ...kept };
    }
    const { mean, residual, variance, centred } = statistics(x, { over, kind });
    const rstd = rsqrt(add(variance, epsilon));
    const normalized = multiply(centred, rstd);
    const scaled = gamma ? multiply(normalized, gamma) : normalized;
    return { y: beta ? add(scaled, beta) : scaled, mean, variance, rstd, residual };
  },
  wasm({ x, gamma, beta }, { y, mean, variance, rstd, residual }, attributes, workspace) {
    const { over, epsilon, kind, activation } = attributes;
    const plan = planOf(x.shape, over, gamma?.shape, beta?.shape);
    const activating = activation ? activationProgram(activation, "value", x.dtype, workspace) : noActivation;
    if (!plan || !activating) return undefined;
    const places = [x, gamma, beta, y, mean, variance, rstd, residual];
    return normalizeCalls(plan, x.dtype, places, epsilon, kind === "rms" ? flags.rms : 0, activating, workspace);
  },
  gradient({ y: dy, mean: dmean, variance: dvariance, rstd: drstd }, { inputs, outputs }, attributes) {
    const { x, gamma, beta } = inputs;
    const { mean, residual, rstd } = outputs;
    let found: ReturnType<typeof normalizeGradient> | undefined;
    const fromY = (given: Tensor) => {
      found ??= normalizeGradient(
        { dy: given, x, gamma, beta: attributes.activation && beta, mean, residual, rstd },
        { ...attributes, betaShape: beta?.shape },
      );
      return found;
    };
    return {
      x() {
        const direct = dy && fromY(dy).dx;
        const indirect = throughStatistics({ dmean, dvariance, drstd }, { x, mean, residual, rstd }, attributes);
        if (direct && indirect) return add(direct, indirect);
        return direct ?? indirect ?? zeros(x.shape, x.dtype);
      },
      gamma: () => (dy ? fromY(dy).dgamma : zeros((gamma as Tensor).shape, x.dtype)),
      beta: () => (dy ? fromY(dy).dbeta : zeros((beta as Tensor).shape, x.dtype)),
    };
  },
});
