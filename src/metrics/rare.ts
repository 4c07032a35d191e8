/**
 * The metrics that few models name, by their Keras names. A module of its own, so that training does not wait for it.
 */
import { AUC } from "./auc.ts";
import * as confusion from "./confusion.ts";
import { F1Score, FBetaScore } from "./f-score.ts";
import * as iou from "./iou.ts";
import * as regression from "./regression.ts";
import type { rareNames } from "./resolve.ts";

export const rare = {
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
  RootMeanSquaredError: regression.RootMeanSquaredError,
  CosineSimilarity: regression.CosineSimilarity,
  PearsonCorrelation: regression.PearsonCorrelation,
  ConcordanceCorrelation: regression.ConcordanceCorrelation,
  R2Score: regression.R2Score,
} satisfies Record<(typeof rareNames)[number], unknown>;
