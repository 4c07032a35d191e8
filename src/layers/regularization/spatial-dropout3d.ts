/**
 * SpatialDropout3D: whole feature maps are set to 0 while training.
 */
import { factory, layerOn } from "../layer.ts";
import { dataFormat } from "../spatial.ts";
import { SpatialDropout } from "./spatial-dropout.ts";

/**
 * As Dropout, but for each sample a channel is kept or dropped over all depth, height and width, of inputs [batch, depth, height, width, channels] (or channels first).
 * Neighbours in a map say nearly the same, so dropping single elements would only be a lower learning rate.
 *
 * @example
 * ```ts
 * import { ones, SpatialDropout3D } from "varve";
 * new SpatialDropout3D({ rate: 0.5 }).apply(ones([2, 3, 3, 3, 1]), { training: true }).shape // => [2, 3, 3, 3, 1]
 * ```
 *
 * Tompson et al. (2015), Efficient object localization using convolutional networks.
 */
export class SpatialDropout3D extends layerOn(SpatialDropout, "SpatialDropout3D", {
  /** Where the channels are: "channels_last" (default) or "channels_first". */
  dataFormat: dataFormat(),
}) {
  protected override inputSpec = { rank: 5 };
}

export const spatialDropout3d = factory(SpatialDropout3D);
