/**
 * The graph of a model: which calls lead from its inputs to its outputs, and running them on data. It knows symbolic
 * tensors and their nodes, but not what the operations are; models make layers of them.
 */
import { VarveError } from "../core/errors.ts";
import { inScope } from "../core/scope.ts";
import { type GraphNode, type Operation, SymbolicTensor, symbolicLeaves } from "../core/symbolic.ts";
import { Tensor } from "../core/tensor.ts";
import { leaves, mapLeaves } from "../core/tree.ts";
import { InputLayer } from "../layers/core/input-layer.ts";
import { Layer } from "../layers/layer.ts";
import { copy } from "../ops/movement/reshape.ts";

/** A place in the graph: an input, or a call with the places it depends on. */
interface Vertex {
  readonly operation: Operation;
  /** The call; none for an input. */
  readonly node: GraphNode | undefined;
  readonly parents: Vertex[];
  depth: number;
}

export class Graph {
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: readonly SymbolicTensor[];
  /** The layer in front of each input: the InputLayer it came from, or a new one where a graph is entered halfway. */
  readonly inputLayers: readonly InputLayer[];
  /** The calls, every one after those it depends on. */
  readonly nodes: readonly GraphNode[];
  /** Everything that is called, in Keras's order: furthest from the outputs first. */
  readonly operations: readonly Operation[];
  /** Whether each step has one call that takes one tensor, and nothing is called twice. */
  readonly isChain: boolean;
  /** For every call: which tensors nothing needs afterwards. */
  readonly #spent: readonly (readonly SymbolicTensor[])[];

  /** Finds the way back from the outputs to the inputs. `owner` is who messages speak of. */
  constructor(inputs: readonly SymbolicTensor[], outputs: readonly SymbolicTensor[], owner: string) {
    this.inputs = inputs;
    this.outputs = outputs;
    const twice = inputs.find((tensor, index) => inputs.indexOf(tensor) !== index);
    if (twice) throw new VarveError(`${owner}: input "${twice.name}" is listed twice; list each input once`);
    this.inputLayers = inputs.map(inputLayerOf);
    const sources = inputs.map(
      (_, index): Vertex => ({
        operation: this.inputLayers[index] as InputLayer,
        node: undefined,
        parents: [],
        depth: 0,
      }),
    );
    const { order, firstSeen } = this.#walk(sources, owner);
    this.nodes = order.flatMap((vertex) => vertex.node ?? []);
    this.operations = operationsByDepth(order, sources, firstSeen);
    refuseSharedNames(this.operations, owner);
    this.isChain =
      sources.length === 1 &&
      this.operations.length === order.length &&
      order.every(
        (vertex, index) =>
          (vertex.node?.inputs.length ?? 0) === Math.min(index, 1) && vertex.depth === order.length - 1 - index,
      );
    this.#spent = this.#findSpent();
  }

