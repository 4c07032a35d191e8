/**
 * What every layer is: named options that never change, weights made when the shape of the input is known, and a call
 * that takes tensors, symbolic tensors, or arrays. `layer()` makes the base class of one layer from its schema.
 */

import { type Constraint, constraint } from "../constraints.ts";
import { defineOptions } from "../core/configurable.ts";
import { onDevice } from "../core/device.ts";
import { type DType, dtypes, isFloat } from "../core/dtype.ts";
import { DisposedError, DTypeError, didYouMean, OptionError, ShapeError, show, VarveError } from "../core/errors.ts";
import { uniqueName } from "../core/names.ts";
import {
  boolean,
  type Classes,
  choice,
  fromConfig,
  type Json,
  type OptionsOf,
  option,
  parseOptions,
  type Schema,
  shape,
  string,
  toConfig,
  unlessNull,
  type ValuesOf,
  withoutConfig,
} from "../core/options.ts";
import { currentScope, inScope } from "../core/scope.ts";
import { formatShape, isProbe, type PartialShape, type Shape, sameShape } from "../core/shape.ts";
import {
  callSymbolically,
  evaluateSymbolically,
  firstCall,
  type GraphNode,
  isSymbolic,
  SymbolicTensor,
  shapeBeforeProbing,
  shapesBeforeProbing,
} from "../core/symbolic.ts";
import { Tensor } from "../core/tensor.ts";
import { isPlainObject, leaves, mapLeaves, type Structure } from "../core/tree.ts";
import { Variable } from "../core/variable.ts";
import { warnOnce } from "../core/warn.ts";
import { concreteDevice } from "../devices/current.ts";
import { glorotUniform, type Initializer, initializer, zeros } from "../initializers.ts";
import { multiply } from "../ops/elementwise/binary.ts";
import { cast } from "../ops/elementwise/cast.ts";
import { copy } from "../ops/movement/reshape.ts";
import type { TensorLike } from "../ops/op.ts";
import { SeedGenerator } from "../ops/random/seed.ts";
import { toTensor } from "../ops/tensor.ts";
import { type Regularizer, regularizer } from "../regularizers.ts";

/** What a call of a layer may be told. */
export interface CallOptions {
  /** Whether this is a training step. Default: as the enclosing call has it, else false. */
  readonly training?: boolean | undefined;
  /** Which steps of the input count. Default: the mask that came with the input. */
  readonly mask?: Tensor | SymbolicTensor | readonly (Tensor | SymbolicTensor | undefined)[] | undefined;
}

/** What `call` is told. */
export interface CallContext {
  readonly training: boolean;
  readonly mask: Tensor | undefined;
  /** For layers with several inputs: the mask of each. */
  readonly masks: readonly (Tensor | undefined)[];
}

/** What a layer demands of its input; checked before every call. */
export interface InputSpec {
  readonly rank?: number;
  readonly minRank?: number;
  /** Sizes that axes must have. */
  readonly axes?: Readonly<Record<number, number>>;
}

/** How a weight is made. */
export interface WeightOptions {
  /** The name, under which files keep the weight. Default "variable". */
  readonly name?: string | undefined;
  readonly shape: Shape;
  /** How the weight begins, by name or as an object. Default "glorot_uniform", and "zeros" for whole numbers. */
  readonly initializer?: Initializer | string | undefined;
  /** A penalty on the weight, by name or as an object. Default null. */
  readonly regularizer?: Regularizer | string | null | undefined;
  /** What the weight must satisfy after each update, by name or as an object. Default null. */
  readonly constraint?: Constraint | string | null | undefined;
  /** Whether training changes it. Default true. */
  readonly trainable?: boolean | undefined;
  /** Default: the layer's. */
  readonly dtype?: DType | undefined;
}

const weightSchema = {
  name: string({ default: "variable" }),
  shape: shape(),
  initializer: initializer({ default: null }),
  regularizer: regularizer({ default: null }),
  constraint: constraint({ default: null }),
  trainable: boolean({ default: true }),
  dtype: choice(dtypes, { default: null }),
} satisfies Schema;

/** The shape of one input, or of each of several. */
export type InputShape = PartialShape | readonly PartialShape[];

