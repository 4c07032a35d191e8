/**
 * SpatialDropout2D: whole feature maps are set to 0 while training.
 */
import { factory, layerOn } from "../layer.ts";
import { dataFormat } from "../spatial.ts";
import { SpatialDropout } from "./spatial-dropout.ts";

/**
 * As Dropout, but for each sample a channel is kept or dropped over all rows and columns, of inputs [batch, rows, columns, channels] (or channels first).
 * Neighbours in a map say nearly the same, so dropping single elements would only be a lower learning rate.
 *
 * @example
 * ```ts
 * import { ones, SpatialDropout2D } from "varve";
 * new SpatialDropout2D({ rate: 0.5 }).apply(ones([2, 3, 3, 1]), { training: true }).shape // => [2, 3, 3, 1]
 * ```
 *
 * Tompson et al. (2015), Efficient object localization using convolutional networks.
 */
export class SpatialDropout2D extends layerOn(SpatialDropout, "SpatialDropout2D", {
  /** Where the channels are: "channels_last" (default) or "channels_first". */
  dataFormat: dataFormat(),
}) {
  protected override inputSpec = { rank: 4 };
}

export const spatialDropout2d = factory(SpatialDropout2D);
