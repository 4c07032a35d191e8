/**
 * `init.*`: NeuPy's initializers, which are Varve's by NeuPy's names and formulas. Any initializer of Varve serves too.
 */
import { configurable } from "../../core/configurable.ts";
import type { DType } from "../../core/dtype.ts";
import { integer, number } from "../../core/options.ts";
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
const scaled = {
  /** The factor of the variance. Default 1. */
  gain: number({ default: 1, above: 0 }),
  seed,
};

/** The same number everywhere, 0 unless said. */
export const Constant = callable(KerasConstant);

/** Orthogonal rows or columns, times `scale`. */
export const Orthogonal = callable(
  class extends configurable(Initializer, "Orthogonal", { scale: number({ default: 1 }), seed }) {
    override call(shape: Shape, dtype: DType): Tensor {
      return new KerasOrthogonal({ gain: this.scale, seed: this.seed }).call(shape, dtype);
    }
  },
);

/** Normal numbers: `mean` 0, `std` 0.01. */
export const Normal = callable(
  class extends configurable(Initializer, "Normal", {
    mean: number({ default: 0 }),
    std: number({ default: 0.01, min: 0 }),
    seed,
  }) {
    override call(shape: Shape, dtype: DType): Tensor {
      return new RandomNormal({ mean: this.mean, stddev: this.std, seed: this.seed }).call(shape, dtype);
    }
  },
);

/** Uniform numbers from `minval` 0 to `maxval` 1. */
export const Uniform = callable(
  class extends configurable(Initializer, "Uniform", {
    minval: number({ default: 0 }),
    maxval: number({ default: 1 }),
    seed,
  }) {
    override call(shape: Shape, dtype: DType): Tensor {
      return new RandomUniform({ minval: this.minval, maxval: this.maxval, seed: this.seed }).call(shape, dtype);
    }
  },
);

/** Normal numbers of variance gain / inputs (He et al. 2015, with gain 2). */
export const HeNormal = callable(
  class extends configurable(Initializer, "HeNormal", scaled) {
    override call(shape: Shape, dtype: DType): Tensor {
      const { gain: scale, seed } = this;
      return new VarianceScaling({ scale, mode: "fan_in", distribution: "untruncated_normal", seed }).call(
        shape,
        dtype,
      );
    }
  },
);

/** Uniform numbers of variance gain / inputs. */
export const HeUniform = callable(
  class extends configurable(Initializer, "HeUniform", scaled) {
    override call(shape: Shape, dtype: DType): Tensor {
      const { gain: scale, seed } = this;
      return new VarianceScaling({ scale, mode: "fan_in", distribution: "uniform", seed }).call(shape, dtype);
    }
  },
);

/** Normal numbers of variance gain / (inputs + outputs): half of what Glorot & Bengio (2010) have, unless gain is 2. */
export const XavierNormal = callable(
  class extends configurable(Initializer, "XavierNormal", scaled) {
    override call(shape: Shape, dtype: DType): Tensor {
      const { gain, seed } = this;
      const options = { scale: gain / 2, mode: "fan_avg", distribution: "untruncated_normal", seed } as const;
      return new VarianceScaling(options).call(shape, dtype);
    }
  },
);

/** Uniform numbers of variance gain / (inputs + outputs). */
export const XavierUniform = callable(
  class extends configurable(Initializer, "XavierUniform", scaled) {
    override call(shape: Shape, dtype: DType): Tensor {
      const { gain, seed } = this;
      const options = { scale: gain / 2, mode: "fan_avg", distribution: "uniform", seed } as const;
      return new VarianceScaling(options).call(shape, dtype);
    }
  },
);
