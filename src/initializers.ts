/**
 * Initializers: how the weights of a layer begin. Names, options and configs are Keras's; the numbers come from the
 * random stream of `ops/random`, so a seed gives the same weights everywhere, which are not Keras's.
 */
import {
  Configurable,
  type ConfigurableClass,
  configurable,
  maker,
  objectOption,
  type Registry,
} from "./core/configurable.ts";
import { arrayClassOf, type DType } from "./core/dtype.ts";
import { ShapeError } from "./core/errors.ts";
import type { Keyword, KnownName } from "./core/names.ts";
import { boolean, choice, type Json, number, type OptionFor, option, type ValuesOf } from "./core/options.ts";
import { inScope } from "./core/scope.ts";
import { checkRank, formatShape, type Shape, sizeOf } from "./core/shape.ts";
import { type NestedArray, Tensor } from "./core/tensor.ts";
import { isPlainObject } from "./core/tree.ts";
import { currentDevice } from "./devices/current.ts";
import { broadcastTo } from "./ops/movement/broadcast.ts";
import { fractionsOf } from "./ops/random/philox.ts";
import { normalQuantile } from "./ops/random/portable.ts";
import * as random from "./ops/random/random.ts";
import { drawSeed, SeedGenerator } from "./ops/random/seed.ts";
import { full, tensor } from "./ops/tensor.ts";

/**
 * What every initializer is. To write one, extend this class and give it a `call`; options come from a schema, as those
 * of layers do.
 *
 * @example
 * ```ts
 * import { initializers, ops } from "varve";
 * class Twos extends initializers.Initializer {
 *   call(shape, dtype) {
 *     return ops.full(shape, 2, dtype);
 *   }
 * }
 * await new Twos().call([2], "float32").array() // => [2, 2]
 * ```
 */
export abstract class Initializer extends Configurable {
  static override readonly module = "keras.initializers";

  /** A tensor of that shape and dtype, "float32" where none is given. */
  abstract call(shape: Shape, dtype?: DType): Tensor;
}

/** These values on the current device. */
function made(values: ArrayLike<number>, shape: Shape, dtype: DType): Tensor {
  return Tensor.from(currentDevice(), arrayClassOf(dtype).from(values), shape, dtype);
}

/** All zeros. */
export class Zeros extends configurable(Initializer, "Zeros", {}) {
  override call(shape: Shape, dtype: DType = "float32"): Tensor {
    return full(shape, 0, dtype);
  }
}

/** All ones. */
export class Ones extends configurable(Initializer, "Ones", {}) {
  override call(shape: Shape, dtype: DType = "float32"): Tensor {
    return full(shape, 1, dtype);
  }
}

/** A number, or nested arrays of numbers that broadcast to the weight's shape. */
const values = option<NestedArray, NestedArray, { readonly default: number }>(
  { default: 0 },
  {
    expected: "a finite number, or nested arrays of numbers",
    parse(given, refuse) {
      const fits = (value: unknown): boolean => (Array.isArray(value) ? value.every(fits) : Number.isFinite(value));
      return fits(given) ? (given as NestedArray) : refuse();
    },
    toConfig: (value) => value as Json,
    fromConfig: (json) => json as NestedArray,
  },
);

/**
 * The same value everywhere, or values that broadcast to the shape.
 *
 * @example
 * ```ts
 * import { initializers } from "varve";
 * await initializers.constant({ value: 3 }).call([2], "float32").array() // => [3, 3]
 * ```
 */
export class Constant extends configurable(Initializer, "Constant", {
  /** The value. */
  value: values,
}) {
  override call(shape: Shape, dtype: DType = "float32"): Tensor {
    if (typeof this.value === "number") return full(shape, this.value, dtype);
    return inScope(() => broadcastTo(tensor(this.value, undefined, dtype), shape));
  }
}

/**
 * The identity matrix times `gain`.
 *
 * @throws ShapeError where the weight is no matrix.
 */
export class Identity extends configurable(Initializer, "Identity", {
  /** What to multiply with. */
  gain: number({ default: 1 }),
}) {
  override call(shape: Shape, dtype: DType = "float32"): Tensor {
    checkRank(shape, [2], "Identity");
    const columns = shape[1] as number;
    const element = (_: unknown, index: number) =>
      index % (columns + 1) === 0 && index < columns ** 2 ? this.gain : 0;
    return made(Array.from({ length: sizeOf(shape) }, element), shape, dtype);
  }

  /** Keras leaves the gain out of the config. */
  override getConfig(): Record<string, Json> {
    return {};
  }
}

