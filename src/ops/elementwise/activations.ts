/**
 * The elementwise activation functions. Each is one pass over the elements, and so is its gradient. They need real
 * numbers; integers are taken as float32.
 */
import type { Tensor } from "../../core/tensor.ts";
import { publicOp, type TensorLike } from "../op.ts";
import { toTensor } from "../tensor.ts";
import { elementwise, unary } from "./elementwise.ts";
import * as f from "./formula.ts";

/** As `unary`, with one more number that the function takes. */
/* @__NO_SIDE_EFFECTS__ */
function withParameter(name: string, standard: number, formula: (x: f.Formula, p: f.Formula) => f.Formula) {
  const run = elementwise({ name, dtype: "float", inputs: 1, parameters: 1, formula });
  return publicOp(name, (x: TensorLike, parameter?: number): Tensor => run([toTensor(x)], [parameter ?? standard]));
}

const reluOf = elementwise({ name: "relu", dtype: "promote", inputs: 1, formula: (x) => f.maximumOfConstant(x, 0) });
const siluOf = elementwise({ name: "silu", dtype: "float", inputs: 1, formula: (x) => f.multiply(x, f.sigmoid(x)) });

/**
 * max(x, 0).
 * Gradient: dy where x > 0, else 0.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.relu(tensor([-1, 2])).array() // => [0, 2]
 * ```
 */
export const relu = publicOp("relu", (x: TensorLike): Tensor => reluOf([toTensor(x)], []));

/**
 * min(max(x, 0), 6).
 * Gradient: dy where 0 < x < 6, else 0.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.relu6(tensor([-1, 2, 8])).array() // => [0, 2, 6]
 * ```
 */
export const relu6 = unary("relu6", "promote", relu6Of);

/**
 * x where x ≥ 0, else negativeSlope · x.
 * Gradient: dy where x ≥ 0, else negativeSlope · dy.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.leakyRelu(tensor([-10, 2])).array() // => [-2, 2]
 * ```
 */
export const leakyRelu = withParameter("leakyRelu", 0.2, (x, slope) =>
  f.select(f.greaterEqual(x, 0), x, f.multiply(slope, x)),
);

/**
 * x where x > 0, else alpha · (e^x − 1). (Clevert, Unterthiner & Hochreiter, 2016)
 * Gradient: dy where x > 0, else dy · alpha · e^x.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.elu(tensor([-1, 2])).array() // => [-0.6321205496788025, 2]
 * ```
 */
export const elu = withParameter("elu", 1, (x, alpha) =>
  f.select(f.greater(x, 0), x, f.multiply(alpha, f.expm1(notAbove0(x)))),
);

/** min(x, 0), sloping up to 0 and there too; it keeps the exponential of what is not chosen from overflowing. */
function notAbove0(x: f.Formula): f.Formula {
  return f.select(f.greater(x, 0), 0, x);
}

const seluAlpha = 1.6732632423543772;
const seluScale = 1.0507009873554805;

/**
 * scale · x where x > 0, else scale · alpha · (e^x − 1), with the two numbers that keep mean 0 and variance 1 from
 * layer to layer. (Klambauer et al., 2017)
 * Gradient: dy · scale where x > 0, else dy · scale · alpha · e^x.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.selu(tensor([-1, 2])).array() // => [-1.1113307476043701, 2.1014020442962646]
 * ```
 */
export const selu = unary("selu", "float", (x) =>
  f.multiply(seluScale, f.select(f.greater(x, 0), x, f.multiply(seluAlpha, f.expm1(notAbove0(x))))),
);

/**
 * x where x > 0, else alpha · (e^(x/alpha) − 1), whose slope has no jump. (Barron, 2017)
 * Gradient: dy where x > 0, else dy · e^(x/alpha).
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.celu(tensor([-1, 2])).array() // => [-0.6321205496788025, 2]
 * ```
 */
export const celu = withParameter("celu", 1, (x, alpha) =>
  f.select(f.greater(x, 0), x, f.multiply(alpha, f.expm1(f.divide(notAbove0(x), alpha)))),
);

/**
 * 1 / (1 + e^−x).
 * Gradient: dy · y · (1 − y).
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.sigmoid(tensor([0, 1])).array() // => [0.5, 0.7310585975646973]
 * ```
 */
export const sigmoid = unary("sigmoid", "float", f.sigmoid);

/**
 * log(1 / (1 + e^−x)).
 * Gradient: dy · sigmoid(−x).
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.logSigmoid(tensor([0, -100])).array() // => [-0.6931471824645996, -100]
 * ```
 */
