/**
 * What every optimizer is: options, slots for each variable, and `apply`, which clips the gradients, runs one fused
 * update per variable (`ops/update/`), keeps the moving averages and applies constraints. Everything new is computed
 * before anything is assigned, so that an update happens completely or not at all.
 * The update rules stand in `ops/update/rules.ts`, each optimizer in a file of its own.
 */
import { type ConfigurableClass, defineOptions, objectOption } from "../core/configurable.ts";
import { onDevice } from "../core/device.ts";
import { type DType, isFloat } from "../core/dtype.ts";
import { DTypeError, OptionError, ShapeError, show, VarveError } from "../core/errors.ts";
import { uniqueName } from "../core/names.ts";
import {
  type AnyOption,
  boolean,
  fromConfig,
  integer,
  type Json,
  number,
  type Option,
  type OptionsOf,
  option,
  parseOptions,
  type Schema,
  string,
  toConfig,
  type ValuesOf,
} from "../core/options.ts";
import { inScope } from "../core/scope.ts";
import { formatShape, type Shape, sameShape } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { Variable } from "../core/variable.ts";
import { warnOnce } from "../core/warn.ts";
import { referenceDevice } from "../devices/reference/reference.ts";
import { add } from "../ops/elementwise/binary.ts";
import { cast } from "../ops/elementwise/cast.ts";
import { elementwise } from "../ops/elementwise/elementwise.ts";
import * as formula from "../ops/elementwise/formula.ts";
import { square } from "../ops/elementwise/unary.ts";
import { sum } from "../ops/reduce/sum.ts";
import { full } from "../ops/tensor.ts";
import {
  CosineDecay,
  CosineDecayRestarts,
  ExponentialDecay,
  InverseTimeDecay,
  LearningRateSchedule,
  PiecewiseConstantDecay,
  PolynomialDecay,
} from "./schedules.ts";

/** The options that every optimizer takes. */
export interface OptimizerOptions {
  /** The size of the steps: a number, or a schedule that gives it for every step. */
  learningRate?: number | LearningRateSchedule | undefined;
  /** Before each update a variable loses this part of itself, times the learning rate. Default: none. */
  weightDecay?: number | null | undefined;
  /** Each gradient is scaled down to this length where it is longer. Default: none. */
  clipnorm?: number | null | undefined;
  /** All gradients together are scaled down to this length where they are longer. Default: none. */
  globalClipnorm?: number | null | undefined;
  /** The elements of gradients are cut off at ± this. Default: none. */
  clipvalue?: number | null | undefined;
  /** Whether to keep a moving average of every variable. Default false. */
  useEma?: boolean | undefined;
  /** How much of the average stays at each step. Default 0.99. */
  emaMomentum?: number | undefined;
  /** After every so many steps the variables take the values of their averages. Default: only at the end of `fit`. */
  emaOverwriteFrequency?: number | null | undefined;
  /** The loss was multiplied by this, so gradients are divided by it. Default: none. */
  lossScaleFactor?: number | null | undefined;
  /** Variables change once in so many steps, by the mean of the gradients since. Default: every step. */
  gradientAccumulationSteps?: number | null | undefined;
  /** Default: made from the class name. */
  name?: string | null | undefined;
}

/** An option whose key in Keras's config is not its name in snake case: `beta1` is `beta_1` there. */
export function keyed<O extends AnyOption>(configKey: string, kind: O): O {
  return { ...kind, configKey };
}

const scheduleOption = objectOption(
  "learning rate schedule",
  () =>
    ({
      CosineDecay,
      CosineDecayRestarts,
      ExponentialDecay,
      InverseTimeDecay,
      PiecewiseConstantDecay,
      PolynomialDecay,
    }) as unknown as Readonly<Record<string, new () => LearningRateSchedule>>,
  isSchedule,
  {},
);

export type Rate = number | LearningRateSchedule;

/** The option that holds a learning rate: a number, or a schedule. @internal */
export function learningRate(byDefault: number): Option<Rate, Rate, false> {
  return option(
    { default: byDefault as Rate },
    {
      expected: "a finite number ≥ 0, or a schedule like optimizers.schedules.cosineDecay({ … })",
      parse(given, refuse): Rate {
        if (typeof given === "number" && Number.isFinite(given) && given >= 0) return given;
        return typeof given === "object" ? scheduleOption.parse(given, refuse) : refuse();
      },
      toConfig: (value: Rate) => (typeof value === "number" ? value : scheduleOption.toConfig(value)),
      fromConfig: (json) => json as Rate,
    },
  );
}

