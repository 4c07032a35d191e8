/**
 * SpatialDropout1D: whole feature maps are set to 0 while training.
 */
import { factory, layerOn } from "../layer.ts";
import { SpatialDropout } from "./spatial-dropout.ts";

/**
 * As Dropout, but for each sample a channel is kept or dropped over all steps, of inputs [batch, steps, channels].
 * Neighbours in a map say nearly the same, so dropping single elements would only be a lower learning rate.
 *
 * @example
 * ```ts
 * import { ones, SpatialDropout1D } from "varve";
 * new SpatialDropout1D({ rate: 0.5 }).apply(ones([2, 3, 1]), { training: true }).shape // => [2, 3, 1]
 * ```
 *
 * Tompson et al. (2015), Efficient object localization using convolutional networks.
 */
export class SpatialDropout1D extends layerOn(SpatialDropout, "SpatialDropout1D", {}) {
  protected override inputSpec = { rank: 3 };
}

export const spatialDropout1d = factory(SpatialDropout1D);
