/**
 * Training, evaluation and prediction: what models add to layers. Every step is a transaction in a scope of its own,
 * so that nothing is left behind and an error changes nothing.
 * What is not here: how data is cut (`data.ts`), what losses and metrics belong to which output (`compiled.ts`), what
 * a model computes (its `call`).
 */
import { type CallbackModel, Callbacks, callbackList, type Logs } from "../callbacks/callback.ts";
import { History } from "../callbacks/history.ts";
import { ProgbarLogger, type Verbosity } from "../callbacks/progbar-logger.ts";
import { onDevice } from "../core/device.ts";
import { DTypeError, OptionError, ShapeError, show, VarveError } from "../core/errors.ts";
import { parseOptions, type ValuesOf } from "../core/options.ts";
import { inScope } from "../core/scope.ts";
import { formatShape, sizeOf } from "../core/shape.ts";
import { shapesDevice } from "../core/shapes-device.ts";
import type { SymbolicTensor } from "../core/symbolic.ts";
import { nest, Tensor } from "../core/tensor.ts";
import { isPlainObject, leaves, mapLeaves, type Structure } from "../core/tree.ts";
import { transaction, type Variable } from "../core/variable.ts";
import { warnOnce } from "../core/warn.ts";
import { allOrNothing, Layer } from "../layers/layer.ts";
import type { Metric } from "../metrics/metric.ts";
import { Mean } from "../metrics/reduction.ts";
import { add } from "../ops/elementwise/binary.ts";
import { differentiateVariables } from "../ops/grad.ts";
import { sum } from "../ops/reduce/sum.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import { resolveOptimizer } from "../optimizers/resolve.ts";
import { breathe } from "./breathe.ts";
import { CompiledLoss, CompiledMetrics, type LossLike, type MetricsLike, type PerOutput } from "./compiled.ts";
import {
  type Arrays,
  type Batch,
  type Batches,
  type BatchSource,
  batchesFrom,
  batchesOfSamples,
  Column,
  classWeights,
  inContext,
  isBatches,
  isSpentByReading,
  mapColumns,
  oneBatch,
  readSamples,
  type Samples,
  sliceSamples,
  weighSamples,
} from "./data.ts";
import { fittedShape } from "./inputs.ts";
import type { Done, Outcome, RecordedSteps } from "./recorded.ts";
import {
  type CompileOptions,
  compileSchema,
  type EvaluateOptions,
  evaluateSchema,
  type FitOptions,
  fitSchema,
  type OnBatchOptions,
  onBatchSchema,
  type PredictOptions,
  predictSchema,
} from "./run-options.ts";

interface Compiled {
  /** What `compile` was given. */
  readonly given: ValuesOf<typeof compileSchema>;
  readonly optimizer: Optimizer;
  readonly loss: CompiledLoss | undefined;
  readonly metrics: CompiledMetrics;
  readonly lossTracker: Mean;
}

type Mode = "train" | "test";

/** After so many steps their code is gone through again, which then takes less than a hundredth of the time. */
const mostStepsOfEra = 512;

/** What a step does beside its work. */
interface StepOptions {
  /** Whether metrics start anew with it. */
  readonly anew: boolean;
  /** Whether their results are wanted. */
  readonly wantsLogs: boolean;
}

/** What a model is made of at present. */
interface Structural {
  /** Its layers and weights, and what trains. */
  readonly parts: readonly unknown[];
  /** That in a few words. */
  readonly key: string;
  /** The properties of the layers. */
  readonly properties: readonly unknown[];
  readonly trainableWeights: readonly Variable[];
  readonly built: boolean;
}

/** How a round through data is run. */
interface Round {
  readonly source: BatchSource;
  readonly limit: number | null;
  readonly callbacks: Callbacks;
  readonly signal: AbortSignal | null;
  readonly where: string;
  readonly begin: "onTrainBatchBegin" | "onTestBatchBegin" | "onPredictBatchBegin";
  readonly end: "onTrainBatchEnd" | "onTestBatchEnd" | "onPredictBatchEnd";
  /** Does one step, and gives the logs where they are asked for. */
  step(make: () => Batch, wantsLogs: boolean): Logs | Promise<Logs>;
}

export abstract class Trainer extends Layer implements CallbackModel {
  /** Set it to true, in a callback, to end `fit` after the present step. */
  stopTraining = false;
  /** What happened in the last `fit`. */
  history: History | undefined = undefined;
  #compiled: Compiled | undefined;
  /** The run in progress, with its callbacks. */
  #running: { readonly what: string; readonly callbacks: Callbacks } | undefined;
  #tried = false;
  /** Steps that are repeated from recordings; there is none before the second step. */
  #recorded: RecordedSteps | undefined;
  /** Whether a step was done. */
  #stepped = false;
  #structure: Structural | undefined;
  /** Counts how often what steps take from outside may have changed, and the steps since. */
  #era = 0;
  #stepsOfEra = 0;
  /** Whether results of metrics are worked out by themselves, since no recording can hold them. */
  #logsApart = false;

