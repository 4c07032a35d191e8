/**
 * Mathematical functions of one operand. Integers give float32 where the result is not whole.
 */
import type { Tensor } from "../../core/tensor.ts";
import { publicOp, type TensorLike } from "../op.ts";
import { elementwise, operands, unary } from "./elementwise.ts";
import * as f from "./formula.ts";

/**
 * −x.
 * Gradient: −dy.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.negative(tensor([1, -2])).array() // => [-1, 2]
 * ```
 */
export const negative = unary("negative", "promote", f.negative);

/**
 * |x|.
 * Gradient: dy · sign(x), which is 0 at 0.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.abs(tensor([1, -2])).array() // => [1, 2]
 * ```
 */
export const abs = unary("abs", "promote", f.abs);

/**
 * The same as `abs`.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.absolute(tensor([1, -2])).array() // => [1, 2]
 * ```
 */
export const absolute = unary("absolute", "promote", f.abs);

/**
 * −1, 0 or 1; NaN stays NaN.
 * Gradient: 0.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.sign(tensor([3, 0, -2])).array() // => [1, 0, -1]
 * ```
 */
export const sign = unary("sign", "promote", f.sign);

/**
 * x².
 * Gradient: 2 · dy · x.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.square(tensor([3, -2])).array() // => [9, 4]
 * ```
 */
export const square = unary("square", "promote", f.square);

/**
 * √x; NaN for x < 0.
 * Gradient: dy / (2√x).
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.sqrt(tensor([4, 9])).array() // => [2, 3]
 * ```
 */
export const sqrt = unary("sqrt", "float", f.sqrt);

/**
 * 1 / √x.
 * Gradient: −dy / (2 x √x).
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.rsqrt(tensor([4, 16])).array() // => [0.5, 0.25]
 * ```
 */
export const rsqrt = unary("rsqrt", "float", (x) => f.reciprocal(f.sqrt(x)));

/**
 * 1 / x.
 * Gradient: −dy / x².
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.reciprocal(tensor([4, 2])).array() // => [0.25, 0.5]
 * ```
 */
export const reciprocal = unary("reciprocal", "float", f.reciprocal);

/**
 * e^x.
 * Gradient: dy · e^x.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.exp(tensor([0, 1])).array() // => [1, 2.7182817459106445]
 * ```
 */
export const exp = unary("exp", "float", f.exp);

/**
 * 2^x.
 * Gradient: dy · 2^x · log 2.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.exp2(tensor([0, 3])).array() // => [1, 8]
 * ```
 */
export const exp2 = unary("exp2", "float", (x) => f.power(2, x));

/**
 * e^x − 1, without loss where x is close to 0.
 * Gradient: dy · e^x.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.expm1(tensor([0, 1e-10])).array() // => [0, 1.000000013351432e-10]
 * ```
 */
export const expm1 = unary("expm1", "float", f.expm1);

/**
 * The natural logarithm; −∞ at 0, NaN below.
 * Gradient: dy / x.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.log(tensor([1, 2])).array() // => [0, 0.6931471824645996]
 * ```
 */
export const log = unary("log", "float", f.log);

/**
 * log(1 + x), without loss where x is close to 0.
 * Gradient: dy / (1 + x).
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.log1p(tensor([0, 1e-10])).array() // => [0, 1.000000013351432e-10]
 * ```
 */
export const log1p = unary("log1p", "float", f.log1p);

/**
 * The logarithm to base 2.
 * Gradient: dy / (x log 2).
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.log2(tensor([1, 8])).array() // => [0, 3]
 * ```
 */
export const log2 = unary("log2", "float", (x) => f.multiply(f.log(x), Math.LOG2E));

/**
 * The logarithm to base 10.
 * Gradient: dy / (x log 10).
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.log10(tensor([1, 100])).array() // => [0, 2]
 * ```
 */
export const log10 = unary("log10", "float", (x) => f.multiply(f.log(x), Math.LOG10E));

