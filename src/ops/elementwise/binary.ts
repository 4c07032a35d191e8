/**
 * Arithmetic on two operands, which broadcast as NumPy has it: shapes are aligned at the back, sizes must be equal or 1.
 * Plain numbers take the dtype of the tensor beside them.
 */
import type { Tensor } from "../../core/tensor.ts";
import { publicOp, type TensorLike } from "../op.ts";
import { binary, elementwise, operands } from "./elementwise.ts";
import * as f from "./formula.ts";

/**
 * x1 + x2.
 * Gradient: dy for both.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.add(tensor([1, 2]), 10).array() // => [11, 12]
 * ```
 */
export const add = binary("add", "promote", f.add);

/**
 * x1 − x2.
 * Gradient: dy and −dy.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.subtract(tensor([1, 2]), 10).array() // => [-9, -8]
 * ```
 */
export const subtract = binary("subtract", "promote", f.subtract);

/**
 * x1 · x2.
 * Gradient: dy · x2 and dy · x1.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.multiply(tensor([1, 2]), tensor([[1], [10]])).array() // => [[1, 2], [10, 20]]
 * ```
 */
export const multiply = binary("multiply", "promote", f.multiply);

/**
 * x1 / x2; of integers the result is float32.
 * Gradient: dy / x2 and −dy · x1 / x2².
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.divide(tensor([1, 2]), 4).array() // => [0.25, 0.5]
 * ```
 */
export const divide = binary("divide", "float", f.divide);

/**
 * The same as `divide`.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.trueDivide(tensor([1, 2]), 4).array() // => [0.25, 0.5]
 * ```
 */
export const trueDivide = binary("trueDivide", "float", f.divide);

/**
 * x1 / x2, and 0 where x2 is 0.
 * Gradient: that of `divide`, and 0 where x2 is 0.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.divideNoNan(tensor([1, 2]), tensor([4, 0])).array() // => [0.25, 0]
 * ```
 */
export const divideNoNan = binary("divideNoNan", "float", (x1, x2) =>
  f.select(f.equal(x2, 0), 0, f.divide(x1, f.select(f.equal(x2, 0), 1, x2))),
);

/** The remainder with the sign of the divisor. */
function floorRemainder(x1: f.Formula, x2: f.Formula): f.Formula {
  const remainder = f.remainder(x1, x2);
  const wrongSide = f.and(remainder, f.notEqual(f.less(remainder, 0), f.less(x2, 0)));
  return f.select(wrongSide, f.add(remainder, x2), remainder);
}

/**
 * The largest whole number ≤ x1 / x2.
 * Gradient: 0.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.floorDivide(tensor([7, -7]), 2).array() // => [3, -4]
 * ```
 */
export const floorDivide = binary("floorDivide", "promote", (x1, x2) =>
  f.round(f.divide(f.subtract(x1, floorRemainder(x1, x2)), x2)),
);

/**
 * x1 − x2 · floor(x1 / x2), which has the sign of x2.
 * Gradient: dy and −dy · floor(x1 / x2).
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.mod(tensor([7, -7]), 3).array() // => [1, 2]
 * ```
 */
export const mod = binary("mod", "promote", floorRemainder);

/**
 * x1 to the power of x2.
 * Gradient: dy · x2 · x1^(x2 − 1), which is 0 where x2 is 0, and dy · y · log x1, which is 0 where y is.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.power(tensor([1, 2, 3]), 2).array() // => [1, 4, 9]
 * ```
 */
export const power = publicOp("power", (x1: TensorLike, x2: TensorLike): Tensor => {
  // the two that occur most need no logarithm
  const run = x2 === 2 ? squareOf : x2 === 3 ? cubeOf : undefined;
  return run ? run(operands([x1, x2]).slice(0, 1), []) : powerOf(operands([x1, x2]), []);
});

const powerOf = elementwise({ name: "power", dtype: "promote", inputs: 2, formula: f.power });
const squareOf = elementwise({ name: "power", dtype: "promote", inputs: 1, formula: f.square });
const cubeOf = elementwise({
  name: "power",
  dtype: "promote",
  inputs: 1,
  formula: (x) => f.multiply(x, f.square(x)),
});

/**
 * The larger of the two; NaN where either is NaN.
 * Gradient: dy for the larger one; half for each where they are equal.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.maximum(tensor([1, 5]), tensor([3, 2])).array() // => [3, 5]
 * ```
 */
export const maximum = binary("maximum", "promote", f.maximum);

/**
 * The smaller of the two; NaN where either is NaN.
 * Gradient: dy for the smaller one; half for each where they are equal.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.minimum(tensor([1, 5]), tensor([3, 2])).array() // => [1, 2]
 * ```
 */
export const minimum = binary("minimum", "promote", f.minimum);

/**
 * The angle of the point (x2, x1), from −π to π.
 * Gradient: dy · x2 / (x1² + x2²) and −dy · x1 / (x1² + x2²).
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.arctan2(tensor([0, 1]), tensor([1, 0])).array() // => [0, 1.5707963705062866]
 * ```
 */
export const arctan2 = binary("arctan2", "float", f.arctan2);

/**
 * log(e^x1 + e^x2), without overflow.
 * Gradient: dy · sigmoid(x1 − x2) and dy · sigmoid(x2 − x1).
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.logaddexp(tensor([0, 1000]), tensor([0, 1000])).array() // => [0.6931471824645996, 1000.6931762695312]
 * ```
 */
export const logaddexp = binary("logaddexp", "float", f.logaddexp);

/**
 * (x1 − x2)².
 * Gradient: 2 · dy · (x1 − x2) and its negative.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.squaredDifference(tensor([1, 2]), 4).array() // => [9, 4]
 * ```
 */
export const squaredDifference = binary("squaredDifference", "promote", (x1, x2) => f.square(f.subtract(x1, x2)));

/**
 * √(x1² + x2²), without overflow.
 * Gradient: dy · x1 / y and dy · x2 / y, which are 0 where y is.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.hypot(tensor([3, 3e30]), tensor([4, 4e30])).array() // => [5, 5.000000186128632e+30]
 * ```
 */
export const hypot = binary("hypot", "float", f.hypot);
