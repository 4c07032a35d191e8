/**
 * What the global pooling layers share: one value for each channel, from all its places.
 */
import { boolean, type Option } from "../../core/options.ts";
import type { Tensor } from "../../core/tensor.ts";
import { spatialAxes } from "../../core/windows.ts";
import { layer } from "../layer.ts";
import { type DataFormatOption, dataFormat } from "../spatial.ts";

export type GlobalPoolingOptions = {
  /** Where the channels are: "channels_last" (default) or "channels_first". */
  dataFormat: DataFormatOption;
  /** Whether the spatial axes stay, with size 1. Default false. */
  keepdims: Option<boolean, boolean, false>;
};

const globalPoolingOptions: GlobalPoolingOptions = {
  dataFormat: dataFormat(),
  keepdims: boolean({ default: false }),
};

/** A reduction over all spatial axes. */
export abstract class GlobalPooling extends layer("GlobalPooling", globalPoolingOptions) {
  /** The spatial axes of an input. */
  protected axesOf(x: Tensor): number[] {
    return spatialAxes(x.rank, this.dataFormat);
  }
}
