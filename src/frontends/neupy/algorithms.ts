/**
 * `algorithms.*`: training a network. Each is one of Varve's optimizers with NeuPy's names and defaults; the steps, the
 * batches and the losses are those of the Keras model that the network becomes.
 */
import type { Given } from "../../core/configurable.ts";
import { OptionError, VarveError } from "../../core/errors.ts";
import {
  boolean,
  integer,
  number,
  type Option,
  type OptionsOf,
  parseOptions,
  type Schema,
  type ValuesOf,
} from "../../core/options.ts";
import { Tensor } from "../../core/tensor.ts";
import { isPlainObject } from "../../core/tree.ts";
import type { Arrays } from "../../models/data.ts";
import type { Functional } from "../../models/functional.ts";
import { reshape } from "../../ops/movement/reshape.ts";
import { Adadelta as KerasAdadelta } from "../../optimizers/adadelta.ts";
import { Adagrad as KerasAdagrad } from "../../optimizers/adagrad.ts";
import { Adam as KerasAdam } from "../../optimizers/adam.ts";
import { Adamax as KerasAdamax } from "../../optimizers/adamax.ts";
import { learningRate, type Optimizer, type Rate, type SlotGroup } from "../../optimizers/optimizer.ts";
import { RMSprop as KerasRMSprop } from "../../optimizers/rmsprop.ts";
import { SGD } from "../../optimizers/sgd.ts";
import { LayerConnectionError } from "./errors.ts";
import { join, LayerGraph, type NetworkLike } from "./graph.ts";
import { type LossFunction, type LossName, lossNames, lossOf, type NetworkRegularizer } from "./losses.ts";
import { callable, functionOr, kind } from "./options.ts";
import { type Chart, type ErrorEntry, errorsChart } from "./plot.ts";
import type { LayerShape } from "./shapes.ts";

export { defineRegularizer, l1, l2, maxnorm } from "./losses.ts";

/** Thrown by a signal, it ends training after the present epoch, and `train` returns as usual. */
export class StopTraining extends VarveError {
  override name = "StopTraining";
}

/** What is called when an epoch has ended. */
export type Signal = (optimizer: GradientDescent) => void;

const fraction = (byDefault: number) => number({ default: byDefault, min: 0, max: 1 });
const epsilon = number({ default: 1e-7, min: 0 });

const algorithmSchema = {
  /** The loss: "mse" (default), "mae", "rmse", "msle", "rmsle", "binary_crossentropy", "categorical_crossentropy", "binary_hinge", "categorical_hinge", or a function of what was expected and what was predicted. */
  loss: functionOr<LossFunction, LossName, { readonly default: "mse" }>(
    lossNames,
    "what was expected and what was predicted",
    { default: "mse" },
  ),
  /** How many samples make a step; null for all at once. Default 128. */
  batchSize: integer({ default: 128, min: 1, nullable: true }) as Option<number | null, number | null, false>,
  /** The learning rate, or a schedule of it. */
  step: learningRate(0.1),
  /** Whether samples are shuffled before every epoch. Default false. */
  shuffleData: boolean({ default: false }),
  /** Whether errors are printed. Default false. */
  verbose: boolean({ default: false }),
  /** With `verbose`: errors are printed every so many epochs. Default 1. */
  showEpoch: integer({ default: 1, min: 1 }),
  /** A penalty added to the loss, such as `algorithms.l2()`. Default null: none. */
  regularizer: kind<NetworkRegularizer | null, { readonly default: null }>(
    { default: null },
    "a function, as algorithms.l2() gives",
    (given, refuse) =>
      given === null || typeof given === "function" ? (given as NetworkRegularizer | null) : refuse(),
  ),
  /** A function, or several, called with the algorithm when an epoch has ended. Default null: none. */
  signals: kind<Signal | readonly Signal[] | null, { readonly default: null }>(
    { default: null },
    "a function, or a list of them",
    (given, refuse) => {
      const list = given === null ? [] : Array.isArray(given) ? given : [given];
      return list.every((each) => typeof each === "function") ? (list as Signal[]) : refuse();
    },
  ),
} satisfies Schema;

/** What `train` takes behind the data. */
export interface TrainOptions {
  /** How often the data is gone through. Default 100. */
  readonly epochs?: number | undefined;
  /** Default: the algorithm's. */
  readonly batchSize?: number | null | undefined;
}

const trainSchema = { epochs: integer({ default: 100, min: 1 }), batchSize: algorithmSchema.batchSize };

/** Errors in the order in which they were measured. */
export interface Errors {
  /** One for each update, from before it. */
  readonly train: number[];
  /** One for each epoch with validation data. */
  readonly valid: number[];
}

