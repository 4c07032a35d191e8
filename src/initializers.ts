import { Configurable } from "./core/configurable.ts";
import type { DType } from "./core/dtype.ts";
import type { Shape } from "./core/shape.ts";
import type { Tensor } from "./core/tensor.ts";
export abstract class Initializer extends Configurable {
  abstract call(shape: Shape, dtype: DType): Tensor;
}
