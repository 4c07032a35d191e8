/**
 * The circle loss, for embeddings.
 */
import { maker } from "../core/configurable.ts";
import { ShapeError } from "../core/errors.ts";
import { boolean, number } from "../core/options.ts";
import { formatShape } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { softplus } from "../ops/elementwise/activations.ts";
import { add, subtract } from "../ops/elementwise/binary.ts";
import { cast } from "../ops/elementwise/cast.ts";
import { equal, greater } from "../ops/elementwise/compare.ts";
import { elementwise } from "../ops/elementwise/elementwise.ts";
import * as f from "../ops/elementwise/formula.ts";
import { matmul } from "../ops/matmul/matmul.ts";
import { reshape } from "../ops/movement/reshape.ts";
import { transpose } from "../ops/movement/transpose.ts";
import { logsumexp } from "../ops/reduce/reduce.ts";
import { loss } from "./loss.ts";

/** In place of −∞: e to it is 0 in both dtypes, and 0 times it is 0, so that gradients stay numbers. */
const nothing = -1e30;

/** γ · max(e + m, 0) · (e − m), e being what keeps a pair from its optimum. */
const logit = (e: f.Term, gamma: f.Term, margin: f.Term) =>
  f.multiply(gamma, f.multiply(f.maximumOfConstant(f.add(margin, e), 0), f.subtract(e, margin)));

/** A formula of the distance of each pair and of whether both are of one class, with γ and m. */
const ofPairs = (name: string, formula: (...terms: f.Formula[]) => f.Formula) =>
  elementwise({ name, dtype: "float", inputs: 2, parameters: 2, formula });

/** Pairs of different classes should be apart: e = 1 − d; `nothing` for others. */
const apart = ofPairs("circleNegatives", (distance, same, gamma, margin) =>
  f.select(
    same as f.Formula,
    nothing,
    logit(f.subtract(1, distance as f.Formula), gamma as f.Formula, margin as f.Formula),
  ),
);

/** Pairs of one class should be together: e = d; `nothing` for others. */
const together = ofPairs("circlePositives", (distance, same, gamma, margin) =>
  f.select(same as f.Formula, logit(distance as f.Formula, gamma as f.Formula, margin as f.Formula), nothing),
);

const positivePart = elementwise({
  name: "positivePart",
  dtype: "float",
  inputs: 1,
  formula: (x) => f.maximum(x, 0),
});

/**
 * log(1 + Σₙ e^(γ αₙ (sₙ − m)) · Σₚ e^(−γ αₚ (sₚ − 1 + m))) for each sample, over the similarities sₚ to samples of its
 * class and sₙ to others, with weights α that grow with how far a pair is from its optimum (Sun et al. 2020).
 * Targets are class numbers [n], predictions embeddings of length 1 [n, size]. Samples with loss 0 are not counted.
 *
 * @example
 * ```ts
 * import { losses, tensor } from "varve";
 * const embeddings = tensor([[1, 0], [1, 0], [0, 1]]);
 * (await losses.circle({ gamma: 1 }).apply([0, 0, 1], embeddings).array()).toFixed(3) // => "0.546"
 * ```
 */
export class Circle extends loss("Circle", "circle", {
  /** The scale γ of the similarities. */
  gamma: number({ default: 80 }),
  /** The relaxation m: how near pairs must be to their optimum. */
  margin: number({ default: 0.4, min: 0, max: 1 }),
  /** Whether a sample is no pair with itself. */
  removeDiagonal: boolean({ default: true }),
}) {
  override prepare(yTrue: Tensor, yPred: Tensor): [Tensor, Tensor] {
    const [n] = yPred.shape;
    if (yPred.rank !== 2 || yTrue.size !== n || yTrue.shape[0] !== n) {
      throw new ShapeError(
        `${this.label}: needs class numbers [n] and embeddings [n, size], got shapes ${formatShape(yTrue.shape)} and ${formatShape(yPred.shape)}`,
      );
    }
    return [cast(reshape(yTrue, [n]), "int32"), yPred];
  }

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    const { gamma, margin } = this;
    const n = yTrue.size;
    const distance = positivePart([subtract(1, matmul(yPred, transpose(yPred)))], []);
    const same = equal(reshape(yTrue, [n, 1]), reshape(yTrue, [1, n]));
    const pairs = this.removeDiagonal ? this.#withoutDiagonal(same) : same;
    const positive = logsumexp(together([distance, pairs], [gamma, margin]), 1);
    const negative = logsumexp(apart([distance, same], [gamma, margin]), 1);
    const values = softplus(add(positive, negative));
    values.mask = greater(values, 0);
    return values;
  }

  #withoutDiagonal(same: Tensor): Tensor {
    const n = same.shape[0] as number;
    const index = Tensor.from(
      same.device,
      Int32Array.from({ length: n }, (_, k) => k),
      [n],
      "int32",
    );
    const self = equal(reshape(index, [n, 1]), reshape(index, [1, n]));
    return greater(same, self);
  }
}

export const circle = maker(Circle);