export const logSigmoid = unary("logSigmoid", "float", (x) => f.negative(f.softplus(f.negative(x))));

/**
 * log(1 + e^x), without overflow.
 * Gradient: dy · sigmoid(x).
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.softplus(tensor([0, 100])).array() // => [0.6931471824645996, 100]
 * ```
 */
export const softplus = unary("softplus", "float", f.softplus);

/**
 * x / (1 + |x|).
 * Gradient: dy / (1 + |x|)².
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.softsign(tensor([1, -3])).array() // => [0.5, -0.75]
 * ```
 */
export const softsign = unary("softsign", "float", (x) => f.divide(x, f.add(1, f.abs(x))));

/**
 * x · sigmoid(x), also called swish.
 * Gradient: dy · (sigmoid(x) + x · sigmoid(x) · sigmoid(−x)).
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.silu(tensor([0, 1])).array() // => [0, 0.7310585975646973]
 * ```
 */
export const silu = publicOp("silu", (x: TensorLike): Tensor => siluOf([toTensor(x)], []));

/**
 * The same as `silu`.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.swish(tensor([0, 1])).array() // => [0, 0.7310585975646973]
 * ```
 */
export const swish = publicOp("swish", (x: TensorLike): Tensor => siluOf([toTensor(x)], []));

/**
 * x · tanh(log(1 + e^x)). (Misra, 2019)
 * Gradient: by the product and chain rules.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.mish(tensor([0, 1])).array() // => [0, 0.8650984168052673]
 * ```
 */
export const mish = unary("mish", "float", (x) => f.multiply(x, f.tanh(f.softplus(x))));

const geluOf = elementwise({
  name: "gelu",
  dtype: "float",
  inputs: 1,
  formula: (x) => f.multiply(x, f.normalCdf(x)),
});
const geluByTanh = elementwise({
  name: "gelu",
  dtype: "float",
  inputs: 1,
  // 0.5 · x · (1 + tanh u) = x · sigmoid(2u), which loses no digits where tanh is close to −1; beyond ±25 both are flat
  formula: (x) => {
    const near = f.maximumOfConstant(f.minimumOfConstant(x, 25), -25);
    const slope = f.add(2 * Math.sqrt(2 / Math.PI), f.multiply(2 * Math.sqrt(2 / Math.PI) * 0.044715, f.square(near)));
    return f.multiply(x, f.sigmoid(f.multiply(near, slope)));
  },
});

/**
 * x · Φ(x), Φ being the cumulative normal distribution; with `approximate` (the default), 0.5 · x · (1 + tanh(√(2/π) ·
 * (x + 0.044715 · x³))). (Hendrycks & Gimpel, 2016)
 * Gradient: dy · (Φ(x) + x · φ(x)), or that of the approximation.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.gelu(tensor([0, 1])).array() // => [0, 0.8411920070648193]
 * ```
 */
export const gelu = publicOp(
  "gelu",
  (x: TensorLike, approximate?: boolean): Tensor => ((approximate ?? true) ? geluByTanh : geluOf)([toTensor(x)], []),
);

/** The activations that other kernels compute where they store, as ops of one operand. @internal */
export const fusable = { relu: reluOf, silu: siluOf, gelu: geluByTanh, exactGelu: geluOf } as const;

/** What max(·, 0) passes back, told by its result y: dy where y > 0, else 0. @internal */
export function behindRelu(y: Tensor, dy: Tensor): Tensor {
  return reluOf.derivative(0).run(y.dtype)([y, dy], []);
}

/** min(max(x, 0), 6), flat at both corners. */
function relu6Of(x: f.Formula): f.Formula {
  return f.minimumOfConstant(f.maximumOfConstant(x, 0), 6);
}

function hardSigmoidOf(x: f.Formula): f.Formula {
  return f.divide(relu6Of(f.add(x, 3)), 6);
}

/**
 * min(max(x + 3, 0), 6) / 6.
 * Gradient: dy / 6 where −3 < x < 3, else 0.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.hardSigmoid(tensor([-3, 0, 3])).array() // => [0, 0.5, 1]
 * ```
 */
export const hardSigmoid = unary("hardSigmoid", "float", hardSigmoidOf);

/**
 * min(max(slope · x + ½, 0), 1): the hard sigmoid with a slope of choice, 0.2 unless said, as Theano and NeuPy have it.
 * Gradient: slope · dy between the corners, else 0.
 *
 * @internal
 */
export const slopedHardSigmoid = withParameter("slopedHardSigmoid", 0.2, (x, slope) =>
  f.minimumOfConstant(f.maximumOfConstant(f.add(f.multiply(slope, x), 0.5), 0), 1),
);

