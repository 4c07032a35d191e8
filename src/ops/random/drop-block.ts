/**
 * DropBlock: whole blocks of images set to 0. Composed of ops: where blocks begin is drawn, pooling spreads it.
 */
import { checkFloat } from "../../core/dtype.ts";
import { ShapeError } from "../../core/errors.ts";
import { checkRank, formatShape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { divideNoNan, multiply, subtract } from "../elementwise/binary.ts";
import { cast } from "../elementwise/cast.ts";
import { less } from "../elementwise/compare.ts";
import { pad } from "../movement/concatenate.ts";
import { publicOp, type TensorLike } from "../op.ts";
import { maxPool } from "../pooling/pooling.ts";
import { sum } from "../reduce/sum.ts";
import { toTensor } from "../tensor.ts";
import { type DrawOptions, uniform } from "./random.ts";

/**
 * `x` [batch, rows, columns, channels] with blocks set to 0, the rest multiplied by how many elements there are for
 * each that is left. Blocks lie inside the image; each place where one can begin is drawn with the probability
 *
 *     (1 − keep) · rows · columns / (block area · number of such places)
 *
 * so that about `1 − keep` of all is dropped. Where nothing is left, 0 comes out.
 *
 * @param block Rows and columns of a block.
 * @see Ghiasi, Lin & Le, DropBlock: A regularization method for convolutional networks, 2018
 * @internal
 */
export const dropBlock = publicOp(
  "dropBlock",
  (x: TensorLike, keep: number, block: readonly [number, number], { seed }: DrawOptions = {}): Tensor => {
    const given = toTensor(x);
    checkFloat(given.dtype, "dropBlock");
    checkRank(given.shape, [4], "dropBlock");
    const [batch, rows, columns, channels] = given.shape as [number, number, number, number];
    const [height, width] = block;
    if (height > rows || width > columns) {
      throw new ShapeError(
        `dropBlock: a block of ${height} rows and ${width} columns does not fit into images of shape ${formatShape(given.shape)}`,
      );
    }
    const places = [rows - height + 1, columns - width + 1] as const;
    const probability = ((1 - keep) * rows * columns) / (height * width * places[0] * places[1]);
    const draws = uniform([batch, ...places, channels], { dtype: given.dtype, seed });
    const begins = cast(less(draws, probability), given.dtype);
    // A window that ends at or behind the beginning of a block, and begins before its end, sees it.
    const around = (size: number): [number, number] => [
      size - 1 - Math.floor((size - 1) / 2),
      Math.floor((size - 1) / 2),
    ];
    const padded = pad(begins, [[0, 0], around(height), around(width), [0, 0]]);
    const kept = subtract(1, maxPool(padded, [height, width], 1, "same"));
    return multiply(multiply(given, kept), divideNoNan(given.size, sum(kept)));
  },
);
