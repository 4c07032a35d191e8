/**
 * Dropout: a random part of the input is set to 0 while training.
 */
import { shape } from "../../core/options.ts";
import type { Tensor } from "../../core/tensor.ts";
import { dropout as drop } from "../../ops/random/random.ts";
import type { SeedGenerator } from "../../ops/random/seed.ts";
import { type CallContext, factory, layer } from "../layer.ts";
import { rateOptions } from "./noise.ts";

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
export class Dropout extends layer("Dropout", rateOptions(), {
  /** The shape of what is drawn: where a size is 1, all along that axis is dropped or kept together. null: as the input. */
  noiseShape: shape({ default: null, min: 1, unknown: true }),
}) {
  override readonly supportsMasking = true;
  #seeds: SeedGenerator | undefined;

  override build(): void {
    this.#seeds = this.addSeedGenerator(this.seed);
  }

  override call(x: Tensor, { training }: CallContext): Tensor {
    return training ? drop(x, this.rate, { noiseShape: this.noiseShape, seed: this.#seeds }) : x;
  }
}

export const dropout = factory(Dropout);
