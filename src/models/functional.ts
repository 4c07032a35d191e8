/**
 * The functional model: a graph from symbolic inputs to symbolic outputs, made into a layer that can be called,
 * trained, and be part of other models.
 */
import { show, VarveError } from "../core/errors.ts";
import type { Json } from "../core/options.ts";
import { type GraphNode, type Operation, SymbolicTensor, symbolicLeaves } from "../core/symbolic.ts";
import type { Tensor } from "../core/tensor.ts";
import { isPlainObject, leaves, mapLeaves, type Structure, sortedLeaves } from "../core/tree.ts";
import { InputLayer } from "../layers/core/input-layer.ts";
import { Layer } from "../layers/layer.ts";
import type { TensorLike } from "../ops/op.ts";
import { toTensor } from "../ops/tensor.ts";
import { Graph } from "./graph.ts";
import { fitted, inOrder } from "./inputs.ts";
import { Model, type ModelOptions } from "./model.ts";
import {
  type Config,
  callFromConfig,
  deserializeLayer,
  deserializeOp,
  type LayerClasses,
  type OpEntry,
  opsModule,
  outputAt,
  serializeLayer,
  serializeNode,
} from "./serialize.ts";

/** What `model` takes. */
export interface FunctionalOptions extends ModelOptions {
  /** Symbolic tensors: one, a list, or some by name. */
  readonly inputs: Structure<SymbolicTensor>;
  /** What the model computes from them: one, a list, or some by name. */
  readonly outputs: Structure<SymbolicTensor>;
}

function checkEnds(structure: unknown, which: string, owner: string): readonly SymbolicTensor[] {
  const found = sortedLeaves(structure);
  const wrong = found.find((leaf) => !(leaf instanceof SymbolicTensor));
  if (wrong !== undefined || found.length === 0 || structure === undefined) {
    const got = found.length === 0 ? "none" : show(wrong);
    throw new VarveError(
      `${owner}: ${which} are symbolic tensors, as input({ shape }) and layers called on it give them; got ${got}`,
    );
  }
  return found as SymbolicTensor[];
}

/**
 * A model made of a graph. `model({ inputs, outputs })` makes one.
 *
 * @see Keras 3, `keras.Model(inputs, outputs)`
 */
export class Functional extends Model {
  static override readonly className: string = "Functional";
  static readonly module: string = "keras.src.models.functional";
  readonly #graph: Graph;
  readonly #inputs: Structure<SymbolicTensor>;
  readonly #outputs: Structure<SymbolicTensor>;

  constructor({ inputs, outputs, ...options }: FunctionalOptions) {
    super(options);
    this.#graph = new Graph(
      checkEnds(inputs, "inputs", this.label),
      checkEnds(outputs, "outputs", this.label),
      this.label,
    );
    this.#inputs = inputs;
    this.#outputs = outputs;
    this.build(this.inputs.map(({ shape }) => shape));
  }

  /** The symbolic inputs, in order. */
  override get inputs(): readonly SymbolicTensor[] {
    return this.#graph.inputs;
  }

  /** The symbolic outputs, in order. */
  override get outputs(): readonly SymbolicTensor[] {
    return this.#graph.outputs;
  }

  /** The symbolic inputs as they were given: one, a list, or an object. */
  override get input(): SymbolicTensor {
    return this.#inputs as SymbolicTensor;
  }

  /** The symbolic outputs as they were given: one, a list, or an object. */
  override get output(): SymbolicTensor {
    return this.#outputs as SymbolicTensor;
  }

  override get graph(): Graph {
    return this.#graph;
  }

  override get showsInputs(): boolean {
    return true;
  }

  /** The layers of the graph, in Keras's order. */
  override get sublayers(): readonly Layer[] {
    // The base constructor asks before the graph is there.
    if (!(#graph in this)) return [];
    return this.#graph.operations.filter((operation) => operation instanceof Layer);
  }

  override get inputNames(): readonly string[] {
    return isPlainObject(this.#inputs) ? Object.keys(this.#inputs).sort() : this.inputs.map(({ name }) => name);
  }

  override get outputNames(): readonly string[] {
    if (isPlainObject(this.#outputs)) return Object.keys(this.#outputs).sort();
    const counts = new Map<string, number>();
    return this.outputs.map(({ node, name: own }) => {
      const name = node?.operation.name ?? own;
      const count = counts.get(name) ?? 0;
      counts.set(name, count + 1);
      return count === 0 ? name : `${name}_${count}`;
    });
  }

  protected override convertInputs(inputs: unknown): unknown {
    return this.#inOrder(inputs).map((value, index) =>
      toTensor(value as TensorLike, { dtype: (this.inputs[index] as SymbolicTensor).dtype }),
    );
  }

  #inOrder(given: unknown): readonly unknown[] {
    return inOrder(given, this.inputNames, "inputs", this.label);
  }

  override call(inputs: Structure<Tensor>): Structure<Tensor> {
    const tensors = this.#inOrder(inputs).map((tensor, index) =>
      fitted(tensor as Tensor, this.inputs[index] as SymbolicTensor, this.label),
    );
    const outputs = this.#graph.run(tensors);
    return mapLeaves(
      this.#outputs,
      (leaf) => outputs[this.outputs.indexOf(leaf as SymbolicTensor)],
    ) as Structure<Tensor>;
  }

  /** Which of its operation's calls in this graph a tensor comes from, and its place there. */
  #originOf(tensor: SymbolicTensor): [string, number, number] {
    const source = this.inputs.indexOf(tensor);
    if (source >= 0) return [this.#graph.inputLayers[source]?.name as string, 0, 0];
    const node = tensor.node as GraphNode;
    const calls = this.#callsOf(node.operation);
    return [this.#nameOf(node.operation), calls.indexOf(node), leaves(node.outputs).indexOf(tensor)];
  }

  #callsOf(called: Operation): GraphNode[] {
    return this.#graph.nodes.filter(({ operation }) => operation === called).sort((a, b) => a.index - b.index);
  }

  /** The name of an operation in configs; an op may have that of a layer, or of another op from elsewhere. */
  #nameOf(operation: Operation): string {
    const { operations } = this.#graph;
    const taken = (other: Operation) =>
      other.name === operation.name &&
      (other instanceof Layer || operations.indexOf(other) < operations.indexOf(operation));
    const isAlone = operation instanceof Layer || !operations.some((other) => other !== operation && taken(other));
    return isAlone ? operation.name : `${operation.name}_op${operations.indexOf(operation)}`;
  }

  override getConfig(): Record<string, Json> {
    const originOf = (tensor: SymbolicTensor) => this.#originOf(tensor);
    // Keras counts the calls of a functional model from 1 here: the graph inside is its call 0.
    const endOf = (tensor: unknown): Json => {
      const [name, call, place] = originOf(tensor as SymbolicTensor);
      const layer = this.sublayers.find((each) => each.name === name);
      return [name, call + (layer instanceof Functional ? 1 : 0), place];
    };
    return {
      name: this.name,
      trainable: this.trainable,
      layers: this.#graph.operations.map((operation) => {
        const name = this.#nameOf(operation);
        return {
          ...(operation instanceof Layer
            ? serializeLayer(operation)
            : { module: opsModule, class_name: operation.op as string, config: { name }, registered_name: null }),
          name,
          inbound_nodes: this.#callsOf(operation).map((node) => serializeNode(node, originOf)),
        };
      }),
      input_layers: mapLeaves(this.#inputs, endOf) as Json,
      output_layers: mapLeaves(this.#outputs, endOf) as Json,
    };
  }

  /**
   * The model that a config describes.
   *
   * @param classes The layer classes it may use, by their Keras names.
   */
  static override fromConfig(config: Config, classes: LayerClasses = {}): never {
    return rebuild(config, { ...classes, Functional }) as never;
  }
}

