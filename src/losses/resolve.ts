/**
 * Which loss is meant, where one is given by name, by config, as a function or as an object.
 */
import { lookUp, type Registry, resolve } from "../core/configurable.ts";
import { show } from "../core/errors.ts";
import { type Keyword, type KnownName, keywordOf } from "../core/names.ts";
import { sameWord } from "../core/options.ts";
import type { PartialShape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { Circle } from "./circle.ts";
import { CTC } from "./ctc.ts";
import { CategoricalHinge, Hinge, SquaredHinge } from "./hinge.ts";
import { Loss, loss } from "./loss.ts";
import {
  BinaryCrossentropy,
  BinaryFocalCrossentropy,
  CategoricalCrossentropy,
  CategoricalFocalCrossentropy,
  CategoricalGeneralizedCrossEntropy,
  KLDivergence,
  Poisson,
  SparseCategoricalCrossentropy,
} from "./probabilistic.ts";
import {
  CosineSimilarity,
  Huber,
  LogCosh,
  MeanAbsoluteError,
  MeanAbsolutePercentageError,
  MeanSquaredError,
  MeanSquaredLogarithmicError,
} from "./regression.ts";
import { Dice, Tversky } from "./segmentation.ts";

const registry = {
  MeanSquaredError,
  MeanAbsoluteError,
  MeanAbsolutePercentageError,
  MeanSquaredLogarithmicError,
  BinaryCrossentropy,
  BinaryFocalCrossentropy,
  CategoricalCrossentropy,
  CategoricalFocalCrossentropy,
  SparseCategoricalCrossentropy,
  CategoricalGeneralizedCrossEntropy,
  KLDivergence,
  Poisson,
  Huber,
  LogCosh,
  CosineSimilarity,
  Hinge,
  SquaredHinge,
  CategoricalHinge,
  Dice,
  Tversky,
  Circle,
  CTC,
};

/** Keras's short names. */
const aliases = {
  mse: "MeanSquaredError",
  mae: "MeanAbsoluteError",
  mape: "MeanAbsolutePercentageError",
  msle: "MeanSquaredLogarithmicError",
  bce: "BinaryCrossentropy",
  kld: "KLDivergence",
} as const satisfies Readonly<Record<string, keyof typeof registry>>;

/** A loss by name. */
export type LossName = KnownName<Keyword<keyof typeof registry> | keyof typeof aliases | "crossentropy">;

/** A loss as a plain function: the value of each sample, from targets and predictions. */
export type LossFunction = (yTrue: Tensor, yPred: Tensor) => Tensor;

/** A loss made of a function. */
class FunctionLoss extends loss("LossFunctionWrapper", "loss", {}) {
  readonly #fn: LossFunction;

  constructor(fn: LossFunction) {
    super(fn.name ? { name: keywordOf(fn.name) } : {});
    this.#fn = fn;
  }

  protected override get label(): string {
    return `loss ${show(this.#fn)}`;
  }

  /** The function sees targets of any shape. */
  protected override checkShapes(): void {}

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return this.#fn(yTrue, yPred);
  }
}

/** What the last sizes of targets and predictions say of a classification, as Keras reads them. */
export function kindOfTargets(yTrue: PartialShape, yPred: PartialShape): "binary" | "sparse" | "categorical" {
  const [last, classes] = [yTrue.at(-1), yPred.at(-1)];
  if (classes === 1) return "binary";
  const labels = yTrue.length < yPred.length || (last === 1 && typeof classes === "number" && classes > 1);
  return labels ? "sparse" : "categorical";
}

const crossentropies = {
  binary: BinaryCrossentropy,
  sparse: SparseCategoricalCrossentropy,
  categorical: CategoricalCrossentropy,
};

/**
 * The loss that is meant: a name as Keras writes it or in camelCase (`"mse"`, `"sparse_categorical_crossentropy"`), a
 * Keras config `{ class_name, config }`, a function of targets and predictions, or the object itself.
 * `"crossentropy"` is the one that the shapes call for.
 *
 * @throws OptionError where nothing has that name.
 */
export function resolveLoss(
  given: unknown,
  shapes?: { readonly yTrue: PartialShape; readonly yPred: PartialShape },
): Loss {
  if (typeof given === "function") return new FunctionLoss(given as LossFunction);
  if (typeof given === "string") {
    const word = given.toLowerCase();
    if (shapes && (word === "crossentropy" || word === "ce")) {
      return new crossentropies[kindOfTargets(shapes.yTrue, shapes.yPred)]({ name: given });
    }
    const alias = lookUp<keyof typeof registry>(aliases, word);
    if (alias) return new registry[alias]({ name: given } as never);
    // Keras names a loss that is given by its function's name by that name
    const named = Object.keys(registry).find((name) => sameWord(keywordOf(name), given)) as keyof typeof registry;
    if (named) return new registry[named]({ name: keywordOf(named) } as never);
  }
  return resolve("loss", registry as unknown as Registry<Loss>, given, (value): value is Loss => value instanceof Loss);
}
