/**
 * Dropout: a random part of the input is set to 0 while training.
 */
import { shape } from "../../core/options.ts";
import type { Tensor } from "../../core/tensor.ts";
import { dropout as drop } from "../../ops/random/random.ts";
import type { SeedGenerator } from "../../ops/random/seed.ts";
import { factory, layerOn } from "../layer.ts";
import { Disturbing, rateOptions } from "./noise.ts";

/**
 * While training, sets a random part of its input to 0 and divides the rest by `1 − rate`, so that the expected sum
 * stays; otherwise does nothing. Any shape; the output has the same.
 *
 * @throws ShapeError where `noiseShape` does not broadcast to the input.
 *
 * @example
 * ```ts
 * import { Dropout, ones } from "varve";
 * const x = ones([1, 100]);
 * const dropout = new Dropout({ rate: 0.75, seed: 1 });
 * const [row] = await dropout.apply(x, { training: true }).array();
 * row.every((value) => value === 0 || value === 4) // => true
 * await dropout.apply(ones([1, 2])).array() // => [[1, 1]]
 * ```
 *
 * Srivastava et al. (2014), Dropout: a simple way to prevent neural networks from overfitting.
 */
export class Dropout extends layerOn(Disturbing, "Dropout", {
  ...rateOptions(),
  /** The shape of what is drawn: where a size is 1, all along that axis is dropped or kept together. null: as the input. */
  noiseShape: shape({ default: null, min: 1, unknown: true }),
}) {
  protected override disturb(x: Tensor, seed: SeedGenerator): Tensor {
    return drop(x, this.rate, { noiseShape: this.noiseShape, seed });
  }
}

export const dropout = factory(Dropout);
