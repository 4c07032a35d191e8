/**
 * Configs of models as Keras 2 and TensorFlow.js write them, in the form of Keras 3: calls were lists of
 * `[layer, call, place, options]`, models lists of layers, and the first layer had the shape of the input with it.
 * What is not here: names that changed (`old-names.ts`).
 */
import { isPlainObject } from "../core/tree.ts";

type Node = Record<string, unknown>;
type History = readonly [layer: string, call: number, place: number, options?: Node];

function isHistory(value: unknown): value is History {
  return (
    Array.isArray(value) && typeof value[0] === "string" && Number.isInteger(value[1]) && Number.isInteger(value[2])
  );
}

const tensor = (history: History) => ({
  class_name: "__keras_tensor__",
  config: { keras_history: history.slice(0, 3) },
});

/** An argument of a call: a place in the graph is a tensor, a constant says so in front. */
function argument(value: unknown): unknown {
  if (isHistory(value)) return tensor(value);
  if (!Array.isArray(value)) return value;
  return value[0] === "_CONSTANT_VALUE" ? value.at(-1) : value.map(argument);
}

/** One call: the places it takes, in a list unless there is one. Calls of Keras 3 stay. */
function callOf(given: unknown): unknown {
  const places: unknown = isHistory(given) ? [given] : given;
  if (!Array.isArray(places) || !places.every(isHistory)) return given;
  const [first] = places;
  const tensors = places.map(tensor);
  const options = isPlainObject(first?.[3]) ? Object.entries(first[3]) : [];
  const kwargs = Object.fromEntries(options.map(([key, value]) => [key, argument(value)]));
  return { args: [tensors.length === 1 ? tensors[0] : tensors], kwargs };
}

/** The ends of a graph: a list of one is that one alone. */
function endsOf(given: unknown): unknown {
  return Array.isArray(given) && given.length === 1 && isHistory(given[0]) ? given[0] : given;
}

/** The whole shape that a layer has with it, if any. */
function shapeIn(config: Node): unknown {
  const { batch_input_shape, batch_shape, input_dim, input_length = null } = config;
  if (Array.isArray(batch_input_shape ?? batch_shape)) return batch_input_shape ?? batch_shape;
  if (typeof input_dim !== "number" || "output_dim" in config) return undefined;
  return input_length === null ? [null, input_dim] : [null, input_length, input_dim];
}

/** The layers of a Sequential, with an input layer in front in place of the shape that the first one has with it. */
function withInput(layers: readonly unknown[]): readonly unknown[] {
  const [first] = layers;
  if (!isPlainObject(first) || first.class_name === "InputLayer" || !isPlainObject(first.config)) return layers;
  const shape = shapeIn(first.config);
  if (shape === undefined) return layers;
  const config = { batch_shape: shape, dtype: "float32", name: `${first.config.name}_input` };
  return [{ class_name: "InputLayer", config }, ...layers];
}

/** The entry of a model or layer in the form of Keras 3; what has that form already stays. */
export function modernized(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(modernized);
  if (!isPlainObject(value)) return value;
  const node: Node = { ...value };
  if (node.class_name === "Sequential") {
    const config = Array.isArray(node.config)
      ? { name: "sequential", layers: node.config }
      : { ...(node.config as Node) };
    if (Array.isArray(config.layers)) config.layers = [...withInput(config.layers)];
    node.config = config;
  }
  for (const [key, item] of Object.entries(node)) {
    node[key] = key === "inbound_nodes" && Array.isArray(item) ? item.map(callOf) : modernized(item);
  }
  const { config } = node;
  if (typeof node.class_name !== "string" || !isPlainObject(config)) return node;
  if (node.class_name === "InputLayer") return node;
  const { batch_input_shape: _whole, batch_shape: _shape, ...rest } = config;
  if (node.class_name !== "Embedding") delete rest.input_dim;
  for (const key of ["input_layers", "output_layers"]) if (key in rest) rest[key] = endsOf(rest[key]);
  return { ...node, config: rest };
}