/** A whole number, a `SeedGenerator`, or null. */
const seed = option<number | SeedGenerator | null, number | SeedGenerator | null, { readonly default: null }>(
  { default: null },
  {
    expected: "a whole number or a SeedGenerator",
    parse: (given, refuse) => {
      if (Number.isSafeInteger(given) || given instanceof SeedGenerator) return given as number | SeedGenerator;
      const isConfig = isPlainObject(given) && given.class_name === "SeedGenerator" && isPlainObject(given.config);
      return isConfig ? SeedGenerator.fromConfig(given.config as never) : refuse();
    },
    toConfig: (value) =>
      value instanceof SeedGenerator
        ? {
            module: "keras.random",
            class_name: "SeedGenerator",
            config: value.getConfig(),
            registered_name: null,
          }
        : value,
    fromConfig: (json) => json as number | null,
  },
);

const seeded = {
  /**
   * A whole number gives the same values at every call; a `SeedGenerator`, and null by way of the global one, others
   * each time.
   */
  seed,
};

/** Numbers from a normal distribution. */
export class RandomNormal extends configurable(Initializer, "RandomNormal", {
  ...seeded,
  /** The mean. */
  mean: number({ default: 0 }),
  /** The standard deviation. */
  stddev: number({ default: 0.05, min: 0 }),
}) {
  override call(shape: Shape, dtype: DType = "float32"): Tensor {
    return random.normal(shape, { mean: this.mean, stddev: this.stddev, dtype, seed: this.seed });
  }
}

/** Numbers spread evenly from `minval` to before `maxval`. */
export class RandomUniform extends configurable(Initializer, "RandomUniform", {
  ...seeded,
  /** Where the range begins. */
  minval: number({ default: -0.05 }),
  /** Where it ends. */
  maxval: number({ default: 0.05 }),
}) {
  override call(shape: Shape, dtype: DType = "float32"): Tensor {
    return random.uniform(shape, { minval: this.minval, maxval: this.maxval, dtype, seed: this.seed });
  }
}

/** Numbers from a normal distribution, without what lies more than two standard deviations from the mean. */
export class TruncatedNormal extends configurable(Initializer, "TruncatedNormal", {
  ...seeded,
  /** The mean. */
  mean: number({ default: 0 }),
  /** The standard deviation before the ends are cut off. */
  stddev: number({ default: 0.05, min: 0 }),
}) {
  override call(shape: Shape, dtype: DType = "float32"): Tensor {
    return random.truncatedNormal(shape, { mean: this.mean, stddev: this.stddev, dtype, seed: this.seed });
  }
}

const modes = ["fan_in", "fan_out", "fan_avg"] as const;
const distributions = ["truncated_normal", "untruncated_normal", "uniform"] as const;
type Fan = (typeof modes)[number];
type Distribution = (typeof distributions)[number];

/** Axes of the weight, or null. */
const axisList = option<readonly number[] | null, readonly number[] | null, { readonly default: null }>(
  { default: null },
  {
    expected: "a list of whole numbers",
    parse: (given, refuse) =>
      Array.isArray(given) && given.every(Number.isSafeInteger) ? Object.freeze([...given]) : refuse(),
    toConfig: (value) => value,
    fromConfig: (json) => json as readonly number[],
  },
);

const fans = {
  ...seeded,
  /** The axes whose sizes multiply to the number of inputs, given together with `outputAxes`. */
  inputAxes: axisList,
  /** The axes whose sizes multiply to the number of outputs. */
  outputAxes: axisList,
};

type Fans = ValuesOf<typeof fans>;

/** How many inputs each output of a weight has, and how many outputs each input. Kernels are [window…, inputs, outputs]. */
function fansOf(shape: Shape, inputAxes: readonly number[] | null, outputAxes: readonly number[] | null) {
  const over = (axes: readonly number[]) =>
    axes.reduce((product, axis) => {
      const size = shape.at(axis);
      if (size === undefined)
        throw new ShapeError(`initializer: a weight of shape ${formatShape(shape)} has no axis ${axis}`);
      return product * size;
    }, 1);
  if (inputAxes && outputAxes) return { fanIn: over(inputAxes), fanOut: over(outputAxes) };
  const window = sizeOf(shape.slice(0, -2));
  const last = shape.at(-1) ?? 1;
  return { fanIn: (shape.at(-2) ?? last) * window, fanOut: last * window };
}

