/**
 * What every model is: a layer that holds layers, and can be trained. Subclass it and write `call`, or make one with
 * `model()` or `sequential()`.
 */
import { didYouMean, OptionError, show } from "../core/errors.ts";
import { uniqueName } from "../core/names.ts";
import { checkNames } from "../core/options.ts";
import type { SymbolicTensor } from "../core/symbolic.ts";
import type { Tensor } from "../core/tensor.ts";
import { isPlainObject, type Structure } from "../core/tree.ts";
import type { CallOptions, Layer } from "../layers/layer.ts";
import type { TensorLike } from "../ops/op.ts";
import {
  files,
  type LoadWeightsOptions,
  type OnnxOptions,
  type SaveOptions,
  type Source,
  type Target,
  type Waiting,
} from "./files.ts";
import type { Graph } from "./graph.ts";
import { type SummaryLayout, summaryOf } from "./summary.ts";
import { Trainer } from "./trainer.ts";

/** Options of every model. */
export interface ModelOptions {
  /** Default: made from the class name. */
  readonly name?: string | undefined;
  /** Whether training changes the weights. Default true. */
  readonly trainable?: boolean | undefined;
}

/** What `summary` takes. */
export interface SummaryOptions extends SummaryLayout {
  /** Whether, or by what, the summary is printed besides being returned. Default: `console.log`. */
  readonly print?: boolean | ((text: string) => void) | undefined;
}

/**
 * The base of all models. Subclass it for a model with a `call` of its own: layers are its properties.
 *
 * @example
 * ```ts
 * import { layers, Model } from "varve";
 * class Twice extends Model {
 *   dense = layers.dense({ units: 1, kernelInitializer: "ones" });
 *   call(x) {
 *     return this.dense.apply(this.dense.apply(x));
 *   }
 * }
 * await new Twice().apply([[2]]).array() // => [[2]]
 * ```
 */
export abstract class Model extends Trainer {
  static override readonly className: string = "Model";
  override readonly supportsMasking = true;
  protected override readonly autocast = false;

  constructor(options: ModelOptions = {}) {
    const { className, name } = new.target;
    // Classes of users have no name but that of the class itself.
    super(
      className === "Model" && isPlainObject(options) ? { name: uniqueName(name || className), ...options } : options,
    );
  }

  /** The layers of the model, in order. */
  get layers(): readonly Layer[] {
    return this.sublayers;
  }

  /** The graph of the model, where it has one. @internal */
  get graph(): Graph | undefined {
    return undefined;
  }

  /** Whether a summary shows the graph with its inputs. @internal */
  get showsInputs(): boolean {
    return false;
  }

  protected override get knownInputs(): readonly SymbolicTensor[] {
    return this.graph?.inputs ?? [];
  }

  /** The symbolic inputs, in order. */
  get inputs(): readonly SymbolicTensor[] {
    return this.#built().inputs;
  }

  /** The symbolic outputs, in order. */
  get outputs(): readonly SymbolicTensor[] {
    return this.#built().outputs;
  }

  /** The symbolic input, or a list of them: that of the model's own graph. */
  override get input(): SymbolicTensor {
    return alone(this.inputs);
  }

  /** The symbolic output, or a list of them: that of the model's own graph. */
  override get output(): SymbolicTensor {
    return alone(this.outputs);
  }

