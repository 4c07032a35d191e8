import type { Json } from "../core/options.ts";
import type { Layer } from "../layers/layer.ts";

/** The dtype policies of layers from files that are computed in float32 here, which they keep when they are saved. */
export const policies = new WeakMap<Layer, Json>();