/** The standard deviation of a standard normal variable whose ends beyond ±2 are cut off. */
const truncatedDeviation = 0.8796256610342398;

/** Numbers around 0 of variance scale / n, n from the fans. */
function scaled(
  shape: Shape,
  dtype: DType,
  { seed, inputAxes, outputAxes }: Fans,
  scale: number,
  mode: Fan,
  distribution: Distribution,
): Tensor {
  const { fanIn, fanOut } = fansOf(shape, inputAxes, outputAxes);
  const n = Math.max(1, mode === "fan_in" ? fanIn : mode === "fan_out" ? fanOut : (fanIn + fanOut) / 2);
  const stddev = Math.sqrt(scale / n);
  if (distribution === "uniform") {
    const limit = Math.sqrt((3 * scale) / n);
    return random.uniform(shape, { minval: -limit, maxval: limit, dtype, seed });
  }
  if (distribution === "untruncated_normal") return random.normal(shape, { stddev, dtype, seed });
  return random.truncatedNormal(shape, { stddev: stddev / truncatedDeviation, dtype, seed });
}

const distributionChoice = choice(distributions, { default: "truncated_normal" });

/**
 * Numbers around 0 whose variance is `scale` divided by the number of inputs, of outputs, or their average.
 *
 * @throws ShapeError where `inputAxes` or `outputAxes` name axes that the weight does not have.
 */
export class VarianceScaling extends configurable(Initializer, "VarianceScaling", {
  ...fans,
  /** The factor of the variance. */
  scale: number({ default: 1, above: 0 }),
  /** What it is divided by: "fan_in" for inputs, "fan_out" for outputs, "fan_avg" for their average. */
  mode: choice(modes, { default: "fan_in" }),
  /** "truncated_normal" (also called "normal"), "untruncated_normal" or "uniform". */
  distribution: {
    ...distributionChoice,
    parse: (given: unknown, refuse: (expected?: string) => never) =>
      distributionChoice.parse(given === "normal" ? "truncated_normal" : given, refuse),
  } as OptionFor<Distribution | "normal", Distribution, { readonly default: "truncated_normal" }>,
}) {
  override call(shape: Shape, dtype: DType = "float32"): Tensor {
    return scaled(shape, dtype, this, this.scale, this.mode, this.distribution);
  }
}

/** An initializer whose `call` is there. */
interface Complete extends Initializer {
  call(shape: Shape, dtype?: DType): Tensor;
}

/** The base class of a `VarianceScaling` whose scale, mode and distribution have a name of their own. */
/* @__NO_SIDE_EFFECTS__ */
function scaling(className: string, scale: number, mode: Fan, distribution: Distribution) {
  abstract class Scaling extends configurable(Initializer, className, fans) {
    override call(shape: Shape, dtype: DType = "float32"): Tensor {
      return scaled(shape, dtype, this, scale, mode, distribution);
    }
  }
  return Scaling as unknown as ConfigurableClass<typeof fans, Complete>;
}

/** Uniform of variance 2 / (inputs + outputs), for layers with a symmetric activation (Glorot & Bengio 2010). */
export class GlorotUniform extends scaling("GlorotUniform", 1, "fan_avg", "uniform") {}

/** Truncated normal of variance 2 / (inputs + outputs), for layers with a symmetric activation (Glorot & Bengio 2010). */
export class GlorotNormal extends scaling("GlorotNormal", 1, "fan_avg", "truncated_normal") {}

/** Uniform of variance 2 / inputs, for layers with ReLU (He et al. 2015). */
export class HeUniform extends scaling("HeUniform", 2, "fan_in", "uniform") {}

/** Truncated normal of variance 2 / inputs, for layers with ReLU (He et al. 2015). */
export class HeNormal extends scaling("HeNormal", 2, "fan_in", "truncated_normal") {}

/** Uniform of variance 1 / inputs (LeCun et al. 1998). */
export class LecunUniform extends scaling("LecunUniform", 1, "fan_in", "uniform") {}

/** Truncated normal of variance 1 / inputs (LeCun et al. 1998), for layers with SELU. */
export class LecunNormal extends scaling("LecunNormal", 1, "fan_in", "truncated_normal") {}

/**
 * The rows of `a`, each of that length, made orthogonal and of length 1 (Gram & Schmidt, each row twice, so that
 * rounding leaves nothing of the earlier ones).
 */
