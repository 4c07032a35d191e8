/**
 * The sequential model: a stack of layers, each called on what the one below gives. It is built when the shape of its
 * input is known: from an input layer, from the first layer's `inputShape`, or from the first data.
 */
import { OptionError, show, VarveError } from "../core/errors.ts";
import type { Json } from "../core/options.ts";
import type { PartialShape } from "../core/shape.ts";
import { SymbolicTensor } from "../core/symbolic.ts";
import type { Tensor } from "../core/tensor.ts";
import { isPlainObject, type Structure } from "../core/tree.ts";
import { InputLayer } from "../layers/core/input-layer.ts";
import { allOrNothing, type InputShape, Layer } from "../layers/layer.ts";
import type { TensorLike } from "../ops/op.ts";
import { toTensor } from "../ops/tensor.ts";
import { Functional } from "./functional.ts";
import { Graph } from "./graph.ts";
import { fitted, inOrder } from "./inputs.ts";
import { Model, type ModelOptions } from "./model.ts";
import { type Config, deserializeLayer, type LayerClasses, serializeLayer } from "./serialize.ts";

/** What a sequential model is made of: layers, and in front of them an `input()` or InputLayer if you like. */
export type SequentialPart = Layer | SymbolicTensor;

/** The options of a sequential model, with its layers among them. */
export interface SequentialOptions extends ModelOptions {
  /** From the input upwards. */
  readonly layers?: readonly SequentialPart[] | undefined;
}

/**
 * A stack of layers. `sequential([…])` makes one.
 *
 * @see Keras 3, `keras.Sequential`
 */
export class Sequential extends Model {
  static override readonly className: string = "Sequential";
  static readonly module: string = "keras";
  readonly #layers: Layer[] = [];
  /** What the input and every layer give, once the shape of the input is known: one more than layers. */
  readonly #tensors: SymbolicTensor[] = [];
  #entry: InputLayer | undefined = undefined;
  /** Whether the shape came from data, which is then taken in the dtype it has. */
  #deferred = false;
  #graph: Graph | undefined = undefined;

  constructor(layers: readonly SequentialPart[] = [], options: ModelOptions = {}) {
    super(options);
    if (!Array.isArray(layers)) {
      throw new OptionError(`${this.label}: takes a list of layers, got ${show(layers)}`);
    }
    allOrNothing(() => {
      for (const layer of layers) this.add(layer);
    });
  }

