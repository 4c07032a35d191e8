/**
 * Networks: layers, and which of them takes its input from which. How they are joined, cut, checked, drawn and run.
 * What is not here: what a layer computes (`layer.ts`), and training (`algorithms.ts`).
 */
import { didYouMean, OptionError, show, VarveError } from "../../core/errors.ts";
import { boolean, integer, parseOptions, type Schema, type ValuesOf } from "../../core/options.ts";
import type { PartialShape } from "../../core/shape.ts";
import { SymbolicTensor } from "../../core/symbolic.ts";
import type { Tensor } from "../../core/tensor.ts";
import { isPlainObject } from "../../core/tree.ts";
import type { Variable } from "../../core/variable.ts";
import type { Arrays } from "../../models/data.ts";
import type { Functional } from "../../models/functional.ts";
import type { TensorLike } from "../../ops/op.ts";
import { toTensor } from "../../ops/tensor.ts";
import { LayerConnectionError } from "./errors.ts";
import { kerasModel, type ModelPart, type Penalty } from "./model.ts";
import { compatible, type LayerShape, shapesText, shapeText } from "./shapes.ts";

/** What goes where: every layer, and those that take its output. */
type ForwardGraph = ReadonlyMap<GraphLayer, readonly GraphLayer[]>;

/** What `output` takes behind the inputs. */
export interface OutputOptions {
  /** Whether this is a step of training, in which dropout drops and batch normalization measures. Default false. */
  readonly training?: boolean | undefined;
}

/** What `predict` takes behind the inputs. */
export interface PredictOptions {
  /** How many samples are computed at once. Default null: all of them. */
  readonly batchSize?: number | null | undefined;
}

/** The options of `output`. */
export const outputSchema = { training: boolean({ default: false }) };
const predictSchema = { batchSize: integer({ default: null, min: 1 }) };

/** What `toModel` takes. */
export interface ModelOptions {
  readonly penalty?: Penalty | undefined;
  readonly inputShapes?: readonly PartialShape[] | undefined;
}

/** What can stand in a network: a layer, or a network. */
export abstract class BaseGraph {
  /** Every layer, and those that take its output. */
  abstract readonly forwardGraph: ForwardGraph;
  #backward: ForwardGraph | undefined;

  /** Every layer, and those that its inputs come from, in order. */
  get backwardGraph(): ForwardGraph {
    if (!this.#backward) {
      const backward = new Map<GraphLayer, GraphLayer[]>([...this.forwardGraph.keys()].map((layer) => [layer, []]));
      for (const [from, targets] of this.forwardGraph) for (const to of targets) backward.get(to)?.push(from);
      this.#backward = backward;
    }
    return this.#backward;
  }

  /** The layers that take their inputs from outside. */
  get inputLayers(): readonly GraphLayer[] {
    return endsOf(this.backwardGraph);
  }

  /** The layers whose outputs nothing here takes. */
  get outputLayers(): readonly GraphLayer[] {
    return endsOf(this.forwardGraph);
  }

  /**
   * This, and behind it the others, one after the other: `a.pipe(b)` is `a >> b`.
   *
   * @throws LayerConnectionError where two layers do not fit.
   */
  pipe(...others: readonly NetworkLike[]): LayerGraph {
    return join(this, ...others);
  }

  /** As NeuPy prints it. */
  abstract toString(): string;
}

/** A layer as networks know it. `BaseLayer` is what layers extend. */
export abstract class GraphLayer extends BaseGraph implements ModelPart {
  readonly forwardGraph: ForwardGraph = new Map([[this as GraphLayer, []]]);
  abstract readonly name: string;
  abstract readonly className: string;
  /** As error messages have it: `Relu "relu-1"`. */
  abstract readonly label: string;
  /** The variables by name; none until they are created. */
  abstract readonly variables: Readonly<Record<string, Variable>>;
  /** What the layer takes, batch included; null where it says nothing about it. */
  abstract readonly inputShape: LayerShape;
  abstract getOutputShape(...inputShapes: LayerShape[]): LayerShape;
  abstract createVariables(...inputShapes: LayerShape[]): void;
  /** Another layer with the same options and values. */
  abstract copy(): GraphLayer;
  /** @internal */
  abstract run(inputs: readonly Tensor[], training: boolean): Tensor;
  abstract dispose(): void;
}

