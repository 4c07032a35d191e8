/**
 * `constraints.*` as users see it: what weights must satisfy after each update.
 * What layers make their options of stands in `options.*` alone.
 */
export {
  Constraint,
  MaxNorm,
  MinMaxNorm,
  maxNorm,
  minMaxNorm,
  NonNeg,
  nonNeg,
  UnitNorm,
  unitNorm,
} from "../constraints.ts";
