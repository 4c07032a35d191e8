/**
 * What every layer is: options from a schema, a name, variables that are made when the shape of the input is known, and
 * a computation of ops. `neupyLayer()` makes the base class of one from its schema.
 */
import { defineOptions } from "../../core/configurable.ts";
import { onDevice } from "../../core/device.ts";
import { DisposedError, OptionError, show, VarveError } from "../../core/errors.ts";
import {
  type AnyOption,
  type OptionsOf,
  parseOptions,
  type Schema,
  snakeCase,
  string,
  type ValuesOf,
} from "../../core/options.ts";
import { inScope } from "../../core/scope.ts";
import { formatShape, type PartialShape, type Shape, sameShape, sizeOf } from "../../core/shape.ts";
import { shapesDevice } from "../../core/shapes-device.ts";
import { evaluateSymbolically, isSymbolic, SymbolicTensor } from "../../core/symbolic.ts";
import { Tensor } from "../../core/tensor.ts";
import { isPlainObject } from "../../core/tree.ts";
import { Variable } from "../../core/variable.ts";
import { concreteDevice } from "../../devices/current.ts";
import { Initializer } from "../../initializers.ts";
import type { Layer } from "../../layers/layer.ts";
import { cast } from "../../ops/elementwise/cast.ts";
import { copy } from "../../ops/movement/reshape.ts";
import type { TensorLike } from "../../ops/op.ts";
import { full, tensor, toTensor } from "../../ops/tensor.ts";
import { LayerConnectionError, WeightInitializationError } from "./errors.ts";
import { GraphLayer, type OutputOptions, outputSchema } from "./graph.ts";
import { kerasLayer } from "./model.ts";
import { nameFor } from "./names.ts";
import { type Arguments, isParameterOption, isPublished, type Parameter, readArguments } from "./options.ts";
import { compatible, type LayerShape, merged, shapeText } from "./shapes.ts";

/** One row of the table `options`. */
export interface OptionEntry {
  /** The class that has the option first. */
  readonly className: string;
  /** Its default, whether it is required, and what may be given, in words. */
  readonly value: AnyOption;
}

/** What `compute` is told. */
export interface ComputeContext {
  readonly training: boolean;
}

/** Options that every layer takes. */
const baseSchema = {
  /** The layer's name; a format string like "fc{}" is numbered. Default: made from the class name. */
  name: string({ default: null }),
} satisfies Schema;

/** The options that every layer takes. */
export interface BaseOptions {
  /**
   * The layer's name. A text is used as it is. A format string with one field is numbered: "fc{}" gives fc1, fc2 and so
   * on, "fc-{:<03d}" gives fc-001. Default null: made from the class name, as in relu-1.
   */
  name?: string | null | undefined;
}

/**
 * The base of all layers. Extend it for a layer of your own: `build` makes variables, `compute` computes.
 *
 * @example
 * ```ts
 * import { ops } from "varve";
 * import { BaseLayer, Input, join } from "varve/neupy";
 * class Scale extends BaseLayer {
 *   build(shape) {
 *     this.variable(2, "scale", [shape.at(-1)]);
 *   }
 *   compute([x]) {
 *     return ops.multiply(x, this.variables.scale);
 *   }
 * }
 * const network = join(Input(3), new Scale());
 * await network.output([[1, 2, 3]]).array() // => [[2, 4, 6]]
 * ```
 */
export abstract class BaseLayer extends GraphLayer {
  /** The NeuPy class name; classes of your own have theirs without saying it. */
  static readonly className: string = "BaseLayer";
  /** The options beyond those of the class that it extends. */
  static readonly schema: Schema = baseSchema;
  /** The options that may be given by place, in order. */
  static readonly places: readonly string[] = ["name"];

