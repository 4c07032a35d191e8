/**
 * Comparisons and truth: results of dtype bool, and what chooses by them.
 */
import { promote } from "../../core/dtype.ts";
import { ShapeError, show } from "../../core/errors.ts";
import type { Tensor } from "../../core/tensor.ts";
import { publicOp, type TensorLike } from "../op.ts";
import { binary, elementwise, operands, unary } from "./elementwise.ts";
import * as f from "./formula.ts";

/**
 * Whether x1 = x2, element by element; with NaN false.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.equal(tensor([1, 2, 3]), 2).array() // => [false, true, false]
 * ```
 */
export const equal = binary("equal", "bool", f.equal);

/**
 * Whether x1 ≠ x2, element by element; with NaN true.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.notEqual(tensor([1, 2, 3]), 2).array() // => [true, false, true]
 * ```
 */
export const notEqual = binary("notEqual", "bool", f.notEqual);

/**
 * Whether x1 < x2, element by element; with NaN false.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.less(tensor([1, 2, 3]), 2).array() // => [true, false, false]
 * ```
 */
export const less = binary("less", "bool", f.less);

/**
 * Whether x1 ≤ x2, element by element; with NaN false.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.lessEqual(tensor([1, 2, 3]), 2).array() // => [true, true, false]
 * ```
 */
export const lessEqual = binary("lessEqual", "bool", f.lessEqual);

/**
 * Whether x1 > x2, element by element; with NaN false.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.greater(tensor([1, 2, 3]), 2).array() // => [false, false, true]
 * ```
 */
export const greater = binary("greater", "bool", f.greater);

/**
 * Whether x1 ≥ x2, element by element; with NaN false.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.greaterEqual(tensor([1, 2, 3]), 2).array() // => [false, true, true]
 * ```
 */
export const greaterEqual = binary("greaterEqual", "bool", f.greaterEqual);

/**
 * Whether both are true; what is not 0 is true.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.logicalAnd(tensor([true, true]), tensor([true, false])).array() // => [true, false]
 * ```
 */
export const logicalAnd = binary("logicalAnd", "bool", f.and);

/**
 * Whether one or both are true; what is not 0 is true.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.logicalOr(tensor([true, false]), tensor([true, false])).array() // => [true, false]
 * ```
 */
export const logicalOr = binary("logicalOr", "bool", f.or);

/**
 * Whether exactly one is true; what is not 0 is true.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.logicalXor(tensor([true, true]), tensor([true, false])).array() // => [false, true]
 * ```
 */
export const logicalXor = binary("logicalXor", "bool", (x1, x2) => f.notEqual(f.notEqual(x1, 0), f.notEqual(x2, 0)));

/**
 * Whether it is 0.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.logicalNot(tensor([true, false])).array() // => [false, true]
 * ```
 */
export const logicalNot = unary("logicalNot", "bool", f.not);

/**
 * Whether it is NaN.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.isnan(tensor([1, Number.NaN])).array() // => [false, true]
 * ```
 */
export const isnan = unary("isnan", "bool", (x) => f.notEqual(x, x));

/**
 * Whether it is ∞ or −∞.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.isinf(tensor([1, -1 / 0])).array() // => [false, true]
 * ```
 */
export const isinf = unary("isinf", "bool", (x) => f.equal(f.abs(x), Number.POSITIVE_INFINITY));

/**
 * Whether it is neither NaN nor infinite.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.isfinite(tensor([1, 1 / 0])).array() // => [true, false]
 * ```
 */
export const isfinite = unary("isfinite", "bool", (x) => f.less(f.abs(x), Number.POSITIVE_INFINITY));

const whereOf = elementwise({
  name: "where",
  dtype: ([, x1, x2]) => promote(x1 as "bool", x2 as "bool"),
  inputs: 3,
  formula: f.select,
});

/**
 * x1 where the condition is true (not 0), else x2; all three broadcast.
 * Gradient: dy for the one that was chosen, 0 for the other.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.where(tensor([true, false]), tensor([1, 2]), 0).array() // => [1, 0]
 * ```
 */
export const where = publicOp("where", (condition: TensorLike, x1: TensorLike, x2: TensorLike): Tensor => {
  const [first, second] = operands([x1, x2]);
  const [chosenBy] = operands([condition, first as Tensor]);
  return whereOf([chosenBy as Tensor, first as Tensor, second as Tensor], []);
});

/**
 * Of several choices the one whose condition is the first to be true, else `otherwise`; all of them broadcast.
 * Gradient: dy for the one that was chosen, 0 for the others.
 *
 * @param conditions Which choices may be taken, one for each.
 * @param choices What may be taken.
 * @param otherwise Where no condition is true. Default 0.
 * @throws ShapeError where there are not as many choices as conditions, or none.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * const x = tensor([1, 2, 3, 4]);
 * await ops.select([ops.less(x, 2), ops.less(x, 4)], [0, ops.multiply(x, 10)], -1).array() // => [0, 20, 30, -1]
 * ```
 */
export const select = publicOp(
  "select",
  (conditions: readonly TensorLike[], choices: readonly TensorLike[], otherwise: TensorLike = 0): Tensor => {
    const counts = [conditions, choices].map((list) => (Array.isArray(list) ? list.length : Number.NaN));
    if (!(counts[0] === counts[1] && (counts[0] as number) > 0)) {
      throw new ShapeError(
        `select: takes a list of conditions and a list of as many choices, got ${show(conditions)} and ${show(choices)}`,
      );
    }
    return conditions.reduceRight<TensorLike>(
      (rest, condition, index) => where(condition, choices[index] as TensorLike, rest),
      otherwise,
    ) as Tensor;
  },
);