/** Options that every layer takes. */
export const baseOptions = {
  /** The layer's name, unique in its model. Default: made from the class name. */
  name: string({ default: null }),
  /** Whether training changes the layer's weights. */
  trainable: boolean({ default: true }),
  /** The dtype of weights and computation: "float32" or "float64". */
  dtype: option(
    { default: "float32" as DType },
    {
      expected: '"float32" or "float64"',
      parse: (given, refuse): DType => {
        const name = isPlainObject(given) ? (given.config as { name?: unknown } | undefined)?.name : given;
        return name === "float32" || name === "float64" ? name : refuse();
      },
      toConfig: (name) => ({ module: "keras", class_name: "DTypePolicy", config: { name }, registered_name: null }),
      fromConfig: (json) => json as DType,
    },
  ),
  /** A penalty on the layer's output, divided by the batch size and added to the loss. */
  activityRegularizer: unlessNull(regularizer({ default: null })),
  /** Whether real inputs of another dtype are cast to the layer's. */
  autocast: withoutConfig(boolean({ default: true })),
  /** For a first layer: the shape of one sample, which a Sequential then starts with. */
  inputShape: withoutConfig(shape({ default: null, unknown: true })),
} satisfies Schema;

/** A layer's own options with those of every layer; its own ones win. */
function wholeSchema(schema: Schema): Schema & typeof baseOptions {
  return { ...schema, ...baseOptions, ...schema } as Schema & typeof baseOptions;
}

interface BaseOptions {
  /** The layer's name, unique in its model. Default: made from the class name. */
  name?: string | null | undefined;
  /** Whether training changes the layer's weights. Default true. */
  trainable?: boolean | undefined;
  /** The dtype of weights and computation: "float32" (default) or "float64". */
  dtype?: DType | undefined;
  /** A penalty on the layer's output, divided by the batch size and added to the loss. Default null. */
  activityRegularizer?: Regularizer | string | null | undefined;
  /** Whether real inputs of another dtype are cast to the layer's. Default true. */
  autocast?: boolean | undefined;
  /** For a first layer: the shape of one sample, `null` where a size is not known; a Sequential then starts with it. */
  inputShape?: PartialShape | null | undefined;
}

/** Whether a weight that is being made is read from a file next; it may refuse. */
let isReadLater: ((shape: Shape, name: string) => boolean) | undefined;

/** Makes layers whose weights are read next, so that nothing is drawn or worked out for those that `isRead` names. @internal */
export function withWeightsToRead<T>(isRead: (shape: Shape, name: string) => boolean, make: () => T): T {
  isReadLater = isRead;
  try {
    return make();
  } finally {
    isReadLater = undefined;
  }
}

/** Whether the enclosing call of a layer or model is a training step. */
let enclosingTraining: boolean | undefined;

/** The names of the layers that are being built, one within the other: "bidirectional/forward_lstm/". */
let enclosingPath = "";

/** The layers whose calls are running, one within the other. */
const running: Layer[] = [];

/** The names of the layers whose calls are running, outermost first; for those who write down what is computed. @internal */
export function runningLayers(): readonly string[] {
  return running.map(({ name }) => name);
}

/** How to take back what was built since the outermost call began; undefined outside of calls. */
let undoing: (() => void)[] | undefined;

/**
 * Runs a call, with all the calls inside; if it fails, the layers that it built are as they were before, so that a
 * first call with wrong data leaves no weights of wrong shapes behind. @internal
 */
export function allOrNothing<R>(run: () => R): R {
  const outer = undoing;
  const steps = outer ?? [];
  const begun = steps.length;
  undoing = steps;
  try {
    return run();
  } catch (error) {
    for (const undo of steps.splice(begun).reverse()) undo();
    throw error;
  } finally {
    undoing = outer;
  }
}

/** How to make an object's properties what they are now; lists get back what they hold. */
function rememberProperties(object: object): () => void {
  const owner = object as Record<string, unknown>;
  const before = new Map(
    Object.entries(owner).map(([name, value]) => [name, { value, items: Array.isArray(value) ? [...value] : [] }]),
  );
  return () => {
    for (const name of Object.keys(owner)) {
      const known = before.get(name);
      if (!known) {
        delete owner[name];
        continue;
      }
      const { value, items } = known;
      if (owner[name] !== value) owner[name] = value;
      if (Array.isArray(value) && !Object.isFrozen(value)) value.splice(0, value.length, ...items);
    }
  };
}

/** Refuses what is neither the shape of an input nor a list of such. */
function checkInputShape(given: unknown): void {
  const isSize = (size: unknown) => size === null || (Number.isSafeInteger(size) && (size as number) >= 0);
  const isShape = (shape: unknown) => Array.isArray(shape) && shape.every(isSize);
  if (isShape(given) || (Array.isArray(given) && given.every(isShape))) return;
  throw new ShapeError(
    `an input's shape is a list of whole numbers ≥ 0, with null where one is not known, the batch in front, like [null, 28, 28, 1]; got ${show(given)}`,
  );
}

