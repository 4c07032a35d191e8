/**
 * Pooling, its inverse, and pooling over everything.
 */
import { choice } from "../../../core/options.ts";
import type { PartialShape } from "../../../core/shape.ts";
import type { Tensor } from "../../../core/tensor.ts";
import { repeat } from "../../../ops/movement/broadcast.ts";
import { averagePool, maxPool } from "../../../ops/pooling/pooling.ts";
import { max, mean } from "../../../ops/reduce/reduce.ts";
import { sum } from "../../../ops/reduce/sum.ts";
import { neupyLayer } from "../layer.ts";
import { callable, functionOr, spatial } from "../options.ts";
import type { LayerShape } from "../shapes.ts";

const poolingSchema = {
  /** Rows and columns of a window. */
  size: spatial({}),
  /** How far apart windows begin. Default null: as large as they are. */
  stride: spatial({ default: null }),
  /** "valid" (default): windows lie inside. "same": over the edges where need be; what lies outside does not count. */
  padding: choice(["valid", "same", "VALID", "SAME"], { default: "valid" }),
};

abstract class Pooling extends neupyLayer("Pooling", poolingSchema, ["size", "stride", "padding"]) {
  protected override get rank(): number {
    return 4;
  }

  protected override shapeOfUnknown(): LayerShape {
    return [null, null, null, null];
  }

  override compute([x]: readonly [Tensor]): Tensor {
    return this.pool(x, this.size, this.stride ?? this.size, this.padding.toLowerCase() as "valid" | "same");
  }

  protected abstract pool(
    x: Tensor,
    size: readonly number[],
    stride: readonly number[],
    padding: "valid" | "same",
  ): Tensor;
}

class MaxPoolingLayer extends Pooling {
  static override readonly className = "MaxPooling";

  protected override pool(...args: Parameters<Pooling["pool"]>): Tensor {
    return maxPool(...args);
  }
}

/**
 * The largest of each window.
 *
 * @example
 * ```ts
 * import { Input, join, MaxPooling } from "varve/neupy";
 * join(Input([10, 10, 3]), MaxPooling([2, 2])).outputShape // => [null, 5, 5, 3]
 * ```
 */
export const MaxPooling = /* @__PURE__ */ callable(MaxPoolingLayer);
export type MaxPooling = MaxPoolingLayer;

class AveragePoolingLayer extends Pooling {
  static override readonly className = "AveragePooling";

  protected override pool(...args: Parameters<Pooling["pool"]>): Tensor {
    return averagePool(...args);
  }
}

/** The average of each window. */
export const AveragePooling = /* @__PURE__ */ callable(AveragePoolingLayer);
export type AveragePooling = AveragePoolingLayer;

class UpscaleLayer extends neupyLayer(
  "Upscale",
  {
    /** How often rows and columns are repeated. */
    scale: spatial({}),
  },
  ["scale"],
) {
  protected override get rank(): number {
    return 4;
  }

  protected override shapeOfUnknown(): LayerShape {
    return [null, null, null, null];
  }

  protected override shapeOf([batch, rows, columns, channels]: readonly [null, ...(number | null)[]]): PartialShape {
    const times = (size: number | null | undefined, factor: number) =>
      typeof size === "number" ? size * factor : null;
    const [down, across] = this.scale as readonly [number, number];
    return [batch, times(rows, down), times(columns, across), channels ?? null];
  }

  override compute([x]: readonly [Tensor]): Tensor {
    const [down, across] = this.scale as readonly [number, number];
    return repeat(repeat(x, down, 1), across, 2);
  }
}

/**
 * Every row and every column repeated.
 *
 * @example
 * ```ts
 * import { Input, join, Upscale } from "varve/neupy";
 * join(Input([10, 10, 3]), Upscale([2, 3])).outputShape // => [null, 20, 30, 3]
 * ```
 */
export const Upscale = /* @__PURE__ */ callable(UpscaleLayer);
export type Upscale = UpscaleLayer;

/** What makes one of many: like `ops.mean`, given the axes that go away. */
export type PoolingFunction = (x: Tensor, axis: readonly number[]) => Tensor;

const poolings = { avg: mean, max, sum } satisfies Record<string, PoolingFunction>;

class GlobalPoolingLayer extends neupyLayer(
  "GlobalPooling",
  {
    /** "avg" (default), "max", "sum", or a function of a tensor and the axes that go away. */
    function: functionOr<PoolingFunction, keyof typeof poolings, { readonly default: "avg" }>(
      ["avg", "max", "sum"],
      "a tensor and the axes that go away",
      { default: "avg" },
    ),
  },
  ["function"],
) {
  protected override shapeOfUnknown(): LayerShape {
    return [null, null];
  }

  override compute([x]: readonly [Tensor]): Tensor {
    const between = Array.from({ length: x.rank - 2 }, (_, index) => index + 1);
    if (between.length === 0) return x;
    const pool = typeof this.function === "string" ? poolings[this.function] : this.function;
    return pool(x, between);
  }
}

/**
 * One number for each channel: the average, the largest or the sum of all places.
 *
 * @example
 * ```ts
 * import { GlobalPooling } from "varve/neupy";
 * await GlobalPooling("max").output([[[[1, 8], [3, 6]]]]).array() // => [[3, 8]]
 * ```
 */
export const GlobalPooling = /* @__PURE__ */ callable(GlobalPoolingLayer);
export type GlobalPooling = GlobalPoolingLayer;