  readonly name: string;
  /** The name as it was given. */
  readonly originalName: string | null;
  readonly className: string;
  readonly #given: Readonly<Record<string, unknown>>;
  #variables: Record<string, Variable> = {};
  /** Those that this layer made itself, and so lets go of. */
  readonly #made = new Set<Variable>();
  #created = false;
  #disposed = false;
  /** Whether only shapes are asked for, so that variables are stand-ins. */
  #probing = false;
  #inputShape: LayerShape = null;
  readonly #shapes = new Map<string, LayerShape>();
  #layer: Layer | undefined;

  constructor(...args: readonly unknown[]) {
    super();
    const own = new.target as unknown as typeof BaseLayer;
    // Classes of users have no name but that of the class itself.
    this.className = Object.hasOwn(own, "className") || isPublished(own) ? own.className : own.name || own.className;
    const options = readArguments(args, own.places, this.className);
    const named = typeof options.name === "string" ? `${this.className} "${options.name}"` : this.className;
    const schema = Object.fromEntries(Object.entries(schemaOf(own)).map(([key, { value }]) => [key, value]));
    const { name, ...values } = parseOptions(schema, options, named) as Record<string, unknown>;
    this.originalName = name as string | null;
    this.#given = values;
    const fixed = Object.entries(values).filter(([key]) => !isParameterOption(schema[key]));
    defineOptions(this, Object.fromEntries(fixed) as never, values);
    // A parameter is what was given until its variable is there.
    for (const key of Object.keys(values).filter((each) => isParameterOption(schema[each]))) {
      Object.defineProperty(this, key, { get: () => this.#variables[key] ?? values[key], enumerable: true });
    }
    this.name = this.originalName ?? "";
    this.checkOptions();
    // A name is counted only once nothing can be refused any more.
    this.name = nameFor(this.originalName, this.className);
  }

  get label(): string {
    return this.name === "" ? this.className : `${this.className} "${this.name}"`;
  }

  /** The options of this class by NeuPy's names: where each comes from, and what it takes. */
  static get options(): Readonly<Record<string, OptionEntry>> {
    return Object.fromEntries(Object.entries(schemaOf(this)).map(([key, entry]) => [snakeCase(key), entry]));
  }

  /** The options by NeuPy's names: the class that each comes from, and what it takes. */
  get options(): Readonly<Record<string, OptionEntry>> {
    return (this.constructor as typeof BaseLayer).options;
  }

  /** The variables by name; none until they are created. */
  get variables(): Readonly<Record<string, Variable>> {
    return this.#variables;
  }

  /** What the layer takes, batch included. Null, nothing, until its variables are created. */
  get inputShape(): LayerShape {
    return this.#inputShape;
  }

  /** What the layer gives for what it takes. */
  get outputShape(): LayerShape {
    return this.getOutputShape(this.inputShape);
  }

  /** Refuses options that do not go together. Layers override it. */
  protected checkOptions(): void {}

  /** Refuses inputs of these shapes. Layers override it. */
  protected checkInputs(..._inputShapes: PartialShape[]): void {}

  /** Makes the variables, with `variable`. Layers override it. */
  protected build(..._inputShapes: PartialShape[]): void {}

  /** Whether there is something to build. */
  protected get hasVariables(): boolean {
    return this.build !== BaseLayer.prototype.build;
  }

  /** The computation. Layers override it; users call `output`. */
  abstract compute(inputs: readonly Tensor[], context: ComputeContext): Tensor;

  /** What comes out where nothing is known of what comes in. Layers override it that know something all the same. */
  protected shapeOfUnknown(): LayerShape {
    return null;
  }

  /** What comes out for inputs of these shapes: found by computing with shapes alone. */
  protected shapeOf(...inputShapes: PartialShape[]): PartialShape {
    const inputs = inputShapes.map((shape) => new SymbolicTensor(shape, "float32"));
    return (evaluateSymbolically(inputs, (args) => this.#probe(args as readonly Tensor[])) as SymbolicTensor).shape;
  }

  /** Computes with stand-ins for the variables, so that neither they nor their absence count. */
  #probe(inputs: readonly Tensor[]): Tensor {
    const kept = this.#variables;
    this.#variables = {};
    this.#probing = true;
    try {
      this.build(...inputs.map(({ shape }) => shape));
      return this.compute(inputs, { training: false });
    } finally {
      for (const standIn of Object.values(this.#variables)) standIn.dispose();
      this.#variables = kept;
      this.#probing = false;
    }
  }

  /**
   * The shape of the output for inputs of these shapes, batch included, `null` for what is unknown; null in place of a
   * shape where nothing is known of it.
   */
  getOutputShape(...inputShapes: LayerShape[]): LayerShape {
    const wrong = inputShapes.find((shape) => shape !== null && !Array.isArray(shape));
    if (wrong !== undefined) throw new OptionError(`${this.label}: a shape is a list, or null, got ${show(wrong)}`);
    const key = JSON.stringify(inputShapes);
    const known = this.#shapes.get(key);
    if (known !== undefined) return known;
    const found = inputShapes.includes(null)
      ? this.shapeOfUnknown()
      : this.#explained(() => {
          this.#check(inputShapes as PartialShape[]);
          return this.shapeOf(...(inputShapes as PartialShape[]));
        });
    this.#shapes.set(key, found);
    return found;
  }

  /** Runs, with the layer's name in front of what is refused. */
  #explained<R>(run: () => R): R {
    try {
      return run();
    } catch (error) {
      if (error instanceof VarveError && !error.message.startsWith(this.className)) {
        error.message = `${this.label}: ${error.message}`;
      }
      throw error;
    }
  }

  /** Refuses the shape of an input, naming the layer. */
  protected refuse(problem: string): never {
    throw new LayerConnectionError(`${this.label}: ${problem}`);
  }

  /** How many dimensions an input must have; any number where undefined. */
  protected get rank(): number | undefined {
    return undefined;
  }

  #check(shapes: readonly PartialShape[]): void {
    for (const shape of shapes) {
      if (this.rank === undefined || shape.length === this.rank) continue;
      this.refuse(`expects an input with ${this.rank} dimensions, got ${shape.length}, shape ${shapeText(shape)}`);
    }
    this.checkInputs(...shapes);
  }

  /** A size that variables need. */
  protected known(shape: PartialShape, axis: number, what: string): number {
    const size = shape.at(axis);
    if (size !== null && size !== undefined) return size;
    throw new WeightInitializationError(
      `${this.label}: cannot create variables while the number of ${what} is unknown, input shape ${shapeText(shape)}; give it in Input([…])`,
    );
  }

  /** Makes the variables for inputs of these shapes; does nothing where they are there. */
  createVariables(...inputShapes: LayerShape[]): void {
    if (this.#disposed) throw new DisposedError(`${this.label} was used after it was disposed`);
    if (this.#created) return;
    const { hasVariables } = this;
    if (hasVariables && (inputShapes.length === 0 || inputShapes.includes(null))) {
      throw new WeightInitializationError(
        `${this.label}: cannot create variables while the shape of the input is unknown; give it in Input([…])`,
      );
    }
    try {
      if (hasVariables) {
        this.#explained(() => {
          this.#check(inputShapes as PartialShape[]);
          onDevice(concreteDevice(), () => inScope(() => this.build(...(inputShapes as PartialShape[])), false));
        });
        const [only] = inputShapes;
        if (inputShapes.length === 1) this.#inputShape = [null, ...(only as PartialShape).slice(1)];
      }
      this.#created = true;
    } catch (error) {
      this.#forget();
      throw error;
    }
  }

  /**
   * Makes a variable, or takes the one given, and keeps it under that name.
   *
   * @param value A number, an array, a tensor or an initializer to begin with; a Variable is used itself.
   * @param shape What it must have. Default: that of the value. Arrays and tensors of one axis are taken in row-major
   *   order where they have as many elements.
   * @param trainable Whether training changes it. Default true.
   * @throws WeightInitializationError where the value has another shape, or there is neither shape nor array.
   */
  variable(value: Parameter, name: string, shape?: Shape | null, trainable = true): Variable {
    if (this.#probing) {
      const wanted = shape ?? (value instanceof Variable || value instanceof Tensor ? value.shape : undefined);
      const standIn = wanted
        ? Tensor.allocate(shapesDevice, wanted, "float32")
        : inScope(() => this.#begin(value as Exclude<Parameter, Variable>, name, shape));
      this.#variables[name] = new Variable(standIn, { name, trainable });
      standIn.dispose();
      return this.#variables[name];
    }
    if (value instanceof Variable) {
      if (shape && !sameShape(value.shape, shape)) this.#misfit(name, shape, value.shape);
      this.#variables[name] = value;
      return value;
    }
    const begin = onDevice(concreteDevice(), () => inScope(() => this.#begin(value, name, shape)));
    const made = new Variable(begin, { name, trainable });
    begin.dispose();
    made.path = `layer/${this.name}/${snakeCase(name).replaceAll("_", "-")}`;
    this.#made.add(made);
    this.#variables[name] = made;
    return made;
  }

  #misfit(name: string, shape: Shape, got: Shape): never {
    throw new WeightInitializationError(
      `${this.label}: variable "${name}" has shape ${formatShape(shape)}, the value given for it ${formatShape(got)}`,
    );
  }

  /** The value that a variable begins with. */
  #begin(value: Exclude<Parameter, Variable>, name: string, shape: Shape | null | undefined): Tensor {
    if (value instanceof Initializer || typeof value === "number") {
      if (!shape) {
        throw new WeightInitializationError(
          `${this.label}: variable "${name}" needs a shape to begin with ${show(value)}`,
        );
      }
      return typeof value === "number" ? full(shape, value) : value.call(shape, "float32");
    }
    const given = value instanceof Tensor ? cast(value, "float32") : tensor(value, undefined, "float32");
    if (!shape || sameShape(given.shape, shape)) return given.alias();
    if (given.rank === 1 && given.size === sizeOf(shape)) return given.alias(shape);
    return this.#misfit(name, shape, given.shape);
  }

  /** @internal */
  run(inputs: readonly Tensor[], training: boolean): Tensor {
    this.createVariables(...inputs.map(({ shape }) => shape));
    return this.#explained(() => {
      this.#check(inputs.map(({ shape }) => shape));
      const ready = inputs.map((x) => (x.dtype === "float32" ? x : cast(x, "float32")));
      return this.compute(ready, { training });
    });
  }