function orthonormalize(a: Float64Array, count: number, length: number): void {
  const row = (index: number) => a.subarray(index * length, (index + 1) * length);
  const dot = (x: Float64Array, y: Float64Array) => {
    let sum = 0;
    for (let i = 0; i < length; i++) sum += (x[i] as number) * (y[i] as number);
    return sum;
  };
  for (let index = 0; index < count; index++) {
    const x = row(index);
    for (let pass = 0; pass < 2; pass++) {
      for (let before = 0; before < index; before++) {
        const y = row(before);
        const part = dot(x, y);
        for (let i = 0; i < length; i++) x[i] = (x[i] as number) - part * (y[i] as number);
      }
    }
    const size = Math.sqrt(dot(x, x));
    for (let i = 0; i < length; i++) x[i] = (x[i] as number) / size;
  }
}

/**
 * A matrix with orthogonal columns, or rows where it has fewer of these, times `gain` (Saxe et al. 2014). A weight
 * of more axes is the matrix of its last axis by all others.
 *
 * @throws ShapeError where the weight has fewer than two axes.
 */
export class Orthogonal extends configurable(Initializer, "Orthogonal", {
  ...seeded,
  /** What to multiply with. */
  gain: number({ default: 1 }),
}) {
  override call(shape: Shape, dtype: DType = "float32"): Tensor {
    if (shape.length < 2) throw new ShapeError(`Orthogonal: needs two axes or more, got shape ${formatShape(shape)}`);
    const columns = shape.at(-1) as number;
    const rows = sizeOf(shape.slice(0, -1));
    const [count, length] = rows < columns ? [rows, columns] : [columns, rows];
    const fraction = fractionsOf(drawSeed(this.seed, "Orthogonal"), true);
    const a = Float64Array.from({ length: count * length }, (_, index) => normalQuantile(fraction(index)));
    orthonormalize(a, count, length);
    const element = (row: number, column: number) => (rows < columns ? row * length + column : column * length + row);
    const matrix = Float64Array.from(
      a,
      (_, index) => this.gain * (a[element(Math.floor(index / columns), index % columns)] as number),
    );
    return made(matrix, shape, dtype);
  }
}

/** Windows as sums of cosines, Σ (−1)ᵏ aₖ cos(2πkn / (N − 1)) (Harris 1978; Nuttall 1981; flattop: D'Antona & Ferrero). */
const windows: Readonly<Record<string, readonly number[]>> = {
  boxcar: [1],
  hann: [0.5, 0.5],
  hamming: [0.54, 0.46],
  blackman: [0.42, 0.5, 0.08],
  nuttall: [0.3635819, 0.4891775, 0.1365995, 0.0106411],
  blackmanharris: [0.35875, 0.48829, 0.14128, 0.01168],
  flattop: [0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368],
};

/** A window by name or by its values. */
const windowOption = option<
  string | readonly number[],
  string | readonly number[],
  { readonly default: "hann"; readonly nullable: true }
>(
  { default: "hann", nullable: true },
  {
    expected: `${Object.keys(windows)
      .map((name) => `"${name}"`)
      .join(", ")}, or a list of numbers`,
    parse(given, refuse) {
      if (typeof given === "string" && Object.hasOwn(windows, given)) return given;
      return Array.isArray(given) && given.every(Number.isFinite) ? Object.freeze([...given]) : refuse();
    },
    toConfig: (value) => value,
    fromConfig: (json) => json as string,
  },
);

/**
 * Kernels that make a convolution the real or imaginary part of a short-time Fourier transform: shape
 * [length, 1, frequencies], a cosine or sine for each frequency under a window.
 *
 * @throws ShapeError where the weight has not three axes, or the window another length.
 */
