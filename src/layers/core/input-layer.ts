/**
 * Where a model begins: `input()` gives the symbolic tensor that stands for data to come, and `InputLayer` is the layer
 * behind it, which computes nothing. Sizes that are not known yet are `null`.
 */
import { type DType, dtypes } from "../../core/dtype.ts";
import { OptionError, ShapeError, show } from "../../core/errors.ts";
import { boolean, integer, type Json, option, shape, withoutConfig } from "../../core/options.ts";
import { formatShape, type PartialShape } from "../../core/shape.ts";
import { SymbolicTensor, symbolicInput } from "../../core/symbolic.ts";
import type { Tensor } from "../../core/tensor.ts";
import { isPlainObject } from "../../core/tree.ts";
import { factory, layer } from "../layer.ts";

/** What `input` and `InputLayer` take: `shape` or `batchShape`. */
export interface InputOptions {
  /** The shape of one sample; `null` where a size is not known yet. */
  readonly shape?: PartialShape | undefined;
  /** How many samples there are in every batch. Default: not known. */
  readonly batchSize?: number | null | undefined;
  /** The whole shape, batch included, in place of `shape` and `batchSize`. */
  readonly batchShape?: PartialShape | undefined;
  /** A symbolic tensor to begin with in place of a new one; how it came about is forgotten. It has shape and dtype. */
  readonly inputTensor?: SymbolicTensor | null | undefined;
  /** Of the data; other numbers are cast to it. Default "float32". */
  readonly dtype?: DType | undefined;
  /** The name, by which data may be given too. Default: made from the class name. */
  readonly name?: string | null | undefined;
}

/** Keras has sparse and ragged tensors where its backend does; here all are dense. */
const never = option(
  { default: false },
  {
    expected: "false: all tensors are dense here",
    parse: (given, refuse): boolean => (given === false ? false : refuse()),
    toConfig: (value) => value,
    fromConfig: (json) => json as boolean,
  },
);

/** Options that say the same as `batchShape` in other ways. */
const otherShapes = {
  /** The shape of one sample. */
  shape: withoutConfig(shape({ default: null, unknown: true })),
  /** How many samples there are in every batch. */
  batchSize: withoutConfig(integer({ default: null, min: 0 })),
  /** The symbolic tensor that begins the graph. */
  inputTensor: withoutConfig(
    option<SymbolicTensor, SymbolicTensor, { readonly default: null }>(
      { default: null },
      {
        expected: "a symbolic tensor",
        parse: (given, refuse) => (given instanceof SymbolicTensor ? given : refuse()),
        toConfig: () => null,
        fromConfig: (json) => json as unknown as SymbolicTensor,
      },
    ),
  ),
};

/** The options with the whole shape that they name; one that a tensor has already must be the same if it is given. */
function withTensor(given: InputOptions, tensor: SymbolicTensor, label: string): object {
  const { shape: sample, batchSize, batchShape, dtype = tensor.dtype } = given;
  const whole = batchShape ?? (sample ? [batchSize ?? null, ...sample] : tensor.shape);
  if (formatShape(whole) !== formatShape(tensor.shape) || dtype !== tensor.dtype) {
    throw new OptionError(
      `${label}: inputTensor has shape ${formatShape(tensor.shape)} and dtype ${tensor.dtype}, not ${formatShape(whole)} and ${show(dtype)}; leave these options out`,
    );
  }
  return { ...given, batchShape: tensor.shape, dtype };
}

/** The options with the whole shape that they name. */
function withWholeShape(given: InputOptions): object {
  const label = `InputLayer${typeof given.name === "string" ? ` "${given.name}"` : ""}`;
  if (given.inputTensor instanceof SymbolicTensor) return withTensor(given, given.inputTensor, label);
  return { ...given, batchShape: wholeShape(given, label) };
}

function wholeShape({ shape: sample, batchSize, batchShape }: InputOptions, label: string): unknown {
  if ((sample === undefined) === (batchShape === undefined)) {
    throw new OptionError(
      `${label}: give either shape, that of one sample, or batchShape, with the batch in front, as in input({ shape: [28, 28, 1] })`,
    );
  }
  if (batchShape !== undefined) {
    if (batchSize !== undefined) {
      throw new OptionError(`${label}: batchShape has the batch size in front; leave batchSize out`);
    }
    return batchShape;
  }
  if (!Array.isArray(sample)) {
    throw new OptionError(`${label}: shape is a list like [28, 28, 1], got ${show(sample)}`);
  }
  return [batchSize ?? null, ...sample];
}

/**
 * The layer behind `input()`: it names a shape and a dtype, and hands its input on.
 *
 * - Input: the shape that was named. Output: the same.
 * - Weights: none.
 *
 * @example
 * ```ts
 * import { layers } from "varve";
 * layers.inputLayer({ shape: [8, 8, 1] }).batchShape // => [null, 8, 8, 1]
 * ```
 *
 * @see Keras 3, `keras.layers.InputLayer`
 */
export class InputLayer extends layer("InputLayer", {
  /** The whole shape, batch included. */
  batchShape: shape({ unknown: true }),
  /** The dtype of the data. */
  dtype: option(
    { default: "float32" as DType },
    {
      expected: dtypes.map((name) => JSON.stringify(name)).join(" or "),
      parse: (given, refuse): DType => (dtypes.includes(given as DType) ? (given as DType) : refuse()),
      toConfig: (name) => name,
      fromConfig: (json) => json as DType,
    },
  ),
  /** Always false. */
  sparse: never,
  /** Always false. */
  ragged: never,
  /** Whether the data may be left out. */
  optional: boolean({ default: false }),
  ...otherShapes,
}) {
  override readonly supportsMasking = true;
  protected override readonly autocast = false;
  constructor(options: InputOptions) {
    super(withWholeShape(isPlainObject(options) ? (options as InputOptions) : {}) as { batchShape: PartialShape });
    this.build(this.batchShape);
    symbolicInput(this, this.batchShape, this.dtype, this.inputTensor ?? undefined);
  }

  override call(x: Tensor): Tensor {
    const fits =
      x.rank === this.batchShape.length && x.shape.every((size, axis) => fitsSize(size, this.batchShape[axis]));
    if (!fits) {
      throw new ShapeError(`takes shape ${formatShape(this.batchShape)}, got ${formatShape(x.shape)}`);
    }
    return x;
  }

  override getConfig(): Record<string, Json> {
    const { trainable: _trainable, ...config } = super.getConfig();
    return config;
  }
}

function fitsSize(size: number, wanted: number | null | undefined): boolean {
  return wanted === null || size === wanted;
}

/** Makes an `InputLayer`; `input()` gives its symbolic tensor at once. */
export const inputLayer = factory<InputOptions, InputLayer>(InputLayer);

/**
 * A symbolic tensor: calling layers and ops on it builds the graph of a model.
 *
 * @param options `shape`, that of one sample with `null` for sizes not known yet; or `batchShape`, with the batch in
 *   front. Further `batchSize`, `dtype` (default "float32") and `name`.
 * @throws OptionError where both shapes or neither are given, or a size is not a whole number ≥ 0.
 *
 * @example
 * ```ts
 * import { input, model, ops } from "varve";
 * const x = input({ shape: [2] });
 * const double = model({ inputs: x, outputs: ops.multiply(x, 2) });
 * await double.apply([[1, 2]]).array() // => [[2, 4]]
 * ```
 */
export function input(options: InputOptions): SymbolicTensor {
  return new InputLayer(options).output;
}