  /**
   * What the layer gives for these inputs: for tensors and arrays a tensor, for symbolic tensors a symbolic one.
   * Behind the inputs may stand `{ training }`. Variables are created where need be.
   */
  output(...args: readonly (SymbolicTensor | OutputOptions)[]): SymbolicTensor;
  output(...args: readonly (TensorLike | OutputOptions)[]): Tensor;
  output(...args: readonly unknown[]): Tensor | SymbolicTensor {
    const last = args.at(-1);
    const inputs = isPlainObject(last) ? args.slice(0, -1) : args;
    const options = parseOptions(outputSchema, isPlainObject(last) ? last : {}, `${this.label}: output`);
    if (inputs.length === 0) throw new OptionError(`${this.label}: output: takes one input or more`);
    if (isSymbolic(inputs)) {
      this.#layer ??= kerasLayer(this, this.name);
      return this.#layer.apply((inputs.length === 1 ? inputs[0] : inputs) as SymbolicTensor, options);
    }
    return inScope(() => {
      const tensors = inputs.map((each) => toTensor(each as TensorLike));
      const given = tensors.map(({ shape }, index): LayerShape => {
        if (index > 0 || !this.inputShape) return shape;
        if (compatible(this.inputShape, shape)) return merged(this.inputShape, shape);
        return this.refuse(`takes inputs of shape ${shapeText(this.inputShape)}, got ${shapeText(shape)}`);
      });
      this.createVariables(...given);
      const y = this.run(tensors, options.training);
      // A result that is an input itself would be disposed with it.
      return tensors.includes(y) ? copy(y) : y;
    });
  }