/**
 * x · min(max(x + 3, 0), 6) / 6, also called hard swish. (Howard et al., 2019)
 * Gradient: dy · (hardSigmoid(x) + x / 6 where −3 < x < 3).
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.hardSilu(tensor([-3, 0, 3])).array() // => [0, 0, 3]
 * ```
 */
export const hardSilu = unary("hardSilu", "float", (x) => f.multiply(x, hardSigmoidOf(x)));

/**
 * The same as `hardSilu`.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.hardSwish(tensor([-3, 0, 3])).array() // => [0, 0, 3]
 * ```
 */
export const hardSwish = unary("hardSwish", "float", (x) => f.multiply(x, hardSigmoidOf(x)));

/**
 * x, but not less than −1 and not more than 1.
 * Gradient: dy where −1 ≤ x ≤ 1, else 0.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.hardTanh(tensor([-2, 0.5])).array() // => [-1, 0.5]
 * ```
 */
export const hardTanh = unary("hardTanh", "float", (x) => f.select(f.greater(x, 1), 1, f.select(f.less(x, -1), -1, x)));

/**
 * x where |x| > threshold, else 0.
 * Gradient: dy where |x| > threshold, else 0.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.hardShrink(tensor([0.4, -2])).array() // => [0, -2]
 * ```
 */
export const hardShrink = withParameter("hardShrink", 0.5, (x, threshold) =>
  f.select(f.greater(f.abs(x), threshold), x, 0),
);

/**
 * x moved towards 0 by threshold, and 0 where |x| ≤ threshold.
 * Gradient: dy where |x| > threshold, else 0.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.softShrink(tensor([0.4, -2])).array() // => [0, -1.5]
 * ```
 */
export const softShrink = withParameter("softShrink", 0.5, (x, threshold) =>
  f.select(
    f.greater(x, threshold),
    f.subtract(x, threshold),
    f.select(f.less(x, f.negative(threshold)), f.add(x, threshold), 0),
  ),
);

/**
 * x − tanh x.
 * Gradient: dy · tanh² x.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.tanhShrink(tensor([0, 100])).array() // => [0, 99]
 * ```
 */
export const tanhShrink = unary("tanhShrink", "float", (x) => f.subtract(x, f.tanh(x)));

const thresholdOf = elementwise({
  name: "threshold",
  dtype: "float",
  inputs: 1,
  parameters: 2,
  formula: (x, limit, otherwise) => f.select(f.greater(x, limit), x, otherwise),
});

/**
 * x where x > threshold, else `defaultValue`.
 * Gradient: dy where x > threshold, else 0.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.threshold(tensor([1, 3]), 2, -1).array() // => [-1, 3]
 * ```
 */
export const threshold = publicOp(
  "threshold",
  (x: TensorLike, threshold: number, defaultValue: number): Tensor =>
    thresholdOf([toTensor(x)], [threshold, defaultValue]),
);

/**
 * (x + √(x² + b)) / 2. (Barron, 2021)
 * Gradient: dy · (1 + x / √(x² + b)) / 2.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.squareplus(tensor([0, 1.5])).array() // => [1, 2]
 * ```
 */
export const squareplus = withParameter("squareplus", 4, (x, b) => {
  // half of everything, so that nothing overflows; for x < 0 the sum would lose its digits
  const [half, root] = [f.multiply(0.5, x), f.multiply(0.5, f.hypot(x, f.sqrt(b)))];
  return f.select(f.less(x, 0), f.divide(f.multiply(0.25, b), f.subtract(root, half)), f.add(half, root));
});

/**
 * 0 where x ≤ −1, x where x ≥ 1, and (x + 1)² / 4 between.
 * Gradient: 0, dy, and dy · (x + 1) / 2 between.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.sparsePlus(tensor([-2, 0, 3])).array() // => [0, 0.25, 3]
 * ```
 */
export const sparsePlus = unary("sparsePlus", "float", (x) =>
  f.select(f.lessEqual(x, -1), 0, f.select(f.less(x, 1), f.multiply(0.25, f.square(f.add(x, 1))), x)),
);

/**
 * 0 where x ≤ −1, 1 where x ≥ 1, and (x + 1) / 2 between.
 * Gradient: dy / 2 where −1 < x < 1, else 0; half of that at the corners.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.sparseSigmoid(tensor([-2, 0, 3])).array() // => [0, 0.5, 1]
 * ```
 */
export const sparseSigmoid = unary("sparseSigmoid", "float", (x) =>
  f.multiply(0.5, f.add(1, f.minimum(f.maximum(x, -1), 1))),
);
