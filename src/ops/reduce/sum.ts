/**
 * The sum over axes, and `sumTo`, which undoes broadcasting; the gradients of broadcasting ops stand on it, so this
 * file is below them. The other reductions stand in `reduce.ts`.
 */
import { type DType, isFloat } from "../../core/dtype.ts";
import { type Axes, normalizeAxes, reduceShape, type Shape, sameShape, stridesOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { reshape } from "../movement/reshape.ts";
import { strided } from "../movement/strided.ts";
import { op, publicOp, type TensorLike } from "../op.ts";
import { toTensor } from "../tensor.ts";
import { reduceCalls } from "./kernel.ts";
import { eachReduced } from "./loops.ts";

export interface Reduction {
  readonly axes: readonly number[];
  readonly keepdims: boolean;
}

/** `x`, reduced over some axes, as `shape` again: each element stands wherever it was reduced from. @internal */
export function spread(y: Tensor, { axes }: Pick<Reduction, "axes">, shape: Shape): Tensor {
  const strides = stridesOf(reduceShape(shape, axes, true)).map((stride, axis) => (axes.includes(axis) ? 0 : stride));
  return strided(y, { shape, strides, offset: 0 });
}

/** The dtype of sums and products: small integers grow to int32. */
export function sumDType(dtype: DType): DType {
  return isFloat(dtype) ? dtype : "int32";
}

const sumOp = op<{ x: Tensor }, "y", Reduction>({
  name: "sum",
  shape: ({ x }, { axes, keepdims }) => ({
    y: { shape: reduceShape(x.shape, axes, keepdims), dtype: sumDType(x.dtype) },
  }),
  loops({ x }, { y }, { axes }) {
    eachReduced(x, axes, (index, elements) => {
      let total = 0;
      for (const element of elements) total += element;
      y.data[index] = total;
    });
  },
  wasm: ({ x }, { y }, { axes }, workspace) => reduceCalls("sum", x, y, axes, workspace),
  gradient: ({ y: dy }, { inputs: { x } }, reduction) => ({
    x: isFloat(x.dtype) ? () => spread(dy as Tensor, reduction, x.shape) : "none",
  }),
});

/** The axes that `keras.ops` functions take: one, several, or none given for all. */
export type AxisArgument = Axes | null | undefined;

/** @internal */
export function reductionOf(x: Tensor, axis: AxisArgument, keepdims: boolean | undefined, where: string): Reduction {
  return { axes: normalizeAxes(axis ?? undefined, x.rank, where), keepdims: keepdims ?? false };
}

/**
 * The sum over axes, or over all. Integers and bools are summed as int32. An empty sum is 0.
 * Gradient: dx = dy, at every element that was summed.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.sum(tensor([[1, 2], [3, 4]]), 0).array() // => [4, 6]
 * ```
 */
export const sum = publicOp("sum", (x: TensorLike, axis?: AxisArgument, keepdims?: boolean): Tensor => {
  const given = toTensor(x);
  return sumOp({ x: given }, reductionOf(given, axis, keepdims, "sum")).y;
});

/** Sums over the axes along which something of that shape was repeated to be as large as `x`. @internal */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const offset = x.rank - shape.length;
  const axes = x.shape.flatMap((size, axis) =>
    axis < offset || (shape[axis - offset] === 1 && size !== 1) ? [axis] : [],
  );
  return reshape(sumOp({ x }, { axes, keepdims: false }).y, shape);
}