  #built(): Graph {
    return (
      this.graph ??
      this.refuse("has no symbolic inputs and outputs: it has no graph yet, or is a model with its own call")
    );
  }

  /** The names by which data may be given. */
  override get inputNames(): readonly string[] {
    return this.graph?.inputs.map(({ name }) => name) ?? [];
  }

  /** The names of the outputs, in messages and logs. */
  override get outputNames(): readonly string[] {
    return this.graph?.outputs.map(({ node, name }) => node?.operation.name ?? name) ?? [];
  }

  /** The layers inside see to masks themselves. */
  override computeMask(): undefined {
    return undefined;
  }

  /** The layer of that name, or at that place of `layers`. */
  getLayer(which: string | number): Layer {
    const { layers } = this;
    if (typeof which !== "number" && typeof which !== "string") {
      throw new OptionError(`${this.label}: getLayer takes the name of a layer, or its place, got ${show(which)}`);
    }
    if (typeof which === "number") {
      const found = layers.at(which);
      if (found) return found;
      throw new OptionError(
        `${this.label}: there is no layer ${show(which)}; there are ${layers.length}, counted from 0`,
      );
    }
    const found = layers.find(({ name }) => name === which);
    if (found) return found;
    throw new OptionError(
      `${this.label}: there is no layer "${which}"; ${didYouMean(
        which,
        layers.map(({ name }) => name),
      )}`,
    );
  }

  override apply(inputs: Structure<SymbolicTensor>, options?: CallOptions): SymbolicTensor;
  override apply(inputs: Structure<TensorLike>, options?: CallOptions): Tensor;
  /** Where the outputs are a list or an object, say so: `model.apply<[Tensor, Tensor]>(x)`. */
  override apply<R extends Structure<Tensor | SymbolicTensor>>(
    inputs: Structure<TensorLike | SymbolicTensor>,
    options?: CallOptions,
  ): R;
  override apply(inputs: unknown, options?: CallOptions): unknown {
    return super.apply(inputs as Tensor, options);
  }

  /**
   * A table of the layers, with what they give and how many weights they have, as Keras prints it.
   *
   * @param options `print` (default true), `lineLength`, `showTrainable`, `expandNested`.
   * @returns The same as text.
   *
   * @example
   * ```ts
   * import { layers, sequential } from "varve";
   * const text = sequential([layers.dense({ units: 3, inputShape: [4] })]).summary({ print: false });
   * text.includes("(None, 3)") // => true
   * ```
   */
  summary(options: SummaryOptions = {}): string {
    const known = ["print", "lineLength", "showTrainable", "expandNested"] as const;
    const { print = true, ...layout } = checkNames(options, known, `${this.label}: summary`);
    const { optimizer, name, layers, graph, showsInputs, trainableWeights, nonTrainableWeights } = this;
    const optimizerVariables = optimizer?.built ? optimizer.variables : undefined;
    const text = summaryOf(
      { name, layers, graph, showsInputs, trainableWeights, nonTrainableWeights, optimizerVariables },
      layout,
    );
    if (typeof print === "function") print(text);
    else if (print) console.log(text);
    return text;
  }

  /**
   * The model as a `.keras` file, which Keras 3 opens too: layers, weights, what `compile` was given, and the state of
   * the optimizer, so that training goes on exactly where it stopped.
   *
   * @throws VarveError where the model has no weights yet, or holds what no file can: a function without a name.
   *
   * @example
   * ```ts
   * import { layers, loadModel, sequential } from "varve";
   * const net = sequential([layers.dense({ units: 2, kernelInitializer: "ones", inputShape: [2] })]);
   * const copy = await loadModel(await net.toKeras());
   * await copy.apply([[1, 2]]).array() // => [[3, 3]]
   * ```
   */
  async toKeras(): Promise<Uint8Array> {
    return (await files()).toKeras(this);
  }

  /**
   * The model as a TensorFlow.js layers model, for `tf.loadLayersModel`: its files by their names, `model.json` and
   * the shards with the weights. What TensorFlow.js 4.22 lacks is written all the same, with a warning that lists it.
   *
   * @throws VarveError where the model has no weights yet, or weights of a dtype that such files cannot hold.
   *
   * @example
   * ```ts
   * import { layers, sequential } from "varve";
   * const net = sequential([layers.dense({ units: 2, inputShape: [3] })]);
   * const files = await net.toTfjs();
   * Object.keys(files).at(-1) // => "model.json"
   * ```
   */
  async toTfjs(): Promise<Record<string, Uint8Array>> {
    return (await files()).toTfjs(this);
  }

  /**
   * The model as an ONNX file, for inference in other runtimes: what it computes, with the weights. The size of the batch
   * stays free.
   *
   * Group normalization is the operator GroupNormalization from opset 21 on; before, it is written with ReduceMean, which
   * every runtime has. Both keep their digits where means are large. Layers with a state from call to call are refused.
   *
   * @param options `opset`: the version of ONNX's operators, from 17 to 23. Default 17.
   * @throws VarveError where the model is not built, or computes what ONNX cannot say: all of it is listed.
   *
   * @example
   * ```ts
   * import { layers, sequential } from "varve";
   * const net = sequential([layers.dense({ units: 2, inputShape: [3] }), layers.groupNormalization({ groups: 1 })]);
   * const bytes = await net.toOnnx({ opset: 21 });
   * new TextDecoder().decode(bytes).includes("GroupNormalization") // => true
   * ```
   *
   * @see https://onnx.ai
   */
  async toOnnx(options: OnnxOptions = {}): Promise<Uint8Array> {
    return (await files()).toOnnx(this, options);
  }

  /**
   * Writes the model to a file that ends in `.keras`, in `.json` for TensorFlow.js, or in `.onnx`. The file is replaced in
   * one piece: whatever happens meanwhile, it is the old one or the new one. `toKeras`, `toTfjs` and `toOnnx` give the
   * bytes.
   *
   * @param target In Node a path. On a page the name of a download, `opfs:` in front of a path in the page's own file
   *   system, or a file handle, as that and `showSaveFilePicker` give them.
   * @param options `onProgress`, `signal`; for `.onnx` also what `toOnnx` takes.
   */
  async save(target: Target, options: SaveOptions = {}): Promise<void> {
    await (await files()).save(this, target, options);
  }

  /**
   * Writes the weights to a file that ends in `.weights.h5`, as Keras 3 has it, with the optimizer's state where the
   * model is compiled, or in `.safetensors`.
   *
   * @param target As `save` takes it.
   * @param options `onProgress`, `signal`.
   */
  async saveWeights(target: Target, options: Waiting = {}): Promise<void> {
    await (await files()).saveWeights(this, target, options);
  }

  /**
   * Takes the weights from a file: `.weights.h5` or `.keras` of Keras 3, `.h5` of older versions (by the names of
   * layers), or `.safetensors` (by the paths of weights). Nothing is changed unless all of them fit. A compiled model
   * also takes the optimizer's state that a file of Keras 3 has, if it fits; else that starts anew, with a warning.
   *
   * @param options `maxBytes` (default 4 GiB), `onProgress`, `signal`.
   * @throws FileError where the file is damaged, or weights are missing or do not fit; it lists them.
   */
  async loadWeights(source: Source, options: LoadWeightsOptions = {}): Promise<void> {
    await (await files()).loadWeights(this, source, options);
  }
}

/** One tensor by itself, several as their list. */
function alone(tensors: readonly SymbolicTensor[]): SymbolicTensor {
  return (tensors.length === 1 ? tensors[0] : tensors) as SymbolicTensor;
}
