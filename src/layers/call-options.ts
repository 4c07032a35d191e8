/**
 * Kinds of options that calls of layers take: what `layer()` describes in its fourth argument.
 */
import { option } from "../core/options.ts";
import type { SymbolicTensor } from "../core/symbolic.ts";
import { Tensor } from "../core/tensor.ts";
import { Variable } from "../core/variable.ts";
import type { TensorLike } from "../ops/op.ts";
import { toTensor } from "../ops/tensor.ts";

/** A tensor, or numbers that become one; null where none is given. */
/* @__NO_SIDE_EFFECTS__ */
export function tensorOption() {
  return option<TensorLike | SymbolicTensor, Tensor, { readonly default: null }>(
    { default: null },
    {
      expected: "a tensor or an array",
      parse: (given, refuse) => {
        if (given instanceof Tensor || given instanceof Variable || Array.isArray(given) || ArrayBuffer.isView(given)) {
          return toTensor(given as TensorLike);
        }
        return refuse();
      },
      toConfig: () => null,
      fromConfig: (json) => json as TensorLike,
    },
  );
}
