/**
 * Callbacks: what is to happen at the turns of training, evaluation and prediction besides the steps themselves.
 * `Callback` is the base class with all hooks, `Callbacks` runs several as one. What a callback sees of the model is
 * `CallbackModel`; models stand above this folder and implement it.
 */
import { defineOptions, type Given, maker } from "../core/configurable.ts";
import { didYouMean, OptionError, show } from "../core/errors.ts";
import { type OptionsOf, parseOptions, type Schema, type ValuesOf } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import { isPlainObject } from "../core/tree.ts";
import type { TensorLike } from "../ops/op.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";

/**
 * The loss and the metrics by name, as averages of the epoch so far. A metric with several results (F1 by class) has a
 * list there.
 */
export type Logs = Record<string, number>;

/** What a callback sees of the model. */
export interface CallbackModel {
  readonly name: string;
  readonly optimizer: Optimizer | undefined;
  /** Set it to true to end training after this step. */
  stopTraining: boolean;
  getWeights(): Tensor[];
  setWeights(values: readonly TensorLike[]): void;
  /** Writes the model into a file. */
  save(path: string): Promise<void>;
  /** Writes the weights into a file. */
  saveWeights(path: string): Promise<void>;
  /** Whether less or more of a metric is better, where that is known. */
  betterIs(metric: string): "min" | "max" | undefined;
}

/** What is being run. */
export interface CallbackParams {
  /** How many epochs there will be at most. */
  readonly epochs: number;
  /** How many steps an epoch, evaluation or prediction has; undefined where nobody knows. */
  readonly steps: number | undefined;
}

type Done = void | Promise<void>;

/** All hooks. Whatever returns a promise is awaited. */
export interface CallbackHooks {
  onTrainBegin(logs?: Logs): Done;
  onTrainEnd(logs: Logs): Done;
  onEpochBegin(epoch: number): Done;
  /** What is added to `logs` here comes into the history. */
  onEpochEnd(epoch: number, logs: Logs): Done;
  onTrainBatchBegin(batch: number): Done;
  onTrainBatchEnd(batch: number, logs: Logs): Done;
  onTestBegin(): Done;
  onTestEnd(logs: Logs): Done;
  onTestBatchBegin(batch: number): Done;
  onTestBatchEnd(batch: number, logs: Logs): Done;
  onPredictBegin(): Done;
  onPredictEnd(): Done;
  onPredictBatchBegin(batch: number): Done;
  onPredictBatchEnd(batch: number): Done;
  /** In place of `onTrainEnd`, `onTestEnd` or `onPredictEnd` where an error or an AbortSignal came first. */
  onAbort(error: unknown): Done;
}

/**
 * The base of all callbacks: every hook is there and does nothing. Epochs and batches count from 0.
 *
 * @example
 * ```ts
 * import { callbacks } from "varve";
 * class Lowest extends callbacks.Callback {
 *   loss = Infinity;
 *   onEpochEnd(epoch, logs) {
 *     this.loss = Math.min(this.loss, logs.loss);
 *   }
 * }
 * new Lowest().loss // => Infinity
 * ```
 */
export class Callback implements CallbackHooks {
  /** The model; set before the first hook. */
  model!: CallbackModel;
  /** What is being run; set before the first hook. */
  params: CallbackParams = { epochs: 1, steps: undefined };

  setModel(model: CallbackModel): void {
    this.model = model;
  }

  setParams(params: CallbackParams): void {
    this.params = params;
  }

  /** Asked before every step: whether its logs will be looked at. Reading them from the device takes time. */
  wantsBatchLogs(): boolean {
    return (
      this.onTrainBatchEnd !== Callback.prototype.onTrainBatchEnd ||
      this.onTestBatchEnd !== Callback.prototype.onTestBatchEnd
    );
  }

  onTrainBegin(_logs?: Logs): Done {}
  onTrainEnd(_logs: Logs): Done {}
  onEpochBegin(_epoch: number): Done {}
  onEpochEnd(_epoch: number, _logs: Logs): Done {}
  onTrainBatchBegin(_batch: number): Done {}
  onTrainBatchEnd(_batch: number, _logs: Logs): Done {}
  onTestBegin(): Done {}
  onTestEnd(_logs: Logs): Done {}
  onTestBatchBegin(_batch: number): Done {}
  onTestBatchEnd(_batch: number, _logs: Logs): Done {}
  onPredictBegin(): Done {}
  onPredictEnd(): Done {}
  onPredictBatchBegin(_batch: number): Done {}
  onPredictBatchEnd(_batch: number): Done {}
  onAbort(_error: unknown): Done {}
}

