/**
 * The loss of connectionist temporal classification; its mathematics stand in `ops/ctc/`.
 */
import { maker } from "../core/configurable.ts";
import type { TypedArray } from "../core/dtype.ts";
import { ShapeError } from "../core/errors.ts";
import { formatShape, type Shape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { ctc as op } from "../ops/ctc/ctc.ts";
import { cast } from "../ops/elementwise/cast.ts";
import { checkLabels } from "./labels.ts";
import { loss } from "./loss.ts";

/**
 * −log of the probability of a label sequence, where each frame of the output has a class or none, and labels may be
 * held over several frames (Graves et al. 2006). Targets are class numbers [batch, length], filled up with zeros at the
 * end; predictions are logits [batch, frames, classes], of which class 0 means none.
 *
 * @throws ShapeError where the ranks differ from these, or where a label names no class.
 *
 * @example
 * ```ts
 * import { losses, tensor } from "varve";
 * // One frame, both classes equally likely: the label has probability 1/2.
 * (await losses.ctc().apply([[1]], tensor([[[0, 0]]])).array()).toFixed(4) // => "0.6931"
 * ```
 */
export class CTC extends loss("CTC", "ctc", {}) {
  override prepare(yTrue: Tensor, yPred: Tensor): [Tensor, Tensor] {
    if (yTrue.rank !== 2 || yPred.rank !== 3 || yTrue.shape[0] !== yPred.shape[0]) {
      throw new ShapeError(
        `${this.label}: needs labels [batch, length] and logits [batch, frames, classes], got ${formatShape(yTrue.shape)} and ${formatShape(yPred.shape)}`,
      );
    }
    return [cast(yTrue, "int32"), yPred];
  }

  override checkValues(targets: TypedArray, yPred: Shape): void {
    checkLabels(targets, yPred[2] as number, this.label);
  }

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return op({ labels: yTrue, logits: yPred }, undefined).loss;
  }
}

export const ctc = maker(CTC);
