/**
 * UpSampling3D: larger by whole factors.
 */
import { sizes } from "../../core/options.ts";
import type { Tensor } from "../../core/tensor.ts";
import { factory, layer } from "../layer.ts";
import { dataFormat } from "../spatial.ts";
import { enlarge } from "./interpolation.ts";

/**
 * Repeats each element along depth, height and width, of inputs [batch, depth, height, width, channels] (or channels first).
 *
 * @example
 * ```ts
 * import { UpSampling3D, zeros } from "varve";
 * new UpSampling3D({ size: 2 }).apply(zeros([1, 1, 2, 3, 1])).shape // => [1, 2, 4, 6, 1]
 * ```
 */
export class UpSampling3D extends layer("UpSampling3D", {
  /** How many times larger: one number, or one for each of the 3 axes. Default 2. */
  size: sizes({ rank: 3, default: 2 }),
  /** Where the channels are: "channels_last" (default) or "channels_first". */
  dataFormat: dataFormat(),
}) {
  protected override inputSpec = { rank: 5 };

  override call(x: Tensor): Tensor {
    return enlarge(x, this.size, this.dataFormat, "nearest");
  }
}

export const upSampling3d = factory(UpSampling3D);
