/**
 * Local response normalization: every value divided by what its neighbours among the channels have. Composed of ops; it
 * shares no statistics over whole axes, so it is no case of `normalize`.
 */
import { checkFloat } from "../../core/dtype.ts";
import { checkWhole } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { convolve } from "../convolution/convolution.ts";
import { add, divide, multiply, power } from "../elementwise/binary.ts";
import { square } from "../elementwise/unary.ts";
import { reshape } from "../movement/reshape.ts";
import { publicOp, type TensorLike } from "../op.ts";
import { full, toTensor } from "../tensor.ts";

/** The numbers of `localResponseNormalization`. */
export interface LocalResponse {
  /** How far neighbours reach to either side. */
  readonly radius: number;
  /** What is added to the sum, so that nothing is divided by 0. */
  readonly bias: number;
  /** How much the sum of squares counts. */
  readonly alpha: number;
  readonly beta: number;
}

/**
 *     y[…, c] = x[…, c] / (bias + alpha · Σ x[…, j]²)^beta        c − radius ≤ j ≤ c + radius
 *
 * The sum goes over the channels that there are; the last axis has them.
 *
 * @see Krizhevsky, Sutskever & Hinton, ImageNet Classification with Deep Convolutional Neural Networks, 2012
 * @internal
 */
export const localResponseNormalization = publicOp(
  "localResponseNormalization",
  (x: TensorLike, { radius, bias, alpha, beta }: LocalResponse): Tensor => {
    const given = toTensor(x);
    checkFloat(given.dtype, "localResponseNormalization");
    checkWhole(radius, "radius", "localResponseNormalization", 0);
    // Along the channels a window of ones slides over the squares: 0 lies beyond the first and the last.
    const squares = reshape(square(given), [-1, given.shape.at(-1) as number, 1]);
    const window = full([2 * radius + 1, 1, 1], 1, given.dtype);
    const sums = convolve(squares, window, undefined, { padding: "same" }, "localResponseNormalization");
    return divide(given, power(add(multiply(reshape(sums, given.shape), alpha), bias), beta));
  },
);