function isSchedule(value: unknown): value is LearningRateSchedule {
  return value instanceof LearningRateSchedule;
}

/** What an optimizer keeps for a variable, under a paper's letter. */
export interface Slot {
  /** Keras's name for it. */
  readonly name: string;
  /** Default: the variable's. */
  readonly shape?: Shape;
  /** The value of all elements at first, or those of the variable. Default 0. */
  readonly initial?: number | "variable";
  /** Its path where Keras has another than "<optimizer>/<variable>_<name>". */
  readonly path?: string;
  readonly dtype?: DType;
}

/** Slots by their letters. Keras lists those of one group variable by variable, and group after group. */
export type SlotGroup = Readonly<Record<string, Slot | string>>;

/** What an update knows besides the variable. */
export interface Step {
  /** The number of the step, from 1. */
  readonly t: number;
  readonly learningRate: number;
  /** What weight decay leaves of the variable: 1 − learning rate · weight decay. */
  readonly keep: number;
}

type Tensors = Readonly<Record<string, Tensor>>;

const movingAverage = elementwise({
  name: "movingAverage",
  dtype: "promote",
  inputs: 2,
  parameters: 1,
  formula: (average, x, momentum) =>
    formula.add(formula.multiply(momentum, average), formula.multiply(formula.subtract(1, momentum), x)),
});

const meanOfSteps = elementwise({
  name: "meanGradient",
  dtype: "promote",
  inputs: 2,
  parameters: 1,
  formula: (accumulated, g, steps) => formula.divide(formula.add(g, accumulated), steps),
});

const unscale = elementwise({
  name: "unscale",
  dtype: "promote",
  inputs: 1,
  parameters: 1,
  formula: (g, factor) => formula.divide(g, factor),
});

const clipToValue = elementwise({
  name: "clipToValue",
  dtype: "promote",
  inputs: 1,
  parameters: 1,
  formula: (g, limit) => formula.minimum(formula.maximum(g, formula.negative(limit)), limit),
});

/** `squares` is the sum of the squares: all of one gradient's, or of all gradients'. NaN and infinity make NaN. */
const clipToNorm = elementwise({
  name: "clipToNorm",
  dtype: "promote",
  inputs: 2,
  parameters: 1,
  formula: (g, squares, limit) =>
    formula.divide(formula.multiply(g, limit), formula.maximum(formula.sqrt(squares), limit)),
});

function squaresOf(gradient: Tensor): Tensor {
  return sum(square(gradient));
}

/** Variables of the optimizer itself live in ordinary memory on every device, so that they can be read at once. */
export function hostVariable(value: number, name: string, path: string, dtype: DType): Variable {
  const tensor = hostTensor(value, dtype);
  const variable = new Variable(tensor, { name, trainable: false });
  tensor.dispose();
  variable.path = path;
  return variable;
}

export function hostTensor(value: number, dtype: DType): Tensor {
  const values = dtype === "int32" ? Int32Array.of(value) : Float64Array.of(value);
  return Tensor.from(referenceDevice, values, [], dtype);
}

function numberIn(variable: Variable): number {
  return variable.value.dataSync()[0] as number;
}

/**
 * The base of all optimizers. One of your own says which slots it keeps for a variable and how these and the variable
 * change in a step; clipping, weight decay, accumulation, averages and constraints are here.
 *
 * @example
 * ```ts
 * import { ops, optimizers, tensor, Variable } from "varve";
 * class SignDescent extends optimizers.optimizer("SignDescent", { learningRate: 0.5 }, {}) {
 *   update({ x, g }, { learningRate, keep }) {
 *     return { x: ops.subtract(ops.multiply(x, keep), ops.multiply(ops.sign(g), learningRate)) };
 *   }
 * }
 * const x = new Variable(tensor([1, 1]));
 * new SignDescent().apply([tensor([10, -0.1])], [x]);
 * await x.value.array() // => [0.5, 1.5]
 * ```
 */
export abstract class Optimizer {
  /** The Keras class name. */
  static readonly className: string = "Optimizer";
  static readonly module: string = "keras.optimizers";
  static readonly schema: Schema = {};

  readonly name: string;
  declare readonly weightDecay: number | null;
  declare readonly clipnorm: number | null;
  declare readonly globalClipnorm: number | null;
  declare readonly clipvalue: number | null;
  declare readonly useEma: boolean;
  declare readonly emaMomentum: number;
  declare readonly emaOverwriteFrequency: number | null;
  declare readonly lossScaleFactor: number | null;
  declare readonly gradientAccumulationSteps: number | null;

