/**
 * What `compile`, `fit`, `evaluate` and `predict` may be told: the options with their meanings, and the schemas that
 * check them.
 */
import type { CallbackLike } from "../callbacks/callback.ts";
import type { Verbosity } from "../callbacks/progbar-logger.ts";
import { boolean, integer, number, option, type Schema } from "../core/options.ts";
import { isPlainObject } from "../core/tree.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import type { OptimizerName } from "../optimizers/resolve.ts";
import type { LossLike, MetricsLike, PerOutput } from "./compiled.ts";
import type { Arrays, Batches } from "./data.ts";

/** What `compile` takes. */
export interface CompileOptions {
  /** By name, or as an object. Default "rmsprop". */
  optimizer?: OptimizerName | Optimizer | undefined;
  /** One for all outputs, a list, or some by the outputs' names. Default: none. */
  loss?: PerOutput<LossLike> | null | undefined;
  /** What each loss counts in the sum. Default 1. */
  lossWeights?: PerOutput<number> | null | undefined;
  /** What is measured besides, without sample weights. */
  metrics?: MetricsLike | null | undefined;
  /** What is measured besides, with sample and class weights. */
  weightedMetrics?: MetricsLike | null | undefined;
  /**
   * Whether the code of layers, losses and metrics runs in every step. Default false: steps of the same kind are recorded
   * and repeated without it, as in Keras, where they are compiled. Numbers that such code takes from elsewhere may
   * change: a property of a layer counts from the next step on, anything else from the next epoch of a `fit` with
   * callbacks, the next `fit` or `evaluate`, or after 512 steps at most. Where that is too late, keep them in variables,
   * or say true.
   */
  runEagerly?: boolean | undefined;
  /** Has no effect: there is no compiler to hand several steps to. */
  stepsPerExecution?: number | undefined;
  /** Has no effect: there is no compiler. */
  jitCompile?: boolean | "auto" | undefined;
}

/** Options that `fit`, `evaluate` and `predict` share. */
interface RunOptions {
  /** How many samples make a batch, where the data is arrays. Default 32. */
  batchSize?: number | undefined;
  /** "auto" (default) and 1: a bar in a terminal, lines elsewhere; 2: lines; 0: nothing. */
  verbose?: Verbosity | undefined;
  callbacks?: CallbackLike | readonly CallbackLike[] | undefined;
  /** Ends the run between two steps: it fails with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** What `fit` takes. */
export interface FitOptions extends RunOptions {
  /** The epoch to end after, counted from 1. Default 1. */
  epochs?: number | undefined;
  /** How many epochs were done before. Default 0. */
  initialEpoch?: number | undefined;
  /** The part at the end of the arrays that is kept for validation. Default 0. */
  validationSplit?: number | undefined;
  /** What to validate on: `[x, y, sampleWeight?]`, or batches. */
  validationData?: readonly [x: Arrays, y?: Arrays | null, sampleWeight?: Arrays | null] | Batches | undefined;
  /** How many batches a validation takes. Default: all. */
  validationSteps?: number | undefined;
  /** Default: `batchSize`. */
  validationBatchSize?: number | undefined;
  /** Validate after every so many epochs, or after these epochs (counted from 1). Default 1. */
  validationFreq?: number | readonly number[] | undefined;
  /** Whether arrays are gone through in a new order in every epoch. Default true. */
  shuffle?: boolean | undefined;
  /** Makes the orders reproducible by themselves. Default: they come from `setRandomSeed`'s stream. */
  shuffleSeed?: number | undefined;
  /** What samples of each class count: `{ 0: 1, 1: 2.5 }`. */
  classWeight?: Readonly<Record<number, number>> | undefined;
  /** What each sample counts. */
  sampleWeight?: Arrays | undefined;
  /** How many batches an epoch has. Default: all of the data. */
  stepsPerEpoch?: number | undefined;
}

/** What `evaluate` takes. */
export interface EvaluateOptions extends RunOptions {
  /** What each sample counts. */
  sampleWeight?: Arrays | undefined;
  /** How many batches to take. Default: all. */
  steps?: number | undefined;
  /** Whether the results come by name. Default false: one number, or a list. */
  returnDict?: boolean | undefined;
}

/** What `predict` takes. */
export interface PredictOptions extends RunOptions {
  /** How many batches to take. Default: all. */
  steps?: number | undefined;
}

/** What `trainOnBatch` and `testOnBatch` take. */
export interface OnBatchOptions {
  /** What each sample counts. */
  sampleWeight?: Arrays | undefined;
  /** For `trainOnBatch`: what samples of each class count. */
  classWeight?: Readonly<Record<number, number>> | undefined;
  /** Whether the results come by name. Default false: one number, or a list. */
  returnDict?: boolean | undefined;
}

/** An option of which only its user can say what is right. */
const anything = option(
  { default: null as unknown },
  {
    expected: "something",
    parse: (given: unknown) => given,
    toConfig: () => null,
    fromConfig: (json) => json as unknown,
  },
);

const flagOf = <T>(expected: string, fits: (given: unknown) => boolean, byDefault: T) =>
  option(
    { default: byDefault as T },
    {
      expected,
      parse: (given, refuse): T => (fits(given) ? (given as T) : refuse()),
      toConfig: () => null,
      fromConfig: (json) => json as T,
    },
  );

const count = integer({ default: null, min: 1 });

export const runSchema = {
  batchSize: count,
  verbose: flagOf<Verbosity>('"auto", 0, 1 or 2', (given) => ["auto", 0, 1, 2].includes(given as string), "auto"),
  callbacks: anything,
  signal: flagOf<AbortSignal | null>(
    "an AbortSignal",
    (given) => given === null || (typeof given === "object" && "aborted" in given),
    null,
  ),
} satisfies Schema;

const isFrequency = (given: unknown) =>
  (Array.isArray(given) ? given : [given]).every((each) => Number.isSafeInteger(each) && each >= 1);

export const fitSchema = {
  ...runSchema,
  epochs: integer({ default: 1, min: 1 }),
  initialEpoch: integer({ default: 0, min: 0 }),
  validationSplit: number({ default: 0, min: 0, below: 1 }),
  validationData: anything,
  validationSteps: count,
  validationBatchSize: count,
  validationFreq: flagOf<number | readonly number[]>(
    "a whole number ≥ 1, or a list of epochs counted from 1",
    isFrequency,
    1,
  ),
  shuffle: boolean({ default: true }),
  shuffleSeed: integer({ default: null }),
  classWeight: flagOf<Readonly<Record<number, number>> | null>(
    "an object like { 0: 1, 1: 2.5 }",
    (given) => given === null || isPlainObject(given),
    null,
  ),
  sampleWeight: anything,
  stepsPerEpoch: count,
} satisfies Schema;

export const evaluateSchema = {
  ...runSchema,
  sampleWeight: anything,
  steps: count,
  returnDict: boolean({ default: false }),
} satisfies Schema;

export const predictSchema = { ...runSchema, steps: count } satisfies Schema;

export const onBatchSchema = {
  sampleWeight: anything,
  classWeight: fitSchema.classWeight,
  returnDict: boolean({ default: false }),
} satisfies Schema;

export const compileSchema = {
  optimizer: anything,
  loss: anything,
  lossWeights: anything,
  metrics: anything,
  weightedMetrics: anything,
  runEagerly: boolean({ default: false }),
  stepsPerExecution: integer({ default: 1, min: 1 }),
  jitCompile: flagOf<boolean | "auto">(
    'true, false or "auto"',
    (given) => given === "auto" || typeof given === "boolean",
    "auto",
  ),
} satisfies Schema;
