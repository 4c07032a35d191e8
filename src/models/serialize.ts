/**
 * Models as Keras's configs have them: layers by class name and config, calls by the names of the layers in front.
 * What it is not: the files these configs stand in, and the weights.
 */
import { VarveError } from "../core/errors.ts";
import { camelCase, type Json, snakeCase } from "../core/options.ts";
import { type GraphNode, SymbolicTensor } from "../core/symbolic.ts";
import { isPlainObject, leaves, mapLeaves } from "../core/tree.ts";
import { Layer } from "../layers/layer.ts";
import { describeLayer } from "../layers/serialize.ts";

export { type Config, deserializeLayer, type LayerClasses } from "../layers/serialize.ts";

/** A layer as Keras's configs of models have it. */
export function serializeLayer(layer: Layer): Record<string, Json> {
  return { ...describeLayer(layer), ...buildConfigOf(layer) };
}

/** The shapes that a layer was built for, as Keras's configs name them; nothing before it is built. */
export function buildConfigOf(layer: Layer): Record<string, Json> {
  const shape = layer.buildShape as Json | undefined;
  if (shape === undefined) return {};
  const names = inputNamesOf(layer);
  if (names.length === 0) return { build_config: { input_shape: shape } };
  const shapes = (shape as readonly Json[]).map((each, index) => [`${names[index]}_shape`, each]);
  return { build_config: { shapes_dict: Object.fromEntries(shapes) } };
}

const inputNamesOf = (layer: Layer): readonly string[] => (layer.constructor as typeof Layer).inputNames;

/** A call of a layer: its arguments, with every symbolic tensor named by where it comes from. */
export function serializeNode(node: GraphNode, originOf: (tensor: SymbolicTensor) => readonly Json[]): Json {
  if (!(node.operation instanceof Layer)) {
    throw new VarveError(
      `the config of a model holds layers only; put the op "${node.operation.name}" into a layer of your own`,
    );
  }
  const [inputs, options] = mapLeaves(node.args, (leaf) =>
    leaf instanceof SymbolicTensor
      ? {
          class_name: "__keras_tensor__",
          config: { shape: leaf.shape, dtype: leaf.dtype, keras_history: originOf(leaf) },
        }
      : (leaf ?? null),
  ) as [Json, Record<string, Json>];
  const kwargs = Object.entries(options).map(([name, value]) => [snakeCase(name), value]);
  const isApart = inputNamesOf(node.operation).length > 0;
  return { args: isApart ? inputs : [inputs], kwargs: Object.fromEntries(kwargs) };
}

/**
 * The reverse: the arguments of a call of a layer, with each symbolic tensor found by `find`. Undefined while one is
 * missing.
 */
export function deserializeNode(
  layer: Layer,
  node: unknown,
  find: (origin: readonly unknown[]) => SymbolicTensor | undefined,
): { inputs: unknown; options: Record<string, unknown> } | undefined {
  let missing = false;
  const revive = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(revive);
    if (!isPlainObject(value)) return value;
    if (value.class_name === "__keras_tensor__") {
      const found = find((value.config as { keras_history: readonly unknown[] }).keras_history);
      if (!found) missing = true;
      return found;
    }
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, revive(item)]));
  };
  const { args, kwargs } = node as { args: readonly unknown[]; kwargs: Record<string, unknown> };
  const names = inputNamesOf(layer);
  const apart = names.map((name, index) => args[index] ?? kwargs?.[name]).filter((each) => each !== null);
  const inputs = revive(names.length > 0 ? apart.filter((each) => each !== undefined) : args[0]);
  const given = Object.entries(kwargs ?? {}).filter(
    ([name, value]) => value !== null && value !== undefined && !names.includes(name),
  );
  const options = Object.fromEntries(given.map(([key, value]) => [camelCase(key), revive(value)]));
  return missing ? undefined : { inputs, options };
}

/** The tensor at a place among a call's outputs. */
export function outputAt(node: GraphNode, index: unknown): SymbolicTensor | undefined {
  return leaves(node.outputs)[index as number] as SymbolicTensor | undefined;
}
