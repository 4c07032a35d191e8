/**
 * What layers with weights share: the options that say how a weight begins, what it is penalized for and what it must
 * satisfy, and low-rank adaptation.
 */
import { type Activation, type ActivationOption, activation } from "../activations.ts";
import { type Constraint, type ConstraintOption, constraint } from "../constraints.ts";
import { type DType, isFloat } from "../core/dtype.ts";
import { OptionError } from "../core/errors.ts";
import {
  boolean,
  integer,
  type Json,
  number,
  type Option,
  option,
  unlessNull,
  withoutConfig,
} from "../core/options.ts";
import type { Shape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Variable } from "../core/variable.ts";
import { heUniform, type Initializer, type InitializerOption, initializer, zeros } from "../initializers.ts";
import { add, multiply } from "../ops/elementwise/binary.ts";
import { cast } from "../ops/elementwise/cast.ts";
import { matmul } from "../ops/matmul/matmul.ts";
import type { TensorLike } from "../ops/op.ts";
import { type Regularizer, type RegularizerOption, regularizer } from "../regularizers.ts";
import type { WeightOptions } from "./layer.ts";

/** What a layer's options say of one of its weights. */
type Making<N extends string> = {
  readonly [K in `${N}Initializer`]: Initializer;
} & { readonly [K in `${N}Regularizer`]: Regularizer | null } & { readonly [K in `${N}Constraint`]: Constraint | null };

/** How a weight is made, by the layer's options for it: `kernelInitializer`, `kernelRegularizer`, `kernelConstraint`. */
export function weight<const N extends string>(owner: Making<N>, name: N, shape: Shape): WeightOptions {
  const made = owner as Readonly<Record<string, unknown>>;
  return {
    name,
    shape,
    initializer: made[`${name}Initializer`] as Initializer,
    regularizer: made[`${name}Regularizer`] as Regularizer | null,
    constraint: made[`${name}Constraint`] as Constraint | null,
  };
}

/** The options of layers that end in a bias and an activation. */
export type OutputOptions = {
  /** What is applied to the result: a name like "relu", or a function of a tensor. Default null: nothing. */
  activation: Option<ActivationOption, Activation, false>;
  /** Whether a bias is added. Default true. */
  useBias: Option<boolean, boolean, false>;
  /** How the bias begins. Default "zeros". */
  biasInitializer: InitializerOption<{ readonly default: string }>;
  /** A penalty on the bias. */
  biasRegularizer: RegularizerOption<{ readonly default: null }>;
  /** What the bias must satisfy after each update. */
  biasConstraint: ConstraintOption<{ readonly default: null }>;
};

/* @__NO_SIDE_EFFECTS__ */
export function outputOptions(): OutputOptions {
  return {
    activation: activation({ default: null }),
    useBias: boolean({ default: true }),
    biasInitializer: initializer({ default: "zeros" }),
    biasRegularizer: regularizer({ default: null }),
    biasConstraint: constraint({ default: null }),
  };
}

/** The options of layers with a kernel, a bias and an activation. */
export type KernelOptions = {
  /** How the kernel begins. Default "glorot_uniform". */
  kernelInitializer: InitializerOption<{ readonly default: string }>;
  /** A penalty on the kernel. */
  kernelRegularizer: RegularizerOption<{ readonly default: null }>;
  /** What the kernel must satisfy after each update. */
  kernelConstraint: ConstraintOption<{ readonly default: null }>;
} & OutputOptions;

/* @__NO_SIDE_EFFECTS__ */
export function kernelOptions(): KernelOptions {
  return {
    kernelInitializer: initializer({ default: "glorot_uniform" }),
    kernelRegularizer: regularizer({ default: null }),
    kernelConstraint: constraint({ default: null }),
    ...outputOptions(),
  };
}

