/**
 * `regularizers.*` as users see it: penalties on weights and outputs.
 * What layers make their options of stands in `options.*` alone.
 */
export {
  L1,
  L1L2,
  L2,
  l1,
  l1l2,
  l2,
  OrthogonalRegularizer,
  orthogonalRegularizer,
  Regularizer,
} from "../regularizers.ts";