/** @typeParam C What a call of this layer may be told beyond `CallOptions`. */
export abstract class Layer<C extends object = object> {
  /** The Keras class name. */
  static readonly className: string = "Layer";
  /** The options beyond those of every layer. */
  static readonly schema: Schema = {};
  /** What a call may be told beyond `CallOptions`; `call` finds it in its context, checked and with defaults. */
  static readonly callSchema: Schema = {};
  /** Under which names Keras's `call` takes the inputs, where it takes them one by one and not as a list. */
  static readonly inputNames: readonly string[] = [];

  readonly name: string;
  readonly dtype: DType;
  readonly inputShape: PartialShape | null;
  readonly activityRegularizer: Regularizer | null;
  /** Whether a mask passes through; layers that use or make masks override `computeMask` too. */
  readonly supportsMasking: boolean = false;
  /** Whether inputs are cast to the layer's dtype before `call`; models leave that to their layers. */
  protected readonly autocast: boolean;
  /** What the input must look like; `build` sets it. */
  protected inputSpec: InputSpec | readonly InputSpec[] | undefined = undefined;

  #trainable: boolean;
  #built = false;
  #buildShape: InputShape | undefined = undefined;
  #disposed = false;
  /** Those made to be trained come first; freezing one later moves nothing, so saved weights stay in order. */
  readonly #own: Variable[] = [];
  #madeTrainable = 0;
  readonly #values: Readonly<Record<string, unknown>>;
  #losses: Tensor[] = [];
  readonly #seedGenerators: SeedGenerator[] = [];

