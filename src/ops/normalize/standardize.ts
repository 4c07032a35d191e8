/**
 * Normalizing by statistics that are given, as batch normalization does at inference: nothing is measured here.
 *
 *     y = activation((x − mean) / √(variance + epsilon) · gamma + beta)
 */
import { bytesOf, checkFloat } from "../../core/dtype.ts";
import { sameShape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { add, multiply, subtract } from "../elementwise/binary.ts";
import { rsqrt, square } from "../elementwise/unary.ts";
import { op } from "../op.ts";
import { sumTo } from "../reduce/sum.ts";
import { activate, activateBackward, activationProgram, type FusableActivation, noActivation } from "./activation.ts";
import { flags, normalizeCalls } from "./kernel.ts";
import { checkParameter } from "./parameters.ts";
import { planOf } from "./plan.ts";

interface Operands {
  readonly [name: string]: Tensor | undefined;
  readonly x: Tensor;
  readonly mean: Tensor;
  readonly variance: Tensor;
  readonly gamma?: Tensor | undefined;
  readonly beta?: Tensor | undefined;
}

interface Settings {
  readonly epsilon: number;
  /** What y goes through before it is stored. Default: nothing. */
  readonly activation?: FusableActivation | undefined;
}

/** All parameters broadcast to `x`. @internal */
export const standardize = op<Operands, "y", Settings>({
  name: "batchNormalization",
  activation: "any",
  shape({ x, mean, variance, gamma, beta }) {
    checkFloat(x.dtype, "batchNormalization");
    for (const [name, parameter] of Object.entries({ mean, variance, gamma, beta })) {
      checkParameter(name, parameter, x, "batchNormalization");
    }
    return { y: x };
  },
  reference({ x, mean, variance, gamma, beta }, { epsilon, activation }): { y: Tensor } {
    if (activation) {
      return { y: activate(activation, standardize({ x, mean, variance, gamma, beta }, { epsilon }).y) };
    }
    const rstd = rsqrt(add(variance, epsilon));
    const scaled = multiply(subtract(x, mean), gamma ? multiply(rstd, gamma) : rstd);
    return { y: beta ? add(scaled, beta) : scaled };
  },
  wasm({ x, mean, variance, gamma, beta }, { y }, { epsilon, activation }, workspace) {
    const offset = x.shape.length - mean.shape.length;
    const over = x.shape.flatMap((_, axis) => (axis < offset || mean.shape[axis - offset] === 1 ? [axis] : []));
    const plan = sameShape(mean.shape, variance.shape) ? planOf(x.shape, over, gamma?.shape, beta?.shape) : undefined;
    const activating = activation ? activationProgram(activation, "value", x.dtype, workspace) : noActivation;
    if (!plan || !activating) return undefined;
    const spare = { at: workspace.temporary(mean.size * bytesOf(x.dtype)) };
    const left = { at: workspace.temporary(mean.size * bytesOf(x.dtype)) };
    const places = [x, gamma, beta, y, mean, variance, spare, left];
    return normalizeCalls(plan, x.dtype, places, epsilon, flags.given, activating, workspace);
  },
  gradient({ y: dz }, { inputs }, { epsilon, activation }) {
    const { x, mean, variance, gamma, beta } = inputs;
    let given = dz as Tensor;
    if (activation) given = activateBackward(activation, standardize(inputs, { epsilon }).y, given);
    const rstd = () => rsqrt(add(variance, epsilon));
    const centred = () => subtract(x, mean);
    const dx = () => multiply(given, gamma ? multiply(rstd(), gamma) : rstd());
    return {
      x: dx,
      mean: () => sumTo(multiply(dx(), -1), mean.shape),
      // d rstd / d variance = −rstd³ / 2
      variance: () => multiply(sumTo(multiply(dx(), centred()), variance.shape), multiply(square(rstd()), -0.5)),
      gamma: () => sumTo(multiply(given, multiply(centred(), rstd())), (gamma as Tensor).shape),
      beta: () => sumTo(given, (beta as Tensor).shape),
    };
  },
});
