/**
 * The identity, whose gradient is cut off: what keeps gradients small inside recurrences.
 */
import type { Tensor } from "../../core/tensor.ts";
import { op } from "../op.ts";
import { clip } from "./unary.ts";

/** `x` as it is; its gradient is dy, but not below −limit and not above it. @internal */
export const clipGradient = op<{ x: Tensor }, "y", { readonly limit: number }>({
  name: "clipGradient",
  view: true,
  shape: ({ x }) => ({ y: { shape: x.shape, dtype: x.dtype } }),
  gradient: ({ y: dy }, _saved, { limit }) => ({ x: (): Tensor => clip(dy as Tensor, -limit, limit) }),
});
