/**
 * Windows that slide over axes, as pooling and convolution have them: how many fit, where each begins, and what lies
 * outside under each padding. Pure arithmetic on sizes; nothing here knows tensors.
 */
import { ShapeError, show } from "./errors.ts";

/** Where the channels are: behind the spatial axes or in front of them. */
export type DataFormat = "channels_last" | "channels_first";

/** The spatial axes of a tensor of that rank. */
export function spatialAxes(rank: number, format: DataFormat): number[] {
  const first = format === "channels_last" ? 1 : 2;
  return Array.from({ length: rank - 2 }, (_, index) => first + index);
}

/** A number for each of `rank` axes, from one that stands for all of them or a list; refuses anything below 1. */
export function perAxis(value: number | readonly number[], rank: number, where: string, what: string): number[] {
  const list = typeof value === "number" ? new Array<number>(rank).fill(value) : [...value];
  if (list.length !== rank || !list.every((size) => Number.isSafeInteger(size) && size >= 1)) {
    throw new ShapeError(
      `${where}: ${what} must be a whole number ≥ 1, or a list of ${rank} of them, got ${show(value)}`,
    );
  }
  return list;
}

/** How windows lie along one axis. */
export interface AxisWindows {
  /** How many there are. */
  readonly count: number;
  /** How far the first one reaches over the front edge. */
  readonly before: number;
  /** How far the last one reaches over the back edge. */
  readonly after: number;
}

/**
 * The windows of length `window`, their elements `dilation` apart, that begin every `stride` along an axis of `size`.
 * "valid": all inside, `floor((size − span) / stride) + 1` of them. "same": `ceil(size / stride)`, half of what is
 * missing in front, the larger half behind. "causal": as many, everything that is missing in front.
 */
export function windowsAlong(
  size: number,
  {
    window,
    stride,
    dilation = 1,
    padding,
  }: { window: number; stride: number; dilation?: number; padding: "valid" | "same" | "causal" },
): AxisWindows {
  const span = (window - 1) * dilation + 1;
  if (padding === "valid") return { count: Math.max(0, Math.floor((size - span) / stride) + 1), before: 0, after: 0 };
  const count = Math.ceil(size / stride);
  if (padding === "causal") return { count, before: span - 1, after: 0 };
  const missing = Math.max(0, (count - 1) * stride + span - size);
  const before = Math.floor(missing / 2);
  return { count, before, after: missing - before };
}
