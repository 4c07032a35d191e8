/**
 * Regularizers: penalties on weights and activations that training adds to the loss. Names, options and configs are
 * Keras's.
 */
import { Configurable, configurable, maker, objectOption, type Registry } from "./core/configurable.ts";
import type { Keyword, KnownName } from "./core/names.ts";
import { choice, number, type OptionFor } from "./core/options.ts";
import { inScope } from "./core/scope.ts";
import { checkRank } from "./core/shape.ts";
import type { Tensor } from "./core/tensor.ts";
import { eye } from "./ops/creation/creation.ts";
import { add, divide, multiply, subtract } from "./ops/elementwise/binary.ts";
import { abs, square } from "./ops/elementwise/unary.ts";
import { matmul } from "./ops/matmul/matmul.ts";
import { transpose } from "./ops/movement/transpose.ts";
import { normalize } from "./ops/normalize/unit.ts";
import { sum } from "./ops/reduce/sum.ts";

/**
 * What every regularizer is. To write one, extend this class and give it a `call`.
 *
 * @example
 * ```ts
 * import { ops, regularizers, tensor } from "varve";
 * class Largest extends regularizers.Regularizer {
 *   call(weight) {
 *     return ops.max(ops.abs(weight));
 *   }
 * }
 * await new Largest().call(tensor([1, -3])).array() // => 3
 * ```
 */
export abstract class Regularizer extends Configurable {
  static override readonly module = "keras.regularizers";

  /** The penalty, a scalar. */
  abstract call(weight: Tensor): Tensor;
}

/** A factor that Keras keeps as float32, and so writes as such into a config. */
function float32Factor(fallback: number) {
  return { ...factor(fallback), toConfig: Math.fround };
}

function factor(fallback: number) {
  return number({ default: fallback, min: 0 });
}

/**
 * l1 · Σ |x|, which makes small weights vanish.
 *
 * @example
 * ```ts
 * import { regularizers, tensor } from "varve";
 * await regularizers.l1({ l1: 0.5 }).call(tensor([1, -3])).array() // => 2
 * ```
 */
export class L1 extends configurable(Regularizer, "L1", {
  /** The factor. */
  l1: float32Factor(0.01),
}) {
  override call(weight: Tensor): Tensor {
    return inScope(() => multiply(sum(abs(weight)), this.l1));
  }
}

/**
 * l2 · Σ x², which keeps weights small.
 *
 * @example
 * ```ts
 * import { regularizers, tensor } from "varve";
 * await regularizers.l2({ l2: 0.5 }).call(tensor([1, -3])).array() // => 5
 * ```
 */
export class L2 extends configurable(Regularizer, "L2", {
  /** The factor. */
  l2: factor(0.01),
}) {
  override call(weight: Tensor): Tensor {
    return inScope(() => multiply(sum(square(weight)), this.l2));
  }
}

/**
 * l1 · Σ |x| + l2 · Σ x².
 *
 * @example
 * ```ts
 * import { regularizers, tensor } from "varve";
 * await regularizers.l1l2({ l1: 0.5, l2: 0.25 }).call(tensor([2, -2])).array() // => 4
 * ```
 */
export class L1L2 extends configurable(Regularizer, "L1L2", {
  /** The factor of the absolute values. */
  l1: factor(0),
  /** The factor of the squares. */
  l2: factor(0),
}) {
  override call(weight: Tensor): Tensor {
    return inScope(() => add(multiply(sum(abs(weight)), this.l1), multiply(sum(square(weight)), this.l2)));
  }
}

/**
 * factor times the mean of |x·y| over all pairs of different rows, or columns, of a matrix, each brought to length 1:
 * 0 where they are orthogonal.
 *
 * @throws ShapeError where the weight is no matrix.
 *
 * @example
 * ```ts
 * import { regularizers, tensor } from "varve";
 * await regularizers.orthogonalRegularizer({ factor: 0.5 }).call(tensor([[2, 0], [3, 0]])).array() // => 0.5
 * ```
 */
export class OrthogonalRegularizer extends configurable(Regularizer, "OrthogonalRegularizer", {
  /** The factor. */
  factor: float32Factor(0.01),
  /** Whether rows or columns shall be orthogonal. */
  mode: choice(["rows", "columns"], { default: "rows" }),
}) {
  override call(weight: Tensor): Tensor {
    checkRank(weight.shape, [2], "OrthogonalRegularizer");
    return inScope(() => {
      const vectors = normalize(this.mode === "rows" ? weight : transpose(weight), 1);
      const count = vectors.shape[0] as number;
      const others = subtract(1, eye(count, count, 0, weight.dtype));
      const products = multiply(matmul(vectors, transpose(vectors)), others);
      return divide(multiply(sum(abs(products)), this.factor / 2), (count * (count - 1)) / 2);
    });
  }
}

/** Every regularizer by its Keras name. */
const registry = () => ({ L1, L2, L1L2, OrthogonalRegularizer });

/** A regularizer by name. */
export type RegularizerName = KnownName<Keyword<keyof ReturnType<typeof registry>>>;

/** The option kind that names a regularizer. */
export type RegularizerOption<S> = OptionFor<Regularizer | RegularizerName, Regularizer, S>;

/** An option that holds a regularizer: `regularizer({ default: null })`. */
/* @__NO_SIDE_EFFECTS__ */
export function regularizer<const S extends { readonly default?: Regularizer | string | null }>(
  spec: S,
): RegularizerOption<S> {
  return objectOption(
    "regularizer",
    registry as () => Registry<Regularizer>,
    (value): value is Regularizer => value instanceof Regularizer,
    spec,
  );
}

/** Makes `L1`: l1 · Σ |x|. */
export const l1 = maker(L1);
/** Makes `L2`: l2 · Σ x². */
export const l2 = maker(L2);
/** Makes `L1L2`: l1 · Σ |x| + l2 · Σ x². */
export const l1l2 = maker(L1L2);
/** Makes `OrthogonalRegularizer`: a penalty on rows or columns that are not orthogonal. */
export const orthogonalRegularizer = maker(OrthogonalRegularizer);