  /** Depth first from the outputs: the vertices with parents before children, and when each operation was first met. */
  #walk(sources: readonly Vertex[], owner: string) {
    const vertices = new Map<GraphNode, Vertex>();
    const order: Vertex[] = [];
    const done = new Set<Vertex>();
    const firstSeen = new Map<Operation, number>();
    const vertexOf = (tensor: SymbolicTensor, needed: string): Vertex => {
      const source = sources[this.inputs.indexOf(tensor)];
      if (source) return source;
      const { node } = tensor;
      if (!node || node.operation instanceof InputLayer) {
        throw new VarveError(
          `${owner}: ${needed} needs input "${tensor.name}", which is not among the inputs (${this.inputs.map(({ name }) => `"${name}"`).join(", ")}); add it to inputs`,
        );
      }
      const known = vertices.get(node) ?? { operation: node.operation, node, parents: [], depth: 0 };
      vertices.set(node, known);
      return known;
    };
    const open: { vertex: Vertex; next: number }[] = [];
    const enter = (vertex: Vertex) => {
      if (done.has(vertex)) return;
      if (!firstSeen.has(vertex.operation)) firstSeen.set(vertex.operation, firstSeen.size);
      open.push({ vertex, next: 0 });
    };
    for (const output of this.outputs) {
      enter(vertexOf(output, `output "${output.name}"`));
      for (let top = open.at(-1); top; top = open.at(-1)) {
        const { vertex } = top;
        const parent = vertex.node?.inputs[top.next++];
        if (parent) {
          const found = vertexOf(parent, `"${vertex.operation.name}"`);
          if (!vertex.parents.includes(found)) vertex.parents.push(found);
          enter(found);
          continue;
        }
        open.pop();
        if (done.has(vertex)) continue;
        done.add(vertex);
        order.push(vertex);
      }
    }
    return { order, firstSeen };
  }

  #findSpent(): SymbolicTensor[][] {
    const lastUse = new Map<SymbolicTensor, number>();
    // A mask lives as long as the tensor that it belongs to, and this as long as anybody needs either.
    const owners = new Map<SymbolicTensor, SymbolicTensor>();
    for (const tensor of this.inputs) if (tensor.mask) owners.set(tensor.mask, tensor);
    this.nodes.forEach((node, index) => {
      for (const tensor of symbolicLeaves(node.outputs)) {
        lastUse.set(tensor, index);
        if (tensor.mask) owners.set(tensor.mask, tensor);
      }
      for (const tensor of node.inputs) lastUse.set(owners.get(tensor) ?? tensor, index);
    });
    const kept = new Set([...this.inputs, ...this.outputs]);
    const spent: SymbolicTensor[][] = this.nodes.map(() => []);
    for (const [tensor, index] of lastUse) if (!kept.has(tensor)) spent[index]?.push(tensor);
    return spent;
  }

  /**
   * The outputs for these inputs. What a call gives is freed as soon as no later call needs it (while a gradient is
   * recorded nothing is).
   */
  run(inputs: readonly Tensor[]): Tensor[] {
    const values = new Map<SymbolicTensor, Tensor | undefined>();
    const put = (symbolic: SymbolicTensor, tensor: Tensor | undefined) => {
      values.set(symbolic, tensor);
      if (symbolic.mask) values.set(symbolic.mask, tensor?.mask);
    };
    this.inputs.forEach((symbolic, index) => {
      put(symbolic, inputs[index]);
    });
    this.nodes.forEach((node, index) => {
      const args = mapLeaves(node.args, (leaf) => (leaf instanceof SymbolicTensor ? values.get(leaf) : leaf));
      const outputs = inScope(() => asOwnTensors(node.run(args as unknown[]), leaves(args)));
      const tensors = leaves(outputs);
      leaves(node.outputs).forEach((symbolic, position) => {
        if (symbolic instanceof SymbolicTensor) put(symbolic, tensors[position] as Tensor);
      });
      for (const symbolic of this.#spent[index] as SymbolicTensor[]) {
        values.get(symbolic)?.dispose();
        values.delete(symbolic);
      }
    });
    return this.outputs.map((symbolic) => values.get(symbolic) as Tensor);
  }
}

/** Every tensor its own object, and none of them one of `given`, so that each can be disposed by itself. */
function asOwnTensors(outputs: unknown, given: readonly unknown[]): unknown {
  const seen = new Set(given);
  return mapLeaves(outputs, (leaf) => {
    if (!(leaf instanceof Tensor)) return leaf;
    const own = seen.has(leaf) ? copy(leaf) : leaf;
    seen.add(own);
    return own;
  });
}

function inputLayerOf(tensor: SymbolicTensor): InputLayer {
  const origin = tensor.node?.operation;
  return origin instanceof InputLayer ? origin : new InputLayer({ batchShape: tensor.shape, dtype: tensor.dtype });
}

/** Sets how far every vertex is from the outputs, and sorts the operations by it as Keras does. */
function operationsByDepth(
  order: readonly Vertex[],
  sources: readonly Vertex[],
  firstSeen: ReadonlyMap<Operation, number>,
): Operation[] {
  const depths = new Map<Operation, number>();
  for (const vertex of order.toReversed()) {
    vertex.depth = Math.max(vertex.depth, depths.get(vertex.operation) ?? 0);
    depths.set(vertex.operation, vertex.depth);
    for (const parent of vertex.parents) parent.depth = Math.max(parent.depth, vertex.depth + 1);
  }
  for (const { operation } of sources) if (!depths.has(operation)) depths.set(operation, 0);
  return [...depths.keys()].sort(
    (a, b) =>
      (depths.get(b) as number) - (depths.get(a) as number) || (firstSeen.get(a) ?? -1) - (firstSeen.get(b) ?? -1),
  );
}

/** Layers are told apart by their names, in files and by `getLayer`. */
function refuseSharedNames(operations: readonly Operation[], owner: string): void {
  const names = new Set<string>();
  for (const { name } of operations.filter((operation) => operation instanceof Layer)) {
    if (names.has(name)) {
      throw new VarveError(`${owner}: two layers are called "${name}"; give each its own name: { name: "…" }`);
    }
    names.add(name);
  }
}