function rankOf(data: unknown): number {
  if (data instanceof Tensor) return data.rank;
  if (ArrayBuffer.isView(data)) return 1;
  let rank = 0;
  for (let row = data; Array.isArray(row); row = row[0]) rank++;
  return rank;
}

/** Data of one axis too few: a column of single numbers, or one sample. Anything else stays as it is. */
function withAllAxes(data: unknown, shape: LayerShape): unknown {
  if (!shape || rankOf(data) + 1 !== shape.length) return data;
  const isColumn = shape.length === 2 && shape[1] === 1;
  if (data instanceof Tensor) return reshape(data, isColumn ? [-1, 1] : [1, ...data.shape]);
  const list = Array.from(data as ArrayLike<unknown>);
  return isColumn ? list.map((value) => [value]) : [list];
}

class GradientDescentAlgorithm {
  /** The NeuPy class name. */
  static readonly className: string = "GradientDescent";
  static readonly schema: Schema = algorithmSchema;

  declare readonly loss: LossName | LossFunction;
  declare readonly batchSize: number | null;
  declare readonly step: Rate;
  declare readonly shuffleData: boolean;
  declare readonly verbose: boolean;
  declare readonly showEpoch: number;
  declare readonly regularizer: NetworkRegularizer | null;
  declare readonly signals: readonly Signal[];

  readonly network: LayerGraph;
  /** The Keras model that is trained; its weights are the network's variables. */
  readonly model: Functional;
  /** What was measured so far. */
  readonly errors: Errors = { train: [], valid: [] };
  /** The number of the last epoch; the next `train` goes on counting. */
  lastEpoch = 0;
  /** How many updates were made. */
  nUpdatesMade = 0;
  readonly #entries: ErrorEntry[] = [];

  constructor(network: NetworkLike, options?: OptionsOf<typeof algorithmSchema>) {
    const { className, schema } = new.target;
    const values = parseOptions(schema, options, className);
    Object.assign(this, values, { signals: values.signals ?? [] });
    this.network = network instanceof LayerGraph ? network : join(network);
    const outputs = this.network.outputLayers;
    if (outputs.length !== 1) {
      throw new LayerConnectionError(
        `${className}: a network to be trained has one output layer, this one has ${outputs.length}: ${this.network}`,
      );
    }
    const { regularizer } = this;
    this.model = this.network.toModel({ penalty: regularizer ? () => regularizer(this.network) : undefined });
    this.model.compile({ optimizer: this.makeOptimizer(), loss: lossOf(this.loss) });
  }

  /** The optimizer of Varve. */
  protected makeOptimizer(): Optimizer {
    return new SGD({ learningRate: this.step });
  }

