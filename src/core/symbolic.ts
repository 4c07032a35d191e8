/**
 * Symbolic tensors: the nodes of a model's graph before it has data. They have a shape, in which sizes may be unknown,
 * and a dtype. Calling an operation on one adds a node; what comes out is found by running the operation on a device
 * that knows shapes only, with each unknown size tried as two different numbers: where the results differ, the size
 * is unknown there too.
 */
import { onDevice } from "./device.ts";
import { checkDType, type DType } from "./dtype.ts";
import { OptionError, show } from "./errors.ts";
import { inScope } from "./scope.ts";
import { formatShape, type PartialShape, probeSizes } from "./shape.ts";
import { shapesDevice } from "./shapes-device.ts";
import { Tensor } from "./tensor.ts";
import { leaves, mapLeaves } from "./tree.ts";

/** Anything that can be a node of a graph: layers, and single ops. */
export interface Operation {
  readonly name: string;
}

/** One call of an operation in a graph. */
export interface GraphNode {
  readonly operation: Operation;
  /** The arguments of the call, symbolic tensors wherever tensors will stand. */
  readonly args: readonly unknown[];
  /** Runs the operation on arguments of the same structure. */
  readonly run: (args: readonly unknown[]) => unknown;
  /** The symbolic tensors among the arguments. */
  readonly inputs: readonly SymbolicTensor[];
  /** What came out, in its structure. */
  outputs: unknown;
}

let created = 0;

export class SymbolicTensor {
  readonly shape: PartialShape;
  readonly dtype: DType;
  readonly name: string;
  /** The call that gives this tensor; none for an input. */
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

/** What `run` gives for these symbolic arguments, without a graph: only shapes and dtypes. */
export function evaluateSymbolically(args: readonly unknown[], run: (args: readonly unknown[]) => unknown): unknown {
  const unknown = leaves(args).some((leaf) => leaf instanceof SymbolicTensor && leaf.shape.includes(null));
  const trySizes = () => {
    const [first, second] = (unknown ? probeSizes : [probeSizes[0]]).map((size) =>
      run(mapLeaves(args, (leaf) => (leaf instanceof SymbolicTensor ? probe(leaf, size) : leaf)) as unknown[]),
    );
    if (second === undefined) return mapLeaves(first, (leaf) => (leaf instanceof Tensor ? merge(leaf, leaf) : leaf));
    const others = leaves(second);
    let index = 0;
    return mapLeaves(first, (leaf) => {
      const other = others[index++];
      return leaf instanceof Tensor ? merge(leaf, other as Tensor) : leaf;
    });
  };
  return onDevice(shapesDevice, () => inScope(trySizes, false));
}

/** Adds a call of `operation` to the graph and gives its symbolic outputs. */
export function callSymbolically(
  operation: Operation,
  args: readonly unknown[],
  run: (args: readonly unknown[]) => unknown,
): unknown {
  const outputs = evaluateSymbolically(args, run);
  const inputs = leaves(args).filter((leaf): leaf is SymbolicTensor => leaf instanceof SymbolicTensor);
  const node: GraphNode = { operation, args, run, inputs, outputs };
  for (const leaf of leaves(outputs)) if (leaf instanceof SymbolicTensor) leaf.node = node;
  return outputs;
}

/** Whether a structure holds a symbolic tensor. */
export function isSymbolic(structure: unknown): boolean {
  return leaves(structure).some((leaf) => leaf instanceof SymbolicTensor);
}

/** What `input` takes. */
export interface InputOptions {
  /** The shape of one sample; `null` where a size is not known yet. */
  readonly shape?: PartialShape;
  /** Default: not known yet. */
  readonly batchSize?: number | null;
  /** The whole shape, batch included, in place of `shape` and `batchSize`. */
  readonly batchShape?: PartialShape;
  /** Default "float32". */
  readonly dtype?: DType;
  readonly name?: string;
}

/** The whole shape that input options name. */
export function batchShapeOf({ shape, batchSize = null, batchShape }: InputOptions, where: string): PartialShape {
  if ((shape === undefined) === (batchShape === undefined)) {
    throw new OptionError(`${where}: give shape (without the batch) or batchShape (with it), and not both`);
  }
  const whole = batchShape ?? [batchSize, ...(Array.isArray(shape) ? shape : [Number.NaN])];
  if (!Array.isArray(whole) || !whole.every((size) => size === null || (Number.isSafeInteger(size) && size >= 0))) {
    throw new OptionError(`${where}: a shape is a list of whole numbers ≥ 0 or null, got ${show(batchShape ?? shape)}`);
  }
  return Object.freeze([...whole]);
}

/** A symbolic tensor that a model will take as input. `input` in the layers' module makes the layer around it. @internal */
export function symbolicInput(options: InputOptions, where = "input"): SymbolicTensor {
  const shape = batchShapeOf(options, where);
  return new SymbolicTensor(shape, checkDType(options.dtype ?? "float32", where), options.name);
}
