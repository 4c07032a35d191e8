/**
 * The errors that NeuPy names. Both are shape errors, so that whoever catches those catches these.
 */
import { ShapeError } from "../../core/errors.ts";

/** Layers or networks that do not fit each other. */
export class LayerConnectionError extends ShapeError {
  override name = "LayerConnectionError";
}

/** Variables that cannot be made: the shape of the input says too little, or a given value has another shape. */
export class WeightInitializationError extends ShapeError {
  override name = "WeightInitializationError";
}
