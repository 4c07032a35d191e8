/**
 * Works out the output shape of a layer and gives its weights back, also where it refuses.
 */
import type { PartialShape } from "../../src/core/shape.ts";
import type { Layer } from "../../src/layers/layer.ts";

export function shapesOnly(layer: Layer, shape: PartialShape): PartialShape {
  try {
    return layer.computeOutputShape(shape);
  } finally {
    layer.dispose();
  }
}
