/**
 * What the spatial dropouts share: whole feature maps are dropped, and a short config.
 */
import type { Json } from "../../core/options.ts";
import type { Tensor } from "../../core/tensor.ts";
import { type DataFormat, spatialAxes } from "../../core/windows.ts";
import { dropout } from "../../ops/random/random.ts";
import type { SeedGenerator } from "../../ops/random/seed.ts";
import { layerOn } from "../layer.ts";
import { Disturbing, rateOptions } from "./noise.ts";

/** Sets a random part of its input's maps to 0, and divides the rest by `1 − rate`. */
export abstract class SpatialDropout extends layerOn(Disturbing, "SpatialDropout", rateOptions()) {
  /** Where the channels are; a layer may have it as an option. */
  declare readonly dataFormat: DataFormat | undefined;

  protected override disturb(x: Tensor, seed: SeedGenerator): Tensor {
    const axes = spatialAxes(x.rank, this.dataFormat ?? "channels_last");
    return dropout(x, this.rate, { noiseShape: x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size)), seed });
  }

  /** As Keras has it for these layers: the dtype by its name, and not whether they are trainable. */
  override getConfig(): Record<string, Json> {
    const { trainable: _, ...config } = super.getConfig();
    return { ...config, dtype: this.dtype };
  }
}
