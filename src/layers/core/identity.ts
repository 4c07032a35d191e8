/**
 * Identity: the input as it is.
 */
import type { Tensor } from "../../core/tensor.ts";
import { factory, layer } from "../layer.ts";

/**
 * Gives its input as it is; useful where a layer must stand that does nothing. Any shape.
 *
 * @example
 * ```ts
 * import { Identity, tensor } from "varve";
 * await new Identity().apply(tensor([1, 2])).array() // => [1, 2]
 * ```
 */
export class Identity extends layer("Identity", {}) {
  override readonly supportsMasking = true;

  override call(x: Tensor): Tensor {
    return x;
  }
}

export const identity = factory(Identity);
