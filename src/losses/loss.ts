/**
 * What every loss is: a value per sample, from targets and predictions, and how these become one number: sample
 * weights, masks and reductions. The losses stand in the other files of this folder.
 */
import { Configurable, configurable } from "../core/configurable.ts";
import { isFloat, type TypedArray } from "../core/dtype.ts";
import { DTypeError, ShapeError, show } from "../core/errors.ts";
import { inspect } from "../core/observer.ts";
import { type AnyOption, checkNames, choice, type Option, option, type Schema, string } from "../core/options.ts";
import { inScope } from "../core/scope.ts";
import { formatShape, type Shape, sameShape } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { divideNoNan, multiply } from "../ops/elementwise/binary.ts";
import { cast } from "../ops/elementwise/cast.ts";
import { logicalAnd } from "../ops/elementwise/compare.ts";
import { expandDims, reshape, squeeze } from "../ops/movement/reshape.ts";
import type { TensorLike } from "../ops/op.ts";
import { mean } from "../ops/reduce/reduce.ts";
import { sum } from "../ops/reduce/sum.ts";
import { toTensor } from "../ops/tensor.ts";

/** How the values of the samples become one. */
export type Reduction = "sum_over_batch_size" | "sum" | "mean" | "mean_with_sample_weight" | "none";

/** The options that every loss takes. */
export interface LossOptions {
  /**
   * How the values of the samples become one: "sum_over_batch_size" (the default) and "mean" divide their weighted sum
   * by their number, "mean_with_sample_weight" by the sum of the weights; "none" or null leaves them as they are.
   */
  reduction?: Reduction | null | undefined;
  /** Default: the class name in snake case. */
  name?: string | undefined;
  /** In which dtype to compute. Default: that of the predictions. */
  dtype?: "float32" | "float64" | null | undefined;
}

/** An option that Keras's config does not have: it is written only where it has another value than the default. */
export function unlisted<O extends AnyOption>(kind: O): O {
  return {
    ...kind,
    omitNull: true,
    toConfig: (value: unknown) => (value === kind.default ? null : kind.toConfig(value)),
  };
}

const reductions = ["sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none"] as const;
const reductionWord = choice(reductions, { default: "sum_over_batch_size" });

function reduction(): Option<Reduction | null, Reduction | null, false> {
  return option(
    { default: "sum_over_batch_size" as Reduction | null, nullable: true },
    {
      ...reductionWord,
      fromConfig: (json) => json as Reduction,
    },
  );
}

/** What `apply` may be told. */
export interface LossContext {
  /**
   * How much each value counts: a scalar, one number for each sample, or for each step of each sample. Axes that it
   * lacks at the end are filled up.
   */
  readonly sampleWeight?: TensorLike | null | undefined;
  /** Which values count at all. Default: the mask that the predictions carry. */
  readonly mask?: Tensor | undefined;
}

/** Makes both of the same rank where one has an axis of size 1 more at the end, as labels [n, 1] and outputs [n] do. */
export function alignRanks(yTrue: Tensor, yPred: Tensor): [Tensor, Tensor] {
  const extra = yTrue.rank - yPred.rank;
  if (extra === 1 && yTrue.shape[yTrue.rank - 1] === 1) {
    return yPred.rank === 1 ? [yTrue, expandDims(yPred, -1)] : [squeeze(yTrue, -1), yPred];
  }
  if (extra === -1 && yPred.shape[yPred.rank - 1] === 1) {
    return yTrue.rank === 1 ? [expandDims(yTrue, -1), yPred] : [yTrue, squeeze(yPred, -1)];
  }
  return [yTrue, yPred];
}

/**
 * The weights with as many axes as the values, aligned at the front; refuses those that do not fit. An axis of size 1
 * too many at the end is dropped.
 */
export function alignWeight(weight: Tensor, shape: Shape, where: string): Tensor {
  const aligned = weight.rank === shape.length + 1 && weight.shape[shape.length] === 1 ? squeeze(weight, -1) : weight;
  const missing = shape.length - aligned.rank;
  const fits = missing >= 0 && aligned.shape.every((size, axis) => size === 1 || size === shape[axis]);
  if (!fits) {
    throw new ShapeError(
      `${where}: weights of shape ${formatShape(weight.shape)} do not fit values of shape ${formatShape(shape)}; give one for each sample, or for each value`,
    );
  }
  return missing === 0 ? aligned : reshape(aligned, [...aligned.shape, ...new Array<number>(missing).fill(1)]);
}

/** Refuses targets and predictions of different shapes. */
export function checkSameShape(yTrue: Shape, yPred: Shape, where: string, wayOut = ""): void {
  if (sameShape(yTrue, yPred)) return;
  throw new ShapeError(
    `${where}: yTrue has shape ${formatShape(yTrue)} and yPred ${formatShape(yPred)}, but they must have the same shape${wayOut}`,
  );
}

/** What a loss or a metric of somebody's own has given, if that is a tensor. */
export function checkValuesOfSamples(values: unknown, where: string): Tensor {
  if (values instanceof Tensor) return values;
  throw new DTypeError(
    `${where}: must give a tensor with the value of each sample, got ${show(values)}${values === undefined ? "; did it forget to return?" : ""}`,
  );
}

