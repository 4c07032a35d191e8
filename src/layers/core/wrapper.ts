/**
 * Wrapper: the base of layers that hold another layer. TimeDistributed and SpectralNormalization stand on it.
 */
import { type Option, option } from "../../core/options.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Structure } from "../../core/tree.ts";
import { type CallContext, factory, type InputShape, Layer, layer } from "../layer.ts";
import { describeLayer, deserializeLayer } from "../serialize.ts";

export type WrapperOptions = {
  /** The layer inside. */
  layer: Option<Layer, Layer, true>;
};

const wrapperOptions: WrapperOptions = {
  layer: option<Layer, Layer, Record<never, never>>(
    {},
    {
      expected: "a layer",
      parse: (given, refuse) => (given instanceof Layer ? given : refuse()),
      toConfig: describeLayer,
      fromConfig: deserializeLayer,
    },
  ),
};

/**
 * Holds a layer and hands everything on to it: `y = layer(x)`. By itself it changes nothing; it is there to be extended
 * by layers that do something before, after or instead, which then need to say only that. The inner layer is built,
 * trained, saved and disposed of with this one.
 *
 * - Input and output: those of the inner layer. A mask goes to the inner layer, which says what becomes of it.
 * - Weights: those of the inner layer.
 *
 * @throws OptionError where `layer` is no layer.
 *
 * @example
 * ```ts
 * import { Dense, ops, tensor, Wrapper } from "varve";
 * class Residual extends Wrapper {
 *   static className = "Residual";
 *   call(x, context) {
 *     return ops.add(x, super.call(x, context));
 *   }
 * }
 * const layer = new Residual({ layer: new Dense({ units: 2, kernelInitializer: "ones" }) });
 * await layer.apply(tensor([[1, 2]])).array() // => [[4, 5]]
 * ```
 *
 * @see Keras 3, `keras.layers.Wrapper`, which leaves `call` to its subclasses
 */
export class Wrapper extends layer("Wrapper", wrapperOptions) {
  override readonly supportsMasking: boolean = true;

  override build(shape: InputShape): void {
    this.layer.build(shape);
  }

  override call(x: Tensor | readonly Tensor[], context?: CallContext): Structure<Tensor> {
    return this.layer.apply(x as Tensor, context?.mask ? { mask: context.masks } : {});
  }

  /** The inner layer has put its mask on the output. */
  override computeMask(_inputs: unknown, _masks: readonly (Tensor | undefined)[]): Tensor | undefined {
    return undefined;
  }
}

export const wrapper = factory(Wrapper);
