/**
 * Symbolic tensors: the nodes of a model's graph before it has data. They have a shape, in which sizes may be unknown,
 * and a dtype. Calling an operation on one adds a node; what comes out is found by running the operation on a device
 * that knows shapes only, with each unknown size tried as two different numbers: where the results differ, the size
 * is unknown there too.
 */
import { onDevice } from "./device.ts";
import type { DType } from "./dtype.ts";
import { inScope } from "./scope.ts";
import { formatShape, isProbe, type PartialShape, type Shape, standInsBeside, standingIn } from "./shape.ts";
import { shapesDevice } from "./shapes-device.ts";
import { Tensor } from "./tensor.ts";
import { isPlainObject, leaves, mapLeaves } from "./tree.ts";

/** Anything that can be a node of a graph: layers, and single ops. */
export interface Operation {
  /** Unique in its graph. */
  readonly name: string;
  /** For a single op: its name in `ops.*`. */
  readonly op?: string;
}

/** One call of an operation in a graph. */
export interface GraphNode {
  readonly operation: Operation;
  /** Which of the operation's calls this is, counted from 0. */
  readonly index: number;
  /** The arguments of the call, symbolic tensors wherever tensors will stand. */
  readonly args: readonly unknown[];
  /** Runs the operation on arguments of the same structure. */
  readonly run: (args: readonly unknown[]) => unknown;
  /** The symbolic tensors among the arguments. */
  readonly inputs: readonly SymbolicTensor[];
  /** What came out, in its structure. */
  readonly outputs: unknown;
}

let created = 0;

/** Of every operation its first call in a graph, and how many there were. */
const calls = new WeakMap<Operation, { readonly first: GraphNode; count: number }>();

/** The first call of an operation in a graph; undefined where it is in none. */
export function firstCall(operation: Operation): GraphNode | undefined {
  return calls.get(operation)?.first;
}

/** A node for the next call of an operation; it becomes the origin of the symbolic tensors among the outputs. */
function addNode(node: Omit<GraphNode, "index" | "inputs">): GraphNode {
  const known = calls.get(node.operation);
  const added: GraphNode = { ...node, index: known?.count ?? 0, inputs: symbolicLeaves(node.args) };
  if (known) known.count++;
  else calls.set(node.operation, { first: added, count: 1 });
  for (const output of symbolicLeaves(node.outputs)) {
    output.node = added;
    if (output.mask) output.mask.node = added;
  }
  return added;
}

/** The symbolic tensors of a structure, in order. */
export function symbolicLeaves(structure: unknown): SymbolicTensor[] {
  return leaves(structure).filter((leaf): leaf is SymbolicTensor => leaf instanceof SymbolicTensor);
}

export class SymbolicTensor {
  readonly shape: PartialShape;
  readonly dtype: DType;
  readonly name: string;
  /** The call that gives this tensor. Inputs of models come from a call of an InputLayer without arguments. */
  node: GraphNode | undefined = undefined;
  mask: SymbolicTensor | undefined = undefined;

  constructor(shape: PartialShape, dtype: DType, name = `symbolic_${created++}`) {
    this.shape = shape;
    this.dtype = dtype;
    this.name = name;
  }

  get rank(): number {
    return this.shape.length;
  }

  toString(): string {
    return `SymbolicTensor(${this.name}, ${formatShape(this.shape)}, ${this.dtype})`;
  }
}

/** A stand-in of known shape for a symbolic tensor, on the device that knows shapes only. */
function probe(symbolic: SymbolicTensor, size: number): Tensor {
  const shape = symbolic.shape.map((length) => length ?? size);
  const tensor = Tensor.allocate(shapesDevice, shape, symbolic.dtype);
  if (symbolic.mask) tensor.mask = probe(symbolic.mask, size);
  return tensor;
}

function merge(first: Tensor, second: Tensor): SymbolicTensor {
  const shape = first.shape.map((size, axis) => (size === second.shape[axis] ? size : null));
  const symbolic = new SymbolicTensor(shape, first.dtype);
  if (first.mask && second.mask) symbolic.mask = merge(first.mask, second.mask);
  return symbolic;
}

/** Thrown to end a trial where it comes to a place; holds the shapes that there are. */
class Reached {
  readonly place: object;
  readonly shapes: readonly PartialShape[];