  /** Another layer with these options: its name is made anew, its variables begin with the values they have here. */
  copy(): this {
    const made = this.constructor as new (options: unknown) => this;
    const values = Object.entries(this.#given).map(([key, value]) => {
      const now = this.#variables[key] ?? value;
      return [key, now instanceof Variable ? now.value.dataSync() : now];
    });
    return new made({ ...Object.fromEntries(values), name: this.originalName });
  }

  #forget(): void {
    for (const variable of this.#made) variable.dispose();
    this.#made.clear();
    this.#variables = {};
  }

  /** Gives the memory of the variables back that the layer made. */
  dispose(): void {
    this.#disposed = true;
    this.#forget();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  override toString(): string {
    const { places } = this.constructor as typeof BaseLayer;
    const values: Record<string, unknown> = { ...this.#given, ...this.#variables };
    const [first = ""] = places;
    // What is as it is by default goes without saying.
    const shown = Object.entries(schemaOf(this.constructor as typeof BaseLayer)).flatMap(([name, { value }]) =>
      name === first || values[name] === undefined || values[name] === value.default
        ? []
        : [`${name}: ${valueText(values[name])}`],
    );
    const placed = values[first] === undefined || values[first] === null ? "" : `${valueText(values[first])}, `;
    return `${this.className}(${placed}{ ${[...shown, `name: ${show(this.name)}`].join(", ")} })`;
  }
}