/** Makes the layers, then calls them as soon as what they are called on is there. */
function rebuild(config: Config, classes: LayerClasses): Functional {
  const entries = config.layers as unknown as { name: string; module?: string; inbound_nodes: unknown[] }[];
  const made = new Map<string, Layer | OpEntry>(
    entries.map((entry) => [
      entry.name,
      (entry.module === opsModule ? deserializeOp : deserializeLayer)(entry, classes),
    ]),
  );
  const calls = new Map<string, GraphNode[]>();
  const find = ([name, call, place]: readonly unknown[]): SymbolicTensor | undefined => {
    const layer = made.get(name as string);
    if (!layer)
      throw new VarveError(`Functional "${config.name}": the config calls layer "${name}", which it does not have`);
    if (layer instanceof InputLayer) return layer.output;
    const node = calls.get(name as string)?.[call as number];
    return node && outputAt(node, place);
  };
  let waiting = entries.flatMap(({ name, inbound_nodes }) => inbound_nodes.map((node) => ({ name, node })));
  while (waiting.length > 0) {
    const stuck = new Set<string>();
    const left = waiting.filter(({ name, node }) => {
      // Calls of one layer keep their order: others name them by number.
      const called = stuck.has(name) ? undefined : callFromConfig(made.get(name) as Layer | OpEntry, node, find);
      if (!called) {
        stuck.add(name);
        return true;
      }
      const [first] = symbolicLeaves(called.outputs);
      calls.set(name, [...(calls.get(name) ?? []), first?.node as GraphNode]);
      return false;
    });
    if (left.length === waiting.length) {
      throw new VarveError(
        `Functional "${config.name}": the config is not connected; never reached: ${left.map(({ name }) => `"${name}"`).join(", ")}`,
      );
    }
    waiting = left;
  }
  const end = (structure: unknown): unknown => {
    if (Array.isArray(structure) && typeof structure[0] === "string") {
      const layer = made.get(structure[0]);
      const call = (structure[1] as number) - (layer instanceof Functional ? 1 : 0);
      return find([structure[0], call, structure[2]]);
    }
    if (Array.isArray(structure)) return structure.map(end);
    return Object.fromEntries(Object.entries(structure as object).map(([key, item]) => [key, end(item)]));
  };
  return new Functional({
    inputs: end(config.input_layers) as Structure<SymbolicTensor>,
    outputs: end(config.output_layers) as Structure<SymbolicTensor>,
    name: config.name as string,
    ...(typeof config.trainable === "boolean" ? { trainable: config.trainable } : {}),
  });
}

/**
 * A model from symbolic inputs to symbolic outputs.
 *
 * Layers called on symbolic tensors, and ops too, form a graph; a layer called twice shares its weights, a model is a
 * layer itself. Several inputs and outputs are lists or objects, and so is then what goes in and comes out.
 *
 * @param options `inputs`, `outputs`, and `name`.
 * @throws VarveError where an output depends on an input that is not listed, or two layers have one name.
 *
 * @example
 * ```ts
 * import { input, model, ops } from "varve";
 * const a = input({ shape: [2], name: "a" });
 * const b = input({ shape: [2], name: "b" });
 * const sum = model({ inputs: [a, b], outputs: ops.add(a, b) });
 * await sum.apply({ a: [[1, 2]], b: [[3, 4]] }).array() // => [[4, 6]]
 * ```
 */
export function model(options: FunctionalOptions): Functional {
  return new Functional(options);
}
