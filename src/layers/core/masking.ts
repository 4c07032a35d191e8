/**
 * Masking: steps in which every feature has one value are left out by the layers that follow.
 */
import { number } from "../../core/options.ts";
import type { Tensor } from "../../core/tensor.ts";
import { notEqual, where } from "../../ops/elementwise/compare.ts";
import { expandDims } from "../../ops/movement/reshape.ts";
import { any } from "../../ops/reduce/reduce.ts";
import { factory, layer } from "../layer.ts";

/**
 * Attaches a mask that leaves out each step whose features all equal `maskValue`, and sets those steps to 0:
 * [batch, …, features], the output has the same shape and a mask of shape [batch, …].
 *
 * @example
 * ```ts
 * import { Masking, tensor } from "varve";
 * const y = new Masking().apply(tensor([[[1, 2], [0, 0], [0, 3]]]));
 * await y.mask.array() // => [[true, false, true]]
 * ```
 */
export class Masking extends layer("Masking", {
  /** The value that stands for padding. Default 0. */
  maskValue: number({ default: 0 }),
}) {
  override readonly supportsMasking = true;
  protected override inputSpec = { minRank: 1 };

  override call(x: Tensor): Tensor {
    const mask = any(notEqual(x, this.maskValue), -1);
    const y = where(expandDims(mask, -1), x, 0);
    y.mask = mask;
    return y;
  }
}

export const masking = factory(Masking);