  /** Writes the model into a file. */
  abstract save(path: string): Promise<void>;

  /** Writes the weights into a file. */
  abstract saveWeights(path: string): Promise<void>;

  /** The names by which data may be given; empty where not known. */
  abstract get inputNames(): readonly string[];

  /** The names of the outputs; empty where not known. */
  abstract get outputNames(): readonly string[];

  /** The symbolic inputs, where there are any. */
  protected abstract get knownInputs(): readonly SymbolicTensor[];

  /** The optimizer that `compile` was given. */
  get optimizer(): Optimizer | undefined {
    return this.#compiled?.optimizer;
  }

  /** Whether `compile` was called. */
  get compiled(): boolean {
    return this.#compiled !== undefined;
  }

  /** What `compile` was given, for files to keep; undefined before. @internal */
  get compileOptions(): Readonly<CompileOptions> | undefined {
    return this.#compiled?.given as CompileOptions | undefined;
  }

  /** The loss's mean, the metrics, and the means of the single losses. */
  get metrics(): readonly Metric[] {
    if (!this.#compiled) return [];
    const { lossTracker, metrics, loss } = this.#compiled;
    return [lossTracker, ...metrics.list, ...(loss?.trackers ?? [])];
  }

  /** Whether less or more of a metric is better, where that is known. */
  betterIs(name: string): "min" | "max" | undefined {
    const { loss, metrics } = this.#compiled ?? {};
    if (loss?.trackers.some((tracker) => tracker.name === name)) return "min";
    return metrics?.named().find((each) => each.name === name || each.metric.name === name)?.metric.direction;
  }

  /**
   * Says how to train: the optimizer, the losses, and what to measure. The weights stay as they are; a model that was
   * compiled before starts with a new optimizer and new metrics.
   *
   * Losses and metrics are named as Keras names them (also in camelCase), or given as objects or functions. Several
   * outputs have them in a list or by the outputs' names. Which layers train is read at every step, but the optimizer
   * keeps state for those that trained at first: compile again after changing `trainable`.
   *
   * @throws OptionError where a name is unknown, or losses or metrics do not fit the outputs.
   *
   * @example
   * ```ts
   * import { layers, sequential } from "varve";
   * const net = sequential([layers.dense({ units: 1, inputShape: [2] })]);
   * net.compile({ optimizer: "sgd", loss: "mse", metrics: ["mae"] });
   * net.optimizer.learningRate // => 0.01
   * ```
   */
  compile(options: CompileOptions = {}): void {
    const where = `${this.label}: compile`;
    const given = parseOptions(compileSchema, options, where);
    for (const [name, set] of [
      ["stepsPerExecution", given.stepsPerExecution !== 1],
      ["jitCompile", given.jitCompile === true],
    ] as const) {
      if (set)
        warnOnce(`compile: ${name} has no effect; every step is computed at once, by kernels compiled beforehand`);
    }
    const { optimizer, loss, metrics } = inContext(where, () => this.#resolve(given, where));
    this.#forget(optimizer);
    this.#compiled = { given, optimizer, loss, metrics, lossTracker: new Mean({ name: "loss" }) };
  }

  #resolve(given: ValuesOf<typeof compileSchema>, where: string): Omit<Compiled, "given" | "lossTracker"> {
    const names = this.outputNames;
    const loss =
      given.loss === null
        ? undefined
        : new CompiledLoss(
            given.loss as PerOutput<LossLike>,
            given.lossWeights as PerOutput<number> | null,
            names,
            where,
          );
    const metrics = new CompiledMetrics(
      given.metrics as MetricsLike | null,
      given.weightedMetrics as MetricsLike | null,
      names,
      where,
    );
    return { optimizer: resolveOptimizer(given.optimizer ?? "rmsprop"), loss, metrics };
  }

  /** Lets go of the metrics, and of the optimizer unless it is the one to keep. */
  #forget(kept?: Optimizer): void {
    for (const metric of this.metrics) metric.dispose();
    if (this.optimizer && this.optimizer !== kept) this.optimizer.dispose();
    this.#recorded?.dispose();
    this.#compiled = undefined;
  }

