/**
 * Changing the dtype.
 */
import { checkDType, type DType, isFloat } from "../../core/dtype.ts";
import type { Tensor } from "../../core/tensor.ts";
import { copy } from "../movement/reshape.ts";
import { op, publicOp, type TensorLike } from "../op.ts";
import { toTensor } from "../tensor.ts";
import { copying, kernelCall } from "./program.ts";

/** @internal */
export const castOp = op<{ x: Tensor }, "y", { dtype: DType }>({
  name: "cast",
  elementwise: true,
  shape: ({ x }, { dtype }) => ({ y: { shape: x.shape, dtype } }),
  loops({ x }, { y }) {
    for (let index = 0; index < x.size; index++) {
      const value = x.data[index] as number;
      y.data[index] = y.dtype === "bool" ? Number(value !== 0) : value;
    }
  },
  wasm: ({ x }, { y }, _attributes, workspace) => kernelCall(copying(), [x], [], y, workspace),
  gradient: ({ y }, { inputs: { x } }) => ({ x: isFloat(x.dtype) ? () => cast(y as Tensor, x.dtype) : "none" }),
});

/**
 * The same values as another dtype. To integers, fractions are cut off towards zero; to bool, whatever is not 0 is
 * true. The gradient passes through between float32 and float64.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * await ops.cast(tensor([1.7, -1.7]), "int32").array() // => [1, -1]
 * ```
 */
export const cast = publicOp("cast", (x: TensorLike, dtype: DType): Tensor => {
  checkDType(dtype, "cast");
  const given = toTensor(x);
  return given.dtype === dtype ? copy(given) : castOp({ x: given }, { dtype }).y;
});
