/**
 * Softmax: probabilities from scores.
 */
import { axes } from "../../core/options.ts";
import { broadcastsTo, formatShape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { greater, where } from "../../ops/elementwise/compare.ts";
import { softmax as softmaxOf } from "../../ops/softmax/softmax.ts";
import { type CallContext, factory, layer } from "../layer.ts";

/** Added to the score of what does not count. Finite, so that a group in which nothing counts gives no NaN. */
const hardlyEver = -3e38;

/**
 * `y = exp(x) / Σ exp(x)`, the sum over the axis or axes. A mask that broadcasts to the input leaves places out: they
 * come out as 0, and where no place of a group counts, all of them do. Any shape; the output has the same.
 *
 * @example
 * ```ts
 * import { Softmax, tensor } from "varve";
 * await new Softmax().apply(tensor([[0, 0, 0, 0]])).array() // => [[0.25, 0.25, 0.25, 0.25]]
 * ```
 */
export class Softmax extends layer("Softmax", {
  /** The axis, or axes, over which probabilities sum to 1. Default -1. */
  axis: axes({ default: -1, list: true }),
}) {
  override readonly supportsMasking = true;

  override call(x: Tensor, { mask }: CallContext): Tensor {
    if (!mask) return softmaxOf(x, this.axis);
    const counts = mask.dtype === "bool" ? mask : greater(mask, 0.5);
    return where(counts, softmaxOf(where(counts, x, hardlyEver), this.axis), 0);
  }

  /** Any mask that broadcasts to the input. */
  protected override checkMasks([x]: readonly [Tensor], [mask]: readonly (Tensor | undefined)[]): void {
    if (mask && !broadcastsTo(mask.shape, x.shape)) {
      this.refuse(
        `a mask of shape ${formatShape(mask.shape)} does not broadcast to the input's ${formatShape(x.shape)}`,
      );
    }
  }
}

export const softmax = factory(Softmax);