  #need(what: string): Compiled {
    return (
      this.#compiled ??
      (() => {
        throw new VarveError(
          `${this.label}: ${what}: compile the model first, as in model.compile({ optimizer: "adam", loss: "mse" })`,
        );
      })()
    );
  }

  /**
   * The loss of a batch: those of `compile`, and what layers add (regularizers, `addLoss`). A model with a loss of its
   * own overrides it.
   */
  protected computeLoss({ y, sampleWeight }: Batch, predictions: Structure<Tensor>, where: string): Tensor {
    const total = this.#compiled?.loss?.total(y, predictions, sampleWeight, where);
    const parts = [...(total ? [total] : []), ...this.losses.map((loss) => sum(loss))];
    if (parts.length === 0) {
      throw new OptionError(`${where}: there is no loss; name one in compile, as in compile({ loss: "mse" })`);
    }
    return parts.reduce((a, b) => add(a, b));
  }

  /** Makes the weights, where a layer still waits for data to know its input's shape. */
  #prepare(make: () => Batch): Structural {
    const made = this.#made();
    if (this.#tried || made.built) return made;
    inScope(() => {
      this.apply(make().x as Tensor, { training: false });
    }, false);
    this.#tried = true;
    return this.#made();
  }

  /** What the model is made of at present. It is asked before every step, and seldom something else. */
  #made(): Structural {
    const parts: unknown[] = [];
    const properties: unknown[] = [];
    this.survey(parts, properties);
    const known = this.#structure;
    const isKnown = known !== undefined && sameItems(known.parts, parts);
    if (isKnown && sameItems(known.properties, properties)) return known;
    this.#newEra();
    if (isKnown) {
      this.#structure = { ...known, properties };
      return this.#structure;
    }
    const key = parts.map((part) => (typeof part === "object" ? numberOf(part as object) : Number(part))).join();
    const built = isBuilt(this);
    this.#structure = { parts, key, properties, trainableWeights: this.trainableWeights, built };
    return this.#structure;
  }

  /** From now on, recorded steps are not repeated before their code was gone through again. */
  #newEra(): void {
    this.#era++;
    this.#stepsOfEra = 0;
  }

  /** One step; gives the logs where they are wanted. */
  #step(mode: Mode, make: () => Batch, where: string, { anew, wantsLogs }: StepOptions): Logs | Promise<Logs> {
    const { optimizer, metrics, lossTracker } = this.#need(mode);
    const made = this.#prepare(make);
    const trained = mode === "train" ? made.trainableWeights : [];
    if (mode === "train") {
      if (trained.length === 0) warnOnce(`${this.label} has no weights to train`);
      else optimizer.build(trained);
    }
    const inside = wantsLogs && !this.#logsApart;
    const eager = (batch: Batch, retell: (fn: () => void) => void): Done => {
      if (anew) this.resetMetrics();
      const run = () => {
        const predictions = this.apply(batch.x as Tensor, { training: mode === "train" }) as Structure<Tensor>;
        return { predictions, loss: this.computeLoss(batch, predictions, where) };
      };
      let result: ReturnType<typeof run>;
      let gradients: readonly Tensor[] = [];
      if (trained.length > 0) {
        ({ result, gradients } = differentiateVariables(run, ({ loss }) => loss, trained));
        retell(() => optimizer.apply(gradients, trained));
      } else result = run();
      lossTracker.updateState(result.loss, batch.size);
      metrics.update(batch.y, result.predictions, batch.sampleWeight, where);
      const named = inside ? this.#namedMetrics() : [];
      return {
        retoldInputs: gradients,
        results: named.map(({ metric }) => metric.result()),
        structure: named.map(({ name }) => name),
      };
    };
    const outcome = this.#repeat(
      `${mode}${anew ? " anew" : ""}${inside ? " with logs" : ""}`,
      made,
      make,
      (batch, retell) => {
        const state = [...this.weights, ...optimizer.variables, ...this.metrics.flatMap(({ variables }) => variables)];
        try {
          return transaction([...new Set(state)], () => eager(batch, retell));
        } finally {
          this.clearLosses();
        }
      },
      (gradients) => optimizer.apply(gradients, trained),
    );
    if (outcome.refused) this.#logsApart = true;
    if (!wantsLogs) return {};
    if (!inside) return this.#readLogs();
    const names = outcome.structure as readonly string[];
    if (!outcome.program) return readResults(names, outcome.results as readonly Tensor[]);
    const logs: Logs = {};
    for (const [index, { data, shape, dtype }] of outcome.program.results().entries()) {
      logs[names[index] as string] = nest(data, shape, dtype) as number;
    }
    return logs;
  }

  /**
   * Before every step: gets the code of metrics that are named, and what repeats steps, once there is a second one. The
   * first waits for no code that it does not need.
   */
  async #getReady(): Promise<void> {
    await this.#compiled?.metrics.getReady();
    if (!this.#stepped || this.#recorded || this.#compiled?.given.runEagerly) return;
    const { RecordedSteps } = await import("./recorded.ts");
    this.#recorded ??= new RecordedSteps();
  }

  /** Does a step, from a recording where there is one. */
  #repeat(
    mode: string,
    { key }: Structural,
    make: () => Batch,
    eager: (batch: Batch, retell: (fn: () => void) => void) => Done,
    retold: (inputs: readonly Tensor[]) => void,
  ): Outcome {
    this.#stepped = true;
    if (++this.#stepsOfEra > mostStepsOfEra) this.#newEra();
    return inScope(() => {
      const batch = make();
      if (!this.#recorded || this.#compiled?.given.runEagerly) {
        const { results, structure } = eager(batch, (fn) => fn());
        return { results, structure };
      }
      const tensors = leaves([batch.x, batch.y ?? [], batch.sampleWeight ?? []]) as Tensor[];
      const given = [...new Map(tensors.map((tensor) => [tensor.storage, tensor])).values()];
      const kind = tensors.map(
        (each) => `${each.dtype}${each.shape}@${given.findIndex((one) => one.storage === each.storage)}`,
      );
      const has = `${batch.y !== undefined}${batch.sampleWeight !== undefined}`;
      return this.#recorded.run({
        key: `${mode} ${kind.join(" ")} ${has} ${key}`,
        era: this.#era,
        given,
        eager: (retell) => eager(batch, retell),
        retold,
      });
    }, false);
  }

  /** All metrics by their names in logs. */
  #namedMetrics(): readonly { readonly name: string; readonly metric: Metric }[] {
    const { lossTracker, metrics, loss } = this.#need("metrics");
    const losses: Metric[] = [lossTracker, ...(loss?.trackers ?? [])];
    return [...losses.map((metric) => ({ name: metric.name, metric })), ...metrics.named()];
  }

  /** The results of all metrics by name, read from the device. */
  #readLogs(): Promise<Logs> {
    const named = this.#namedMetrics();
    return readResults(
      named.map(({ name }) => name),
      inScope(() => named.map(({ metric }) => metric.result()), false),
    );
  }

  /** Starts all metrics anew. */
  resetMetrics(): void {
    for (const metric of this.metrics) metric.reset();
  }

  /**
   * Keras's list: the loss, the single losses, then the metrics, which several outputs have by the alphabet. Where
   * there is only the loss it is a number.
   */
  #inOrder(logs: Logs): number | number[] {
    const trackers = (this.#compiled?.loss?.trackers ?? []).map(({ name }) => name);
    const rest = Object.keys(logs).filter((name) => name !== "loss" && !trackers.includes(name));
    if (trackers.length > 0) rest.sort();
    const values = ["loss", ...trackers, ...rest].map((name) => logs[name] as number);
    return values.length === 1 ? (values[0] as number) : values;
  }

  /** Goes through the data once, or as far as the limit. */
  async #round({ source, limit, callbacks, signal, where, begin, end, step }: Round): Promise<void> {
    source.start(limit !== null);
    if (callbacks.given) this.#newEra();
    for (let index = 0; limit === null || index < limit; index++) {
      signal?.throwIfAborted();
      let make = await source.next();
      if (!make && index === 0 && limit !== null) {
        // The last round took all there was.
        source.start(false);
        make = await source.next();
      }
      if (!make && index === 0) {
        throw new OptionError(
          `${where}: the data gave no batches; a generator can be gone through once, so give a function that makes one`,
        );
      }
      if (!make) {
        if (limit !== null) warnOnce(`${where}: the data ended after ${index} of ${limit} batches`);
        break;
      }
      await callbacks.run(begin, index);
      signal?.throwIfAborted();
      const wantsLogs = callbacks.wantsBatchLogs;
      await this.#getReady();
      const logs = await step(make, wantsLogs);
      await callbacks.run(end, index, logs);
      await breathe();
      if (begin === "onTrainBatchBegin" && this.stopTraining) break;
    }
    signal?.throwIfAborted();
  }

  /** Sees to it that callbacks hear of an error and that sources are closed. */
  async #guarded<R>(
    callbacks: Callbacks,
    sources: readonly (BatchSource | undefined)[],
    run: () => Promise<R>,
  ): Promise<R> {
    try {
      return await run();
    } catch (error) {
      await callbacks.run("onAbort", error);
      throw error;
    } finally {
      for (const source of sources) await source?.close();
    }
  }

  /**
   * Runs what uses the metrics. Two such runs at once would mix them, so the second is refused; only callbacks may
   * evaluate in between, and the metrics are then put back.
   */
  async #session<R>(
    what: string,
    callbacks: Callbacks,
    sources: readonly (BatchSource | undefined)[],
    run: () => Promise<R>,
  ): Promise<R> {
    const outer = this.#running;
    if (outer && (what === "fit" || !outer.callbacks.running)) {
      throw new VarveError(`${this.label}: ${what} was called while ${outer.what} is running; await it first`);
    }
    const state = outer ? this.metrics.flatMap(({ variables }) => variables) : [];
    const before = state.map((variable) => variable.snapshot());
    this.#running = { what, callbacks };
    try {
      return await this.#guarded(callbacks, sources, run);
    } finally {
      this.#running = outer;
      state.forEach((variable, index) => {
        variable.assign(before[index] as Tensor);
        before[index]?.release();
      });
    }
  }

  #callbacks(given: unknown, verbose: Verbosity, where: string, history?: History): Callbacks {
    const list = callbackList(given, where);
    const isGiven = list.length > 0;
    if (verbose !== 0) list.push(new ProgbarLogger(verbose));
    if (history) list.push(history);
    return new Callbacks(list, this, isGiven);
  }

  /** Refuses arrays that the inputs cannot take, before anything is done. */
  #checkInputs(x: unknown, where: string): void {
    const given = leaves(x) as (Column | Tensor)[];
    this.knownInputs.forEach((input, index) => {
      const each = given[index];
      if (each) fittedShape(each.shape, input, where);
    });
  }

  /**
   * Refuses targets and weights that the losses cannot take, those of all samples and before the first step. Only
   * shapes are worked out, but labels are looked at.
   */
  #checkTargets({ x, y, sampleWeight, size }: Samples, batchSize: number, where: string): void {
    const { loss } = this.#need("fit");
    if (!loss) return;
    const rows = Math.min(batchSize, size);
    const columns = new Map<Tensor, Column>();
    const standIn = (structure: unknown, length: number) =>
      mapColumns(structure, (column) => {
        const tensor = Tensor.allocate(shapesDevice, [length, ...column.shape.slice(1)], column.dtype);
        columns.set(tensor, column);
        return tensor;
      });
    const check = () => {
      let outputs: unknown;
      try {
        outputs = this.apply(standIn(x, rows) as Tensor, { training: false });
      } catch {
        // What is wrong with the inputs is for the step to say, and some models cannot be tried without values.
        return;
      }
      const all = mapLeaves(outputs, (leaf) => {
        const { shape, dtype } = leaf as Tensor;
        return shape[0] === rows ? Tensor.allocate(shapesDevice, [size, ...shape.slice(1)], dtype) : leaf;
      });
      const valuesOf = (target: Tensor) => (columns.get(target) as Column).data;
      const [targets, weights] = [standIn(y, size), standIn(sampleWeight, size)] as Structure<Tensor>[];
      try {
        loss.check(targets, all as Structure<Tensor>, weights, valuesOf, where);
      } catch (error) {
        if (error instanceof ShapeError || error instanceof OptionError || error instanceof DTypeError) throw error;
      }
    };
    // A model that these targets do not fit is not built for these inputs.
    allOrNothing(() => onDevice(shapesDevice, () => inScope(check, false)));
  }

  /** The batches of what was given as x and y. */
  async #source(
    given: { readonly x: unknown; readonly y?: unknown; readonly sampleWeight?: unknown },
    cutting: { readonly batchSize: number | null; readonly shuffle?: number | null | undefined },
    where: string,
    change?: (samples: Samples) => Samples,
    weigh?: (y: Column) => Column,
  ): Promise<BatchSource> {
    if (isBatches(given.x)) {
      for (const [name, value] of [
        ["y", given.y],
        ["sampleWeight", given.sampleWeight],
        ["batchSize", cutting.batchSize],
      ] as const) {
        if (value !== undefined && value !== null) {
          throw new OptionError(`${where}: ${name} comes with the batches when x gives batches; leave it out`);
        }
      }
      return batchesFrom(given.x, this, where, weigh);
    }
    let samples = await readSamples(given, this, where);
    this.#checkInputs(samples.x, where);
    if (change) samples = change(samples);
    if (weigh) samples = weighSamples(samples, weigh, where);
    const batchSize = cutting.batchSize ?? 32;
    if ("y" in given) this.#checkTargets(samples, batchSize, where);
    return batchesOfSamples(samples, { batchSize, shuffle: cutting.shuffle });
  }

  /**
   * Trains the model: goes through the data in batches, `epochs` times.
   *
   * The loss of an epoch is the mean over its samples, with the penalties of regularizers. Validation data is cut off
   * the end, before anything is shuffled. The program stays responsive meanwhile, and nothing has to be disposed;
   * tensors that batches bring along stay their maker's.
   *
   * With a `signal` that is aborted, `fit` ends between two steps and fails with the signal's reason; the weights stay
   * those of the last finished step. A step that fails changes nothing.
   *
   * @param x The samples: a tensor, an array or a typed array, a list or an object of these for several inputs; or
   *   batches: an iterable, also an asynchronous one, or a function that gives one for each epoch. A batch is
   *   `[x, y, sampleWeight?]` or `{ xs, ys, sampleWeight? }`.
   * @param y The targets; left out where `x` gives batches.
   * @param options See `FitOptions`.
   * @returns The history: `history.history.loss` has one number for each epoch, and so have metrics, and both with
   *   `val_` in front for the validation data.
   * @throws OptionError, ShapeError before any work where options or data do not fit.
   *
   * @example
   * ```ts
   * import { layers, sequential } from "varve";
   * const net = sequential([layers.dense({ units: 1, kernelInitializer: "zeros", inputShape: [1] })]);
   * net.compile({ optimizer: "sgd", loss: "mse" });
   * const { history } = await net.fit([[1], [2]], [[2], [4]], { epochs: 1, verbose: 0 });
   * history.loss // => [10]
   * ```
   */
  async fit(x: Batches, options?: FitOptions): Promise<History>;
  async fit(x: Arrays | Batches, y?: Arrays | null, options?: FitOptions): Promise<History>;
  async fit(x: unknown, second?: unknown, third?: FitOptions): Promise<History> {
    const where = `${this.label}: fit`;
    const [y, options] =
      isBatches(x) && third === undefined && isPlainObject(second) ? [undefined, second] : [second, third];
    const given = parseOptions(fitSchema, options, where);
    const { optimizer } = this.#need("fit");
    const { validationSplit, validationData, signal, classWeight } = given;
    if (isBatches(x)) {
      if (validationSplit > 0) {
        throw new OptionError(`${where}: validationSplit cuts arrays; give validationData when x gives batches`);
      }
      if (isSpentByReading(x) && given.epochs - given.initialEpoch > 1 && given.stepsPerEpoch === null) {
        throw new OptionError(
          `${where}: x is a generator, which can be gone through once, but there are ${given.epochs - given.initialEpoch} epochs; give the function that makes it, or stepsPerEpoch`,
        );
      }
    }
    const weigh = classWeight ? classWeights(classWeight, where) : undefined;
    let held: Samples | undefined;
    const source = await this.#source(
      { x, y, sampleWeight: given.sampleWeight },
      { batchSize: given.batchSize, shuffle: given.shuffle ? given.shuffleSeed : undefined },
      where,
      (samples) => {
        if (validationSplit === 0 || validationData !== null) return samples;
        const at = Math.floor(samples.size * (1 - validationSplit));
        if (at === 0 || at === samples.size) {
          throw new OptionError(
            `${where}: validationSplit ${validationSplit} of ${samples.size} samples leaves ${at === 0 ? "none to train on" : "none to validate on"}`,
          );
        }
        held = sliceSamples(samples, at, samples.size);
        return sliceSamples(samples, 0, at);
      },
      weigh,
    );
    const validation = await this.#validationSource(validationData, held, given, where);

    const history = new History();
    const callbacks = this.#callbacks(given.callbacks, given.verbose, where, history);
    signal?.throwIfAborted();
    return this.#session("fit", callbacks, [source, validation], async () => {
      this.#newEra();
      this.history = history;
      this.stopTraining = false;
      const { epochs, stepsPerEpoch } = given;
      callbacks.setParams({ epochs, steps: stepsPerEpoch ?? source.steps });
      await callbacks.run("onTrainBegin");
      let logs: Logs = {};
      for (let epoch = given.initialEpoch; epoch < epochs; epoch++) {
        this.resetMetrics();
        await callbacks.run("onEpochBegin", epoch);
        await this.#round({
          source,
          limit: stepsPerEpoch,
          callbacks,
          signal,
          where,
          begin: "onTrainBatchBegin",
          end: "onTrainBatchEnd",
          step: (make, wantsLogs) => this.#step("train", make, where, { anew: false, wantsLogs }),
        });
        callbacks.setParams({ epochs, steps: stepsPerEpoch ?? source.steps });
        logs = await this.#readLogs();
        if (validation && isDue(epoch, given.validationFreq)) {
          const results = await this.#test(validation, given.validationSteps, callbacks, signal, where);
          for (const [name, value] of Object.entries(results)) logs[`val_${name}`] = value;
        }
        await callbacks.run("onEpochEnd", epoch, logs);
        if (this.stopTraining) break;
      }
      optimizer.finalizeVariableValues(this.trainableWeights);
      await callbacks.run("onTrainEnd", logs);
      return history;
    });
  }

  async #validationSource(
    data: unknown,
    held: Samples | undefined,
    options: { readonly validationBatchSize: number | null; readonly batchSize: number | null },
    where: string,
  ): Promise<BatchSource | undefined> {
    const batchSize = options.validationBatchSize ?? options.batchSize;
    if (held) {
      this.#checkTargets(held, batchSize ?? 32, `${where}: validationSplit`);
      return batchesOfSamples(held, { batchSize: batchSize ?? 32 });
    }
    if (data === null) return undefined;
    const inside = `${where}: validationData`;
    if (isBatches(data)) return batchesFrom(data, this, inside);
    if (!Array.isArray(data) || data.length < 1 || data.length > 3) {
      throw new OptionError(`${where}: validationData is [x, y, sampleWeight?] or batches, got ${show(data)}`);
    }
    const [x, y, sampleWeight] = data;
    return this.#source({ x, y, sampleWeight }, { batchSize }, inside);
  }

  /** One evaluation: metrics from nothing, through the data, and their results. */
  async #test(
    source: BatchSource,
    limit: number | null,
    callbacks: Callbacks,
    signal: AbortSignal | null,
    where: string,
  ): Promise<Logs> {
    await callbacks.run("onTestBegin");
    this.resetMetrics();
    await this.#round({
      source,
      limit,
      callbacks,
      signal,
      where,
      begin: "onTestBatchBegin",
      end: "onTestBatchEnd",
      step: (make, wantsLogs) => this.#step("test", make, where, { anew: false, wantsLogs }),
    });
    const logs = await this.#readLogs();
    await callbacks.run("onTestEnd", logs);
    return logs;
  }

  /**
   * The loss and the metrics on data.
   *
   * @param x As in `fit`.
   * @param y As in `fit`.
   * @param options See `EvaluateOptions`.
   * @returns The loss; where there is more, a list of the loss, the losses of the single outputs, and the metrics; with
   *   `returnDict` all of them by name.
   *
   * @example
   * ```ts
   * import { layers, sequential } from "varve";
   * const net = sequential([layers.dense({ units: 1, kernelInitializer: "zeros", inputShape: [1] })]);
   * net.compile({ loss: "mse", metrics: ["mae"] });
   * await net.evaluate([[1], [2]], [[2], [4]], { verbose: 0 }) // => [10, 3]
   * ```
   */
  async evaluate(x: Batches, options: EvaluateOptions & { returnDict: true }): Promise<Logs>;
  async evaluate(x: Batches, options?: EvaluateOptions): Promise<number | number[]>;
  async evaluate(
    x: Arrays | Batches,
    y: Arrays | null | undefined,
    options: EvaluateOptions & { returnDict: true },
  ): Promise<Logs>;
  async evaluate(x: Arrays | Batches, y?: Arrays | null, options?: EvaluateOptions): Promise<number | number[]>;
  async evaluate(x: unknown, second?: unknown, third?: EvaluateOptions): Promise<number | number[] | Logs> {
    const where = `${this.label}: evaluate`;
    const [y, options] =
      isBatches(x) && third === undefined && isPlainObject(second) ? [undefined, second] : [second, third];
    const given = parseOptions(evaluateSchema, options, where);
    this.#need("evaluate");
    const source = await this.#source({ x, y, sampleWeight: given.sampleWeight }, given, where);
    const callbacks = this.#callbacks(given.callbacks, given.verbose, where);
    given.signal?.throwIfAborted();
    const logs = await this.#session("evaluate", callbacks, [source], () => {
      this.#newEra();
      callbacks.setParams({ epochs: 1, steps: given.steps ?? source.steps });
      return this.#test(source, given.steps, callbacks, given.signal, where);
    });
    return given.returnDict ? logs : this.#inOrder(logs);
  }

  /**
   * What the model gives for these samples, computed in batches. The result is yours to dispose.
   *
   * @param x The samples, as in `fit`; batches may be tensors alone.
   * @param options See `PredictOptions`.
   *
   * @example
   * ```ts
   * import { layers, sequential } from "varve";
   * const net = sequential([layers.dense({ units: 1, kernelInitializer: "ones", inputShape: [2] })]);
   * const y = await net.predict([[1, 2], [3, 4]], { verbose: 0 });
   * await y.array() // => [[3], [7]]
   * ```
   */
  async predict(x: Arrays | Batches, options?: PredictOptions): Promise<Tensor>;
  /** Where the outputs are a list or an object, say so: `model.predict<[Tensor, Tensor]>(x)`. */
  async predict<R extends Structure<Tensor>>(x: Arrays | Batches, options?: PredictOptions): Promise<R>;
  async predict(x: unknown, options?: PredictOptions): Promise<unknown> {
    const where = `${this.label}: predict`;
    const given = parseOptions(predictSchema, options, where);
    const source = await this.#source({ x }, given, where);
    const callbacks = this.#callbacks(given.callbacks, given.verbose, where);
    given.signal?.throwIfAborted();
    const parts: Column[][] = [];
    let structure: unknown;
    await this.#guarded(callbacks, [source], async () => {
      callbacks.setParams({ epochs: 1, steps: given.steps ?? source.steps });
      await callbacks.run("onPredictBegin");
      await this.#round({
        source,
        limit: given.steps,
        callbacks,
        signal: given.signal,
        where,
        begin: "onPredictBatchBegin",
        end: "onPredictBatchEnd",
        step: async (make) => {
          const { results, structure: given, program } = this.#predict(make);
          structure = given;
          if (program) {
            parts.push(program.results().map(({ data, shape, dtype }) => new Column(data, shape, dtype)));
            return {};
          }
          const tensors = results as Tensor[];
          try {
            parts.push(
              await Promise.all(
                tensors.map(async (tensor) => new Column(await tensor.data(), tensor.shape, tensor.dtype)),
              ),
            );
          } finally {
            for (const tensor of tensors) tensor.dispose();
          }
          return {};
        },
      });
      await callbacks.run("onPredictEnd");
    });
    let place = 0;
    return mapLeaves(structure, () => {
      const columns = parts.map((batch) => batch[place] as Column);
      place++;
      return joined(columns, where);
    });
  }

  /** One step of prediction. */
  #predict(make: () => Batch): Outcome {
    return this.#repeat(
      "predict",
      this.#made(),
      make,
      ({ x }) => {
        const outputs = this.#forward(x as Tensor);
        return { results: leaves(outputs) as Tensor[], structure: mapLeaves(outputs, () => null) };
      },
      () => {},
    );
  }

  /** What the model gives, without its masks, which nobody would dispose. */
  #forward(x: Tensor): Structure<Tensor> {
    const outputs = inScope(() => {
      const given = this.apply(x, { training: false }) as Structure<Tensor>;
      return mapLeaves(given, (leaf) => (leaf as Tensor).hold());
    }, false);
    this.clearLosses();
    return outputs as Structure<Tensor>;
  }

  /** The tensors of one batch. */
  async #oneBatch(
    given: { x: unknown; y?: unknown; sampleWeight?: unknown },
    where: string,
    weigh?: (y: Column) => Column,
  ): Promise<() => Batch> {
    const make = await oneBatch(given, this, where, weigh);
    return () => {
      const batch = make();
      this.#checkInputs(batch.x, where);
      return batch;
    };
  }

  async #onBatch(
    mode: Mode,
    x: unknown,
    y: unknown,
    options: OnBatchOptions | undefined,
  ): Promise<number | number[] | Logs> {
    const name = `${mode}OnBatch`;
    const where = `${this.label}: ${name}`;
    const { sampleWeight, classWeight, returnDict } = parseOptions(onBatchSchema, options, where);
    this.#need(name);
    const weigh = classWeight ? classWeights(classWeight, where) : undefined;
    const make = await this.#oneBatch({ x, y, sampleWeight }, where, weigh);
    await this.#getReady();
    const logs = await this.#session(name, new Callbacks([], this), [], async () =>
      this.#step(mode, make, where, { anew: true, wantsLogs: true }),
    );
    // Whoever calls this in a loop has the rest of the program wait no longer than `fit` does.
    await breathe();
    return returnDict ? logs : this.#inOrder(logs);
  }

  /**
   * One training step on one batch. Gives the loss, and metrics, as `evaluate` does, from before the step.
   *
   * @example
   * ```ts
   * import { layers, sequential } from "varve";
   * const net = sequential([layers.dense({ units: 1, kernelInitializer: "zeros", inputShape: [1] })]);
   * net.compile({ optimizer: "sgd", loss: "mse" });
   * await net.trainOnBatch([[1]], [[2]]) // => 4
   * ```
   */
  async trainOnBatch(
    x: Arrays,
    y: Arrays | null | undefined,
    options: OnBatchOptions & { returnDict: true },
  ): Promise<Logs>;
  async trainOnBatch(x: Arrays, y?: Arrays | null, options?: OnBatchOptions): Promise<number | number[]>;
  async trainOnBatch(x: Arrays, y?: Arrays | null, options?: OnBatchOptions): Promise<number | number[] | Logs> {
    return this.#onBatch("train", x, y, options);
  }

  /** The loss and the metrics on one batch. */
  async testOnBatch(
    x: Arrays,
    y: Arrays | null | undefined,
    options: OnBatchOptions & { returnDict: true },
  ): Promise<Logs>;
  async testOnBatch(x: Arrays, y?: Arrays | null, options?: OnBatchOptions): Promise<number | number[]>;
  async testOnBatch(x: Arrays, y?: Arrays | null, options?: OnBatchOptions): Promise<number | number[] | Logs> {
    return this.#onBatch("test", x, y, options);
  }

  /** What the model gives for one batch. */
  async predictOnBatch<R extends Structure<Tensor> = Tensor>(x: Arrays): Promise<R> {
    const make = await this.#oneBatch({ x }, `${this.label}: predictOnBatch`);
    await this.#getReady();
    const { results, structure, program } = this.#predict(make);
    const outputs =
      results ?? program?.results().map(({ data, shape, dtype }) => new Column(data, shape, dtype).toTensor());
    await breathe();
    let place = 0;
    return mapLeaves(structure, () => outputs?.[place++]) as R;
  }

  /** Gives the memory of the weights, the optimizer and the metrics back. */
  override dispose(): void {
    super.dispose();
    this.#forget();
  }
}

