/**
 * Running sums and products: `cumsum`, `cumprod`. Both are a linear recurrence h₍ᵢ₎ = a₍ᵢ₎ · h₍ᵢ₋₁₎ + b₍ᵢ₎, and so is its
 * gradient, run backwards.
 */
import { checkDType, type DType } from "../../core/dtype.ts";
import { normalizeAxis, type Shape, sizeOf, stridesOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { multiply } from "../elementwise/binary.ts";
import { cast } from "../elementwise/cast.ts";
import { ravel } from "../movement/reshape.ts";
import { sliceAlong } from "../movement/slice.ts";
import { place } from "../movement/strided.ts";
import { op, publicOp, type TensorLike } from "../op.ts";
import { toTensor } from "../tensor.ts";

interface Course {
  readonly axis: number;
  /** Whether it runs from the last element to the first. */
  readonly reverse: boolean;
  /** What stands before the first. */
  readonly initial: number;
}

/** Each element where its successor was: `by` 1 moves towards the back, −1 to the front; `value` comes in. */
function shifted(x: Tensor, axis: number, by: 1 | -1, value: number): Tensor {
  const size = x.shape[axis] as number;
  if (size === 0) return x;
  const strides = stridesOf(x.shape);
  const shape: Shape = x.shape.with(axis, size - 1);
  const rest = by === 1 ? sliceAlong(x, axis, 0, size - 1) : sliceAlong(x, axis, 1, size);
  const offset = by === 1 ? (strides[axis] as number) : 0;
  return place([rest], { shape: x.shape, windows: [{ shape, strides, offset }], value });
}

/** h₍ᵢ₎ = a₍ᵢ₎ · h₍ᵢ₋₁₎ + b₍ᵢ₎ along an axis; without `a` it is 1, without `b` 0. @internal */
export const recurrence = op<{ a?: Tensor | undefined; b?: Tensor | undefined }, "y", Course>({
  name: "linearRecurrence",
  shape: ({ a, b }) => ({ y: (a ?? b) as NonNullable<typeof a> }),
  loops({ a, b }, { y }, { axis, reverse, initial }) {
    const size = y.shape[axis] as number;
    const inner = sizeOf(y.shape.slice(axis + 1));
    const outer = sizeOf(y.shape.slice(0, axis));
    const h = new Float64Array(inner);
    for (let o = 0; o < outer; o++) {
      if (b && !a && inner === 1) {
        // running sums of a line, which occur most
        const step = reverse ? -1 : 1;
        let at = reverse ? (o + 1) * size - 1 : o * size;
        let sum = initial;
        for (let left = size; left > 0; left--, at += step) {
          sum += b.data[at] as number;
          y.data[at] = sum;
        }
        continue;
      }
      h.fill(initial);
      for (let step = 0; step < size; step++) {
        const first = (o * size + (reverse ? size - 1 - step : step)) * inner;
        for (let i = 0; i < inner; i++) {
          const at = first + i;
          const next = (a ? (a.data[at] as number) : 1) * (h[i] as number) + (b ? (b.data[at] as number) : 0);
          h[i] = next;
          y.data[at] = next;
        }
      }
    }
  },
  // λ₍ᵢ₎ = dy₍ᵢ₎ + a₍ᵢ₊₁₎ · λ₍ᵢ₊₁₎ is what h₍ᵢ₎ adds up to in the result; db = λ, and da₍ᵢ₎ = λ₍ᵢ₎ · h₍ᵢ₋₁₎.
  gradient: ({ y: dy }, { inputs: { a }, outputs: { y } }, { axis, reverse, initial }) => {
    const back = reverse ? 1 : -1;
    const lambda = (): Tensor =>
      recurrence({ a: a && shifted(a, axis, back, 0), b: dy as Tensor }, { axis, reverse: !reverse, initial: 0 }).y;
    return { a: () => multiply(lambda(), shifted(y, axis, reverse ? -1 : 1, initial)), b: lambda };
  },
});

function operand(x: TensorLike, axis: number | null | undefined, dtype: DType | null | undefined, where: string) {
  const given = toTensor(x);
  const type = dtype ? checkDType(dtype, where) : given.dtype === "bool" ? "int32" : given.dtype;
  const typed = given.dtype === type ? given : cast(given, type);
  const flat = axis === null || axis === undefined;
  const along = flat ? ravel(typed) : typed;
  return { along, axis: normalizeAxis(flat ? 0 : axis, along.rank, where) };
}

/**
 * Running sums along an axis; of bools in int32. Sums are formed in float64.
 *
 * @param axis Default: `x` is flattened first.
 * @param dtype In which to compute. Default: that of `x`.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.cumsum(tensor([1, 2, 3])).array() // => [1, 3, 6]
 * ```
 */
export const cumsum = publicOp("cumsum", (x: TensorLike, axis?: number | null, dtype?: DType | null): Tensor => {
  const { along, axis: at } = operand(x, axis, dtype, "cumsum");
  return recurrence({ b: along }, { axis: at, reverse: false, initial: 0 }).y;
});

/**
 * Running products along an axis; of bools in int32. Products are formed in float64, and the gradient is exact where
 * elements are 0.
 *
 * @param axis Default: `x` is flattened first.
 * @param dtype In which to compute. Default: that of `x`.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.cumprod(tensor([1, 2, 3])).array() // => [1, 2, 6]
 * ```
 */
export const cumprod = publicOp("cumprod", (x: TensorLike, axis?: number | null, dtype?: DType | null): Tensor => {
  const { along, axis: at } = operand(x, axis, dtype, "cumprod");
  return recurrence({ a: along }, { axis: at, reverse: false, initial: 1 }).y;
});