/** The options of layers whose matrix can be frozen and adapted by two thin ones (Hu et al., 2021). */
export type AdaptationOptions = {
  /**
   * Given, the matrix is frozen, and training changes two thin ones instead: what counts is
   * `matrix + (loraAlpha / loraRank) · a · b`, a with this many columns. Default null: none.
   */
  loraRank: Option<number | null, number | null, false>;
  /** How much the two thin matrices count. Default null: as loraRank, so that a · b counts once. */
  loraAlpha: Option<number | null, number | null, false>;
  /** Quantized weights are not supported: only null. */
  quantizationConfig: Option<null, null, false>;
};

/* @__NO_SIDE_EFFECTS__ */
export function adaptationOptions(): AdaptationOptions {
  return {
    loraRank: unlessNull(integer({ default: null, min: 1 })),
    loraAlpha: unlessNull(number({ default: null })),
    quantizationConfig: option<null, null, { readonly default: null }>(
      { default: null },
      {
        expected: "left out: quantized weights are not supported",
        parse: (_, refuse) => refuse(),
        toConfig: () => null,
        fromConfig: (json) => json as null,
      },
    ) as Option<null, null, false>,
  };
}

/** The options of layers around one matrix. */
export type MatrixOptions = KernelOptions & AdaptationOptions;

/* @__NO_SIDE_EFFECTS__ */
export function matrixOptions(): MatrixOptions {
  return { ...kernelOptions(), ...adaptationOptions() };
}

/** The options of low-rank adaptation in the config, where alpha has a value as soon as there is a rank. */
export function adaptationConfig(owner: { readonly loraRank: number | null; readonly loraAlpha: number | null }) {
  const { loraRank, loraAlpha } = owner;
  return loraRank === null ? {} : ({ lora_rank: loraRank, lora_alpha: loraAlpha ?? loraRank } as Record<string, Json>);
}

/** The two thin matrices beside a frozen one of that shape: `loraKernelA` starts at random, `loraKernelB` at 0. */
export function adaptationWeights(
  name: string,
  [rows, columns]: readonly [number, number],
  rank: number,
  penalty: Regularizer | null,
): readonly [WeightOptions, WeightOptions] {
  return [
    { name: `lora_${name}_a`, shape: [rows, rank], initializer: heUniform(), regularizer: penalty },
    { name: `lora_${name}_b`, shape: [rank, columns], initializer: zeros(), regularizer: penalty },
  ];
}

/** The matrix that counts: as it is, or adapted. */
export function adaptedMatrix(
  matrix: Variable,
  a: Variable | undefined,
  b: Variable | undefined,
  { loraRank, loraAlpha }: { readonly loraRank: number | null; readonly loraAlpha: number | null },
): Tensor {
  if (!a || !b || loraRank === null) return matrix.value;
  return add(matrix.value, multiply(matmul(a, b), (loraAlpha ?? loraRank) / loraRank));
}

/** Refuses low-rank adaptation of a matrix under a constraint, which the frozen one could not follow. */
export function checkAdaptation(label: string, loraRank: number | null, limit: Constraint | null): void {
  if (loraRank !== null && limit !== null) {
    throw new OptionError(`${label}: loraRank ${loraRank} cannot go with a constraint on the matrix; leave one out`);
  }
}

/** The option that gives a layer the values to begin with, those of all its weights. */
export type StartOption<Given> = Option<Given | null, readonly TensorLike[] | null, false>;

/* @__NO_SIDE_EFFECTS__ */
export function startOption<Given>(expected: string, parse: (given: unknown) => unknown): StartOption<Given> {
  return withoutConfig(
    option<Given, readonly TensorLike[], { readonly default: null }>(
      { default: null },
      {
        expected,
        parse: (given, refuse) => {
          const values = parse(given);
          return Array.isArray(values) ? values : refuse();
        },
        toConfig: () => null,
        fromConfig: (json) => json as Given,
      },
    ) as StartOption<Given>,
  );
}

/** Integers as real numbers of that dtype, real numbers as they are. */
export function inReals(x: Tensor, dtype: DType): Tensor {
  return isFloat(x.dtype) ? x : cast(x, dtype);
}
