/**
 * Which metric is meant, where one is given by name, by config, as a function or as an object.
 */
import { lookUp, type Registry, resolve } from "../core/configurable.ts";
import type { Keyword, KnownName } from "../core/names.ts";
import type { PartialShape } from "../core/shape.ts";
import { isPlainObject } from "../core/tree.ts";
import { kindOfTargets } from "../losses/resolve.ts";
import * as accuracy from "./accuracy.ts";
import { Metric } from "./metric.ts";
import * as ofLosses from "./of-losses.ts";
import { Mean, MeanMetricWrapper, type MetricFunction, Sum } from "./reduction.ts";

const registry = {
  Accuracy: accuracy.Accuracy,
  BinaryAccuracy: accuracy.BinaryAccuracy,
  CategoricalAccuracy: accuracy.CategoricalAccuracy,
  SparseCategoricalAccuracy: accuracy.SparseCategoricalAccuracy,
  TopKCategoricalAccuracy: accuracy.TopKCategoricalAccuracy,
  SparseTopKCategoricalAccuracy: accuracy.SparseTopKCategoricalAccuracy,
  MeanSquaredError: ofLosses.MeanSquaredError,
  MeanAbsoluteError: ofLosses.MeanAbsoluteError,
  MeanAbsolutePercentageError: ofLosses.MeanAbsolutePercentageError,
  MeanSquaredLogarithmicError: ofLosses.MeanSquaredLogarithmicError,
  LogCoshError: ofLosses.LogCoshError,
  Hinge: ofLosses.Hinge,
  SquaredHinge: ofLosses.SquaredHinge,
  CategoricalHinge: ofLosses.CategoricalHinge,
  KLDivergence: ofLosses.KLDivergence,
  Poisson: ofLosses.Poisson,
  BinaryCrossentropy: ofLosses.BinaryCrossentropy,
  CategoricalCrossentropy: ofLosses.CategoricalCrossentropy,
  SparseCategoricalCrossentropy: ofLosses.SparseCategoricalCrossentropy,
  Mean,
  Sum,
};

/** Those that few models name: their code is loaded when one does. */
export const rareNames = [
  "AUC",
  "TruePositives",
  "TrueNegatives",
  "FalsePositives",
  "FalseNegatives",
  "Precision",
  "Recall",
  "SensitivityAtSpecificity",
  "SpecificityAtSensitivity",
  "PrecisionAtRecall",
  "RecallAtPrecision",
  "F1Score",
  "FBetaScore",
  "IoU",
  "BinaryIoU",
  "MeanIoU",
  "OneHotIoU",
  "OneHotMeanIoU",
  "RootMeanSquaredError",
  "CosineSimilarity",
  "PearsonCorrelation",
  "ConcordanceCorrelation",
  "R2Score",
] as const;

/** What messages suggest before they are loaded. */
const rareByName: Readonly<Record<string, null>> = Object.fromEntries(rareNames.map((name) => [name, null]));

let rare: Readonly<Record<string, unknown>> | undefined;

/** Whether the code of a metric that is named here has to be loaded before it is resolved. */
export function mustBeLoaded(given: unknown): boolean {
  const name = isPlainObject(given) ? given.class_name : given;
  return !rare && typeof name === "string" && lookUp(rareByName, name) === null;
}

/** Loads the metrics that few models name. */
export async function loadRareMetrics(): Promise<void> {
  rare ??= (await import("./rare.ts")).rare;
}

/** Keras's short names. */
const aliases = {
  mse: "MeanSquaredError",
  mae: "MeanAbsoluteError",
  mape: "MeanAbsolutePercentageError",
  msle: "MeanSquaredLogarithmicError",
  bce: "BinaryCrossentropy",
} as const satisfies Readonly<Record<string, keyof typeof registry>>;

/** What names mean that depend on the shapes of targets and predictions. */
const byShapes = {
  accuracy: {
    binary: accuracy.BinaryAccuracy,
    sparse: accuracy.SparseCategoricalAccuracy,
    categorical: accuracy.CategoricalAccuracy,
  },
  crossentropy: {
    binary: ofLosses.BinaryCrossentropy,
    sparse: ofLosses.SparseCategoricalCrossentropy,
    categorical: ofLosses.CategoricalCrossentropy,
  },
};

const general = {
  accuracy: "accuracy",
  acc: "accuracy",
  crossentropy: "crossentropy",
  ce: "crossentropy",
} as const satisfies Readonly<Record<string, keyof typeof byShapes>>;

/** A metric by name. */
export type MetricName = KnownName<
  Keyword<keyof typeof registry | (typeof rareNames)[number]> | keyof typeof aliases | keyof typeof general
>;

/**
 * The metric that is meant: a name as Keras writes it or in camelCase (`"mae"`, `"sparse_categorical_accuracy"`), a
 * Keras config `{ class_name, config }`, a function of targets and predictions, or the object itself.
 * `"accuracy"` and `"crossentropy"` are the ones that the shapes call for. A metric that is given by name is called so.
 * Names of which `mustBeLoaded` says so are known after `loadRareMetrics`, or from `more`.
 *
 * @throws OptionError where nothing has that name.
 */
export function resolveMetric(
  given: unknown,
  shapes?: { readonly yTrue: PartialShape; readonly yPred: PartialShape },
  more: Readonly<Record<string, unknown>> | undefined = rare,
): Metric {
  const known = { ...registry, ...rareByName, ...more } as unknown as Registry<Metric>;
  if (typeof given === "function") return new MeanMetricWrapper(given as MetricFunction);
  if (typeof given === "string") {
    const word = given.toLowerCase();
    const kind = lookUp<keyof typeof byShapes>(general, word);
    if (shapes && kind) return new byShapes[kind][kindOfTargets(shapes.yTrue, shapes.yPred)]({ name: given });
    const alias = lookUp<keyof typeof registry>(aliases, word);
    const found = lookUp(known, alias ?? given);
    if (found) return new found({ name: given } as never);
  }
  return resolve("metric", known, given, (value): value is Metric => value instanceof Metric);
}