  #schedule: LearningRateSchedule | undefined;
  readonly #rate: Variable;
  readonly #iterations: Variable;
  #built: readonly Variable[] | undefined;
  readonly #averages = new Map<Variable, Variable>();
  readonly #accumulators = new Map<Variable, Variable>();
  readonly #slots = new Map<Variable, Readonly<Record<string, Variable>>>();
  /** The slots in Keras's order. */
  #slotList: Variable[] = [];
  #undecayed: (variable: Variable) => boolean = () => false;

  constructor(options?: unknown) {
    const { className, schema } = this.constructor as typeof Optimizer;
    const { name, learningRate: rate, ...values } = parseOptions(schema, options, className) as Record<string, never>;
    const clips = ["clipnorm", "globalClipnorm", "clipvalue"].filter((key) => values[key] !== null);
    if (clips.length > 1) {
      throw new OptionError(
        `${className}: give one of clipnorm, globalClipnorm and clipvalue, got ${clips.join(" and ")}`,
      );
    }
    this.name = name ?? uniqueName(className);
    const { name: _name, learningRate: _rate, ...rest } = schema;
    defineOptions(this, rest, values);
    this.#schedule = typeof rate === "number" ? undefined : rate;
    this.#iterations = hostVariable(0, "iteration", `${this.name}/iteration`, "int32");
    this.#rate = hostVariable(
      typeof rate === "number" ? rate : 0,
      "learning_rate",
      `${this.name}/learning_rate`,
      "float64",
    );
  }

  /** What is kept for a variable. */
  protected slots(_variable: Variable): readonly SlotGroup[] {
    return [];
  }

  /** The new values of a variable and its slots, from x, its gradient g, and the slots by their letters. */
  protected abstract update(
    inputs: { readonly x: Tensor; readonly g: Tensor } & Tensors,
    step: Step,
    variable: Variable,
  ): Tensors;

  /** Variables of the optimizer that belong to no variable of the model. */
  protected get globals(): readonly Variable[] {
    return [];
  }

  /** The new values of those, once a step. */
  protected updateGlobals(_t: number): readonly Tensor[] {
    return [];
  }

  /** The weight decay for a variable, if any. */
  protected weightDecayOf(_variable: Variable): number | null {
    return this.weightDecay;
  }

  /** How many steps were taken; with `gradientAccumulationSteps`, how many times the variables changed. */
  get iterations(): number {
    return Math.floor(numberIn(this.#iterations) / (this.gradientAccumulationSteps ?? 1));
  }

  /** The learning rate of the next step. */
  get learningRate(): number {
    return this.#schedule ? this.#schedule.call(numberIn(this.#iterations)) : numberIn(this.#rate);
  }

  set learningRate(value: number | LearningRateSchedule) {
    if (isSchedule(value)) {
      this.#schedule = value;
      return;
    }
    if (this.#schedule) {
      throw new OptionError(
        `${this.label}: its learning rate comes from a schedule, so a number cannot be set; give learningRate as a number when making it`,
      );
    }
    if (!Number.isFinite(value) || value < 0) {
      throw new OptionError(`${this.label}: the learning rate must be a finite number ≥ 0, got ${show(value)}`);
    }
    assignHost(this.#rate, value);
  }

  /** Where the learning rate comes from a schedule: that. @internal */
  get schedule(): LearningRateSchedule | undefined {
    return this.#schedule;
  }

  /** Class and name, as error messages have it. */
  get label(): string {
    return `${(this.constructor as typeof Optimizer).className} "${this.name}"`;
  }

  get built(): boolean {
    return this.#built !== undefined;
  }

  /** The optimizer's own state, in Keras's order: the step, the learning rate unless scheduled, then the slots. */
  get variables(): readonly Variable[] {
    const own = this.#schedule ? [this.#iterations] : [this.#iterations, this.#rate];
    return [
      ...own,
      ...this.#averages.values(),
      ...this.#accumulators.values(),
      ...this.#slotList,
      ...(this.built ? this.globals : []),
    ];
  }

  /** What is kept for a variable, by the rule's letters: `adam.slotsOf(kernel).m`. @internal */
  slotsOf(variable: Variable): Readonly<Record<string, Variable>> {
    return this.#slots.get(variable) ?? {};
  }

  /**
   * Leaves variables out of weight decay: these ones, and those whose name matches a pattern. Call it before `build`.
   *
   * @example
   * ```ts
   * import { optimizers } from "varve";
   * const adam = optimizers.adamW({ weightDecay: 0.01 });
   * adam.excludeFromWeightDecay({ names: ["bias", "gamma", "beta"] });
   * adam.weightDecay // => 0.01
   * ```
   */
  excludeFromWeightDecay({
    variables = [],
    names = [],
  }: {
    readonly variables?: readonly Variable[];
    readonly names?: readonly (string | RegExp)[];
  }): void {
    if (this.#built) {
      throw new VarveError(`${this.label}: excludeFromWeightDecay has to be called before the optimizer is built`);
    }
    const patterns = names.map((name) => new RegExp(name));
    this.#undecayed = (variable) =>
      variables.includes(variable) || patterns.some((pattern) => pattern.test(variable.name));
  }

  /** Makes the slots for these variables. The first `apply` does it otherwise. */
  build(variables: readonly Variable[]): void {
    if (this.#built) return;
    for (const variable of variables) {
      if (!isFloat(variable.dtype)) {
        throw new DTypeError(
          `${this.label}: variable "${variable.path}" is ${variable.dtype}, which cannot be trained`,
        );
      }
    }
    if (new Set(variables).size !== variables.length) {
      throw new VarveError(`${this.label}: a variable is listed twice; list each once`);
    }
    const made: Variable[] = [];
    try {
      const make = (variable: Variable, slot: Slot): Variable => {
        const one = this.#makeSlot(variable, slot);
        made.push(one);
        return one;
      };
      const [averages, accumulators] = [new Map<Variable, Variable>(), new Map<Variable, Variable>()];
      if (this.useEma) for (const each of variables) averages.set(each, make(each, { name: "average" }));
      if (this.gradientAccumulationSteps) {
        for (const each of variables) accumulators.set(each, make(each, { name: "gradient_accumulator" }));
      }
      const first = made.length;
      const slots = new Map<Variable, Record<string, Variable>>(variables.map((each) => [each, {}]));
      const groups = variables.map((each) => this.slots(each));
      for (let group = 0; group < (groups[0]?.length ?? 0); group++) {
        for (const [index, variable] of variables.entries()) {
          for (const [letter, slot] of Object.entries(groups[index]?.[group] ?? {})) {
            (slots.get(variable) as Record<string, Variable>)[letter] = make(
              variable,
              typeof slot === "string" ? { name: slot } : slot,
            );
          }
        }
      }
      this.#slotList = made.slice(first);
      for (const [variable, average] of averages) this.#averages.set(variable, average);
      for (const [variable, accumulator] of accumulators) this.#accumulators.set(variable, accumulator);
      for (const [variable, own] of slots) this.#slots.set(variable, own);
      this.#built = [...variables];
    } catch (error) {
      for (const variable of made) variable.dispose();
      throw error;
    }
  }

  #makeSlot(variable: Variable, slot: Slot): Variable {
    return inScope(() => {
      const { shape = variable.shape, initial = 0, dtype = variable.dtype } = slot;
      const value =
        initial === "variable" ? variable.value : onDevice(variable.value.device, () => full(shape, initial, dtype));
      const name = slot.path === undefined ? `${variable.path.replaceAll("/", "_")}_${slot.name}` : slot.name;
      const made = new Variable(value, { name, trainable: false });
      made.path = slot.path ?? `${this.name}/${name}`;
      return made;
    }, false);
  }

  /**
   * One step: changes the variables by their gradients. A missing gradient (null) leaves its variable as it is.
   * Either everything is updated or, when an error is thrown, nothing.
   *
   * @throws ShapeError where a gradient does not have the shape of its variable; VarveError where the lists differ in
   *   length, or where a variable was not there when the optimizer was built.
   *
   * @example
   * ```ts
   * import { optimizers, tensor, Variable } from "varve";
   * const x = new Variable(tensor([1, 2]));
   * optimizers.sgd({ learningRate: 0.5 }).apply([tensor([1, -1])], [x]);
   * await x.value.array() // => [0.5, 2.5]
   * ```
   */
  apply(gradients: readonly (Tensor | null | undefined)[], variables?: readonly Variable[]): void {
    if (gradients.length === 0) return;
    if (!variables && !this.#built) {
      throw new VarveError(`${this.label}: give the variables too, or build the optimizer with them first`);
    }
    const targets = variables ?? (this.#built as readonly Variable[]);
    this.#check(gradients, targets);
    this.build(targets);
    const pairs = targets.flatMap((variable, index) => {
      const gradient = gradients[index];
      return gradient ? [{ variable, gradient }] : [];
    });
    inScope(() => {
      const next = this.#compute(pairs);
      for (const [variable, value] of next) variable.assign(value);
    }, false);
  }

  #check(gradients: readonly (Tensor | null | undefined)[], variables: readonly Variable[]): void {
    if (gradients.length !== variables.length) {
      throw new VarveError(`${this.label}: got ${gradients.length} gradients for ${variables.length} variables`);
    }
    const missing: string[] = [];
    const known = this.#built && new Set(this.#built);
    variables.forEach((variable, index) => {
      if (known && !known.has(variable)) {
        throw new VarveError(
          `${this.label}: variable "${variable.path}" is not one it was built with; make a new optimizer for other variables; for a model whose trainable layers are others now, compile it again`,
        );
      }
      const gradient = gradients[index];
      if (!gradient) {
        missing.push(variable.path);
        return;
      }
      gradient.check();
      if (!sameShape(gradient.shape, variable.shape)) {
        throw new ShapeError(
          `${this.label}: variable "${variable.path}" has shape ${formatShape(variable.shape)}, its gradient ${formatShape(gradient.shape)}`,
        );
      }
    });
    if (missing.length === variables.length) {
      throw new VarveError(`${this.label}: no variable has a gradient; does the loss depend on any of them?`);
    }
    if (missing.length > 0) warnOnce(`${this.label}: no gradients for ${missing.join(", ")}; these stay as they are`);
  }

  /** The new value of everything that changes in this step. */
  #compute(pairs: readonly { readonly variable: Variable; readonly gradient: Tensor }[]): Map<Variable, Tensor> {
    const next = new Map<Variable, Tensor>();
    const latest = (variable: Variable) => next.get(variable) ?? variable.value;
    const calls = numberIn(this.#iterations);
    const scale = this.lossScaleFactor;
    let gradients = pairs.map(({ variable, gradient }) => {
      const cased = gradient.dtype === variable.dtype ? gradient : cast(gradient, variable.dtype);
      return scale === null ? cased : unscale([cased], [scale]);
    });
    const steps = this.gradientAccumulationSteps;
    const updates = steps === null || (calls + 1) % steps === 0;
    if (steps !== null) {
      const accumulators = pairs.map(({ variable }) => this.#accumulators.get(variable) as Variable);
      gradients = gradients.map((gradient, index) => {
        const { value } = accumulators[index] as Variable;
        return updates ? meanOfSteps([value, gradient], [steps]) : add(gradient, value);
      });
      if (updates) {
        for (const each of this.#accumulators.values()) {
          next.set(
            each,
            onDevice(each.value.device, () => full(each.shape, 0, each.dtype)),
          );
        }
      } else {
        accumulators.forEach((each, index) => {
          next.set(each, gradients[index] as Tensor);
        });
      }
    }
    if (updates) this.#update(pairs, this.#clip(gradients), next);
    if (this.useEma) this.#average(latest, next, calls);
    for (const { variable } of pairs) {
      if (variable.constraint) next.set(variable, this.#constrain(variable, latest(variable)));
    }
    next.set(this.#iterations, hostTensor(calls + 1, "int32"));
    return next;
  }

  #clip(gradients: readonly Tensor[]): readonly Tensor[] {
    const { clipnorm, globalClipnorm, clipvalue } = this;
    if (clipvalue !== null) return gradients.map((gradient) => clipToValue([gradient], [clipvalue]));
    if (clipnorm !== null) {
      return gradients.map((gradient) => clipToNorm([gradient, squaresOf(gradient)], [clipnorm]));
    }
    if (globalClipnorm === null) return gradients;
    const squares = gradients.map(squaresOf).reduce((a, b) => add(a, b));
    return gradients.map((gradient) => {
      const own = squares.dtype === gradient.dtype ? squares : cast(squares, gradient.dtype);
      return clipToNorm([gradient, own], [globalClipnorm]);
    });
  }

  #update(
    pairs: readonly { readonly variable: Variable }[],
    gradients: readonly Tensor[],
    next: Map<Variable, Tensor>,
  ): void {
    const t = this.iterations + 1;
    const { learningRate } = this;
    const globals = this.updateGlobals(t);
    this.globals.forEach((variable, index) => {
      next.set(variable, globals[index] as Tensor);
    });
    pairs.forEach(({ variable }, index) => {
      const decay = this.#undecayed(variable) ? null : this.weightDecayOf(variable);
      const slots = this.slotsOf(variable);
      const inputs: Record<string, Tensor> = { x: variable.value, g: gradients[index] as Tensor };
      for (const letter in slots) inputs[letter] = (slots[letter] as Variable).value;
      const step = { t, learningRate, keep: 1 - learningRate * (decay ?? 0) };
      const outputs = this.update(inputs as { x: Tensor; g: Tensor }, step, variable);
      next.set(variable, outputs.x as Tensor);
      for (const letter in slots) {
        const output = outputs[letter];
        if (output) next.set(slots[letter] as Variable, output);
      }
    });
  }

  #average(latest: (variable: Variable) => Tensor, next: Map<Variable, Tensor>, calls: number): void {
    const frequency = this.emaOverwriteFrequency;
    const overwrite = frequency !== null && (this.iterations + 1) % frequency === 0;
    const momentum = Math.floor(calls / (this.gradientAccumulationSteps ?? 1)) === 0 ? 0 : this.emaMomentum;
    for (const [variable, average] of this.#averages) {
      const value = movingAverage([average.value, latest(variable)], [momentum]);
      next.set(average, value);
      if (overwrite) next.set(variable, value);
    }
  }

  #constrain(variable: Variable, value: Tensor): Tensor {
    const constrained = (variable.constraint as (value: Tensor) => Tensor)(value);
    if (!sameShape(constrained.shape, variable.shape) || constrained.dtype !== variable.dtype) {
      throw new ShapeError(
        `${this.label}: the constraint of "${variable.path}" gave ${constrained}, where ${formatShape(variable.shape)} ${variable.dtype} is needed`,
      );
    }
    return constrained;
  }

  /** With `useEma`: the variables take the values of their averages, as `fit` does at its end. */
  finalizeVariableValues(variables: readonly Variable[]): void {
    for (const variable of variables) {
      const average = this.#averages.get(variable);
      if (average) variable.assign(average.value);
    }
  }

  /** The options as Keras's config has them, with the learning rate as it is now. */
  getConfig(): Record<string, Json> {
    const { schema } = this.constructor as typeof Optimizer;
    const rate = this.#schedule ?? numberIn(this.#rate);
    return toConfig(schema, { ...this, name: this.name, learningRate: rate } as unknown as ValuesOf<Schema>);
  }

  /** An optimizer with the options of a Keras config. */
  static fromConfig<T extends Optimizer>(this: new (options: never) => T, config: Readonly<Record<string, Json>>): T {
    const { schema } = this as unknown as typeof Optimizer;
    return new this(fromConfig(schema, config) as never);
  }

  /** Gives the memory of its state back; the model's variables are not its own. */
  dispose(): void {
    for (const variable of [this.#iterations, this.#rate, ...this.variables]) variable.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

function assignHost(variable: Variable, value: number): void {
  const tensor = hostTensor(value, variable.dtype);
  variable.assign(tensor);
  tensor.dispose();
}

/**
 * Makes the base class of an optimizer from its class name, its defaults for the options of all optimizers, and its
 * own options; `Optimizer` has an example.
 */
/* @__NO_SIDE_EFFECTS__ */
export function optimizer<S extends Schema>(
  className: string,
  defaults: { readonly learningRate?: number; readonly weightDecay?: number },
  own: S,
): ConfigurableClass<S, Optimizer, OptimizerOptions & OptionsOf<S>> {
  const unset = number({ default: null, above: 0 });
  const { weightDecay } = defaults;
  const schema: Schema = {
    name: string({ default: null }),
    learningRate: learningRate(defaults.learningRate ?? 0.001),
    weightDecay: number({ default: weightDecay ?? null, min: 0 }),
    clipnorm: unset,
    globalClipnorm: unset,
    clipvalue: unset,
    useEma: boolean({ default: false }),
    emaMomentum: number({ default: 0.99, min: 0, max: 1 }),
    emaOverwriteFrequency: integer({ default: null, min: 1 }),
    lossScaleFactor: unset,
    gradientAccumulationSteps: integer({ default: null, min: 2 }),
    ...own,
  };
  abstract class Named extends Optimizer {
    static override readonly className = className;
    static override readonly schema = schema;
  }
  return Named as unknown as ConfigurableClass<S, Optimizer, OptimizerOptions & OptionsOf<S>>;
}