  constructor(options?: unknown) {
    const { className, schema } = this.constructor as typeof Layer;
    const named = isPlainObject(options) && typeof options.name === "string" ? ` "${options.name}"` : "";
    const values = parseOptions(wholeSchema(schema), options, `${className}${named}`);
    this.name = values.name ?? uniqueName(className);
    this.dtype = values.dtype;
    this.inputShape = values.inputShape;
    this.autocast = values.autocast;
    this.activityRegularizer = values.activityRegularizer;
    this.#trainable = values.trainable;
    this.#values = values;
    // An option `weights` gives the values that the weights begin with, which the property of that name then has.
    const own = Object.entries(schema).filter(([name]) => !Object.hasOwn(baseOptions, name) && name !== "weights");
    defineOptions(this, Object.fromEntries(own), values);
    this.checkOptions();
    const build = this.build;
    Object.defineProperty(this, "build", { value: (shape: InputShape) => this.#buildOnce(build, shape) });
  }

  /** Class and name, as error messages have it: `Dense "dense_1"`. */
  get label(): string {
    return `${(this.constructor as typeof Layer).className} "${this.name}"`;
  }

  /** Refuses options that do not go together; called when all are set. Layers override it. */
  protected checkOptions(): void {}

  /** Makes the weights for inputs of this shape, batch included; `null` where a size is not known. Layers override it. */
  build(_shape: InputShape): void {}

  /** The computation. Layers override it; users call `apply`. */
  abstract call(inputs: Structure<Tensor>, context: CallContext): Structure<Tensor>;

  /** The mask of the output; by default the first that came in, where `supportsMasking`. */
  computeMask(_inputs: Tensor | readonly Tensor[], masks: readonly (Tensor | undefined)[]): Tensor | undefined {
    return masks.find((mask) => mask !== undefined);
  }

  get built(): boolean {
    return this.#built;
  }

  /** The shape that the layer was built for. */
  get buildShape(): InputShape | undefined {
    return this.#buildShape;
  }

  /**
   * What the layer took in its first call in a graph: a symbolic tensor, or a list or an object of such.
   *
   * @throws VarveError where it is part of no graph.
   */
  get input(): SymbolicTensor {
    return this.#firstCall().args[0] as SymbolicTensor;
  }

  /**
   * What the layer gave in its first call in a graph, for models that branch off or end there: a symbolic tensor, or a
   * list or an object of such.
   *
   * @throws VarveError where it is part of no graph.
   *
   * @example
   * ```ts
   * import { layers, model, sequential } from "varve";
   * const trained = sequential([layers.dense({ units: 8, inputShape: [4], name: "features" }), layers.dense({ units: 1 })]);
   * const features = model({ inputs: trained.inputs, outputs: trained.getLayer("features").output });
   * features.outputs[0].shape // => [null, 8]
   * ```
   */
  get output(): SymbolicTensor {
    return this.#firstCall().outputs as SymbolicTensor;
  }

  #firstCall(): GraphNode {
    const node = firstCall(this);
    if (node) return node;
    throw new VarveError(
      `${this.label}: is part of no graph yet, so it has no input and output; call it on what input({ shape }) gives, or build its model`,
    );
  }

  get trainable(): boolean {
    return this.#trainable;
  }

  set trainable(value: boolean) {
    this.#trainable = value;
    for (const layer of this.sublayers) layer.trainable = value;
  }

  /** The layers held by this one, in the order of its properties. */
  get sublayers(): readonly Layer[] {
    const found: Layer[] = [];
    for (const value of Object.values(this)) {
      // Most properties hold none, and this is asked before every step.
      if (typeof value !== "object" || value === null) continue;
      if (value instanceof Layer) {
        if (!found.includes(value)) found.push(value);
      } else if (Array.isArray(value) || isPlainObject(value)) {
        for (const leaf of leaves(value)) if (leaf instanceof Layer && !found.includes(leaf)) found.push(leaf);
      }
    }
    return found;
  }

  /** The weights of this layer alone, in the order of `weights`. */
  protected get ownWeights(): readonly Variable[] {
    return this.#own;
  }

  /**
   * Lists what the layer is made of and all that can change about it: which layers and weights, and what trains; and
   * its properties, which its code may use. @internal
   */
  survey(structure: unknown[], properties: unknown[]): void {
    structure.push(this, this.#trainable, this.#built);
    for (const weight of this.ownWeights) structure.push(weight, weight.trainable);
    for (const value of Object.values(this)) properties.push(value);
    for (const layer of this.sublayers) layer.survey(structure, properties);
  }

  /** All weights: trainable ones of this layer, its others, then those of its sublayers, as Keras orders them. */
  get weights(): Variable[] {
    return [...new Set([...this.ownWeights, ...this.sublayers.flatMap((layer) => layer.weights)])];
  }

  /** The weights that training changes; none where `trainable` is false. */
  get trainableWeights(): Variable[] {
    if (!this.#trainable) return [];
    const own = this.ownWeights.filter((weight) => weight.trainable);
    return [...new Set([...own, ...this.sublayers.flatMap((layer) => layer.trainableWeights)])];
  }

  get nonTrainableWeights(): Variable[] {
    const trainable = new Set(this.trainableWeights);
    return this.weights.filter((weight) => !trainable.has(weight));
  }

  /** Penalties of the weights that train, and what the last call added. */
  get losses(): Tensor[] {
    return [...this.callLosses, ...this.weightLosses];
  }

  /** What the last call added, by `addLoss` and activity regularizers. @internal */
  get callLosses(): Tensor[] {
    const own = this.#losses.filter((loss) => !loss.disposed);
    return [...new Set([...own, ...this.sublayers.flatMap((layer) => layer.callLosses)])];
  }

  /** The penalties of the weights that train. @internal */
  get weightLosses(): Tensor[] {
    return this.trainableWeights.flatMap((weight) => (weight.regularizer ? [weight.regularizer(weight.value)] : []));
  }

  /**
   * Adds a penalty to the loss of this step; for use in `call`. It is kept until the next call that is not part of
   * another one.
   */
  addLoss(loss: Tensor): void {
    if (loss.device.concrete) this.#losses.push(currentScope()?.recording ? loss : loss.hold());
  }

  /** Adds a regularizer's penalties on tensors to the loss, divided by their batch sizes; for use in `call`. */
  protected penalize(tensors: readonly Tensor[], regularizer: Regularizer): void {
    for (const tensor of tensors) {
      this.addLoss(multiply(regularizer.call(tensor), 1 / Math.max(1, tensor.shape[0] ?? 1)));
    }
  }

  /** The penalty on the outputs; layers that hand their `activityRegularizer` on to inner ones have none. */
  protected get outputPenalty(): Regularizer | null {
    return this.activityRegularizer;
  }

  /** Forgets what the last call added. @internal */
  clearLosses(): void {
    for (const loss of this.#losses) loss.dispose();
    this.#losses = [];
    for (const layer of this.sublayers) layer.clearLosses();
  }

  /** Makes a weight; for use in `build`. */
  protected addWeight(options: WeightOptions): Variable {
    const given = parseOptions(weightSchema, options, `${this.label}: addWeight`);
    const { name, regularizer, constraint, trainable } = given;
    const dtype = given.dtype ?? this.dtype;
    const start = given.initializer ?? (isFloat(dtype) ? glorotUniform() : zeros());
    const shape = given.shape as Shape;
    const value = inScope(() => (isReadLater?.(shape, name) ? zeros() : start).call(shape, dtype));
    const weight = new Variable(value, { name, trainable });
    value.dispose();
    weight.path = `${enclosingPath || `${this.name}/`}${name}`;
    if (regularizer) weight.regularizer = (tensor) => regularizer.call(tensor);
    if (constraint) weight.constraint = (tensor) => constraint.call(tensor);
    if (trainable) this.#own.splice(this.#madeTrainable++, 0, weight);
    else this.#own.push(weight);
    return weight;
  }

  /** Makes a source of seeds that lives as long as the layer; for use in `build`. */
  protected addSeedGenerator(seed: number | null): SeedGenerator {
    const generator = new SeedGenerator(seed);
    this.#seedGenerators.push(generator);
    return generator;
  }

  /** The layer's own sources of seeds; for files, which keep their state. @internal */
  get seedGenerators(): readonly SeedGenerator[] {
    return this.#seedGenerators;
  }

  #buildOnce(build: (shape: InputShape) => void, shape: InputShape): void {
    if (this.#built) return;
    const outer = enclosingPath;
    enclosingPath += `${this.name}/`;
    try {
      // A layer whose build has no parameter, like Embedding, needs no shape.
      if (shape !== undefined || build.length > 0) checkInputShape(shape);
      allOrNothing(() => {
        undoing?.push(this.#howToUnbuild());
        onDevice(concreteDevice(), () => inScope(() => build.call(this, shape), false));
        this.#built = true;
        const given = this.#values.weights as readonly TensorLike[] | null | undefined;
        if (given) onDevice(concreteDevice(), () => this.setWeights(given));
      });
      this.#buildShape = shape;
    } catch (error) {
      throw this.#explain(error);
    } finally {
      enclosingPath = outer;
    }
  }

  /** Takes the build that follows back: weights are disposed, and properties are what they are now. */
  #howToUnbuild(): () => void {
    const restore = rememberProperties(this);
    return () => {
      for (const owned of [...this.#own, ...this.#seedGenerators]) owned.dispose();
      this.#own.length = 0;
      this.#seedGenerators.length = 0;
      this.#madeTrainable = 0;
      this.#built = false;
      this.#buildShape = undefined;
      restore();
      this.forgetBuild();
    };
  }

  /** Called when a build is taken back, since the call that it was for failed; for state that is not in properties. */
  protected forgetBuild(): void {}

  /** The same error, with the layer's name in front where it is not there yet. */
  #explain(error: unknown): unknown {
    const { className } = this.constructor as typeof Layer;
    if (error instanceof VarveError && !error.message.startsWith(className)) {
      error.message = `${this.label}: ${error.message}`;
    }
    return error;
  }

  /** Refuses an option or shape, naming the layer. */
  protected refuse(problem: string): never {
    throw new ShapeError(`${this.label}: ${problem}`);
  }

  /** The size of an axis; refuses an axis that does not exist, and a size that is not known. */
  protected sizeAt(shape: PartialShape, axis: number): number {
    const index = axis < 0 ? axis + shape.length : axis;
    if (index < 0 || index >= shape.length) {
      return this.refuse(`axis ${axis} is out of range for an input of shape ${formatShape(shape)}`);
    }
    const size = shape[index] as number | null;
    return (
      size ??
      this.refuse(
        `the size of axis ${axis} must be known to make the weights, got shape ${formatShape(shape)}; give it in input({ shape }) or inputShape`,
      )
    );
  }

  #checkInput(shapes: readonly PartialShape[]): void {
    if (!this.inputSpec) return;
    shapes.forEach((shape, index) => {
      const spec = Array.isArray(this.inputSpec)
        ? (this.inputSpec[index] as InputSpec | undefined)
        : (this.inputSpec as InputSpec);
      if (!spec) return;
      if (spec.rank !== undefined && shape.length !== spec.rank) {
        this.refuse(`needs an input of rank ${spec.rank}, got shape ${formatShape(shape)}`);
      }
      if (spec.minRank !== undefined && shape.length < spec.minRank) {
        this.refuse(`needs an input of rank ${spec.minRank} or more, got shape ${formatShape(shape)}`);
      }
      for (const [axis, size] of Object.entries(spec.axes ?? {})) {
        const index = Number(axis) < 0 ? Number(axis) + shape.length : Number(axis);
        const actual = shape[index];
        if (actual !== null && actual !== size) {
          this.refuse(`was built for size ${size} on axis ${axis}, got an input of shape ${formatShape(shape)}`);
        }
      }
    });
  }

  /**
   * Calls the layer: builds it first if need be, then computes. Symbolic tensors give symbolic tensors and add a node
   * to their graph.
   */
  apply(inputs: SymbolicTensor | readonly SymbolicTensor[], options?: CallOptions & C): SymbolicTensor;
  apply(inputs: TensorLike | readonly TensorLike[], options?: CallOptions & C): Tensor;
  apply(inputs: unknown, options: CallOptions = {}): unknown {
    if (this.#disposed) throw new DisposedError(`${this.label} was used after it was disposed`);
    if (isSymbolic(inputs) || isSymbolic(options)) {
      const given = Object.entries({ training: enclosingTraining, ...options }).filter(
        ([, value]) => value !== undefined,
      );
      return allOrNothing(() => {
        this.#prepare(inputs);
        return callSymbolically(this, [inputs, Object.fromEntries(given)], (args) =>
          this.#run(args[0], args[1] as CallOptions),
        );
      });
    }
    if (enclosingTraining === undefined) this.clearLosses();
    return allOrNothing(() =>
      inScope(() => {
        const converted = this.#explaining(() => this.convertInputs(inputs));
        this.#prepare(converted);
        return this.#run(converted, options);
      }),
    );
  }

  #explaining<R>(run: () => R, what?: string): R {
    try {
      return run();
    } catch (error) {
      if (what && error instanceof VarveError) error.message = `${what}: ${error.message}`;
      throw this.#explain(error);
    }
  }

  /** Numbers, arrays and variables become tensors. A layer with several inputs takes a list of them. */
  protected convertInputs(inputs: unknown): unknown {
    const several = Array.isArray(inputs) && inputs.some((item) => item instanceof Tensor || item instanceof Variable);
    if (several) return (inputs as TensorLike[]).map((item) => toTensor(item));
    if (isPlainObject(inputs)) return mapLeaves(inputs, (leaf) => toTensor(leaf as TensorLike));
    return toTensor(inputs as TensorLike);
  }

  #prepare(inputs: unknown): void {
    const tensors = leaves(inputs) as Tensor[];
    const shapes = this.#built ? tensors.map(shapeBeforeProbing) : this.#firstShapes(tensors);
    this.#checkInput(shapes);
    if (this.#built) return;
    this.build(Array.isArray(inputs) ? shapes : (shapes[0] as PartialShape));
    this.#checkInput(shapes);
  }

  /** The shapes to build for. To find them the call under way may be run again; it builds nothing then. */
  #firstShapes(tensors: readonly Tensor[]): readonly PartialShape[] {
    const outer = undoing;
    undoing = undefined;
    try {
      return shapesBeforeProbing(this, tensors);
    } finally {
      undoing = outer;
    }
  }

  #run(inputs: unknown, options: CallOptions): unknown {
    const outer = enclosingTraining;
    const training = options.training ?? outer ?? false;
    const tensors = leaves(inputs) as Tensor[];
    const masks = options.mask
      ? ((Array.isArray(options.mask) ? options.mask : [options.mask]) as (Tensor | undefined)[])
      : tensors.map((tensor) => tensor.mask);
    enclosingTraining = training;
    running.push(this);
    try {
      if (this.supportsMasking) this.checkMasks(tensors, masks);
      const ready = mapLeaves(inputs, (leaf) => this.#autocast(leaf as Tensor)) as Tensor | Tensor[];
      let outputs = this.call(ready, { ...this.#callOptions(options), training, mask: masks[0], masks });
      const other = leaves(outputs).find((leaf) => !(leaf instanceof Tensor));
      if (other !== undefined || outputs === undefined) {
        throw new DTypeError(
          `${this.label}: call must give a tensor, or a list or an object of tensors, got ${show(other)}${outputs === undefined ? "; did it forget to return?" : ""}`,
        );
      }
      // An output that is an input itself would be disposed with it, and carry its mask.
      outputs = mapLeaves(outputs, (leaf) =>
        tensors.includes(leaf as Tensor) ? copy(leaf as Tensor) : leaf,
      ) as Tensor;
      this.#passMask(ready, outputs, masks);
      if (this.outputPenalty) this.penalize(leaves(outputs) as Tensor[], this.outputPenalty);
      return outputs;
    } catch (error) {
      throw this.#explain(error);
    } finally {
      enclosingTraining = outer;
      running.pop();
    }
  }

  /** Refuses masks that do not tell of the first axes of their inputs. Layers to which masks mean more override it. */
  protected checkMasks(inputs: readonly Tensor[], masks: readonly (Tensor | undefined)[]): void {
    masks.forEach((mask, index) => {
      const shape = inputs[index]?.shape;
      if (!mask || !shape) return;
      const fits = (size: number, axis: number) =>
        size === shape[axis] || isProbe(size) || isProbe(shape[axis] as number);
      if (mask.rank <= shape.length && mask.shape.every(fits)) return;
      const which = inputs.length > 1 ? ` of input ${index}` : "";
      this.refuse(
        `the mask${which} must have the first axes of the input's shape ${formatShape(shape)}, got ${formatShape(mask.shape)}`,
      );
    });
  }

  /** What this call was told beyond `CallOptions`, checked. */
  #callOptions({ training, mask: _mask, ...own }: CallOptions): Record<string, unknown> {
    if (training !== undefined && training !== null && typeof training !== "boolean") {
      throw new OptionError(`${this.label}: call option "training" must be true or false, got ${show(training)}`);
    }
    const { callSchema } = this.constructor as typeof Layer;
    const unknown = Object.keys(own).find((name) => !Object.hasOwn(callSchema, name));
    if (unknown !== undefined) {
      const known = ["training", "mask", ...Object.keys(callSchema)];
      throw new OptionError(`${this.label}: call option "${unknown}" is unknown; ${didYouMean(unknown, known)}`);
    }
    return parseOptions(callSchema, own, this.label, "call option");
  }

  #autocast(tensor: Tensor): Tensor {
    return this.autocast && isFloat(tensor.dtype) && tensor.dtype !== this.dtype ? cast(tensor, this.dtype) : tensor;
  }

  #passMask(inputs: Tensor | Tensor[], outputs: Structure<Tensor>, masks: readonly (Tensor | undefined)[]): void {
    const given = masks.some((mask) => mask !== undefined);
    if (given && !this.supportsMasking) {
      warnOnce(`${this.label} got a mask but does not use masks; it ends here`);
      return;
    }
    // Of several outputs the first is the one that a mask speaks of.
    const output = Array.isArray(outputs) ? outputs[0] : outputs;
    if (!(output instanceof Tensor) || output.mask) return;
    const mask = this.supportsMasking ? this.computeMask(inputs, masks) : undefined;
    if (mask) output.mask = mask;
  }

  /** The shape of the output for inputs of that shape; `null` where a size is not known. */
  computeOutputShape(shape: PartialShape): PartialShape;
  computeOutputShape(shape: InputShape): InputShape;
  computeOutputShape(shape: InputShape): InputShape {
    this.#explaining(() => checkInputShape(shape));
    const several = Array.isArray(shape[0]);
    const inputs = several
      ? (shape as readonly PartialShape[]).map((each) => new SymbolicTensor(each, this.dtype))
      : new SymbolicTensor(shape as PartialShape, this.dtype);
    this.#prepare(inputs);
    const outputs = evaluateSymbolically([inputs], ([tensors]) => this.#run(tensors, {}));
    return mapLeaves(outputs, (leaf) => (leaf as SymbolicTensor).shape) as InputShape;
  }

  /** The number of elements in all weights. */
  countParams(): number {
    return this.weights.reduce((sum, weight) => sum + weight.value.size, 0);
  }

  /** The values of all weights; they stay as they are when training goes on. */
  getWeights(): Tensor[] {
    return this.weights.map((weight) => weight.value.alias());
  }

  /** Sets all weights. Nothing is changed unless all of them fit. */
  setWeights(values: readonly TensorLike[]): void {
    const weights = this.weights;
    if (!Array.isArray(values) || values.length !== weights.length) {
      const got = Array.isArray(values) ? `a list of ${values.length}` : show(values);
      this.refuse(
        `has ${weights.length} weights and takes a list of as many, got ${got}${this.#built ? "" : "; it has none before it is built"}`,
      );
    }
    inScope(() => {
      const tensors = weights.map((weight, index) => {
        const which = `weight ${index}, "${weight.path}"`;
        const tensor = this.#explaining(() => toTensor(values[index] as TensorLike, { dtype: weight.dtype }), which);
        if (!sameShape(tensor.shape, weight.shape)) {
          this.refuse(`${which} has shape ${formatShape(weight.shape)}, got ${formatShape(tensor.shape)}`);
        }
        return tensor.dtype === weight.dtype ? tensor : cast(tensor, weight.dtype);
      });
      weights.forEach((weight, index) => {
        weight.assign(tensors[index] as Tensor);
      });
    }, false);
  }

  /** The options as Keras's config has them. */
  getConfig(): Record<string, Json> {
    const { schema } = this.constructor as typeof Layer;
    const values = { ...this.#values, name: this.name, trainable: this.#trainable };
    return toConfig({ ...baseOptions, ...schema }, values as unknown as ValuesOf<Schema>);
  }

  /** A layer with the options of a Keras config; the classes of layers inside it are looked up among `classes`. */
  static fromConfig<L extends Layer>(
    this: new (
      options: never,
    ) => L,
    config: Readonly<Record<string, Json>>,
    classes?: Classes,
  ): L {
    const { schema } = this as unknown as typeof Layer;
    return new this(fromConfig(wholeSchema(schema), config, classes) as never);
  }

  /** Gives the memory of all weights back. */
  dispose(): void {
    this.#disposed = true;
    this.clearLosses();
    for (const owned of [...this.#own, ...this.#seedGenerators]) owned.dispose();
    for (const layer of this.sublayers) layer.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** What a layer's constructor takes, with the options of every layer. */
export type LayerOptions<S extends Schema> = OptionsOf<S> & BaseOptions;

type Given<O> = Partial<O> extends O ? [options?: O] : [options: O];

/** The class that `layer()` gives, to extend. */
export interface LayerClass<S extends Schema, C extends Schema = Record<never, never>> {
  new (...args: Given<LayerOptions<S>>): Layer<OptionsOf<C>> & ValuesOf<S>;
  readonly className: string;
  readonly schema: S;
  readonly callSchema: C;
  readonly inputNames: readonly string[];
  fromConfig: typeof Layer.fromConfig;
}

/** As a class to extend, `call` is still to be written. */
type AbstractLayerClass<S extends Schema, C extends Schema> = Omit<LayerClass<S, C>, never> &
  (abstract new (
    ...args: Given<LayerOptions<S>>
  ) => Layer<OptionsOf<C>> & ValuesOf<S>);

/**
 * Makes the base class of a layer from its Keras name and its options. From these come the constructor with its types,
 * checks and messages, the properties, and the Keras config with its inverse. `call` describes, in the same way, what a
 * call may be told besides `training` and `mask`.
 *
 * @example
 * ```ts
 * import { layer, ops, options, tensor } from "varve";
 * class Scale extends layer("Scale", { factor: options.number({ default: 2 }) }) {
 *   call(x) {
 *     return ops.multiply(x, this.factor);
 *   }
 * }
 * await new Scale({ factor: 3 }).apply(tensor([1, 2])).array() // => [3, 6]
 * ```
 */
/* @__NO_SIDE_EFFECTS__ */
export function layer<
  A extends Schema,
  B extends Schema = Record<never, never>,
  C extends Schema = Record<never, never>,
>(className: string, first: A, second?: B, call?: C): AbstractLayerClass<A & B, C> {
  abstract class Named extends Layer {
    static override readonly className = className;
    static override readonly schema = { ...first, ...second };
    static override readonly callSchema = { ...call };
  }
  return Named as unknown as AbstractLayerClass<A & B, C>;
}

/** The class that `layerOn()` gives, to extend. */
export type LayerClassOn<L extends Layer, B extends Schema, S extends Schema> = {
  readonly className: string;
  readonly schema: S & B;
  fromConfig: typeof Layer.fromConfig;
} & (abstract new (
  ...args: Given<LayerOptions<S & B>>
) => L & ValuesOf<S>);

/** As `layer()`, for a layer that stands on another class: its own options, and those of that class. */
/* @__NO_SIDE_EFFECTS__ */
export function layerOn<L extends Layer, B extends Schema, S extends Schema>(
  base: (abstract new (...args: never) => L) & { readonly schema: B },
  className: string,
  own: S,
): LayerClassOn<L, B, S> {
  abstract class Named extends (base as unknown as typeof Layer) {
    static override readonly className = className;
    static override readonly schema = { ...own, ...base.schema, ...own };
  }
  return Named as unknown as LayerClassOn<L, B, S>;
}

/** Something that layers are added to: a Sequential. */
export interface LayerStack {
  add(layer: Layer): unknown;
}

function isStack(object: unknown): object is LayerStack {
  return object instanceof Layer && typeof (object as Partial<LayerStack>).add === "function";
}

/**
 * A function under `layers.*`: with options it makes the layer; with something to compose with in front, as the R
 * interface has it, it adds the layer to a Sequential (and returns that), or applies it to a tensor.
 */
export interface LayerFactory<O, L> {
  (...args: Given<O>): L;
  <M extends LayerStack>(stack: M, ...args: Given<O>): M;
  (inputs: SymbolicTensor | readonly SymbolicTensor[], ...args: Given<O>): SymbolicTensor;
  (inputs: Exclude<TensorLike, number | boolean> | readonly TensorLike[], ...args: Given<O>): Tensor;
}

/** The factory of a layer class. */
/* @__NO_SIDE_EFFECTS__ */
export function factory<O, L extends Layer>(layerClass: new (options: O) => L): LayerFactory<O, L> {
  const make = (...args: unknown[]): unknown => {
    const [first, second] = args;
    const create = layerClass as unknown as new (options: unknown) => L;
    // A number or text is nothing to compose with: the constructor says what options look like.
    const isOptions = typeof first !== "object" || (isPlainObject(first) && !Object.values(first).some(isTensor));
    if (isOptions) return new create(first);
    const made = new create(second);
    if (isStack(first)) {
      first.add(made);
      return first;
    }
    return made.apply(first as Tensor);
  };
  return make as LayerFactory<O, L>;
}

function isTensor(value: unknown): boolean {
  return value instanceof Tensor || value instanceof SymbolicTensor;
}
