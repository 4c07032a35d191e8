/**
 * Constraints: what a weight must satisfy, brought about after each update. Names, options and configs are Keras's.
 */
import { Configurable, configurable, maker, objectOption, type Registry } from "./core/configurable.ts";
import type { Keyword, KnownName } from "./core/names.ts";
import { axes, number, type OptionFor } from "./core/options.ts";
import { inScope } from "./core/scope.ts";
import type { Axes } from "./core/shape.ts";
import type { Tensor } from "./core/tensor.ts";
import { add, divide, maximum, multiply } from "./ops/elementwise/binary.ts";
import { clip, sqrt, square } from "./ops/elementwise/unary.ts";
import { sum } from "./ops/reduce/sum.ts";

/**
 * What every constraint is. To write one, extend this class and give it a `call`.
 *
 * @example
 * ```ts
 * import { constraints, ops, tensor } from "varve";
 * class Bounded extends constraints.Constraint {
 *   call(weight) {
 *     return ops.clip(weight, -1, 1);
 *   }
 * }
 * await new Bounded().call(tensor([0.5, -3])).array() // => [0.5, -1]
 * ```
 */
export abstract class Constraint extends Configurable {
  static override readonly module = "keras.constraints";

  /** The weight as it must be. */
  abstract call(weight: Tensor): Tensor;
}

/** Keeps divisions by a length from dividing by 0, as `keras.config.epsilon()`. */
const epsilon = 1e-7;

/** The lengths of the weight's vectors along the axes. */
function lengths(weight: Tensor, axis: Axes): Tensor {
  return sqrt(sum(square(weight), axis, true));
}

/** The weight with its vectors brought to other lengths. */
function withLengths(weight: Tensor, present: Tensor, wanted: Tensor): Tensor {
  return multiply(weight, divide(wanted, add(present, epsilon)));
}

const along = {
  /** The axis or axes along which lengths are taken: 0 for a Dense kernel, [0, 1, 2] for that of a Conv2D. */
  axis: axes({ default: 0, list: true }),
};

/**
 * No vector along the axes is longer than `maxValue` (Srivastava et al. 2014).
 *
 * @example
 * ```ts
 * import { constraints, tensor } from "varve";
 * const y = constraints.maxNorm({ maxValue: 1 }).call(tensor([3, 4]));
 * (await y.array()).map((value) => value.toFixed(3)) // => ["0.600", "0.800"]
 * ```
 */
export class MaxNorm extends configurable(Constraint, "MaxNorm", {
  /** The greatest length. */
  maxValue: number({ default: 2, min: 0 }),
  ...along,
}) {
  override call(weight: Tensor): Tensor {
    return inScope(() => {
      const present = lengths(weight, this.axis);
      return withLengths(weight, present, clip(present, 0, this.maxValue));
    });
  }
}

/**
 * No weight is negative.
 *
 * @example
 * ```ts
 * import { constraints, tensor } from "varve";
 * await constraints.nonNeg().call(tensor([-1, 2])).array() // => [0, 2]
 * ```
 */
export class NonNeg extends configurable(Constraint, "NonNeg", {}) {
  override call(weight: Tensor): Tensor {
    return inScope(() => maximum(weight, 0));
  }
}

/** Every vector along the axes has length 1. */
export class UnitNorm extends configurable(Constraint, "UnitNorm", along) {
  override call(weight: Tensor): Tensor {
    return inScope(() => divide(weight, add(lengths(weight, this.axis), epsilon)));
  }
}

/** Every vector along the axes has a length between two bounds, or comes nearer to that at `rate`. */
export class MinMaxNorm extends configurable(Constraint, "MinMaxNorm", {
  /** The least length. */
  minValue: number({ default: 0, min: 0 }),
  /** The greatest length. */
  maxValue: number({ default: 1, min: 0 }),
  /** 1 brings lengths into the range at once, 0 leaves them. */
  rate: number({ default: 1, min: 0, max: 1 }),
  ...along,
}) {
  override call(weight: Tensor): Tensor {
    return inScope(() => {
      const present = lengths(weight, this.axis);
      const bounded = clip(present, this.minValue, this.maxValue);
      return withLengths(weight, present, add(multiply(bounded, this.rate), multiply(present, 1 - this.rate)));
    });
  }
}

/** Every constraint by its Keras name. */
const registry = () => ({ MaxNorm, NonNeg, UnitNorm, MinMaxNorm });

/** A constraint by name. */
export type ConstraintName = KnownName<Keyword<keyof ReturnType<typeof registry>>>;

/** The option kind that names a constraint. */
export type ConstraintOption<S> = OptionFor<Constraint | ConstraintName, Constraint, S>;

/** An option that holds a constraint: `constraint({ default: null })`. */
/* @__NO_SIDE_EFFECTS__ */
export function constraint<const S extends { readonly default?: Constraint | string | null }>(
  spec: S,
): ConstraintOption<S> {
  return objectOption(
    "constraint",
    registry as () => Registry<Constraint>,
    (value): value is Constraint => value instanceof Constraint,
    spec,
  );
}

/** Makes `MaxNorm`: no vector is longer than a bound. */
export const maxNorm = maker(MaxNorm);
/** Makes `NonNeg`: no weight is negative. */
export const nonNeg = maker(NonNeg);
/** Makes `UnitNorm`: every vector has length 1. */
export const unitNorm = maker(UnitNorm);
/** Makes `MinMaxNorm`: every vector has a length between two bounds. */
export const minMaxNorm = maker(MinMaxNorm);
