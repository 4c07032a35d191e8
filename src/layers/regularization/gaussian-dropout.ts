/**
 * GaussianDropout: the input times normal noise around 1 while training.
 */
import { number } from "../../core/options.ts";
import type { Tensor } from "../../core/tensor.ts";
import { multiply } from "../../ops/elementwise/binary.ts";
import { normal } from "../../ops/random/random.ts";
import type { SeedGenerator } from "../../ops/random/seed.ts";
import { factory, layerOn } from "../layer.ts";
import { Disturbing } from "./noise.ts";

/**
 * While training, multiplies its input by normal noise of mean 1 and standard deviation `√(rate / (1 − rate))`, which
 * has the variance of dropout at that rate; otherwise does nothing. Any shape; the output has the same.
 *
 * @example
 * ```ts
 * import { GaussianDropout, ones } from "varve";
 * await new GaussianDropout({ rate: 0.5 }).apply(ones([1, 2])).array() // => [[1, 1]]
 * ```
 *
 * Srivastava et al. (2014), Dropout: a simple way to prevent neural networks from overfitting, section 10.
 */
export class GaussianDropout extends layerOn(Disturbing, "GaussianDropout", {
  /** The rate of the dropout that it stands for, 0 ≤ rate < 1. */
  rate: number({ min: 0, below: 1 }),
}) {
  protected override disturb(x: Tensor, seed: SeedGenerator): Tensor {
    if (this.rate === 0) return x;
    const stddev = Math.sqrt(this.rate / (1 - this.rate));
    return multiply(x, normal(x.shape, { mean: 1, stddev, dtype: this.dtype, seed }));
  }
}

export const gaussianDropout = factory(GaussianDropout);
