/**
 * Activation: any activation function as a layer.
 */
import { activation as activationOption } from "../../activations.ts";
import type { Tensor } from "../../core/tensor.ts";
import { factory, layer } from "../layer.ts";

/**
 * `y = activation(x)`. Any shape; the output has the same.
 *
 * @throws OptionError where the activation is unknown.
 *
 * @example
 * ```ts
 * import { Activation, tensor } from "varve";
 * await new Activation({ activation: "relu" }).apply(tensor([-1, 2])).array() // => [0, 2]
 * ```
 */
export class Activation extends layer("Activation", {
  /** A name like "relu", or a function of a tensor. */
  activation: activationOption(),
}) {
  override readonly supportsMasking = true;

  override call(x: Tensor): Tensor {
    return this.activation(x);
  }
}

export const activation = factory(Activation);
