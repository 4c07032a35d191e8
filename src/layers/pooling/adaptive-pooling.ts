/**
 * What the adaptive pooling layers share: windows that make an output of a given size.
 */
import type { Option } from "../../core/options.ts";
import { sizes } from "../../core/options.ts";
import type { Tensor } from "../../core/tensor.ts";
import { adaptiveAveragePool, adaptiveMaxPool } from "../../ops/pooling/adaptive.ts";
import { layer } from "../layer.ts";
import { type DataFormatOption, dataFormat } from "../spatial.ts";

export type AdaptivePoolingOptions = {
  /** The size of the output: one number for all spatial axes, or one for each. */
  outputSize: Option<number | readonly number[], readonly number[], true>;
  /** Where the channels are: "channels_last" (default) or "channels_first". */
  dataFormat: DataFormatOption;
};

/** The options of adaptive pooling over so many axes. */
/* @__NO_SIDE_EFFECTS__ */
export function adaptivePoolingOptions(rank: number): AdaptivePoolingOptions {
  return { outputSize: sizes({ rank }), dataFormat: dataFormat() };
}

/** Adaptive average pooling over as many axes as `outputSize` has numbers. */
export abstract class AdaptiveAveragePooling extends layer("AdaptiveAveragePooling", adaptivePoolingOptions(1)) {
  protected override inputSpec = { rank: this.outputSize.length + 2 };

  override call(x: Tensor): Tensor {
    return adaptiveAveragePool(x, this.outputSize, this.dataFormat);
  }
}

/** Adaptive max pooling over as many axes as `outputSize` has numbers. */
export abstract class AdaptiveMaxPooling extends layer("AdaptiveMaxPooling", adaptivePoolingOptions(1)) {
  protected override inputSpec = { rank: this.outputSize.length + 2 };

  override call(x: Tensor): Tensor {
    return adaptiveMaxPool(x, this.outputSize, this.dataFormat);
  }
}
