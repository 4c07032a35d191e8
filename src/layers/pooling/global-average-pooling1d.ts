/**
 * GlobalAveragePooling1D: the average over all steps that count.
 */
import { formatShape, sameShape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { divide } from "../../ops/elementwise/binary.ts";
import { cast } from "../../ops/elementwise/cast.ts";
import { where } from "../../ops/elementwise/compare.ts";
import { expandDims } from "../../ops/movement/reshape.ts";
import { mean } from "../../ops/reduce/reduce.ts";
import { sum } from "../../ops/reduce/sum.ts";
import { type CallContext, factory } from "../layer.ts";
import { GlobalPooling } from "./global-pooling.ts";

/**
 * The average of each channel over all steps: [batch, steps, channels] → [batch, channels] (or channels first), with
 * the steps kept as 1 under `keepdims`. Masked steps do not count; a sample in which no step counts gives NaN (0 / 0).
 *
 * @example
 * ```ts
 * import { GlobalAveragePooling1D, tensor } from "varve";
 * const mask = tensor([[true, false, true]]);
 * await new GlobalAveragePooling1D().apply(tensor([[[1], [2], [6]]]), { mask }).array() // => [[3.5]]
 * ```
 */
export class GlobalAveragePooling1D extends GlobalPooling {
  static override readonly className = "GlobalAveragePooling1D";
  override readonly supportsMasking = true;
  protected override inputSpec = { rank: 3 };

  override call(x: Tensor, { mask }: CallContext): Tensor {
    const axes = this.axesOf(x);
    if (!mask) return mean(x, axes, this.keepdims);
    const counts = cast(expandDims(mask, this.dataFormat === "channels_last" ? 2 : 1), "bool");
    const total = sum(where(counts, x, 0), axes, this.keepdims);
    return divide(total, sum(cast(counts, x.dtype), axes, this.keepdims));
  }

  protected override checkMasks([x]: readonly [Tensor], [mask]: readonly (Tensor | undefined)[]): void {
    const [batch, steps] = [x.shape[0], ...this.axesOf(x).map((axis) => x.shape[axis])] as [number, number];
    if (mask && !sameShape(mask.shape, [batch, steps])) {
      this.refuse(
        `a mask has shape [batch, steps], so ${formatShape([batch, steps])} for an input of shape ${formatShape(x.shape)}, got ${formatShape(mask.shape)}`,
      );
    }
  }

  override computeMask(): undefined {}
}

export const globalAveragePooling1d = factory(GlobalAveragePooling1D);