  /** Puts a layer on top. Where the shape of the input is known, the layer is built at once. */
  add(part: SequentialPart): this {
    const layer = part instanceof SymbolicTensor ? part.node?.operation : part;
    if (!(layer instanceof Layer) || (part instanceof SymbolicTensor && !(layer instanceof InputLayer))) {
      throw new OptionError(`${this.label}: add takes a layer, or what input() gives; got ${show(part)}`);
    }
    if ([this.#entry, ...this.#layers].some((other) => other?.name === layer.name)) {
      throw new VarveError(
        `${this.label}: there is a layer called "${layer.name}" already; give each its own name: { name: "…" }`,
      );
    }
    if (layer instanceof InputLayer) {
      if (this.#entry || this.#layers.length > 0) {
        throw new VarveError(`${this.label}: an input layer stands in front of all others; there is a layer already`);
      }
      this.#start(layer);
      return this;
    }
    const entry = this.#entry ?? (this.#layers.length === 0 ? inputLayerFor(layer) : undefined);
    const below = this.#tensors.at(-1) ?? entry?.output;
    const output = below && oneOutput(layer, below, this.label);
    if (entry && !this.#entry) this.#start(entry);
    if (output) this.#tensors.push(output);
    this.#layers.push(layer);
    this.#graph = undefined;
    return this;
  }

  #start(entry: InputLayer): void {
    this.#entry = entry;
    this.#tensors.push(entry.output);
    this.build(entry.batchShape);
  }

  /** Takes the top layer off and gives it. */
  pop(): Layer {
    const layer = this.#layers.pop();
    if (!layer) throw new VarveError(`${this.label}: pop: there are no layers`);
    if (this.#entry) this.#tensors.pop();
    this.#graph = undefined;
    return layer;
  }

  /** Builds all layers for an input of that shape, batch included. Data does this by itself. */
  override build(shape: InputShape): void {
    // With a list of inputs there is no single chain of shapes; the layers are built as they are called.
    if (this.#entry || Array.isArray(shape[0])) return;
    if (this.#layers.length === 0) throw new VarveError("has no layers; add one first");
    const entry = new InputLayer({ batchShape: [null, ...(shape as PartialShape).slice(1)] });
    const tensors = [entry.output];
    for (const layer of this.#layers) tensors.push(oneOutput(layer, tensors.at(-1) as SymbolicTensor, this.label));
    this.#deferred = true;
    this.#entry = entry;
    this.#tensors.push(...tensors);
  }

  protected override forgetBuild(): void {
    if (!this.#deferred) return;
    this.#deferred = false;
    this.#entry = undefined;
    this.#tensors.length = 0;
    this.#graph = undefined;
  }

  override get graph(): Graph | undefined {
    if (!this.#entry || this.#layers.length === 0) return undefined;
    this.#graph ??= new Graph([this.#entry.output], [this.#tensors.at(-1) as SymbolicTensor], this.label);
    return this.#graph;
  }

  override get sublayers(): readonly Layer[] {
    // The base constructor asks before the list is there.
    return #layers in this ? [...this.#layers] : [];
  }

  protected override convertInputs(inputs: unknown): unknown {
    if (!this.#entry) return super.convertInputs(inputs);
    const [only] = inOrder(inputs, this.inputNames, "inputs", this.label);
    return toTensor(only as TensorLike, this.#deferred ? {} : { dtype: this.#entry.dtype });
  }

  override call(inputs: Structure<Tensor>): Structure<Tensor> {
    const { graph } = this;
    if (graph) {
      const [only] = inOrder(inputs, this.inputNames, "inputs", this.label);
      const [output] = graph.run([
        fitted(only as Tensor, graph.inputs[0] as SymbolicTensor, this.label, !this.#deferred),
      ]);
      return output as Tensor;
    }
    if (this.#layers.length === 0) throw new VarveError(`${this.label}: has no layers; add one first`);
    return this.#layers.reduce((below: Structure<Tensor>, layer) => layer.apply(below as Tensor), inputs);
  }

  override getConfig(): Record<string, Json> {
    const all = this.#entry && !this.#deferred ? [this.#entry, ...this.#layers] : this.#layers;
    return {
      name: this.name,
      trainable: this.trainable,
      dtype: super.getConfig().dtype as Json,
      layers: all.map(serializeLayer),
      ...(this.#entry ? { build_input_shape: this.#entry.batchShape as Json } : {}),
    };
  }

  /**
   * The model that a config describes.
   *
   * @param classes The layer classes it may use, by their Keras names.
   */
  static override fromConfig(config: Config, classes: LayerClasses = {}): never {
    const known = { ...classes, InputLayer, Functional, Sequential };
    const layers = (config.layers as readonly Json[]).map((each) => deserializeLayer(each, known));
    const { name, trainable } = config as { name: string; trainable?: boolean };
    const model = new Sequential(layers, { name, trainable });
    if (Array.isArray(config.build_input_shape)) model.build(config.build_input_shape as PartialShape);
    return model as never;
  }
}

/** The input layer that a first layer brings with it, where it says what shape it takes. */
function inputLayerFor(layer: Layer): InputLayer | undefined {
  if (layer.inputShape) return new InputLayer({ shape: layer.inputShape, dtype: layer.dtype });
  const inputs = layer instanceof Model ? layer.graph?.inputs : undefined;
  const [only] = inputs?.length === 1 ? inputs : [];
  return only && new InputLayer({ batchShape: only.shape, dtype: only.dtype });
}

function oneOutput(layer: Layer, below: SymbolicTensor, owner: string): SymbolicTensor {
  const output: unknown = layer.apply(below);
  if (!(output instanceof SymbolicTensor)) {
    throw new VarveError(
      `${owner}: every layer gives one tensor, ${layer.label} gives several; use model({ inputs, outputs })`,
    );
  }
  return output;
}

/**
 * A stack of layers.
 *
 * @param layers From the input upwards; may begin with `input({ shape })`. More can be added with `add`.
 * @param options `name`. They may also come first, with or without `layers` among them.
 * @throws VarveError where two layers have one name, ShapeError where a layer does not fit the one below.
 *
 * @example
 * ```ts
 * import { layers, sequential } from "varve";
 * const net = sequential([layers.inputLayer({ shape: [4] }), layers.identity()]);
 * await net.apply([[1, 2, 3, 4]]).array() // => [[1, 2, 3, 4]]
 * ```
 */
export function sequential(layers?: readonly SequentialPart[] | SequentialOptions, options?: ModelOptions): Sequential {
  if (!isPlainObject(layers)) return new Sequential(layers as SequentialPart[], options);
  const { layers: parts, ...others } = layers as SequentialOptions;
  return new Sequential(parts, others);
}
