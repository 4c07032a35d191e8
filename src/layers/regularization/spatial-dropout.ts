/**
 * What the spatial dropouts share: whole feature maps are dropped, and a short config.
 */
import type { Json } from "../../core/options.ts";
import type { Tensor } from "../../core/tensor.ts";
import { type DataFormat, spatialAxes } from "../../core/windows.ts";
import { dropout } from "../../ops/random/random.ts";
import type { SeedLike } from "../../ops/random/seed.ts";

/** `x` with a random part of its maps set to 0, the rest divided by `1 − rate`. */
export function dropMaps(x: Tensor, rate: number, format: DataFormat, seed: SeedLike): Tensor {
  const axes = spatialAxes(x.rank, format);
  return dropout(x, rate, { noiseShape: x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size)), seed });
}

/** The config as Keras has it for these layers: the dtype by its name, and not whether they are trainable. */
export function spatialDropoutConfig({ trainable: _, ...config }: Record<string, Json>, dtype: string) {
  return { ...config, dtype };
}
