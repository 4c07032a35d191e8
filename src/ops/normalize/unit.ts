/**
 * The `normalize` of `keras.ops`: dividing by a norm, so that vectors have length 1. It has no mean, no variance and no
 * parameters, and is no relative of the `normalize` beside it but by name.
 */
import { OptionError, show } from "../../core/errors.ts";
import { type Axes, normalizeAxes } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { divide, maximum, multiply } from "../elementwise/binary.ts";
import { rsqrt, square } from "../elementwise/unary.ts";
import { reshape } from "../movement/reshape.ts";
import { publicOp, type TensorLike } from "../op.ts";
import { norm } from "../reduce/reduce.ts";
import { sum } from "../reduce/sum.ts";
import { toTensor } from "../tensor.ts";

/**
 * x divided by its norm along the axes, or by epsilon where the norm is smaller.
 *
 *     y = x / max(‖x‖, epsilon)        ‖x‖ = (Σ |x|^order)^(1 / order)
 *
 * @param axis One or several. Default −1.
 * @param order A whole number ≥ 1. Default 2, the length of a vector.
 * @param epsilon Default 1e-7.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.normalize(tensor([[3, 4], [0, 0]])).array() // => [[0.6000000238418579, 0.800000011920929], [0, 0]]
 * ```
 */
export const normalize = publicOp(
  "normalize",
  (x: TensorLike, axis: Axes = -1, order: number = 2, epsilon: number = 1e-7): Tensor => {
    if (!Number.isSafeInteger(order) || order < 1) {
      throw new OptionError(`normalize: order must be a whole number ≥ 1, got ${show(order)}`);
    }
    const given = toTensor(x);
    const row = given.rank === 0 ? reshape(given, [1]) : given;
    const axes = normalizeAxes(axis, row.rank, "normalize");
    if (order !== 2) return divide(row, maximum(norm(row, order, axes, true), epsilon));
    // The bound is put on the squares, so that the gradient at a row of zeros is no NaN.
    return multiply(row, rsqrt(maximum(sum(square(row), axes, true), epsilon * epsilon)));
  },
);
