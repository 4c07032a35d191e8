/**
 * Convolution and Deconvolution of images [batch, rows, columns, channels], with NeuPy's paddings and sizes.
 */
import type { Option } from "../../../core/options.ts";
import type { PartialShape } from "../../../core/shape.ts";
import type { Tensor } from "../../../core/tensor.ts";
import type { Variable } from "../../../core/variable.ts";
import { convolve, convolveTransposed } from "../../../ops/convolution/convolution.ts";
import { pad } from "../../../ops/movement/concatenate.ts";
import { slice } from "../../../ops/movement/slice.ts";
import * as init from "../init.ts";
import { neupyLayer } from "../layer.ts";
import { callable, kind, parameter, spatial } from "../options.ts";
import type { LayerShape } from "../shapes.ts";

/** What is put around images: by name, or so many rows and columns on each side. */
export type Padding = "valid" | "same" | "VALID" | "SAME" | number | readonly [rows: number, columns: number];

/** A padding once it is read. */
type ReadPadding = "valid" | "same" | readonly [rows: number, columns: number];

const isWidth = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;

const padding = kind<unknown, { readonly default: Padding }>(
  { default: "valid" },
  '"valid", "same", a whole number ≥ 0, or a list of two of them',
  (given, refuse): ReadPadding => {
    const word = typeof given === "string" ? given.toLowerCase() : undefined;
    if (word === "valid" || word === "same") return word;
    const list = Array.isArray(given) ? given : [given, given];
    return list.length === 2 && list.every(isWidth) ? (Object.freeze([...list]) as never) : refuse();
  },
) as unknown as Option<Padding, ReadPadding, false>;

const filterSize = kind<readonly [rows: number, columns: number, filters: number]>(
  {},
  "a list of three whole numbers ≥ 1: filter rows, filter columns, output channels",
  (given, refuse) =>
    Array.isArray(given) && given.length === 3 && given.every((size) => Number.isSafeInteger(size) && size >= 1)
      ? (Object.freeze([...given]) as never)
      : refuse(),
);

const deconvolutionSchema = {
  /** Filter rows, filter columns, and how many channels come out. */
  size: filterSize,
  /** "valid" (default) puts nothing around the images, "same" as much as keeps their size; or rows and columns. */
  padding,
  /** How far apart windows begin. Default 1. */
  stride: spatial({ default: 1 }),
  /** How the weight begins. Default `init.HeNormal({ gain: 2 })`. */
  weight: parameter({ default: init.HeNormal({ gain: 2 }) }),
  /** How the bias [filters] begins; null for none. Default 0. */
  bias: parameter({ default: 0, nullable: true }),
};

class ConvolutionLayer extends neupyLayer(
  "Convolution",
  {
    ...deconvolutionSchema,
    /** How far apart the elements of a window are. Default 1; only 1 where the stride is above 1. */
    dilation: spatial({ default: 1 }),
  },
  ["size", "padding", "stride", "dilation", "weight", "bias"],
) {
  protected override get rank(): number {
    return 4;
  }

  protected override shapeOfUnknown(): LayerShape {
    return [null, null, null, this.size[2]];
  }

  protected override build(shape: PartialShape): void {
    const [rows, columns, filters] = this.size;
    this.variable(this.weight, "weight", [rows, columns, this.known(shape, 3, "input channels"), filters]);
    if (this.bias !== null) this.variable(this.bias, "bias", [filters]);
  }

  override compute([x]: readonly [Tensor]): Tensor {
    const { weight, bias } = this.variables as { weight: Variable; bias?: Variable };
    const named = typeof this.padding === "string";
    const [rows, columns] = named ? [0, 0] : (this.padding as readonly [number, number]);
    const around = named
      ? x
      : pad(x, [
          [0, 0],
          [rows, rows],
          [columns, columns],
          [0, 0],
        ]);
    return convolve(
      around,
      weight,
      bias,
      {
        strides: this.stride,
        padding: named ? (this.padding as "valid" | "same") : "valid",
        dilationRate: this.dilation,
      },
      this.label,
    );
  }
}

/**
 * Convolution of images. Variables: `weight` [rows, columns, input channels, filters], `bias` [filters].
 *
 * @example
 * ```ts
 * import { Convolution, Input, join } from "varve/neupy";
 * join(Input([28, 28, 3]), Convolution([3, 3, 16])).outputShape // => [null, 26, 26, 16]
 * join(Input([28, 28, 3]), Convolution([3, 3, 16], { padding: 1 })).outputShape // => [null, 28, 28, 16]
 * ```
 */
export const Convolution = /* @__PURE__ */ callable(ConvolutionLayer);
export type Convolution = ConvolutionLayer;

class DeconvolutionLayer extends neupyLayer("Deconvolution", deconvolutionSchema, [
  "size",
  "padding",
  "stride",
  "weight",
  "bias",
]) {
  protected override get rank(): number {
    return 4;
  }

  protected override shapeOfUnknown(): LayerShape {
    return [null, null, null, this.size[2]];
  }

  protected override build(shape: PartialShape): void {
    const [rows, columns, filters] = this.size;
    this.variable(this.weight, "weight", [rows, columns, filters, this.known(shape, 3, "input channels")]);
    if (this.bias !== null) this.variable(this.bias, "bias", [filters]);
  }

  override compute([x]: readonly [Tensor]): Tensor {
    const { weight, bias } = this.variables as { weight: Variable; bias?: Variable };
    const { padding, stride } = this;
    if (typeof padding === "string") {
      return convolveTransposed(x, weight, bias, { strides: stride, padding }, this.label);
    }
    // What a convolution with that padding may have come from: as large as it can be, without the padding.
    const outputPadding = stride.map((step) => step - 1);
    const whole = convolveTransposed(x, weight, bias, { strides: stride, padding: "valid", outputPadding }, this.label);
    const [batch, rows, columns, filters] = whole.shape as [number, number, number, number];
    const [above, left] = padding;
    if (above === 0 && left === 0) return whole;
    return slice(whole, [0, above, left, 0], [batch, rows - 2 * above, columns - 2 * left, filters]);
  }
}

/**
 * What a convolution passes back to its input, used to make images larger: every element spreads the weight, times
 * itself. Variables: `weight` [rows, columns, filters, input channels], `bias` [filters].
 *
 * @example
 * ```ts
 * import { Convolution, Deconvolution, Input, join } from "varve/neupy";
 * const network = join(Input([28, 28, 3]), Convolution([3, 3, 16]), Deconvolution([3, 3, 1]));
 * network.outputShape // => [null, 28, 28, 1]
 * ```
 */
export const Deconvolution = /* @__PURE__ */ callable(DeconvolutionLayer);
export type Deconvolution = DeconvolutionLayer;
