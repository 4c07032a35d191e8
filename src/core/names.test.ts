/** Names of classes as Keras writes them: those that it gave its own classes, as values and as types. */
import { expect, test } from "vitest";
import { type Keyword, keywordOf } from "./names.ts";

const named = [
  "MeanSquaredError",
  "KLDivergence",
  "AUC",
  "F1Score",
  "MeanIoU",
  "SparseTopKCategoricalAccuracy",
  "Conv2DTranspose",
  "GlobalAveragePooling1D",
] as const;

/** As Keras names layers and metrics of these classes. */
const byKeras: { readonly [Name in (typeof named)[number]]: Keyword<Name> } = {
  MeanSquaredError: "mean_squared_error",
  KLDivergence: "kl_divergence",
  AUC: "auc",
  F1Score: "f1_score",
  MeanIoU: "mean_io_u",
  SparseTopKCategoricalAccuracy: "sparse_top_k_categorical_accuracy",
  Conv2DTranspose: "conv2d_transpose",
  GlobalAveragePooling1D: "global_average_pooling1d",
};

test.each(named)("%s", (name) => expect(keywordOf(name)).toBe(byKeras[name]));