  #input(x: unknown): Arrays {
    const shapes = this.network.inputLayers.map(({ inputShape }) => inputShape);
    if (isPlainObject(x)) return x as Arrays;
    if (shapes.length === 1) return withAllAxes(x, shapes[0] as LayerShape) as Arrays;
    if (!Array.isArray(x) || x.length !== shapes.length) {
      throw new OptionError(`the network has ${shapes.length} input layers; give a list of as many inputs`);
    }
    return x.map((each, index) => withAllAxes(each, shapes[index] as LayerShape)) as Arrays;
  }

  #target(y: unknown): Arrays {
    return withAllAxes(y, this.network.outputShape as LayerShape) as Arrays;
  }

  #batch(batchSize: number | null): number {
    return batchSize ?? Number.MAX_SAFE_INTEGER;
  }

  /**
   * Trains the network: goes through the data in batches, `epochs` times. Errors are kept in `errors`: one for each
   * update, and with test data one for each epoch.
   *
   * @param xTrain The samples; for several input layers a list, or an object by their names.
   * @param yTrain The targets.
   * @param xTest Samples to measure the error on after each epoch; with `yTest`, or neither.
   * @throws OptionError where only one of both is given.
   *
   * @example
   * ```ts
   * import { algorithms, Input, join, Linear } from "varve/neupy";
   * const network = join(Input(1), Linear(1, { weight: 0 }));
   * const optimizer = algorithms.GradientDescent(network, { step: 0.1, batchSize: null });
   * await optimizer.train([[1], [2]], [[2], [4]], { epochs: 100 });
   * [optimizer.errors.train[0], optimizer.errors.train.length] // => [10, 100]
   * ```
   */
  async train(xTrain: Arrays, yTrain: Arrays, options?: TrainOptions): Promise<this>;
  async train(
    xTrain: Arrays,
    yTrain: Arrays,
    xTest: Arrays | null | undefined,
    yTest: Arrays | null | undefined,
    options?: TrainOptions,
  ): Promise<this>;
  async train(...args: readonly unknown[]): Promise<this> {
    const last = args.at(-1);
    const named = args.length > 2 && isPlainObject(last) && Object.keys(last).every((name) => name in trainSchema);
    const [xTrain, yTrain, xTest, yTest] = named ? args.slice(0, -1) : args;
    const where = `${(this.constructor as typeof GradientDescentAlgorithm).className}: train`;
    const given = parseOptions(trainSchema, { batchSize: this.batchSize, ...(named ? last : {}) }, where);
    const [noX, noY] = [xTest ?? null, yTest ?? null].map((each) => each === null);
    if (noX !== noY) {
      throw new OptionError(
        `${where}: xTest and yTest are given together or not at all; ${noX ? "xTest" : "yTest"} is missing`,
      );
    }
    const first = this.lastEpoch + 1;
    let shown = 0;
    let began = 0;
    const batchSize = this.#batch(given.batchSize);
    await this.model.fit(this.#input(xTrain), this.#target(yTrain), {
      epochs: given.epochs,
      batchSize,
      shuffle: this.shuffleData,
      verbose: 0,
      ...(noX ? {} : { validationData: [this.#input(xTest), this.#target(yTest)], validationBatchSize: batchSize }),
      callbacks: {
        onEpochBegin: () => {
          this.lastEpoch++;
          began = Date.now();
        },
        // The loss that a batch reports is then its own, not the mean of the epoch so far.
        onTrainBatchBegin: () => this.model.resetMetrics(),
        onTrainBatchEnd: (_batch, { loss }) => {
          this.nUpdatesMade++;
          this.#record("train", loss as number);
        },
        onEpochEnd: (_epoch, { val_loss: valid }) => {
          if (valid !== undefined) this.#record("valid", valid);
          if (this.verbose && (this.lastEpoch === first || this.lastEpoch % this.showEpoch === 0)) {
            this.#print(Date.now() - began);
            shown = this.lastEpoch;
          }
          this.#signal();
        },
        onTrainEnd: () => {
          if (this.verbose && shown !== this.lastEpoch) this.#print(Date.now() - began);
        },
      },
    });
    return this;
  }

  /** Another name of `train`. */
  fit: GradientDescentAlgorithm["train"] = this.train;

  #record(name: "train" | "valid", value: number): void {
    this.errors[name].push(value);
    this.#entries.push({ name, value, epoch: this.lastEpoch, nUpdates: this.nUpdatesMade });
  }

  #print(milliseconds: number): void {
    const last = (name: "train" | "valid") => {
      const entry = this.#entries.findLast((each) => each.name === name && each.epoch === this.lastEpoch);
      return entry ? [`${name}: ${entry.value.toFixed(6)}`] : [];
    };
    console.log(`#${this.lastEpoch} : [${milliseconds} ms] ${[...last("train"), ...last("valid")].join(", ")}`);
  }

  #signal(): void {
    try {
      for (const signal of this.signals) signal(this as unknown as GradientDescent);
    } catch (error) {
      if (!(error instanceof StopTraining)) throw error;
      this.model.stopTraining = true;
    }
  }

  /** What the network gives for these samples. The result is yours to dispose. */
  async predict(x: Arrays, { batchSize = this.batchSize }: Omit<TrainOptions, "epochs"> = {}): Promise<Tensor> {
    return this.model.predict(this.#input(x), { batchSize: this.#batch(batchSize), verbose: 0 });
  }

  /** The loss on these samples, as at inference. */
  async score(x: Arrays, y: Arrays): Promise<number> {
    const options = { batchSize: this.#batch(this.batchSize), verbose: 0 } as const;
    return (await this.model.evaluate(this.#input(x), this.#target(y), options)) as number;
  }

  /**
   * The errors as a plot: a Vega-Lite chart of all updates, and of the epochs. Draw it with that library
   * (`new vega.View(vega.parse(vegaLite.compile(chart).spec)).toSVG()`), or paste it into any page that shows such charts.
   *
   * @param options `logx`: whether the axis of updates and epochs is logarithmic. Default false.
   */
  plotErrors({ logx = false }: { readonly logx?: boolean } = {}): Chart {
    if (this.#entries.length === 0) throw new OptionError("plotErrors: there is nothing to plot yet; train first");
    return errorsChart(this.#entries, logx);
  }

  /** Gives the memory of the optimizer's state back; the network's variables stay. */
  dispose(): void {
    this.model.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  toString(): string {
    return `${(this.constructor as typeof GradientDescentAlgorithm).className}(${this.network})`;
  }
}

/** Makes the class of an algorithm from its NeuPy name, its options beyond those of all, and its optimizer. */
/* @__NO_SIDE_EFFECTS__ */
function algorithm<const S extends Schema>(
  className: string,
  own: S,
  make: (options: ValuesOf<S> & { readonly step: Rate }) => Optimizer,
) {
  const schema = { ...algorithmSchema, ...own };
  const Named = class extends GradientDescentAlgorithm {
    static override readonly className = className;
    static override readonly schema = schema;

    protected override makeOptimizer(): Optimizer {
      return make(this as unknown as ValuesOf<S> & { readonly step: Rate });
    }
  };
  type O = OptionsOf<Omit<typeof algorithmSchema, keyof S> & S>;
  return callable(
    Named as unknown as new (
      network: NetworkLike,
      ...options: Given<O>
    ) => GradientDescentAlgorithm & ValuesOf<S>,
  );
}

/**
 * Gradient descent: x ← x − step · g.
 *
 * @example
 * ```ts
 * import { algorithms, Input, Sigmoid } from "varve/neupy";
 * const optimizer = algorithms.GradientDescent([Input(2), Sigmoid(3), Sigmoid(1)], { batchSize: 1, step: 0.5 });
 * await optimizer.train([[1, 2], [3, 4]], [[1], [0]], { epochs: 3 });
 * optimizer.nUpdatesMade // => 6
 * ```
 */
export const GradientDescent = /* @__PURE__ */ callable(GradientDescentAlgorithm);
export type GradientDescent = GradientDescentAlgorithm;

/** Gradient descent with momentum (0.9 unless said), or Nesterov's. */
export const Momentum = /* @__PURE__ */ algorithm(
  "Momentum",
  {
    /** How much of the last step goes into the next. Default 0.9. */
    momentum: fraction(0.9),
    /** Whether to use Nesterov's momentum. Default false. */
    nesterov: boolean({ default: false }),
  },
  ({ step, momentum, nesterov }) => new SGD({ learningRate: step, momentum, nesterov }),
);

/** The mean square that steps are divided by begins at 1, as TensorFlow 1 has it, so that first steps are small. */
class FromOne extends KerasRMSprop {
  protected override slots(): readonly SlotGroup[] {
    return super.slots().map((group) => ("v" in group ? { ...group, v: { name: "velocity", initial: 1 } } : group));
  }
}

/** RMSProp. Its mean square begins at 1, not at 0 as Keras's. */
export const RMSProp = /* @__PURE__ */ algorithm(
  "RMSProp",
  {
    /** How much of the mean square stays at each step. Default 0.95. */
    decay: fraction(0.95),
    /** How much of the last step goes into the next. Default 0. */
    momentum: fraction(0),
    /** Added to the mean square. Default 1e-7. */
    epsilon,
    /** Whether to divide by the standard deviation instead. Default false. */
    centered: boolean({ default: false }),
  },
  ({ step, decay: rho, momentum, epsilon, centered }) =>
    new FromOne({ learningRate: step, rho, momentum, epsilon, centered }),
);

const moments = {
  /** How much of the mean of gradients stays at each step. Default 0.9. */
  beta1: number({ default: 0.9, min: 0, below: 1 }),
  /** How much of the mean of their squares stays. Default 0.999. */
  beta2: number({ default: 0.999, min: 0, below: 1 }),
  /** Added to the denominator. Default 1e-7. */
  epsilon,
};

/**
 * Adam; `step` is 0.001 unless said.
 *
 * @example
 * ```ts
 * import { algorithms, Input, Relu, Softmax } from "varve/neupy";
 * const optimizer = algorithms.Adam([Input(2), Relu(4), Softmax(2)], { loss: "categorical_crossentropy" });
 * [optimizer.step, optimizer.beta1, optimizer.batchSize] // => [0.001, 0.9, 128]
 * ```
 */
export const Adam = /* @__PURE__ */ algorithm(
  "Adam",
  { ...moments, step: learningRate(0.001) },
  ({ step, beta1, beta2, epsilon }) => new KerasAdam({ learningRate: step, beta1, beta2, epsilon }),
);

/** Adamax; `step` is 0.002 unless said. */
export const Adamax = /* @__PURE__ */ algorithm(
  "Adamax",
  { ...moments, step: learningRate(0.002) },
  ({ step, beta1, beta2, epsilon }) => new KerasAdamax({ learningRate: step, beta1, beta2, epsilon }),
);

/** Adadelta; `step` is 1 unless said, as in the paper. */
export const Adadelta = /* @__PURE__ */ algorithm(
  "Adadelta",
  {
    step: learningRate(1),
    /** How much of both mean squares stays at each step. Default 0.95. */
    rho: fraction(0.95),
    /** Added to both mean squares. Default 1e-7. */
    epsilon,
  },
  ({ step, rho, epsilon }) => new KerasAdadelta({ learningRate: step, rho, epsilon }),
);

/** Adagrad: its sum of squares begins at 0.1, and nothing is added to it. */
export const Adagrad = /* @__PURE__ */ algorithm(
  "Adagrad",
  {},
  ({ step }) => new KerasAdagrad({ learningRate: step, initialAccumulatorValue: 0.1, epsilon: 0 }),
);