export class STFT extends configurable(Initializer, "STFT", {
  /** "real" or "imag". */
  side: choice(["real", "imag"], { default: "real" }),
  /** The window's name or its values; null for none. */
  window: windowOption,
  /** "density" divides by the window's Euclidean length, "spectrum" by its sum, null by nothing. */
  scaling: choice(["density", "spectrum"], { default: "density", nullable: true }),
  /** Whether the window goes on periodically, rather than ending as it began. */
  periodic: boolean({ default: false }),
}) {
  override call(shape: Shape, dtype: DType = "float32"): Tensor {
    checkRank(shape, [3], "STFT");
    const [length, , frequencies] = shape as [number, number, number];
    const window = this.#window(length);
    const total = window.reduce(
      (sum, value) => sum + (this.scaling === "density" ? value * value : Math.abs(value)),
      0,
    );
    const divisor =
      this.window === null || this.scaling === null ? 1 : this.scaling === "density" ? Math.sqrt(total) : total;
    const turn = this.side === "real" ? Math.cos : Math.sin;
    const values = Float64Array.from({ length: length * frequencies }, (_, index) => {
      const time = Math.floor(index / frequencies);
      const angle = (-Math.PI * time * (index % frequencies)) / (frequencies - 1);
      return (turn(angle) * (window[time] as number)) / divisor;
    });
    return made(values, [length, 1, frequencies], dtype);
  }

  #window(length: number): readonly number[] {
    const window = this.window ?? "boxcar";
    if (typeof window !== "string") {
      if (window.length === length) return window;
      throw new ShapeError(`STFT: the window has ${window.length} values, the kernel a length of ${length}`);
    }
    const last = this.periodic ? length : length - 1;
    return Array.from({ length }, (_, n) => {
      if (last === 0) return 1;
      return (windows[window] as readonly number[]).reduce(
        (sum, a, k) => sum + (k % 2 === 0 ? a : -a) * Math.cos((2 * Math.PI * k * n) / last),
        0,
      );
    });
  }
}

/** Every initializer by its Keras name, and the other names that Keras knows. */
const registry = () => ({
  Zeros,
  zero: Zeros,
  Ones,
  one: Ones,
  Constant,
  Identity,
  IdentityInitializer: Identity,
  RandomNormal,
  normal: RandomNormal,
  RandomUniform,
  uniform: RandomUniform,
  TruncatedNormal,
  VarianceScaling,
  GlorotUniform,
  GlorotNormal,
  HeUniform,
  HeNormal,
  LecunUniform,
  LecunNormal,
  Orthogonal,
  OrthogonalInitializer: Orthogonal,
  STFT,
  STFTInitializer: STFT,
});

/** An initializer by name. */
export type InitializerName = KnownName<Keyword<keyof ReturnType<typeof registry>>>;

/** The option kind that names an initializer. */
export type InitializerOption<S> = OptionFor<Initializer | InitializerName, Initializer, S>;

/** An option that holds an initializer: `initializer({ default: "glorot_uniform" })`. */
/* @__NO_SIDE_EFFECTS__ */
export function initializer<const S extends { readonly default?: Initializer | string | null }>(
  spec: S,
): InitializerOption<S> {
  return objectOption(
    "initializer",
    registry as () => Registry<Initializer>,
    (value): value is Initializer => value instanceof Initializer,
    spec,
  );
}

/** Makes `Zeros`: all zeros. */
export const zeros = maker(Zeros);
/** Makes `Ones`: all ones. */
export const ones = maker(Ones);
/** Makes `Constant`: the same value everywhere. */
export const constant = maker(Constant);
/** Makes `Identity`: the identity matrix. */
export const identity = maker(Identity);
/** Makes `RandomNormal`: numbers from a normal distribution. */
export const randomNormal = maker(RandomNormal);
/** Makes `RandomUniform`: numbers spread evenly. */
export const randomUniform = maker(RandomUniform);
/** Makes `TruncatedNormal`: numbers from a normal distribution without its ends. */
export const truncatedNormal = maker(TruncatedNormal);
/** Makes `VarianceScaling`: numbers whose variance follows the shape. */
export const varianceScaling = maker(VarianceScaling);
/** Makes `GlorotUniform`: uniform of variance 2 / (inputs + outputs). */
export const glorotUniform = maker(GlorotUniform);
/** Makes `GlorotNormal`: truncated normal of variance 2 / (inputs + outputs). */
export const glorotNormal = maker(GlorotNormal);
/** Makes `HeUniform`: uniform of variance 2 / inputs. */
export const heUniform = maker(HeUniform);
/** Makes `HeNormal`: truncated normal of variance 2 / inputs. */
export const heNormal = maker(HeNormal);
/** Makes `LecunUniform`: uniform of variance 1 / inputs. */
export const lecunUniform = maker(LecunUniform);
/** Makes `LecunNormal`: truncated normal of variance 1 / inputs. */
export const lecunNormal = maker(LecunNormal);
/** Makes `Orthogonal`: a matrix with orthogonal columns or rows. */
export const orthogonal = maker(Orthogonal);
/** Makes `STFT`: kernels of a short-time Fourier transform. */
export const stft = maker(STFT);
