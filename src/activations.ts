/**
 * `activations.*`: the functions of `keras.activations`, and the option by which layers name one.
 * Most of them are functions of `ops.*`; here stands what Keras's activations have beyond these.
 */
import { lookUp } from "./core/configurable.ts";
import { didYouMean, OptionError } from "./core/errors.ts";
import type { KnownName } from "./core/names.ts";
import { type Json, type Option, option } from "./core/options.ts";
import type { Tensor } from "./core/tensor.ts";
import { isPlainObject } from "./core/tree.ts";
import {
  celu,
  elu,
  gelu as geluOp,
  hardShrink,
  hardSigmoid,
  hardSilu,
  hardTanh,
  leakyRelu,
  logSigmoid,
  mish,
  relu as plainRelu,
  relu6,
  selu,
  sigmoid,
  silu,
  softplus,
  softShrink,
  softsign,
  sparsePlus,
  sparseSigmoid,
  squareplus,
  tanhShrink,
  threshold,
} from "./ops/elementwise/activations.ts";
import { elementwise } from "./ops/elementwise/elementwise.ts";
import * as f from "./ops/elementwise/formula.ts";
import { exp as exponential, tanh } from "./ops/elementwise/unary.ts";
import { publicOp, type TensorLike } from "./ops/op.ts";
import { logSoftmax, softmax } from "./ops/softmax/softmax.ts";
import { glu, sparsemax } from "./ops/softmax/sparsemax.ts";
import { toTensor } from "./ops/tensor.ts";

export {
  celu,
  elu,
  exponential,
  glu,
  hardShrink,
  hardSigmoid,
  hardSilu,
  hardTanh,
  leakyRelu,
  logSigmoid,
  logSoftmax,
  mish,
  relu6,
  selu,
  sigmoid,
  silu,
  softmax,
  softplus,
  softShrink,
  softsign,
  sparsemax,
  sparsePlus,
  sparseSigmoid,
  squareplus,
  tanh,
  tanhShrink,
  threshold,
};

/** A function of one tensor, as layers take it for their `activation`. */
export type Activation = (x: Tensor) => Tensor;

/** What `relu` may be told. */
export interface ReluOptions {
  /** The slope below the threshold. Default 0. */
  readonly negativeSlope?: number;
  /** The largest value that comes out. Default: none. */
  readonly maxValue?: number | null;
  /** Values up to this one count as negative. Default 0. */
  readonly threshold?: number;
}

const reluAbove = elementwise({
  name: "relu",
  dtype: "float",
  inputs: 1,
  parameters: 3,
  formula: (x, slope, most, limit) =>
    f.select(f.greater(x, limit), f.select(f.greater(x, most), most, x), f.multiply(slope, f.subtract(x, limit))),
});

/**
 * max(x, 0), or with options: x above the threshold, cut off at `maxValue`; below it negativeSlope · (x − threshold).
 *
 * @example
 * ```ts
 * import { activations, tensor } from "varve";
 * await activations.relu(tensor([-2, 1, 8]), { negativeSlope: 0.5, maxValue: 6 }).array() // => [-1, 1, 6]
 * ```
 */
export const relu = publicOp("relu", (x: TensorLike, options: ReluOptions = {}): Tensor => {
  const { negativeSlope = 0, maxValue = null, threshold: limit = 0 } = options;
  if (negativeSlope === 0 && maxValue === null && limit === 0) return plainRelu(x);
  return reluAbove([toTensor(x)], [negativeSlope, maxValue ?? Number.POSITIVE_INFINITY, limit]);
});

/**
 * x · Φ(x), Φ being the cumulative normal distribution (Hendrycks & Gimpel, 2016). Unlike `ops.gelu` it is exact unless
 * `approximate` says otherwise.
 *
 * @example
 * ```ts
 * import { activations, tensor } from "varve";
 * await activations.gelu(tensor([0, 1])).array() // => [0, 0.8413447141647339]
 * ```
 */
export const gelu = publicOp("gelu", (x: TensorLike, approximate: boolean = false): Tensor => geluOp(x, approximate));

/**
 * x as it is.
 *
 * @example
 * ```ts
 * import { activations, tensor } from "varve";
 * await activations.linear(tensor([1, 2])).array() // => [1, 2]
 * ```
 */
export const linear: Activation = (x) => x;

/** The activations by Keras's names, but for `threshold`, which needs more than x. Configs hold the first of equal ones. */
const registry = {
  linear,
  relu,
  relu6,
  leaky_relu: leakyRelu,
  elu,
  celu,
  selu,
  gelu,
  glu,
  silu,
  swish: silu,
  hard_silu: hardSilu,
  hard_swish: hardSilu,
  mish,
  sigmoid,
  hard_sigmoid: hardSigmoid,
  log_sigmoid: logSigmoid,
  sparse_sigmoid: sparseSigmoid,
  softmax,
  log_softmax: logSoftmax,
  sparsemax,
  softplus,
  sparse_plus: sparsePlus,
  squareplus,
  softsign,
  soft_shrink: softShrink,
  hard_shrink: hardShrink,
  tanh_shrink: tanhShrink,
  tanh,
  hard_tanh: hardTanh,
  exponential,
} satisfies Readonly<Record<string, Activation>>;

/** An activation by name. */
export type ActivationName = KnownName<keyof typeof registry>;

/** The Keras name of a function of `activations.*`; of any other function its own name. */
function nameOf(activation: Activation): string {
  const known = Object.entries(registry).find(([, each]) => each === activation);
  return known?.[0] ?? activation.name;
}

/**
 * The activation that is meant: a name as Keras writes it or in camelCase, the function itself, or null for `linear`.
 *
 * @throws OptionError where nothing has that name.
 */
export function resolveActivation(given: unknown): Activation {
  if (given === null || given === undefined) return linear;
  if (typeof given === "function") return given === plainRelu ? relu : (given as Activation);
  // Keras writes functions of its own as { class_name: "function", config: "relu" }.
  const name = isPlainObject(given) ? given.config : given;
  const found = typeof name === "string" ? lookUp<Activation>(registry, name) : undefined;
  if (found) return found;
  if (typeof name !== "string") {
    throw new OptionError('an activation is a text like "relu", a function of one tensor, or null for none');
  }
  throw new OptionError(`activation "${name}" is unknown; ${didYouMean(name, Object.keys(registry))}`);
}

/** What a layer's option takes for an activation: its name, a function, or null for `linear`. */
export type ActivationOption = ActivationName | Activation | null;

/** An option that holds an activation: `activation({ default: null })` for `linear`. */
/* @__NO_SIDE_EFFECTS__ */
export function activation<const S extends { readonly default?: ActivationOption }>(
  spec: S = {} as S,
): Option<ActivationOption, Activation, S extends { readonly default: ActivationOption } ? false : true> {
  // null is a value here, not the lack of one: it means linear
  const named = spec.default === null ? { default: "linear" } : spec;
  return option<ActivationOption, Activation, { readonly default?: unknown }>(named, {
    expected: "the name of an activation, a function of one tensor, or null",
    parse(given, refuse) {
      try {
        return resolveActivation(given);
      } catch (error) {
        if (error instanceof OptionError) return refuse(`an activation (${error.message})`);
        throw error;
      }
    },
    toConfig: nameOf,
    fromConfig: (json: Json) => json as string,
  }) as never;
}