/** A layer, a network, or a list of them to be joined. */
export type NetworkLike = BaseGraph | readonly NetworkLike[];

function endsOf(graph: ForwardGraph): GraphLayer[] {
  return [...graph].flatMap(([layer, others]) => (others.length === 0 ? [layer] : []));
}

function graphOf(given: NetworkLike, where: string): BaseGraph {
  if (given instanceof BaseGraph) return given;
  if (Array.isArray(given)) return join(...given);
  throw new OptionError(`${where}: takes layers, networks, and lists of them; got ${show(given)}`);
}

const one = <T>(list: readonly T[]): T | readonly T[] => (list.length === 1 ? (list[0] as T) : list);
const namesOf = (layers: readonly GraphLayer[]) => layers.map(({ name }) => `"${name}"`).join(", ");

/**
 * The layers so that each comes after those it needs; refuses cycles. Among those that are free the order is that in
 * which they came into the graph, round after round.
 */
function inOrder(backward: ForwardGraph): GraphLayer[] {
  const waiting = new Set(backward.keys());
  const order: GraphLayer[] = [];
  while (waiting.size > 0) {
    const before = waiting.size;
    for (const layer of [...waiting]) {
      if (backward.get(layer)?.some((source) => waiting.has(source))) continue;
      waiting.delete(layer);
      order.push(layer);
    }
    if (waiting.size === before) {
      throw new LayerConnectionError(
        `these layers cannot be connected, because they would go in a circle: ${namesOf([...waiting])}`,
      );
    }
  }
  return order;
}

/**
 * A network: what `join`, `parallel`, `repeat` and `pipe` give.
 *
 * @example
 * ```ts
 * import { Input, join, Relu, Softmax } from "varve/neupy";
 * const network = join(Input(10), Relu(5), Softmax(3));
 * String(network) // => "(?, 10) -> [... 3 layers ...] -> (?, 3)"
 * ```
 */
export class LayerGraph extends BaseGraph {
  readonly forwardGraph: ForwardGraph;
  /** All layers, each after those it takes its inputs from. */
  readonly layers: readonly GraphLayer[];
  readonly #outputShapes: ReadonlyMap<GraphLayer, LayerShape>;
  #model: Functional | undefined;

  constructor(forwardGraph: ForwardGraph = new Map()) {
    super();
    this.forwardGraph = forwardGraph;
    this.layers = inOrder(this.backwardGraph);
    this.#outputShapes = this.#shapes(this.#given);
  }