/**
 * sin x.
 * Gradient: dy · cos x.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.sin(tensor([0, 1])).array() // => [0, 0.8414709568023682]
 * ```
 */
export const sin = unary("sin", "float", f.sin);

/**
 * cos x.
 * Gradient: −dy · sin x.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.cos(tensor([0, 1])).array() // => [1, 0.5403022766113281]
 * ```
 */
export const cos = unary("cos", "float", f.cos);

/**
 * tan x.
 * Gradient: dy · (1 + tan² x).
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.tan(tensor([0, 1])).array() // => [0, 1.5574077367782593]
 * ```
 */
export const tan = unary("tan", "float", f.tan);

/**
 * The angle from −π/2 to π/2 whose sine is x.
 * Gradient: dy / √(1 − x²).
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.arcsin(tensor([0, 1])).array() // => [0, 1.5707963705062866]
 * ```
 */
export const arcsin = unary("arcsin", "float", f.arcsin);

/**
 * The angle from 0 to π whose cosine is x.
 * Gradient: −dy / √(1 − x²).
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.arccos(tensor([1, 0])).array() // => [0, 1.5707963705062866]
 * ```
 */
export const arccos = unary("arccos", "float", f.arccos);

/**
 * The angle from −π/2 to π/2 whose tangent is x.
 * Gradient: dy / (1 + x²).
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.arctan(tensor([0, 1])).array() // => [0, 0.7853981852531433]
 * ```
 */
export const arctan = unary("arctan", "float", f.arctan);

/**
 * (e^x − e^−x) / 2.
 * Gradient: dy · cosh x.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.sinh(tensor([0, 1])).array() // => [0, 1.1752011775970459]
 * ```
 */
export const sinh = unary("sinh", "float", f.sinh);

/**
 * (e^x + e^−x) / 2.
 * Gradient: dy · sinh x.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.cosh(tensor([0, 1])).array() // => [1, 1.5430806875228882]
 * ```
 */
export const cosh = unary("cosh", "float", f.cosh);

/**
 * The hyperbolic tangent, (e^x − e^−x) / (e^x + e^−x).
 * Gradient: dy · (1 − tanh² x).
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.tanh(tensor([0, 1])).array() // => [0, 0.7615941762924194]
 * ```
 */
export const tanh = unary("tanh", "float", f.tanh);

/**
 * The x whose hyperbolic sine is given.
 * Gradient: dy / √(1 + x²).
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.arcsinh(tensor([0, 1])).array() // => [0, 0.8813735842704773]
 * ```
 */
export const arcsinh = unary("arcsinh", "float", f.arcsinh);

/**
 * The x ≥ 0 whose hyperbolic cosine is given; NaN below 1.
 * Gradient: dy / √(x² − 1).
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.arccosh(tensor([1, 2])).array() // => [0, 1.316957950592041]
 * ```
 */
export const arccosh = unary("arccosh", "float", f.arccosh);

/**
 * The x whose hyperbolic tangent is given; NaN outside −1 … 1.
 * Gradient: dy / (1 − x²).
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.arctanh(tensor([0, 0.5])).array() // => [0, 0.5493061542510986]
 * ```
 */
export const arctanh = unary("arctanh", "float", f.arctanh);

/**
 * The error function, 2/√π · ∫₀ˣ e^(−t²) dt.
 * Gradient: dy · 2/√π · e^(−x²).
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.erf(tensor([0, 1])).array() // => [0, 0.8427007794380188]
 * ```
 */
export const erf = unary("erf", "float", f.erf);

/**
 * The x whose error function is given; NaN outside −1 … 1.
 * Gradient: dy · √π/2 · e^(y²).
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.erfinv(tensor([0, 0.5])).array() // => [0, 0.4769362807273865]
 * ```
 */
export const erfinv = unary("erfinv", "float", f.erfinv);

