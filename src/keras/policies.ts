/**
 * What files say that has no part in computing here, kept for saving: by the layer or optimizer that it belongs to.
 */
import type { Json } from "../core/options.ts";
import type { Layer } from "../layers/layer.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";

/** The dtype policies of layers from files that are computed in float32 here. */
export const policies = new WeakMap<Layer, Json>();

/** How Keras scales the loss for half precision, around the optimizer that does the work. */
export interface LossScale {
  /** The config of the LossScaleOptimizer; undefined where Keras put it there by itself. */
  readonly config: Readonly<Record<string, Json>> | undefined;
  /** Its own variables: iterations, learning rate, counter of steps, scale. */
  readonly state: readonly number[];
}

export const lossScales = new WeakMap<Optimizer, LossScale>();
