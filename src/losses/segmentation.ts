/**
 * Losses of overlap, for masks of images: Dice's and Tversky's.
 */
import { maker } from "../core/configurable.ts";
import { axes, number } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import { multiply } from "../ops/elementwise/binary.ts";
import { elementwise } from "../ops/elementwise/elementwise.ts";
import * as f from "../ops/elementwise/formula.ts";
import { sum } from "../ops/reduce/sum.ts";
import { loss } from "./loss.ts";
import { epsilon } from "./regression.ts";

const overlap = {
  /** The axes over which to sum; null for all of them. */
  axis: axes({ default: null, list: true }),
};

const diceOf = elementwise({
  name: "dice",
  dtype: "float",
  inputs: 3,
  formula: (both, t, p) => f.subtract(1, f.divide(f.multiply(2, both), f.add(f.add(t, p), epsilon))),
});

/**
 * 1 − 2 Σ yTrue · yPred / (Σ yTrue + Σ yPred + 10⁻⁷), over all axes or those given (Milletari et al. 2016).
 *
 * @example
 * ```ts
 * import { losses, tensor } from "varve";
 * await losses.dice().apply(tensor([[1, 0]]), tensor([[0.5, 0.5]])).array() // => 0.5
 * ```
 */
export class Dice extends loss("Dice", "dice", overlap) {
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    const { axis } = this;
    return diceOf([sum(multiply(yTrue, yPred), axis), sum(yTrue, axis), sum(yPred, axis)], []);
  }
}

const tverskyOf = elementwise({
  name: "tversky",
  dtype: "float",
  inputs: 3,
  parameters: 2,
  formula: (both, t, p, alpha, beta) => {
    const missed = f.add(f.multiply(alpha, f.subtract(t, both)), f.multiply(beta, f.subtract(p, both)));
    return f.subtract(1, f.divide(both, f.add(f.add(both, missed), epsilon)));
  },
});

/**
 * 1 − B / (B + alpha · Σ yTrue (1 − yPred) + beta · Σ (1 − yTrue) yPred + 10⁻⁷) with B = Σ yTrue · yPred, over all axes
 * or those given (Salehi et al. 2017). With alpha = beta = ½ it is Dice's loss.
 *
 * @example
 * ```ts
 * import { losses, tensor } from "varve";
 * await losses.tversky().apply(tensor([[1, 0]]), tensor([[0.5, 0.5]])).array() // => 0.5
 * ```
 */
export class Tversky extends loss("Tversky", "tversky", {
  /** What a miss counts. */
  alpha: number({ default: 0.5 }),
  /** What a false alarm counts. */
  beta: number({ default: 0.5 }),
  ...overlap,
}) {
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    const { alpha, beta, axis } = this;
    return tverskyOf([sum(multiply(yTrue, yPred), axis), sum(yTrue, axis), sum(yPred, axis)], [alpha, beta]);
  }
}

export const dice = maker(Dice);
export const tversky = maker(Tversky);
