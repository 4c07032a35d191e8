/**
 * SpatialDropout1D: whole feature maps are set to 0 while training.
 */
import type { Json } from "../../core/options.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { SeedGenerator } from "../../ops/random/seed.ts";
import { type CallContext, factory, layer } from "../layer.ts";
import { rateOptions } from "./noise.ts";
import { dropMaps, spatialDropoutConfig } from "./spatial-dropout.ts";

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
export class SpatialDropout1D extends layer("SpatialDropout1D", rateOptions()) {
  override readonly supportsMasking = true;
  protected override inputSpec = { rank: 3 };
  #seeds: SeedGenerator | undefined;

  override build(): void {
    this.#seeds = this.addSeedGenerator(this.seed);
  }

  override call(x: Tensor, { training }: CallContext): Tensor {
    return training ? dropMaps(x, this.rate, "channels_last", this.#seeds) : x;
  }

  override getConfig(): Record<string, Json> {
    return spatialDropoutConfig(super.getConfig(), this.dtype);
  }
}

export const spatialDropout1d = factory(SpatialDropout1D);
