/**
 * UpSampling2D: larger by whole factors.
 */
import { choice, sizes } from "../../core/options.ts";
import type { Tensor } from "../../core/tensor.ts";
import { factory, layer } from "../layer.ts";
import { dataFormat } from "../spatial.ts";
import { enlarge, interpolations } from "./interpolation.ts";

/**
 * Enlarges rows and columns by whole factors, of inputs [batch, rows, columns, channels] (or channels first).
 *
 * @example
 * ```ts
 * import { UpSampling2D, zeros } from "varve";
 * new UpSampling2D({ size: [2, 3] }).apply(zeros([1, 2, 3, 1])).shape // => [1, 4, 9, 1]
 * ```
 */
export class UpSampling2D extends layer("UpSampling2D", {
  /** How many times larger: one number, or one for each of the 2 axes. Default 2. */
  size: sizes({ rank: 2, default: 2 }),
  /** Where the channels are: "channels_last" (default) or "channels_first". */
  dataFormat: dataFormat(),
  /** What stands between the given values: "nearest" (default), "bilinear", "bicubic", "lanczos3" or "lanczos5". */
  interpolation: choice(interpolations, { default: "nearest" }),
}) {
  protected override inputSpec = { rank: 4 };

  override call(x: Tensor): Tensor {
    return enlarge(x, this.size, this.dataFormat, this.interpolation);
  }
}

export const upSampling2d = factory(UpSampling2D);
