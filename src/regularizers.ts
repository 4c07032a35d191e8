import { Configurable } from "./core/configurable.ts";
import type { Tensor } from "./core/tensor.ts";
export abstract class Regularizer extends Configurable {
  abstract call(weight: Tensor): Tensor;
}
