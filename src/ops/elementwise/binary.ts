/**
 * Elementwise ops of two operands, with broadcasting: one table of name, formula and derivatives.
 */
import { promote } from "../../core/dtype.ts";

import { broadcastShapes } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { op, publicOp, type TensorLike } from "../op.ts";
import { sumTo } from "../reduce/reduce.ts";
import { toTensor } from "../tensor.ts";

const addOp = op<{ x: Tensor; y: Tensor }, "z">({
  name: "add",
  shape: ({ x, y }) => ({ z: { shape: broadcastShapes(x.shape, y.shape, "add"), dtype: promote(x.dtype, y.dtype) } }),
  loops: ({ x, y }, { z }) => {
    for (let i = 0; i < z.size; i++) z.data[i] = (x.data[i % x.size] as number) + (y.data[i % y.size] as number);
  },
  gradient: ({ z }, { inputs: { x, y } }) => ({
    x: () => sumTo(z as Tensor, x.shape),
    y: () => sumTo(z as Tensor, y.shape),
  }),
});
export const add = publicOp(
  "add",
  (x: TensorLike, y: TensorLike): Tensor => addOp({ x: toTensor(x), y: toTensor(y) }, undefined).z,
);
