/**
 * `init.*`: NeuPy's initializers, which are Varve's by NeuPy's names and formulas. Any initializer of Varve serves too.
 */
import { configurable, type Given } from "../../core/configurable.ts";
import type { DType } from "../../core/dtype.ts";
import { integer, number, type OptionsOf, type Schema, type ValuesOf } from "../../core/options.ts";
import type { Shape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import {
  Initializer,
  Constant as KerasConstant,
  Orthogonal as KerasOrthogonal,
  RandomNormal,
  RandomUniform,
  VarianceScaling,
} from "../../initializers.ts";
import { callable } from "./options.ts";

const seed = integer({ default: null });

/** The class of an initializer that is one of Varve's with other options. */
/* @__NO_SIDE_EFFECTS__ */
function initializer<S extends Schema>(
  className: string,
  schema: S,
  make: (options: ValuesOf<S> & { readonly seed: number | null }) => Initializer,
) {
  const Base = configurable(Initializer, className, { ...schema, seed });
  return callable(
    class extends (Base as unknown as new (...args: Given<OptionsOf<S> & { seed?: number | null }>) => Initializer) {
      override call(shape: Shape, dtype: DType): Tensor {
        return make(this as never).call(shape, dtype);
      }
    },
  );
}

/** The same number everywhere, 0 unless said. */
export const Constant = /* @__PURE__ */ callable(KerasConstant);

/** Orthogonal rows or columns, times `scale` 1. */
export const Orthogonal = /* @__PURE__ */ initializer(
  "Orthogonal",
  { scale: number({ default: 1 }) },
  ({ scale: gain, seed }) => new KerasOrthogonal({ gain, seed }),
);

/** Normal numbers: `mean` 0, `std` 0.01. */
export const Normal = /* @__PURE__ */ initializer(
  "Normal",
  { mean: number({ default: 0 }), std: number({ default: 0.01, min: 0 }) },
  ({ mean, std: stddev, seed }) => new RandomNormal({ mean, stddev, seed }),
);

/** Uniform numbers from `minval` 0 to `maxval` 1. */
export const Uniform = /* @__PURE__ */ initializer(
  "Uniform",
  { minval: number({ default: 0 }), maxval: number({ default: 1 }) },
  (options) => new RandomUniform({ minval: options.minval, maxval: options.maxval, seed: options.seed }),
);

/** The class of numbers whose variance is `gain` times `factor` divided by the size that `mode` names. */
/* @__NO_SIDE_EFFECTS__ */
function scaled(
  className: string,
  mode: "fan_in" | "fan_avg",
  distribution: "untruncated_normal" | "uniform",
  factor: number,
) {
  const schema = { gain: number({ default: 1, above: 0 }) };
  return initializer(
    className,
    schema,
    ({ gain, seed }) => new VarianceScaling({ scale: gain * factor, mode, distribution, seed }),
  );
}

/** Normal numbers of variance gain / inputs (He et al. 2015, with gain 2). */
export const HeNormal = /* @__PURE__ */ scaled("HeNormal", "fan_in", "untruncated_normal", 1);

/** Uniform numbers of variance gain / inputs. */
export const HeUniform = /* @__PURE__ */ scaled("HeUniform", "fan_in", "uniform", 1);

/** Normal numbers of variance gain / (inputs + outputs): half of what Glorot & Bengio (2010) have, unless gain is 2. */
export const XavierNormal = /* @__PURE__ */ scaled("XavierNormal", "fan_avg", "untruncated_normal", 0.5);

/** Uniform numbers of variance gain / (inputs + outputs). */
export const XavierUniform = /* @__PURE__ */ scaled("XavierUniform", "fan_avg", "uniform", 0.5);
