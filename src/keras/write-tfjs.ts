/**
 * TensorFlow.js layers models, written: `model.json` with the config as Keras 2 had it, and the weights in shards
 * beside it. Layers that TensorFlow.js lacks are written all the same; they are listed, and can be read here.
 */
import { VarveError } from "../core/errors.ts";
import { isPlainObject } from "../core/tree.ts";
import { warnOnce } from "../core/warn.ts";
import type { Model } from "../models/model.ts";
import { nestedShift } from "./legacy-config.ts";
import type { Outgoing, Snapshot } from "./outgoing.ts";
import { lackingIn, theirs, weightNames } from "./tfjs-layers.ts";
import { configOf } from "./write-keras.ts";
import { crc32 } from "./zip.ts";

type Node = Record<string, unknown>;

/** How many bytes a shard has; the last one may have fewer. As TensorFlow.js's converter cuts them, so that browsers cache them. */
const shardBytes = 4 * 1024 * 1024;

const isTensor = (value: unknown): value is { config: { keras_history: [string, number, number] } } =>
  isPlainObject(value) && value.class_name === "__keras_tensor__";

const holdsTensor = (value: unknown): boolean =>
  isTensor(value) ||
  (Array.isArray(value) ? value : isPlainObject(value) ? Object.values(value) : []).some(holdsTensor);

interface Writing {
  /** What TensorFlow.js lacks, with the layers that need it. */
  readonly lacking: Map<string, string[]>;
}

function note({ lacking }: Writing, what: string, layer: string): void {
  lacking.set(what, [...(lacking.get(what) ?? []), layer]);
}

/** A call as Keras 2 has it, a list of places; undefined where that cannot say it. */
function callOf(call: unknown, shiftOf: (name: string) => number): unknown {
  const { args, kwargs } = call as { args: readonly unknown[]; kwargs: Node };
  if (args.length !== 1) return undefined;
  const tensors = [args[0]].flat();
  const { initial_state: states = null, ...rest } = kwargs;
  if (states !== null) tensors.push(...[states].flat());
  const options = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null));
  if (!tensors.every(isTensor) || holdsTensor(options)) return undefined;
  return tensors.map((tensor) => {
    const [name, index, place] = tensor.config.keras_history;
    return [name, index + shiftOf(name), place, options];
  });
}

/** The ends of a graph as a list of places. */
function endsOf(ends: unknown, shiftOf: (name: string) => number): unknown[] {
  if (Array.isArray(ends) && typeof ends[0] === "string")
    return [[ends[0], (ends[1] as number) + shiftOf(ends[0]), ends[2]]];
  return Object.values(ends as object).flatMap((each) => endsOf(each, shiftOf));
}

function graphOf(config: Node, writing: Writing): Node {
  const { layers, input_layers: inputs, output_layers: outputs, ...rest } = config;
  const entries = layers as Node[];
  const models = new Map(entries.map(({ name, class_name }) => [name, class_name]));
  // A model inside counts its calls from 1: the graph that it is made of is its call 0.
  const callShift = (name: string) => nestedShift(models.get(name));
  // Keras 3 does that for Functional models too, at the ends alone.
  const endShift = (name: string) => (models.get(name) === "Functional" ? 0 : callShift(name));
  const written = entries.map((entry) => {
    const { inbound_nodes: calls, ...own } = entry;
    const called = (calls as unknown[]).map((call) => {
      const places = callOf(call, callShift);
      if (places === undefined) note(writing, "calls whose options are tensors", String(entry.name));
      return places ?? call;
    });
    return { ...older(own, writing, true), name: entry.name, inbound_nodes: called };
  });
  return {
    ...rest,
    layers: written,
    input_layers: endsOf(inputs, endShift),
    output_layers: endsOf(outputs, endShift),
  };
}

/** The layers of a Sequential, which say what goes in even where it was built by its first call. */
function listOf(config: Node, writing: Writing): Node {
  const { layers, build_input_shape: shape, ...rest } = config;
  const entries = layers as Node[];
  const begins = entries[0]?.class_name === "InputLayer" || !Array.isArray(shape);
  const entry = {
    class_name: "InputLayer",
    config: { name: `${config.name}_input`, batch_shape: shape, dtype: "float32" },
  };
  return { ...rest, layers: (begins ? entries : [entry, ...entries]).map((each) => older(each, writing, true)) };
}

/** Both directions of a layer from one config, where the backward one is the forward one turned round. */
function onceFor(config: Node): Node {
  const { layer, backward_layer: backward, ...rest } = config as { layer: { config: Node }; backward_layer?: Node };
  const named = (entry: unknown, turned: boolean) => {
    const { class_name: name, config: own } = entry as { class_name: string; config: Node };
    return { name, config: { ...own, name: "", go_backwards: turned ? !own.go_backwards : own.go_backwards } };
  };
  const isMirror = backward && JSON.stringify(named(layer, true)) === JSON.stringify(named(backward, false));
  if (!isMirror) return config;
  return {
    ...rest,
    layer: { ...layer, config: { ...layer.config, name: String(layer.config.name).replace(/^forward_/, "") } },
  };
}

