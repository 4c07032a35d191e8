/**
 * Input and Identity: where a network begins, and a layer that does nothing.
 */
import type { PartialShape } from "../../../core/shape.ts";
import type { Tensor } from "../../../core/tensor.ts";
import { LayerConnectionError } from "../errors.ts";
import { type ComputeContext, neupyLayer } from "../layer.ts";
import { callable, kind } from "../options.ts";
import { compatible, type LayerShape, merged, shapeText } from "../shapes.ts";

const isSize = (size: unknown) => size === null || (Number.isSafeInteger(size) && (size as number) >= 0);

const sampleShape = kind<number | null | PartialShape>(
  {},
  "a whole number ≥ 0, or a list of them, with null for sizes that are not known",
  (given, refuse) => {
    const list = Array.isArray(given) ? given : [given];
    return list.every(isSize) ? (Object.freeze([...list]) as PartialShape) : refuse();
  },
);

class InputLayer extends neupyLayer("Input", { shape: sampleShape }, ["shape"]) {
  override get inputShape(): LayerShape {
    return [null, ...(this.shape as PartialShape)];
  }

  override getOutputShape(...inputShapes: LayerShape[]): LayerShape {
    for (const shape of inputShapes) {
      if (compatible(this.inputShape, shape)) continue;
      throw new LayerConnectionError(
        `${this.label}: takes inputs of shape ${shapeText(this.inputShape)}, got ${shapeText(shape)}`,
      );
    }
    return inputShapes.reduce(merged, this.inputShape);
  }

  override compute([x]: readonly [Tensor]): Tensor {
    this.getOutputShape(x.shape);
    return x;
  }
}

/**
 * Where a network begins: says the shape of one sample, with `null` for sizes that are not known.
 *
 * @example
 * ```ts
 * import { Input } from "varve/neupy";
 * [Input(10).inputShape, Input([28, 28, 1]).inputShape] // => [[null, 10], [null, 28, 28, 1]]
 * ```
 */
export const Input = /* @__PURE__ */ callable(InputLayer);
export type Input = InputLayer;

/** The base of layers whose output has the shape of the input. */
export class IdentityLayer extends neupyLayer("Identity", {}, []) {
  protected override shapeOf(shape: PartialShape): PartialShape {
    return shape;
  }

  override compute([x]: readonly [Tensor], _context: ComputeContext): Tensor {
    return x;
  }
}

/**
 * The input as it is; useful as one branch of a residual network.
 *
 * @example
 * ```ts
 * import { Elementwise, Identity, Input, join, parallel, Relu } from "varve/neupy";
 * const block = join(Input(3), parallel(Identity(), Relu(3)), Elementwise("add"));
 * block.outputShape // => [null, 3]
 * ```
 */
export const Identity = /* @__PURE__ */ callable(IdentityLayer);
export type Identity = IdentityLayer;