  /** What the layers take that begin the network. */
  get #given(): ReadonlyMap<GraphLayer, LayerShape> {
    return this.#perLayer(this.inputLayers.map(({ inputShape }) => inputShape));
  }

  /** What every layer gives, from what those that begin the network take. */
  #shapes(given: ReadonlyMap<GraphLayer, LayerShape>): Map<GraphLayer, LayerShape> {
    const shapes = new Map<GraphLayer, LayerShape>();
    for (const layer of this.layers) {
      const sources = this.#sources(layer);
      try {
        shapes.set(layer, layer.getOutputShape(...this.#inputsOf(layer, shapes, given)));
      } catch (error) {
        if (!(error instanceof VarveError) || sources.length === 0) throw error;
        const from = sources.length === 1 ? `layer ${namesOf(sources)}` : `layers ${namesOf(sources)}`;
        throw new LayerConnectionError(`cannot connect ${from} to layer "${layer.name}": ${error.message}`);
      }
    }
    return shapes;
  }

  #sources(layer: GraphLayer): readonly GraphLayer[] {
    return this.backwardGraph.get(layer) ?? [];
  }

  /** The layers that begin the network, with a value for each. */
  #perLayer<T>(values: readonly T[]): ReadonlyMap<GraphLayer, T> {
    return new Map(this.inputLayers.map((layer, index) => [layer, values[index] as T]));
  }

  /** What a layer takes: what others gave, or, for those that begin the network, what is given from outside. */
  #inputsOf(
    layer: GraphLayer,
    shapes: ReadonlyMap<GraphLayer, LayerShape>,
    given: ReadonlyMap<GraphLayer, LayerShape>,
  ): LayerShape[] {
    const sources = this.#sources(layer);
    return sources.length > 0
      ? sources.map((source) => shapes.get(source) as LayerShape)
      : [given.get(layer) as LayerShape];
  }

  /** What the network takes, batch included, `null` where unknown: one shape, or a list of them. */
  get inputShape(): LayerShape | readonly LayerShape[] {
    return one(this.inputLayers.map(({ inputShape }) => inputShape));
  }

  /** What the network gives, batch included: one shape, or a list of them. */
  get outputShape(): LayerShape | readonly LayerShape[] {
    return one(this.outputLayers.map((layer) => this.#outputShapes.get(layer) as LayerShape));
  }

  /** What every layer gives. */
  get outputShapesPerLayer(): ReadonlyMap<GraphLayer, LayerShape> {
    return this.#outputShapes;
  }

  /** What the network gives for inputs of these shapes. */
  getOutputShape(...inputShapes: LayerShape[]): LayerShape | readonly LayerShape[] {
    const shapes = this.#shapes(this.#perLayer(this.#perInput(inputShapes, "getOutputShape")));
    return one(this.outputLayers.map((layer) => shapes.get(layer) as LayerShape));
  }

  /** How many layers there are. */
  get length(): number {
    return this.layers.length;
  }

  [Symbol.iterator](): Iterator<GraphLayer> {
    return this.layers[Symbol.iterator]();
  }

  /** Whether a layer is in the network. */
  has(layer: GraphLayer): boolean {
    return this.forwardGraph.has(layer);
  }

  /** Whether each layer gives to one other at most, and takes from one at most. */
  isSequential(): boolean {
    const single = (graph: ForwardGraph) =>
      endsOf(graph).length <= 1 && [...graph.values()].every((others) => others.length < 2);
    return single(this.forwardGraph) && single(this.backwardGraph);
  }

  /**
   * The layer of that name.
   *
   * @throws OptionError where there is none, or several.
   */
  layer(name: string): GraphLayer {
    const found = this.layers.filter((layer) => layer.name === name);
    if (found.length === 0) {
      const known = this.layers.map((layer) => layer.name);
      throw new OptionError(`layer: there is no layer "${name}" in ${this}; ${didYouMean(String(name), known)}`);
    }
    if (found.length > 1) {
      throw new OptionError(`layer: ${found.length} layers are called "${name}"; find it in layers`);
    }
    return found[0] as GraphLayer;
  }

  #slice(graph: ForwardGraph, references: readonly (string | GraphLayer)[], where: string): LayerGraph {
    const open = references.map((reference) => {
      const layer = typeof reference === "string" ? this.layer(reference) : reference;
      if (this.forwardGraph.has(layer)) return layer;
      throw new OptionError(`${where}: ${show(layer)} is not in the network ${this}`);
    });
    const kept = new Set<GraphLayer>();
    for (let layer = open.pop(); layer; layer = open.pop()) {
      kept.add(layer);
      open.push(...(graph.get(layer) ?? []).filter((next) => !kept.has(next)));
    }
    const entries = [...this.forwardGraph].filter(([layer]) => kept.has(layer));
    return new LayerGraph(new Map(entries.map(([layer, targets]) => [layer, targets.filter((to) => kept.has(to))])));
  }

  /** The part of the network that leads to these layers, named or themselves. The layers stay the same. */
  end(...outputs: readonly (string | GraphLayer)[]): LayerGraph {
    return this.#slice(this.backwardGraph, outputs, "end");
  }

  /** The part of the network that begins with these layers, named or themselves. The layers stay the same. */
  start(...inputs: readonly (string | GraphLayer)[]): LayerGraph {
    return this.#slice(this.forwardGraph, inputs, "start");
  }

  /** Makes the variables of all layers that have none yet. */
  createVariables(): void {
    this.#createVariables(this.#given);
  }

  #createVariables(given: ReadonlyMap<GraphLayer, LayerShape>): void {
    const shapes = this.#shapes(given);
    for (const layer of this.layers) layer.createVariables(...this.#inputsOf(layer, shapes, given));
  }

  /** The variables, created where need be: a map from `[layer, name]`, in the order of the layers. */
  get variables(): ReadonlyMap<readonly [layer: GraphLayer, name: string], Variable> {
    this.createVariables();
    const found = new Map<readonly [GraphLayer, string], Variable>();
    const seen = new Set<Variable>();
    for (const layer of this.layers) {
      for (const [name, variable] of Object.entries(layer.variables)) {
        if (seen.has(variable)) continue;
        seen.add(variable);
        found.set([layer, name], variable);
      }
    }
    return found;
  }

  /** How many numbers there are in all variables. */
  get nParameters(): number {
    return [...this.variables.values()].reduce((sum, variable) => sum + variable.value.size, 0);
  }

  /** The Keras model that predicts; made once. Its weights are the network's variables. */
  get model(): Functional {
    this.#model ??= this.toModel();
    return this.#model;
  }

  /**
   * A new Keras model of the network, to compile, train and summarize as any other. Its weights are the network's
   * variables.
   *
   * @param options `penalty`, what is added to the loss of every step; `inputShapes`, what layers take, batch included,
   *   that begin the network and do not say it themselves.
   */
  toModel({ penalty, inputShapes = [] }: ModelOptions = {}): Functional {
    if (this.length === 0) throw new LayerConnectionError("the network has no layers; join some first");
    const given = this.#perLayer(
      this.inputLayers.map(({ name, inputShape }, index): PartialShape => {
        const shape = inputShape ?? inputShapes[index];
        if (shape) return shape;
        throw new LayerConnectionError(
          `the network ${this} begins with layer "${name}", which says nothing about its input; put Input([…]) in front`,
        );
      }),
    );
    this.#createVariables(given);
    const { layers, outputLayers: outputs } = this;
    const sources = (part: ModelPart) => this.#sources(part as GraphLayer);
    return kerasModel(
      { layers, outputs, sources, inputShape: (part) => given.get(part as GraphLayer) as PartialShape },
      penalty,
    );
  }

  /** One value for each layer that begins the network, given by place, or by the names of those layers. */
  #perInput<T>(given: readonly T[], where: string): T[] {
    const layers = this.inputLayers;
    const [first] = given;
    if (given.length === 1 && isPlainObject(first)) {
      const unknown = Object.keys(first).find((name) => !layers.some((layer) => layer.name === name));
      if (unknown !== undefined) {
        throw new OptionError(
          `${where}: layer "${unknown}" is no input layer of the network; its input layers are ${namesOf(layers)}`,
        );
      }
      return layers.map(({ name }) => {
        if (Object.hasOwn(first, name)) return first[name] as T;
        throw new OptionError(`${where}: there is no input for layer "${name}"`);
      });
    }
    if (given.length === layers.length) return [...given];
    throw new OptionError(
      `${where}: the network has ${layers.length} input layer(s), ${namesOf(layers)}, but ${given.length} inputs were given`,
    );
  }

  /** The inputs by place, and the options behind them. */
  #arguments<S extends Schema>(args: readonly unknown[], schema: S, where: string): [inputs: unknown[], ValuesOf<S>] {
    const last = args.at(-1);
    const isOptions = isPlainObject(last) && (args.length > 1 || Object.keys(last).every((name) => name in schema));
    const inputs = this.#perInput(isOptions ? args.slice(0, -1) : args, where);
    return [inputs, parseOptions(schema, isOptions ? last : {}, where)];
  }

  /**
   * What the network gives: for tensors tensors, for symbolic tensors symbolic ones; one, or a list for several output
   * layers. Variables are created where need be.
   */
  output(
    ...args: readonly (SymbolicTensor | OutputOptions | Readonly<Record<string, SymbolicTensor>>)[]
  ): SymbolicTensor;
  output(...args: readonly (TensorLike | OutputOptions | Readonly<Record<string, TensorLike>>)[]): Tensor;
  /** Where there are several output layers, say so: `network.output<Tensor[]>(x)`. */
  output<R>(...args: readonly unknown[]): R;
  output(...args: readonly unknown[]): unknown {
    const [inputs, options] = this.#arguments(args, outputSchema, "output");
    const given = inputs.map((each) => (each instanceof SymbolicTensor ? each : toTensor(each as TensorLike)));
    const model = this.inputLayers.every(({ inputShape }) => inputShape)
      ? this.model
      : this.toModel({ inputShapes: given.map(({ shape }) => [null, ...shape.slice(1)]) });
    return model.apply(one(given) as Tensor, options);
  }

  /**
   * What the network gives for these samples, in batches. The result is yours to dispose.
   *
   * @param args Arrays or tensors, one for each input layer, or an object of them by the layers' names; then
   *   `{ batchSize }`.
   *
   * @example
   * ```ts
   * import { Input, join, Linear } from "varve/neupy";
   * const network = join(Input(2), Linear(1, { weight: [[1], [2]] }));
   * const y = await network.predict([[1, 1], [2, 0]]);
   * await y.array() // => [[3], [2]]
   * ```
   */
  async predict(...args: readonly (Arrays | PredictOptions)[]): Promise<Tensor> {
    const [inputs, options] = this.#arguments(args, predictSchema, "predict");
    const batchSize = options.batchSize ?? Number.MAX_SAFE_INTEGER;
    return this.model.predict(one(inputs) as Arrays, { batchSize, verbose: 0 });
  }

  /**
   * The network as a drawing, in Graphviz's language: give it to `dot -Tsvg`, or to any page that shows it. Arrows say
   * what shape goes along.
   */
  show(): string {
    const id = (layer: GraphLayer) => `layer${this.layers.indexOf(layer)}`;
    const label = (shape: LayerShape) => `[label=${JSON.stringify(` ${shapeText(shape)}`)}]`;
    const lines = this.layers.map((layer) => `  ${id(layer)} [label=${JSON.stringify(layer.name)}];`);
    let outputs = 0;
    for (const [from, targets] of this.forwardGraph) {
      const shape = this.#outputShapes.get(from) as LayerShape;
      for (const to of targets) lines.push(`  ${id(from)} -> ${id(to)} ${label(shape)};`);
      if (targets.length > 0) continue;
      outputs++;
      lines.push(
        `  output${outputs} [label="Output #${outputs}"];`,
        `  ${id(from)} -> output${outputs} ${label(shape)};`,
      );
    }
    return `digraph {\n${lines.join("\n")}\n}\n`;
  }

  override toString(): string {
    if (this.length === 0) return "[empty graph]";
    const takes = shapesText(this.inputLayers.map(({ inputShape }) => inputShape));
    const gives = shapesText(this.outputLayers.map((layer) => this.#outputShapes.get(layer) as LayerShape));
    return `${takes} -> [... ${this.length} layers ...] -> ${gives}`;
  }

  /** Gives the memory of all variables back that the layers made. */
  dispose(): void {
    this.#model?.dispose();
    for (const layer of this.layers) layer.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Refuses to put `right` behind `left` where what comes out of one cannot go into the other. */
function checkConnection(left: BaseGraph, right: BaseGraph): void {
  const [outs, ins] = [left.outputLayers, right.inputLayers];
  if (outs.length > 1 && ins.length > 1) {
    throw new LayerConnectionError(
      `cannot connect many layers to many: ${namesOf(outs)} to ${namesOf(ins)}; put one between them, such as Concatenate()`,
    );
  }
  const shapes = left instanceof LayerGraph ? left.outputShapesPerLayer : undefined;
  for (const from of outs) {
    const given = shapes ? (shapes.get(from) as LayerShape) : from.getOutputShape(from.inputShape);
    for (const to of ins) {
      if (compatible(given, to.inputShape)) continue;
      throw new LayerConnectionError(
        `cannot connect layer "${from.name}" to layer "${to.name}": the first gives ${shapeText(given)}, the second takes ${shapeText(to.inputShape)}`,
      );
    }
  }
}

/** Both in one network; with `connect`, the outputs of the first go into the second. */
function merge(left: BaseGraph, right: BaseGraph, connect: boolean): LayerGraph {
  if (connect) checkConnection(left, right);
  const forward = new Map([...left.forwardGraph].map(([layer, targets]) => [layer, [...targets]]));
  for (const [layer, targets] of right.forwardGraph) {
    const known = forward.get(layer);
    if (known) known.push(...targets.filter((to) => !known.includes(to)));
    else forward.set(layer, [...targets]);
  }
  if (connect) {
    for (const from of left.outputLayers) for (const to of right.inputLayers) forward.get(from)?.push(to);
  }
  return new LayerGraph(forward);
}

/**
 * One network of these layers and networks, each behind the one before: `a >> b >> c`.
 *
 * @throws LayerConnectionError where two layers do not fit, naming both; where several outputs meet several inputs; where
 *   layers would go in a circle.
 *
 * @example
 * ```ts
 * import { Convolution, GroupNorm, Input, join, Relu, Reshape, Softmax } from "varve/neupy";
 * const network = join(
 *   Input([28, 28, 1]),
 *   Convolution([3, 3, 16]).pipe(GroupNorm(4)).pipe(Relu()),
 *   Convolution([3, 3, 16]).pipe(GroupNorm(4)).pipe(Relu()),
 *   Reshape(),
 *   Softmax(10),
 * );
 * String(network) // => "(?, 28, 28, 1) -> [... 9 layers ...] -> (?, 10)"
 * ```
 */
export function join(...networks: readonly NetworkLike[]): LayerGraph {
  return networks.reduce<LayerGraph>((graph, next) => merge(graph, graphOf(next, "join"), true), new LayerGraph());
}

/**
 * One network of these layers and networks side by side, unconnected: `a | b`. A list is joined first.
 *
 * @example
 * ```ts
 * import { Concatenate, Input, join, parallel, Relu } from "varve/neupy";
 * const network = join(parallel([Input(10), Relu(5)], Input(9)), Concatenate());
 * String(network) // => "[(?, 10), (?, 9)] -> [... 4 layers ...] -> (?, 14)"
 * ```
 */
export function parallel(...networks: readonly NetworkLike[]): LayerGraph {
  return networks.reduce<LayerGraph>((graph, next) => merge(graph, graphOf(next, "parallel"), false), new LayerGraph());
}

function copyOf(graph: BaseGraph): BaseGraph {
  const copies = new Map([...graph.forwardGraph.keys()].map((layer) => [layer, layer.copy()]));
  if (graph instanceof GraphLayer) return copies.get(graph) as GraphLayer;
  const copied = (layer: GraphLayer) => copies.get(layer) as GraphLayer;
  return new LayerGraph(
    new Map([...graph.forwardGraph].map(([layer, targets]) => [copied(layer), targets.map(copied)])),
  );
}

/**
 * A layer or network `n` times, one behind the other: itself, then copies with the same options and variables of their
 * own.
 *
 * @throws OptionError where n is not a whole number ≥ 1; LayerConnectionError where it does not fit itself.
 *
 * @example
 * ```ts
 * import { Input, join, Relu, repeat } from "varve/neupy";
 * const network = join(Input(8), repeat(Relu(8), 3));
 * [network.length, network.nParameters] // => [4, 216]
 * ```
 */
export function repeat<G extends BaseGraph>(network: G, n: number): G | LayerGraph {
  if (!Number.isSafeInteger(n) || n < 1) throw new OptionError(`repeat: n must be a whole number ≥ 1, got ${show(n)}`);
  if (n === 1) return network;
  return join(network, ...Array.from({ length: n - 1 }, () => copyOf(network)));
}
