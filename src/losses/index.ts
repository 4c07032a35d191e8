/**
 * `losses.*`: every loss's class and factory.
 */
export { Circle, circle } from "./circle.ts";
export { CTC, ctc } from "./ctc.ts";
export { CategoricalHinge, categoricalHinge, Hinge, hinge, SquaredHinge, squaredHinge } from "./hinge.ts";
export { Loss, type LossContext, type LossOptions, loss, type Reduction } from "./loss.ts";
export {
  BinaryCrossentropy,
  BinaryFocalCrossentropy,
  binaryCrossentropy,
  binaryFocalCrossentropy,
  CategoricalCrossentropy,
  CategoricalFocalCrossentropy,
  CategoricalGeneralizedCrossEntropy,
  categoricalCrossentropy,
  categoricalFocalCrossentropy,
  categoricalGeneralizedCrossEntropy,
  KLDivergence,
  klDivergence,
  Poisson,
  poisson,
  SparseCategoricalCrossentropy,
  sparseCategoricalCrossentropy,
} from "./probabilistic.ts";
export {
  CosineSimilarity,
  cosineSimilarity,
  Huber,
  huber,
  LogCosh,
  logCosh,
  MeanAbsoluteError,
  MeanAbsolutePercentageError,
  MeanSquaredError,
  MeanSquaredLogarithmicError,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogarithmicError,
} from "./regression.ts";
export { Dice, dice, Tversky, tversky } from "./segmentation.ts";