function valueText(value: unknown): string {
  if (value instanceof Variable || value instanceof Tensor) return `<${formatShape(value.shape)}>`;
  if (value instanceof Initializer) return (value.constructor as unknown as { readonly className: string }).className;
  return show(value);
}

/** All options of a class: its own first, then those of the classes that it extends. */
function schemaOf(made: typeof BaseLayer): Record<string, OptionEntry> {
  const chain: (typeof BaseLayer)[] = [];
  for (let each = made; each === BaseLayer || each.prototype instanceof BaseLayer; each = Object.getPrototypeOf(each)) {
    if (Object.hasOwn(each, "schema")) chain.push(each);
  }
  const entries: Record<string, OptionEntry> = {};
  for (const each of chain) {
    for (const [key, value] of Object.entries(each.schema)) {
      // The value of the class nearest by, the name of the class that has it first.
      entries[key] = { className: each.className, value: entries[key]?.value ?? value };
    }
  }
  return entries;
}

/** A class of layers. */
type LayerBase<L extends BaseLayer> = Omit<typeof BaseLayer, "prototype"> & (abstract new (...args: never) => L);

/**
 * Makes the base class of a layer from its NeuPy name, its options, those of them that may be given by place, and the
 * class that it extends.
 */
/* @__NO_SIDE_EFFECTS__ */
export function neupyLayer<
  S extends Schema,
  const Places extends readonly (keyof OptionsOf<S>)[],
  L extends BaseLayer = BaseLayer,
>(
  className: string,
  schema: S,
  places: Places,
  base?: LayerBase<L>,
): Omit<typeof BaseLayer, "prototype"> &
  (abstract new (
    ...args: Arguments<OptionsOf<S> & BaseOptions, readonly [...Places, "name"]>
  ) => L & ValuesOf<S>) {
  abstract class Named extends ((base ?? BaseLayer) as typeof BaseLayer) {
    static override readonly className = className;
    static override readonly schema = schema;
    static override readonly places = [...(places as readonly string[]), "name"];
  }
  return Named as never;
}