  constructor(place: object, shapes: readonly PartialShape[]) {
    this.place = place;
    this.shapes = shapes;
  }
}

/** What shapes there are at a place when unknown sizes are tried as the other number; while one is tried as the first. */
let otherShapesAt: ((place: object) => readonly PartialShape[] | undefined) | undefined;

/** Where the trial under way is to end. */
let destination: object | undefined;

/** What `run` gives for these symbolic arguments, without a graph: only shapes and dtypes. */
export function evaluateSymbolically(args: readonly unknown[], run: (args: readonly unknown[]) => unknown): unknown {
  const sizes = symbolicLeaves(args).flatMap(({ shape }) => shape);
  const [first, second] = standInsBeside(sizes.filter((size) => size !== null));
  const tryAs = (size: number | undefined, shapesAt?: typeof otherShapesAt, place?: object) => {
    const outer = [otherShapesAt, destination] as const;
    [otherShapesAt, destination] = [shapesAt, place];
    try {
      const probed = mapLeaves(args, (leaf) => (leaf instanceof SymbolicTensor ? probe(leaf, size ?? 0) : leaf));
      return onDevice(shapesDevice, () => standingIn(size, () => run(probed as unknown[])));
    } finally {
      [otherShapesAt, destination] = outer;
    }
  };
  const shapesAt = (place: object) => {
    try {
      tryAs(second, undefined, place);
    } catch (error) {
      if (error instanceof Reached && error.place === place) return error.shapes;
    }
    return undefined;
  };
  const trySizes = () => {
    const isKnown = !sizes.includes(null);
    const found = isKnown ? tryAs(undefined) : tryAs(first, shapesAt);
    const others = leaves(isKnown ? found : tryAs(second));
    let index = 0;
    return mapLeaves(found, (leaf) => {
      const other = others[index++];
      return leaf instanceof Tensor ? merge(leaf, other as Tensor) : leaf;
    });
  };
  return onDevice(shapesDevice, () => inScope(trySizes, false));
}

/** The shape, with the sizes that only stand in for unknown ones unknown again. @internal */
export function shapeBeforeProbing(tensor: Tensor | SymbolicTensor): PartialShape {
  const probed = tensor instanceof Tensor && !tensor.device.concrete;
  return probed ? (tensor.shape as Shape).map((size) => (isProbe(size) ? null : size)) : tensor.shape;
}

/**
 * The same for tensors that come to a place, which are looked at as if for the first time: a real size may happen to be
 * the number that stands in for unknown ones. It is real where the size is the same when unknown ones are tried as
 * another number, up to this place; the batch is taken to be unknown without a look. @internal
 */
export function shapesBeforeProbing(
  place: object,
  tensors: readonly (Tensor | SymbolicTensor)[],
): readonly PartialShape[] {
  if (destination === place) {
    throw new Reached(
      place,
      tensors.map(({ shape }) => shape),
    );
  }
  const shapes = tensors.map(shapeBeforeProbing);
  const others = shapes.some((shape) => shape.includes(null, 1)) ? otherShapesAt?.(place) : undefined;
  if (!others) return shapes;
  return tensors.map(({ shape }, index) => shape.map((size, axis) => (size === others[index]?.[axis] ? size : null)));
}

/** Adds a call of `operation` to the graph and gives its symbolic outputs. */
export function callSymbolically(
  operation: Operation,
  args: readonly unknown[],
  run: (args: readonly unknown[]) => unknown,
): unknown {
  const outputs = evaluateSymbolically(args, run);
  addNode({ operation, args, run, outputs });
  return outputs;
}

/** Whether a structure holds a symbolic tensor. */
export function isSymbolic(structure: unknown): boolean {
  if (structure instanceof SymbolicTensor) return true;
  // Asked at every call of an op: lists of numbers are not searched, and nothing is allocated.
  if (Array.isArray(structure)) return typeof structure[0] !== "number" && structure.some(isSymbolic);
  return isPlainObject(structure) && Object.values(structure).some(isSymbolic);
}

/** The symbolic tensor that an input layer stands for: a new one, or one that begins a graph from now on. @internal */
export function symbolicInput(
  operation: Operation,
  shape: PartialShape,
  dtype: DType,
  symbolic = new SymbolicTensor(shape, dtype, operation.name),
): SymbolicTensor {
  addNode({ operation, args: [], run: () => symbolic, outputs: symbolic });
  return symbolic;
}
