/**
 * Models as Keras's configs have them: layers by class name and config, calls by the names of the layers in front.
 * What it is not: the files these configs stand in, and the weights.
 */
import { didYouMean, OptionError, show, VarveError } from "../core/errors.ts";
import type { Json } from "../core/options.ts";
import { type GraphNode, SymbolicTensor } from "../core/symbolic.ts";
import { isPlainObject, leaves, mapLeaves } from "../core/tree.ts";
import { Layer } from "../layers/layer.ts";

export type Config = Readonly<Record<string, Json>>;

/** Layer classes by their Keras names: an object like the module of all layers, or one with your own. */
export type LayerClasses = Readonly<Record<string, unknown>>;

interface LayerClass {
  readonly className: string;
  readonly module?: string;
  fromConfig(config: Config, classes: LayerClasses): Layer;
}

/** A layer as Keras's configs have it. */
export function serializeLayer(layer: Layer): Record<string, Json> {
  const { className, module = "keras.layers" } = layer.constructor as unknown as LayerClass;
  const shape = layer.buildShape as Json | undefined;
  return {
    module,
    class_name: className,
    config: layer.getConfig(),
    registered_name: null,
    ...(shape === undefined ? {} : { build_config: { input_shape: shape } }),
  };
}

/** The layer that a config describes. Its class is looked up among `classes`. */
export function deserializeLayer(config: unknown, classes: LayerClasses): Layer {
  const { class_name: name, config: options } = (isPlainObject(config) ? config : {}) as Record<string, unknown>;
  if (typeof name !== "string" || !isPlainObject(options)) {
    throw new OptionError(`a layer's config has class_name and config, got ${show(config)}`);
  }
  const found = classes[name];
  if (typeof found !== "function") {
    const known = Object.keys(classes).filter((key) => typeof classes[key] === "function" && /^[A-Z]/.test(key));
    throw new OptionError(
      `layer class "${name}" is not among the classes given; ${didYouMean(name, known)} Your own classes are given as { ${name} }`,
    );
  }
  return (found as unknown as LayerClass).fromConfig(options as Config, classes);
}

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
  ) as [Json, Json];
  return { args: [inputs], kwargs: options };
}

/** The reverse: the arguments of a call, with each symbolic tensor found by `find`. Undefined while one is missing. */
export function deserializeNode(
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
  const inputs = revive(args[0]);
  const given = Object.entries(kwargs ?? {}).filter(([, value]) => value !== null && value !== undefined);
  const options = Object.fromEntries(given.map(([key, value]) => [key, revive(value)]));
  return missing ? undefined : { inputs, options };
}

/** The tensor at a place among a call's outputs. */
export function outputAt(node: GraphNode, index: unknown): SymbolicTensor | undefined {
  return leaves(node.outputs)[index as number] as SymbolicTensor | undefined;
}