/**
 * The largest whole number ≤ x.
 * Gradient: 0.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.floor(tensor([1.5, -1.5])).array() // => [1, -2]
 * ```
 */
export const floor = unary("floor", "float", f.floor);

/**
 * The smallest whole number ≥ x.
 * Gradient: 0.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.ceil(tensor([1.5, -2.5])).array() // => [2, -2]
 * ```
 */
export const ceil = unary("ceil", "float", f.ceil);

/**
 * x without its fraction.
 * Gradient: 0.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.trunc(tensor([1.5, -1.5])).array() // => [1, -1]
 * ```
 */
export const trunc = unary("trunc", "promote", f.trunc);

const roundOf = elementwise({ name: "round", dtype: "promote", inputs: 1, formula: f.round });
const roundTo = elementwise({
  name: "round",
  dtype: "promote",
  inputs: 1,
  parameters: 1,
  formula: (x, scale) => f.divide(f.round(f.multiply(x, scale)), scale),
});

/**
 * The nearest whole number, halves going to the even one; with `decimals`, the nearest multiple of 10^−decimals.
 * Gradient: 0.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.round(tensor([0.5, 1.5, 2.4])).array() // => [0, 2, 2]
 * ```
 */
export const round = publicOp("round", (x: TensorLike, decimals?: number): Tensor => {
  const [given] = operands([x]) as [Tensor];
  return decimals ? roundTo([given], [10 ** decimals]) : roundOf([given], []);
});

const nanToNumOf = elementwise({
  name: "nanToNum",
  dtype: "promote",
  inputs: 1,
  parameters: 3,
  formula: (x, nan, above, below) =>
    f.select(
      f.notEqual(x, x),
      nan,
      f.select(f.equal(x, Number.POSITIVE_INFINITY), above, f.select(f.equal(x, Number.NEGATIVE_INFINITY), below, x)),
    ),
});

/** The largest number that each dtype of real numbers holds. */
const largest = { float32: 3.4028234663852886e38, float64: Number.MAX_VALUE };

/**
 * x with other numbers in place of NaN and the infinities; by default 0 and the largest that the dtype holds.
 * Gradient: dy, and 0 where something was replaced.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.nanToNum(tensor([Number.NaN, 2])).array() // => [0, 2]
 * ```
 */
export const nanToNum = publicOp(
  "nanToNum",
  (x: TensorLike, nan?: number, posinf?: number | null, neginf?: number | null): Tensor => {
    const [given] = operands([x]) as [Tensor];
    const limit = given.dtype === "float64" ? largest.float64 : largest.float32;
    return nanToNumOf([given], [nan ?? 0, posinf ?? limit, neginf ?? -limit]);
  },
);

const clipOf = elementwise({
  name: "clip",
  dtype: "promote",
  inputs: 3,
  formula: (x, least, most) => f.minimum(f.maximum(x, least), most),
});
const clipToNumbers = elementwise({
  name: "clip",
  dtype: "promote",
  inputs: 1,
  parameters: 2,
  formula: (x, least, most) => f.minimum(f.maximum(x, least), most),
});

/**
 * x, but not less than `xMin` and not more than `xMax`, which are numbers or broadcast.
 * Gradient: dy between the bounds, 0 beyond them, half of dy at a bound.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.clip(tensor([-1, 0.5, 2]), 0, 1).array() // => [0, 0.5, 1]
 * ```
 */
export const clip = publicOp("clip", (x: TensorLike, xMin: TensorLike, xMax: TensorLike): Tensor => {
  const [given, least, most] = operands([x, xMin, xMax]) as [Tensor, Tensor, Tensor];
  const numbers = typeof xMin === "number" && typeof xMax === "number";
  const sameDType = least.dtype === given.dtype && most.dtype === given.dtype;
  return numbers && sameDType ? clipToNumbers([given], [xMin, xMax]) : clipOf([given, least, most], []);
});
