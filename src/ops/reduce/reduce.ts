import type { Shape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
export function sumTo(x: Tensor, shape: Shape): Tensor {
  return x.alias(shape);
}