/**
 * The base of all losses. One of your own says what the value of a sample is; reductions, weights and masks are here.
 * A plain function of targets and predictions does as well wherever a loss is taken.
 *
 * @example
 * ```ts
 * import { losses, ops, options, tensor } from "varve";
 * class PinballLoss extends losses.loss("PinballLoss", "pinball_loss", { quantile: options.number({ default: 0.5 }) }) {
 *   call(yTrue, yPred) {
 *     const error = ops.subtract(yTrue, yPred);
 *     return ops.mean(ops.maximum(ops.multiply(error, this.quantile), ops.multiply(error, this.quantile - 1)), -1);
 *   }
 * }
 * await new PinballLoss({ quantile: 0.75 }).apply(tensor([[4]]), tensor([[2]])).array() // => 1.5
 * ```
 */
export abstract class Loss extends Configurable {
  static override readonly module: string = "keras.losses";

  declare readonly name: string;
  declare readonly reduction: Reduction | null;
  declare readonly dtype: "float32" | "float64" | null;

  /**
   * The value of each sample, from targets and predictions as `apply` has prepared them: real numbers of one dtype and
   * of the same rank. A loss of your own overrides this.
   */
  abstract call(yTrue: Tensor, yPred: Tensor): Tensor;

  /** The class name, as error messages begin. */
  protected get label(): string {
    return (this.constructor as typeof Loss).className;
  }

  /** Where targets can be wrong by their values: refuses such, for predictions of that shape. @internal */
  checkValues?(targets: TypedArray, yPred: Shape): void;

  /** Targets and predictions as `call` takes them. Losses with other targets override this. @internal */
  prepare(yTrue: Tensor, yPred: Tensor): [Tensor, Tensor] {
    const [target, output] = alignRanks(yTrue, yPred);
    this.checkShapes(target.shape, output.shape);
    return [target.dtype === output.dtype ? target : cast(target, output.dtype), output];
  }

  /** Refuses targets and predictions of different shapes. */
  protected checkShapes(yTrue: Shape, yPred: Shape): void {
    checkSameShape(yTrue, yPred, this.label);
  }

  /** The value of each sample: `call` on what is given. The result may carry a mask. @internal */
  values(yTrue: TensorLike, yPred: TensorLike): Tensor {
    let output = toTensor(yPred);
    const dtype = this.dtype ?? (isFloat(output.dtype) ? output.dtype : "float32");
    if (output.dtype !== dtype) output = cast(output, dtype);
    const target = toTensor(yTrue, { device: output.device });
    const prepared = this.prepare(target, output);
    if (this.checkValues) inspect(target, (values) => this.checkValues?.(values, output.shape));
    return checkValuesOfSamples(this.call(...prepared), this.label);
  }

  /**
   * The loss: one number, unless `reduction` is "none".
   *
   * @throws ShapeError where targets, predictions and weights do not fit each other.
   *
   * @example
   * ```ts
   * import { losses, tensor } from "varve";
   * const loss = losses.meanSquaredError();
   * await loss.apply(tensor([[0], [0]]), tensor([[1], [3]]), { sampleWeight: [1, 2] }).array() // => 9.5
   * ```
   */
  apply(yTrue: TensorLike, yPred: TensorLike, options: LossContext = {}): Tensor {
    const { sampleWeight, mask } = checkNames(options, ["sampleWeight", "mask"], this.label);
    return inScope(() => {
      const values = this.values(yTrue, yPred);
      const given = mask ?? (yPred as Partial<Tensor>).mask;
      const both = given && values.mask ? logicalAnd(given, values.mask) : (given ?? values.mask);
      return this.#reduce(values, this.#weights(values, sampleWeight, both));
    });
  }

  /** Weights and mask as one. For means the mask is scaled so that only what it lets through is counted. */
  #weights(values: Tensor, sampleWeight: TensorLike | null | undefined, mask: Tensor | undefined): Tensor | undefined {
    const { dtype, device, shape } = values;
    let weight: Tensor | undefined;
    if (sampleWeight !== undefined && sampleWeight !== null) {
      weight = alignWeight(cast(toTensor(sampleWeight, { device }), dtype), shape, this.label);
    }
    if (!mask) return weight;
    let factor = cast(mask, dtype);
    if (this.reduction === "mean" || this.reduction === "sum_over_batch_size") {
      factor = multiply(factor, divideNoNan(mask.size, sum(factor)));
    }
    factor = alignWeight(factor, shape, this.label);
    return weight ? multiply(weight, factor) : factor;
  }

  #reduce(values: Tensor, weight: Tensor | undefined): Tensor {
    const weighted = weight ? multiply(values, weight) : values;
    const how = this.reduction ?? "none";
    if (how === "none" || values.rank === 0) return weighted;
    if (how === "sum") return sum(weighted);
    if (how === "mean_with_sample_weight" && weight) return divideNoNan(sum(weighted), sum(weight));
    return values.size === 0 ? sum(weighted) : mean(weighted);
  }
}

/**
 * Makes the base class of a loss from its class name, its default name, and its own options; `Loss` has an example.
 * `base` is what it shares with others of its kind.
 */
/* @__NO_SIDE_EFFECTS__ */
export function loss<S extends Schema, Base extends Loss = Loss>(
  className: string,
  name: string,
  own: S,
  base?: abstract new (options?: unknown) => Base,
) {
  return configurable<Base, S, LossOptions>(
    base ?? (Loss as unknown as abstract new (options?: unknown) => Base),
    className,
    {
      name: string({ default: name }),
      reduction: reduction(),
      dtype: unlisted(choice(["float32", "float64"], { default: null })),
      ...own,
    } as unknown as S,
  );
}
