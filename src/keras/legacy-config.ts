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

/** What stands in place of a layer's name where there is a constant instead. */
const constant = "_CONSTANT_VALUE";

/** An argument of a call: a place in the graph is a tensor, a constant says so in front. */
function argument(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  if (value[0] === constant) return value[2];
  return isHistory(value) ? tensor(value) : value.map(argument);
}

/** The places that a call takes, where it is one of Keras 2. */
function placesIn(call: unknown): readonly History[] | undefined {
  const places: unknown = isHistory(call) ? [call] : call;
  return Array.isArray(places) && places.every(isHistory) ? places : undefined;
}

/** Layers that take the states they begin with behind their input. */
const recurrent = /^(RNN|LSTM|GRU|SimpleRNN|ConvLSTM[123]D|Bidirectional)$/;

/** Functions of TensorFlow: they may take a constant first, and then have one place where others have a list of them. */
const functions = /^(TFOpLambda|SlicingOpLambda)$/;

/** The options of a call, which stand with each of its places. */
function optionsOf(place: unknown): Node {
  const given = Array.isArray(place) && isPlainObject(place[3]) ? place[3] : {};
  return Object.fromEntries(Object.entries(given).map(([key, value]) => [key, argument(value)]));
}

function functionCall(given: unknown): unknown {
  if (!Array.isArray(given)) return given;
  const isOne = typeof given[0] === "string";
  return isOne
    ? { args: [argument(given.slice(0, 3))], kwargs: optionsOf(given) }
    : { args: [given.map((place: unknown[]) => argument(place.slice(0, 3)))], kwargs: optionsOf(given[0]) };
}

/** One call: the places it takes, in a list unless there is one. Calls of Keras 3 stay. */
function callOf(given: unknown, className: unknown): unknown {
  if (functions.test(String(className))) return functionCall(given);
  const places = placesIn(given);
  if (!places) return given;
  const [first, ...states] = places.map(tensor);
  const kwargs = optionsOf(places[0]);
  if (states.length === 0) return { args: [first], kwargs };
  if (!recurrent.test(String(className))) return { args: [[first, ...states]], kwargs };
  return { args: [first], kwargs: { ...kwargs, initial_state: states } };
}

/**
 * By how much calls of a class are numbered higher in Keras 2 and TensorFlow.js: a model inside is made of a graph,
 * which counts as its call 0.
 */
export function nestedShift(className: unknown): number {
  return className === "Functional" || className === "Model" || className === "Sequential" ? 1 : 0;
}

/** All places of a graph that a value names. */
function historiesIn(value: unknown): History[] {
  if (isHistory(value)) return [value, ...historiesIn(value.slice(3))];
  if (Array.isArray(value)) return value.flatMap(historiesIn);
  return isPlainObject(value) ? Object.values(value).flatMap(historiesIn) : [];
}

/** The config of a graph whose calls of models inside count from 0, where they count from 1. */
function countedFromZero(config: Node): Node {
  const layers = config.layers as readonly Node[];
  const named = historiesIn([config.input_layers, config.output_layers, layers.map((each) => each.inbound_nodes)]);
  const shifts = new Map(
    layers.map(({ name, class_name, inbound_nodes: calls }) => {
      const beyond = named.some(([other, call]) => other === name && call >= (calls as unknown[]).length);
      return [name, beyond ? nestedShift(class_name) : 0];
    }),
  );
  const shifted = (value: unknown): unknown => {
    if (isHistory(value)) {
      const [name, call, place, ...options] = value;
      return [name, call - (shifts.get(name) ?? 0), place, ...options.map(shifted)];
    }
    if (Array.isArray(value)) return value.map(shifted);
    return isPlainObject(value)
      ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shifted(item)]))
      : value;
  };
  // Keras 3 counts the ends of Functional models from 1 all the same.
  const end = (value: unknown): unknown => {
    if (!isHistory(value)) return Array.isArray(value) ? value.map(end) : value;
    const [name, call, place] = shifted(value) as History;
    const layer = layers.find((each) => each.name === name);
    return [name, call + (layer?.class_name === "Sequential" ? 0 : nestedShift(layer?.class_name)), place];
  };
  return {
    ...config,
    layers: layers.map((layer) => ({ ...layer, inbound_nodes: shifted(layer.inbound_nodes) })),
    input_layers: end(config.input_layers),
    output_layers: end(config.output_layers),
  };
}

/** Whether the calls in a graph are those of Keras 2. */
const isOlder = (config: unknown): config is Node =>
  isPlainObject(config) &&
  Array.isArray(config.layers) &&
  config.layers.every((layer) => isPlainObject(layer) && Array.isArray(layer.inbound_nodes)) &&
  config.layers.some(({ inbound_nodes: calls }) => calls.some(placesIn));

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
  if (isOlder(node.config)) node.config = countedFromZero(node.config);
  for (const [key, item] of Object.entries(node)) {
    const isCalls = key === "inbound_nodes" && Array.isArray(item);
    node[key] = isCalls ? item.map((call) => callOf(call, node.class_name)) : modernized(item);
  }
  const { config } = node;
  if (typeof node.class_name !== "string" || !isPlainObject(config)) return node;
  if (node.class_name === "InputLayer") return node;
  const { batch_input_shape: _whole, batch_shape: _shape, ...rest } = config;
  if (node.class_name !== "Embedding") delete rest.input_dim;
  for (const key of ["input_layers", "output_layers"]) if (key in rest) rest[key] = endsOf(rest[key]);
  return { ...node, config: rest };
}