/**
 * Makes the base class of a callback from its name and its options, which become properties.
 */
/* @__NO_SIDE_EFFECTS__ */
export function callback<const S extends Schema>(
  className: string,
  schema: S,
): abstract new (
  ...args: Given<OptionsOf<S>>
) => Callback & ValuesOf<S> {
  abstract class Named extends Callback {
    constructor(options?: unknown) {
      super();
      defineOptions(this, schema, parseOptions(schema, options, className));
    }
  }
  return Named as never;
}

const hookNames = Object.getOwnPropertyNames(Callback.prototype).filter((name) => name.startsWith("on"));

/** Keras's older names of hooks, which TensorFlow.js has too. */
const otherHookNames: Readonly<Record<string, string>> = {
  onBatchBegin: "onTrainBatchBegin",
  onBatchEnd: "onTrainBatchEnd",
};

/**
 * A callback made of functions. `onBatchBegin` and `onBatchEnd` are those of training batches, as in TensorFlow.js.
 *
 * @example
 * ```ts
 * import { callbacks } from "varve";
 * const losses = [];
 * const collect = callbacks.lambdaCallback({ onEpochEnd: (epoch, logs) => losses.push(logs.loss) });
 * await collect.onEpochEnd(0, { loss: 0.5 });
 * losses // => [0.5]
 * ```
 */
export class LambdaCallback extends Callback {
  constructor(hooks: Partial<CallbackHooks> = {}) {
    super();
    for (const [given, hook] of Object.entries(hooks)) {
      const name = otherHookNames[given] ?? given;
      if (!hookNames.includes(name)) {
        throw new OptionError(`LambdaCallback: there is no hook "${given}"; ${didYouMean(given, hookNames)}`);
      }
      if (hook === undefined) continue;
      if (typeof hook !== "function") {
        throw new OptionError(`LambdaCallback: hook "${given}" must be a function, got ${show(hook)}`);
      }
      Object.defineProperty(this, name, { value: hook });
    }
  }
}

/** Makes a `LambdaCallback`. */
export const lambdaCallback = maker(LambdaCallback);

/** A callback, or an object with some hooks. */
export type CallbackLike = Callback | Partial<CallbackHooks>;

/** Several callbacks as one. */
export class Callbacks {
  readonly list: readonly Callback[];
  /** Whether some of them were given, rather than added to every run. */
  readonly given: boolean;
  /** Whether a hook is being called just now. */
  running = false;

  constructor(list: readonly Callback[], model: CallbackModel, given = list.length > 0) {
    this.list = list;
    this.given = given;
    for (const callback of list) callback.setModel(model);
  }

  setParams(params: CallbackParams): void {
    for (const callback of this.list) callback.setParams(params);
  }

  get wantsBatchLogs(): boolean {
    // Every one is asked: some prepare for the logs.
    return this.list.map((callback) => callback.wantsBatchLogs()).includes(true);
  }

  /** Calls one hook of all, in order, awaiting each that takes its time. */
  async run<H extends keyof CallbackHooks>(hook: H, ...args: Parameters<CallbackHooks[H]>): Promise<void> {
    this.running = true;
    try {
      for (const callback of this.list) {
        const done = (callback[hook] as (...args: unknown[]) => Done).apply(callback, args);
        if (done) await done;
      }
    } finally {
      this.running = false;
    }
  }
}

/** What was given as callbacks, as a list of them. */
export function callbackList(given: unknown, where: string): Callback[] {
  if (given === undefined || given === null) return [];
  const list = Array.isArray(given) ? given : [given];
  return list.map((each) => {
    if (each instanceof Callback) return each;
    if (isPlainObject(each)) return new LambdaCallback(each as Partial<CallbackHooks>);
    throw new OptionError(
      `${where}: callbacks are made by callbacks.earlyStopping() and the like, or objects with hooks like { onEpochEnd(epoch, logs) {} }; got ${show(each)}`,
    );
  });
}
