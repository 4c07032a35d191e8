/**
 * `random.*`: the functions of `keras.random`, in camelCase.
 */
export {
  beta,
  binomial,
  categorical,
  dropout,
  gamma,
  normal,
  randint,
  shuffle,
  truncatedNormal,
  uniform,
} from "./random.ts";
export { SeedGenerator } from "./seed.ts";
