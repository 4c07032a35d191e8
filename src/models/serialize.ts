/**
 * Models as Keras's configs have them: layers by class name and config, calls by the names of the layers in front.
 * What it is not: the files these configs stand in, and the weights.
 */
import { type DType, dtypes, type TypedArray } from "../core/dtype.ts";
import { show, VarveError } from "../core/errors.ts";
import { camelCase, type Json, snakeCase } from "../core/options.ts";
import type { Shape } from "../core/shape.ts";
import { callSymbolically, type GraphNode, type Operation, SymbolicTensor } from "../core/symbolic.ts";
import { type NestedArray, Tensor } from "../core/tensor.ts";
import { isPlainObject, leaves, mapLeaves } from "../core/tree.ts";
import { Layer } from "../layers/layer.ts";
import { describeLayer, type LayerClasses } from "../layers/serialize.ts";
import { tensor } from "../ops/tensor.ts";

export { type Config, deserializeLayer, type LayerClasses } from "../layers/serialize.ts";

/** A layer as Keras's configs of models have it. */
export function serializeLayer(layer: Layer): Record<string, Json> {
  return { ...describeLayer(layer), ...buildConfigOf(layer) };
}

/** The shapes that a layer was built for, as Keras's configs name them; nothing before it is built. */
function buildConfigOf(layer: Layer): Record<string, Json> {
  const shape = layer.buildShape as Json | undefined;
  if (shape === undefined) return {};
  const names = inputNamesOf(layer);
  if (names.length === 0) return { build_config: { input_shape: shape } };
  const shapes = (shape as readonly Json[]).map((each, index) => [`${names[index]}_shape`, each]);
  return { build_config: { shapes_dict: Object.fromEntries(shapes) } };
}

const inputNamesOf = (layer: Layer): readonly string[] => (layer.constructor as typeof Layer).inputNames;

/** In place of the module of a layer's class: the entry is a function of `ops.*`, and its class name that function's. */
export const opsModule = "varve.ops";

/** A tensor of the graph, named by where it comes from, as configs have it; anything else as JSON. */
function serializeArgument(leaf: unknown, originOf: (tensor: SymbolicTensor) => readonly Json[], owner: string): Json {
  if (leaf instanceof SymbolicTensor) {
    return {
      class_name: "__keras_tensor__",
      config: { shape: leaf.shape, dtype: leaf.dtype, keras_history: originOf(leaf) },
    } as Json;
  }
  const constant = leaf instanceof Constant || ArrayBuffer.isView(leaf) ? leaf : undefined;
  if (leaf instanceof Tensor || constant) {
    const made = leaf instanceof Tensor ? leaf : leaf instanceof Constant ? leaf.tensor() : tensor(leaf as TypedArray);
    const config = { value: made.arraySync() as Json, dtype: made.dtype };
    if (made !== leaf) made.dispose();
    return { class_name: "__numpy__", config };
  }
  if (leaf === undefined || leaf === null || ["number", "string", "boolean"].includes(typeof leaf)) return leaf as Json;
  throw new VarveError(`${owner}: the config of a model cannot hold what it is called with: ${show(leaf)}`);
}

/** A call: its arguments, with every symbolic tensor named by where it comes from. */
export function serializeNode(node: GraphNode, originOf: (tensor: SymbolicTensor) => readonly Json[]): Json {
  const { operation } = node;
  const owner = operation instanceof Layer ? operation.label : `ops.${operation.op}`;
  const args = mapLeaves(node.args, (leaf) => serializeArgument(leaf, originOf, owner)) as Json[];
  if (!(operation instanceof Layer)) return { args, kwargs: {} };
  const [inputs, options] = args as [Json, Record<string, Json>];
  const kwargs = Object.entries(options).map(([name, value]) => [snakeCase(name), value ?? null]);
  const isApart = inputNamesOf(operation).length > 0;
  return { args: isApart ? (inputs as Json[]) : [inputs], kwargs: Object.fromEntries(kwargs) };
}

