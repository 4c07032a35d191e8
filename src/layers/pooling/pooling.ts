/**
 * What the pooling layers share: options, and the two bases whose concrete layers only name their rank.
 */
import { choice, type Json, type Option, sizes } from "../../core/options.ts";
import type { Tensor } from "../../core/tensor.ts";
import { averagePool, maxPool } from "../../ops/pooling/pooling.ts";
import { layer } from "../layer.ts";
import { type DataFormatOption, dataFormat } from "../spatial.ts";

/** Where windows lie. */
export type WindowOptions = {
  /** How far apart windows begin: one number, or one for each spatial axis. Default: poolSize. */
  strides: Option<number | readonly number[] | null, readonly number[] | null, false>;
  /** "valid" (default): windows lie inside. "same": ceil(size / stride) of them, over the edges where need be. */
  padding: Option<"valid" | "same", "valid" | "same", false>;
  /** Where the channels are: "channels_last" (default) or "channels_first". */
  dataFormat: DataFormatOption;
};

export type MaxPoolingOptions = {
  /** The window: one length for all spatial axes, or one for each. Default 2. */
  poolSize: Option<number | readonly number[], readonly number[], false>;
} & WindowOptions;

export type AveragePoolingOptions = {
  /** The window: one length for all spatial axes, or one for each. */
  poolSize: Option<number | readonly number[], readonly number[], true>;
} & WindowOptions;

/* @__NO_SIDE_EFFECTS__ */
function windowOptions(rank: number): WindowOptions {
  return {
    strides: sizes({ rank, default: null }),
    padding: choice(["valid", "same"], { default: "valid" }),
    dataFormat: dataFormat(),
  };
}

/** The options of max pooling over so many axes. */
/* @__NO_SIDE_EFFECTS__ */
export function maxPoolingOptions(rank: number): MaxPoolingOptions {
  return { poolSize: sizes({ rank, default: 2 }), ...windowOptions(rank) };
}

/** The options of average pooling over so many axes. */
/* @__NO_SIDE_EFFECTS__ */
export function averagePoolingOptions(rank: number): AveragePoolingOptions {
  return { poolSize: sizes({ rank }), ...windowOptions(rank) };
}

/** Max pooling over as many axes as `poolSize` has numbers. */
export abstract class MaxPooling extends layer("MaxPooling", maxPoolingOptions(1)) {
  protected override inputSpec = { rank: this.poolSize.length + 2 };

  override call(x: Tensor): Tensor {
    return maxPool(x, this.poolSize, this.strides, this.padding, this.dataFormat);
  }

  override getConfig(): Record<string, Json> {
    return { ...super.getConfig(), strides: this.strides ?? this.poolSize };
  }
}

/** Average pooling over as many axes as `poolSize` has numbers. */
export abstract class AveragePooling extends layer("AveragePooling", averagePoolingOptions(1)) {
  protected override inputSpec = { rank: this.poolSize.length + 2 };

  override call(x: Tensor): Tensor {
    return averagePool(x, this.poolSize, this.strides, this.padding, this.dataFormat);
  }

  override getConfig(): Record<string, Json> {
    return { ...super.getConfig(), strides: this.strides ?? this.poolSize };
  }
}