const numbers = new WeakMap<object, number>();
let numbered = 0;

/** A number for each layer and weight, to tell them apart. */
function numberOf(thing: object): number {
  let number = numbers.get(thing);
  if (number === undefined) {
    number = numbered++;
    numbers.set(thing, number);
  }
  return number;
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (!Object.is(a[index], b[index])) return false;
  return true;
}

/** Reads the results of metrics, which are then given back. */
async function readResults(names: readonly string[], results: readonly Tensor[]): Promise<Logs> {
  const logs: Logs = {};
  try {
    for (const [index, result] of results.entries()) {
      logs[names[index] as string] = result.device.synchronous ? result.arraySync() : await result.array();
    }
  } finally {
    for (const result of results) result.dispose();
  }
  return logs;
}

function isBuilt(layer: Layer): boolean {
  return layer.built && layer.sublayers.every(isBuilt);
}

function isDue(epoch: number, frequency: number | readonly number[]): boolean {
  return typeof frequency === "number" ? (epoch + 1) % frequency === 0 : frequency.includes(epoch + 1);
}

/** The batches' results one after another, as one tensor. */
function joined(columns: readonly Column[], where: string): Tensor {
  const [first] = columns as [Column];
  const sample = first.shape.slice(1);
  const other = columns.find(({ shape }) => String(shape.slice(1)) !== String(sample));
  if (other) {
    throw new ShapeError(
      `${where}: batches gave ${formatShape(first.shape)} and ${formatShape(other.shape)}, which do not make one tensor`,
    );
  }
  if (columns.length === 1) return first.toTensor();
  const shape = [columns.reduce((total, { length }) => total + length, 0), ...sample];
  const data = new (first.data.constructor as new (length: number) => Column["data"])(sizeOf(shape));
  let at = 0;
  for (const column of columns) {
    data.set(column.data, at);
    at += column.data.length;
  }
  return new Column(data, shape, first.dtype).toTensor();
}
