/**
 * `sparsemax`, which gives exact zeros where softmax gives small numbers, and `glu`, the gated linear unit.
 */
import { checkFloat } from "../../core/dtype.ts";
import { ShapeError } from "../../core/errors.ts";
import { formatShape, normalizeAxis } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { sigmoid } from "../elementwise/activations.ts";
import { divide, multiply, subtract } from "../elementwise/binary.ts";
import { cast } from "../elementwise/cast.ts";
import { greater } from "../elementwise/compare.ts";
import { split } from "../movement/slice.ts";
import { op, publicOp, type TensorLike } from "../op.ts";
import { eachReduced } from "../reduce/loops.ts";
import { sum } from "../reduce/sum.ts";
import { toTensor } from "../tensor.ts";

/** @internal */
export const sparsemaxOp = op<{ x: Tensor }, "y", { axis: number }>({
  name: "sparsemax",
  shape({ x }) {
    checkFloat(x.dtype, "sparsemax");
    return { y: x };
  },
  loops({ x }, { y }, { axis }) {
    eachReduced(x, [axis], (_index, values, at) => {
      // The threshold is the mean excess of the largest k values over 1/k, for the largest k whose last value beats it.
      const descending = values.slice().sort().reverse();
      let [total, threshold] = [0, 0];
      for (let k = 1; k <= descending.length; k++) {
        const value = descending[k - 1] as number;
        total += value;
        if (1 + k * value > total) threshold = (total - 1) / k;
      }
      for (let k = 0; k < values.length; k++) y.data[at(k)] = Math.max((values[k] as number) - threshold, 0);
    });
  },
  gradient: ({ y: dy }, { outputs: { y } }, { axis }) => ({
    x() {
      const support = cast(greater(y, 0), y.dtype);
      const mean = divide(sum(multiply(support, dy as Tensor), axis, true), sum(support, axis, true));
      return multiply(support, subtract(dy as Tensor, mean));
    },
  }),
});

/**
 * The point nearest to x among those whose elements are ≥ 0 and add up to 1 along an axis (Martins & Astudillo 2016):
 * max(x − τ, 0) with the τ that makes the sum 1.
 * Gradient: dx = dy − the mean of dy, where y > 0; else 0.
 *
 * @param axis Default −1.
 * @throws DTypeError for integers; ShapeError where there is no such axis.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.sparsemax(tensor([1, 0.5, -1])).array() // => [0.75, 0.25, 0]
 * ```
 */
export const sparsemax = publicOp("sparsemax", (x: TensorLike, axis: number = -1): Tensor => {
  const given = toTensor(x);
  return sparsemaxOp({ x: given }, { axis: normalizeAxis(axis, given.rank, "sparsemax") }).y;
});

/**
 * The first half along an axis, times the sigmoid of the second half (Dauphin et al. 2016).
 *
 * @param axis Default −1.
 * @throws ShapeError where the axis has an odd size.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.glu(tensor([4, 6, 0, 0])).array() // => [2, 3]
 * ```
 */
export const glu = publicOp("glu", (x: TensorLike, axis: number = -1): Tensor => {
  const given = toTensor(x);
  const along = normalizeAxis(axis, given.rank, "glu");
  if ((given.shape[along] as number) % 2 !== 0) {
    throw new ShapeError(`glu: axis ${axis} of shape ${formatShape(given.shape)} must have an even size, to be halved`);
  }
  const [values, gates] = split(given, 2, along) as [Tensor, Tensor];
  return multiply(values, sigmoid(gates));
});
