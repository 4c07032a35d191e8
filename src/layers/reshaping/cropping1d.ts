/**
 * Cropping1D: steps without their edges.
 */
import type { Tensor } from "../../core/tensor.ts";
import { factory, layer } from "../layer.ts";
import { sides } from "../spatial.ts";
import { crop } from "./padding.ts";

/**
 * Cuts off the beginning and the end of steps, of inputs [batch, steps, features].
 *
 * @throws ShapeError where nothing would be left.
 *
 * @example
 * ```ts
 * import { Cropping1D, zeros } from "varve";
 * new Cropping1D({ cropping: [1, 2] }).apply(zeros([1, 5, 1])).shape // => [1, 2, 1]
 * ```
 */
export class Cropping1D extends layer("Cropping1D", {
  /** How much to cut: a number for both sides, or [before, after]. Default 1. */
  cropping: sides(1, 1),
}) {
  protected override inputSpec = { rank: 3 };

  override call(x: Tensor): Tensor {
    return crop(x, this.cropping, "channels_last");
  }
}

export const cropping1d = factory(Cropping1D);
