/**
 * Which metric is meant, where one is given by name, by config, as a function or as an object.
 */
import { lookUp, type Registry, resolve } from "../core/configurable.ts";
import type { PartialShape } from "../core/shape.ts";
import { kindOfTargets } from "../losses/resolve.ts";
import * as accuracy from "./accuracy.ts";
import { AUC } from "./auc.ts";
import * as confusion from "./confusion.ts";
import { F1Score, FBetaScore } from "./f-score.ts";
import * as iou from "./iou.ts";
import { Metric } from "./metric.ts";
import * as ofLosses from "./of-losses.ts";
import { Mean, MeanMetricWrapper, type MetricFunction, Sum } from "./reduction.ts";
import * as regression from "./regression.ts";

const registry = {
  Accuracy: accuracy.Accuracy,
  BinaryAccuracy: accuracy.BinaryAccuracy,
  CategoricalAccuracy: accuracy.CategoricalAccuracy,
  SparseCategoricalAccuracy: accuracy.SparseCategoricalAccuracy,
  TopKCategoricalAccuracy: accuracy.TopKCategoricalAccuracy,
  SparseTopKCategoricalAccuracy: accuracy.SparseTopKCategoricalAccuracy,
  AUC,
  TruePositives: confusion.TruePositives,
  TrueNegatives: confusion.TrueNegatives,
  FalsePositives: confusion.FalsePositives,
  FalseNegatives: confusion.FalseNegatives,
  Precision: confusion.Precision,
  Recall: confusion.Recall,
  SensitivityAtSpecificity: confusion.SensitivityAtSpecificity,
  SpecificityAtSensitivity: confusion.SpecificityAtSensitivity,
  PrecisionAtRecall: confusion.PrecisionAtRecall,
  RecallAtPrecision: confusion.RecallAtPrecision,
  F1Score,
  FBetaScore,
  IoU: iou.IoU,
  BinaryIoU: iou.BinaryIoU,
  MeanIoU: iou.MeanIoU,
  OneHotIoU: iou.OneHotIoU,
  OneHotMeanIoU: iou.OneHotMeanIoU,
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
  RootMeanSquaredError: regression.RootMeanSquaredError,
  CosineSimilarity: regression.CosineSimilarity,
  PearsonCorrelation: regression.PearsonCorrelation,
  ConcordanceCorrelation: regression.ConcordanceCorrelation,
  R2Score: regression.R2Score,
  Mean,
  Sum,
};

/** Keras's short names. */
const aliases: Readonly<Record<string, keyof typeof registry>> = {
  mse: "MeanSquaredError",
  mae: "MeanAbsoluteError",
  mape: "MeanAbsolutePercentageError",
  msle: "MeanSquaredLogarithmicError",
  bce: "BinaryCrossentropy",
};

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

const general: Readonly<Record<string, keyof typeof byShapes>> = {
  accuracy: "accuracy",
  acc: "accuracy",
  crossentropy: "crossentropy",
  ce: "crossentropy",
};

/**
 * The metric that is meant: a name as Keras writes it or in camelCase (`"mae"`, `"sparse_categorical_accuracy"`), a
 * Keras config `{ class_name, config }`, a function of targets and predictions, or the object itself.
 * `"accuracy"` and `"crossentropy"` are the ones that the shapes call for. A metric that is given by name is called so.
 *
 * @throws OptionError where nothing has that name.
 */
export function resolveMetric(
  given: unknown,
  shapes?: { readonly yTrue: PartialShape; readonly yPred: PartialShape },
): Metric {
  if (typeof given === "function") return new MeanMetricWrapper(given as MetricFunction);
  if (typeof given === "string") {
    const word = given.toLowerCase();
    const kind = general[word];
    if (shapes && kind) return new byShapes[kind][kindOfTargets(shapes.yTrue, shapes.yPred)]({ name: given });
    const alias = aliases[word];
    const found = alias ? registry[alias] : lookUp(registry, given);
    if (found) return new found({ name: given } as never);
  }
  return resolve(
    "metric",
    registry as unknown as Registry<Metric>,
    given,
    (value): value is Metric => value instanceof Metric,
  );
}
