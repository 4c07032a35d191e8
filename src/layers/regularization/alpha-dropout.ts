/**
 * AlphaDropout: dropout that keeps mean and variance, for networks of scaled exponential linear units.
 */
import { number, shape } from "../../core/options.ts";
import { broadcastsTo, formatShape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { elementwise } from "../../ops/elementwise/elementwise.ts";
import * as f from "../../ops/elementwise/formula.ts";
import { uniform } from "../../ops/random/random.ts";
import type { SeedGenerator } from "../../ops/random/seed.ts";
import { factory, layerOn } from "../layer.ts";
import { Disturbing } from "./noise.ts";

/** What `selu` approaches far below 0: −alpha · scale. */
const floor = -1.6732632423543772 * 1.0507009873554805;

/** a · (x where drawn ≥ rate, else the floor) + b. */
const dropToFloor = elementwise({
  name: "alphaDropout",
  dtype: "float",
  inputs: 2,
  parameters: 3,
  formula: (x, drawn, rate, a, b) => f.add(f.multiply(a, f.select(f.less(drawn, rate), floor, x)), b),
});

/**
 * While training, sets a random part of its input to the lowest value of `selu` and scales and shifts the whole, so
 * that mean 0 and variance 1 stay: with the floor `α' = −1.7581`, `y = a · (x or α') + b`,
 * `a = ((1 − rate) · (1 + rate · α'²))^−½`, `b = −a · α' · rate`. Otherwise does nothing. Any shape; the output has the
 * same.
 *
 * @throws ShapeError where `noiseShape` does not broadcast to the input.
 *
 * @example
 * ```ts
 * import { AlphaDropout, ones } from "varve";
 * await new AlphaDropout({ rate: 0.5 }).apply(ones([1, 2])).array() // => [[1, 1]]
 * ```
 *
 * Klambauer et al. (2017), Self-normalizing neural networks.
 */
export class AlphaDropout extends layerOn(Disturbing, "AlphaDropout", {
  /** The part that is dropped, 0 ≤ rate < 1. */
  rate: number({ min: 0, below: 1 }),
  /** The shape of what is drawn: where a size is 1, all along that axis is dropped or kept together. null: as the input. */
  noiseShape: shape({ default: null, min: 1, unknown: true }),
}) {
  protected override disturb(x: Tensor, seed: SeedGenerator): Tensor {
    const { rate } = this;
    if (rate === 0) return x;
    const noise = this.noiseShape?.map((size, axis) => size ?? x.shape[axis] ?? 1) ?? x.shape;
    if (noise.length !== x.rank || !broadcastsTo(noise, x.shape)) {
      this.refuse(`noiseShape ${formatShape(noise)} does not broadcast to the input's shape ${formatShape(x.shape)}`);
    }
    const a = ((1 - rate) * (1 + rate * floor ** 2)) ** -0.5;
    return dropToFloor([x, uniform(noise, { seed })], [rate, a, -a * floor * rate]);
  }
}

export const alphaDropout = factory(AlphaDropout);
