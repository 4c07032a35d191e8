/**
 * SpatialDropout3D: whole feature maps are set to 0 while training.
 */
import type { Json } from "../../core/options.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { SeedGenerator } from "../../ops/random/seed.ts";
import { type CallContext, factory, layer } from "../layer.ts";
import { dataFormat } from "../spatial.ts";
import { rateOptions } from "./noise.ts";
import { dropMaps, spatialDropoutConfig } from "./spatial-dropout.ts";

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
export class SpatialDropout3D extends layer("SpatialDropout3D", rateOptions(), {
  /** Where the channels are: "channels_last" (default) or "channels_first". */
  dataFormat: dataFormat(),
}) {
  override readonly supportsMasking = true;
  protected override inputSpec = { rank: 5 };
  #seeds: SeedGenerator | undefined;

  override build(): void {
    this.#seeds = this.addSeedGenerator(this.seed);
  }

  override call(x: Tensor, { training }: CallContext): Tensor {
    return training ? dropMaps(x, this.rate, this.dataFormat, this.#seeds) : x;
  }

  override getConfig(): Record<string, Json> {
    return spatialDropoutConfig(super.getConfig(), this.dtype);
  }
}

export const spatialDropout3d = factory(SpatialDropout3D);