/** A constant among the arguments of an op in a graph: a tensor of its own at every call. */
export class Constant {
  readonly values: TypedArray;
  readonly shape: Shape;
  readonly dtype: DType;

  constructor({ value, dtype }: { value: NestedArray; dtype: string }) {
    const made = tensor(
      value,
      undefined,
      dtypes.find((each) => each === dtype) ?? (/int/.test(dtype) ? "int32" : "float32"),
    );
    [this.values, this.shape, this.dtype] = [made.dataSync(), made.shape, made.dtype];
    made.dispose();
  }

  tensor(): Tensor {
    return tensor(this.values, this.shape, this.dtype);
  }
}

/** An op in a graph that a config describes; `apply` adds a call of it. */
export interface OpEntry extends Operation {
  apply(args: readonly unknown[]): unknown;
}

/** The op that an entry of a config names. Functions are looked up in `classes.ops`. */
export function deserializeOp(entry: { class_name?: unknown; name: string }, classes: LayerClasses): OpEntry {
  const op = String(entry.class_name);
  const run = isPlainObject(classes.ops) && Object.hasOwn(classes.ops, op) ? classes.ops[op] : undefined;
  if (typeof run !== "function") {
    throw new VarveError(
      `the config calls ops.${op}; give the ops along, as in fromConfig(config, { ...layers, ops })`,
    );
  }
  const revive = (leaf: unknown) => (leaf instanceof Constant ? leaf.tensor() : leaf);
  return {
    name: entry.name,
    op,
    apply(args) {
      return callSymbolically(this, args, (given) => run(...(mapLeaves(given, revive) as unknown[])));
    },
  };
}

/** Calls an operation as a config says, where each symbolic tensor is found by `find`. Undefined while one is missing. */
export function callFromConfig(
  operation: Layer | OpEntry,
  node: unknown,
  find: (origin: readonly unknown[]) => SymbolicTensor | undefined,
): { outputs: unknown } | undefined {
  let missing = false;
  const revive = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(revive);
    if (!isPlainObject(value)) return value;
    if (value.class_name === "__keras_tensor__") {
      const found = find((value.config as { keras_history: readonly unknown[] }).keras_history);
      if (!found) missing = true;
      return found;
    }
    if (value.class_name === "__numpy__" || value.class_name === "__tensor__")
      return new Constant(value.config as never);
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, revive(item)]));
  };
  const { args, kwargs } = node as { args: readonly unknown[]; kwargs: Record<string, unknown> };
  if (!(operation instanceof Layer)) {
    const given = args.map(revive);
    return missing ? undefined : { outputs: operation.apply(given) };
  }
  const names = inputNamesOf(operation);
  const apart = names.map((name, index) => args[index] ?? kwargs?.[name]).filter((each) => each !== null);
  const { callSchema } = operation.constructor as typeof Layer;
  const isOption = (name: string) => ["training", "mask"].includes(name) || Object.hasOwn(callSchema, camelCase(name));
  // What a layer takes first may be given by its name too, whatever that is.
  const first = args.length > 0 ? undefined : Object.keys(kwargs ?? {}).find((name) => !isOption(name));
  const alone = first === undefined ? args[0] : kwargs[first];
  const inputs = revive(names.length > 0 ? apart.filter((each) => each !== undefined) : alone);
  const given = Object.entries(kwargs ?? {}).filter(
    ([name, value]) => value !== null && value !== undefined && name !== first && !names.includes(name),
  );
  const options = Object.fromEntries(given.map(([key, value]) => [camelCase(key), revive(value)]));
  return missing ? undefined : { outputs: operation.apply(inputs as SymbolicTensor, options) };
}

/** The tensor at a place among a call's outputs. */
export function outputAt(node: GraphNode, index: unknown): SymbolicTensor | undefined {
  return leaves(node.outputs)[index as number] as SymbolicTensor | undefined;
}