/** An object of a config, with the names and options of Keras 2; anything else with what it holds changed so. */
function older(value: unknown, writing: Writing, isLayer: boolean, owner = ""): Node {
  if (Array.isArray(value)) return value.map((item) => older(item, writing, isLayer, owner)) as never;
  if (!isPlainObject(value)) return value as never;
  const inner = (config: Node, name: string) =>
    Object.fromEntries(
      Object.entries(config).map(([key, item]) => [
        key,
        older(item, writing, /^(layer|cell|cells|forward_layer|backward_layer)$/.test(key), name),
      ]),
    );
  const { class_name: className, config, module, shared_object_id: shared } = value;
  if (typeof className !== "string" || !isPlainObject(config)) return inner(value, owner);
  if (className === "DTypePolicy") return config.name as never;
  const name = isLayer ? String(config.name) : owner;
  if (typeof module === "string" && module.startsWith("keras.src.ops")) {
    note(writing, `the operation ${className}`, name);
    return value;
  }
  const { input_shape: shape } = (isPlainObject(value.build_config) ? value.build_config : {}) as Node;
  const rank = Array.isArray(shape) ? shape.length : undefined;
  for (const lack of lackingIn(className, config, isLayer, rank)) note(writing, lack, name);
  const given =
    className === "Functional"
      ? graphOf(config, writing)
      : className === "Sequential"
        ? listOf(config, writing)
        : inner(className === "Bidirectional" ? onceFor(config) : config, name);
  const then = theirs(className, given);
  return { class_name: then.name, config: then.config, ...(shared === undefined ? {} : { shared_object_id: shared }) };
}

/** One file of those that a model becomes. */
export interface TfjsFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** How shards are called: by what they hold, so that those of a model that is replaced stay whole until it is. */
export const shardName = /^group1-shard\d+of\d+-[0-9a-f]{8}\.bin$/;

/**
 * The files of a model, `model.json` last, and how many bytes the others have.
 *
 * @throws VarveError where a weight has a dtype that TensorFlow.js does not know.
 */
export function writeTfjs(
  model: Model,
  json: string,
  snapshot: Snapshot,
): { readonly size: number; readonly files: AsyncIterable<TfjsFile> } {
  if (!model.built) {
    throw new VarveError(
      `${model.label}: it has no weights yet, so there is nothing to save; call it on data, or say the shape of its input`,
    );
  }
  const { compile_config: _training, ...config } = configOf(model);
  const writing: Writing = { lacking: new Map() };
  const topology = older(config, writing, true);
  const arrays = [...weightNames(model)].map(([name, variable]) => ({ name, ...snapshot.of(variable) }));
  for (const { name, dtype } of arrays) {
    if (dtype !== "float32" && dtype !== "int32" && dtype !== "bool") {
      throw new VarveError(
        `${model.label}: "${name}" is ${dtype}, which no TensorFlow.js model holds; save it as .keras`,
      );
    }
    if (name.includes("#")) note(writing, "two layers of one name", name.replace(/\/.*/, ""));
  }
  if (writing.lacking.size > 0) {
    const lacks = [...writing.lacking].map(
      ([what, names]) => `${what} ("${[...new Set(names)].slice(0, 3).join('", "')}")`,
    );
    warnOnce(
      `${model.label}: TensorFlow.js 4.22 cannot open this model, since it has no ${lacks.join(", no ")}; loadModel can`,
    );
  }
  const size = arrays.reduce((sum, array) => sum + array.size, 0);
  const weights = arrays.map(({ name, shape, dtype }) => ({ name, shape, dtype }));
  async function* files(): AsyncGenerator<TfjsFile> {
    const paths: string[] = [];
    for await (const shard of shardsOf(arrays, size)) {
      paths.push(shard.name);
      yield shard;
    }
    const whole = {
      format: "layers-model",
      generatedBy: "Varve",
      convertedBy: null,
      modelTopology: { keras_version: "2.15.0", backend: "varve", model_config: topology },
      weightsManifest: [{ paths, weights }],
    };
    yield { name: json, bytes: new TextEncoder().encode(JSON.stringify(whole)) };
  }
  return { size, files: files() };
}

/** Arrays of so many bytes in all, one behind the other, cut into shards. */
async function* shardsOf(arrays: readonly Outgoing[], size: number): AsyncGenerator<TfjsFile> {
  const count = Math.ceil(size / shardBytes);
  let [rest, filled, index] = [size, 0, 0];
  let shard = new Uint8Array(Math.min(shardBytes, rest));
  for (const array of arrays) {
    for await (const piece of array.pieces()) {
      for (let at = 0; at < piece.length; ) {
        const part = piece.subarray(at, at + shard.length - filled);
        shard.set(part, filled);
        at += part.length;
        filled += part.length;
        if (filled < shard.length) continue;
        index++;
        yield {
          name: `group1-shard${index}of${count}-${crc32(shard).toString(16).padStart(8, "0")}.bin`,
          bytes: shard,
        };
        rest -= filled;
        filled = 0;
        shard = new Uint8Array(Math.min(shardBytes, rest));
      }
    }
  }
}
