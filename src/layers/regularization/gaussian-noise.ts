/**
 * GaussianNoise: normal noise added to the input while training.
 */
import { number } from "../../core/options.ts";
import type { Tensor } from "../../core/tensor.ts";
import { add } from "../../ops/elementwise/binary.ts";
import { normal } from "../../ops/random/random.ts";
import type { SeedGenerator } from "../../ops/random/seed.ts";
import { factory, layerOn } from "../layer.ts";
import { Disturbing } from "./noise.ts";

/**
 * While training, adds normal noise of mean 0 to its input; otherwise does nothing. Any shape; the output has the same.
 *
 * @example
 * ```ts
 * import { GaussianNoise, ones } from "varve";
 * await new GaussianNoise({ stddev: 0.5 }).apply(ones([1, 2])).array() // => [[1, 1]]
 * ```
 */
export class GaussianNoise extends layerOn(Disturbing, "GaussianNoise", {
  /** The standard deviation of the noise. */
  stddev: number({ min: 0 }),
}) {
  protected override disturb(x: Tensor, seed: SeedGenerator): Tensor {
    if (this.stddev === 0) return x;
    return add(x, normal(x.shape, { stddev: this.stddev, dtype: this.dtype, seed }));
  }
}

export const gaussianNoise = factory(GaussianNoise);
