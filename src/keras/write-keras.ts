/**
 * `.keras` files, written as Keras 3 writes them: a zip of `metadata.json`, `config.json` and `model.weights.h5`.
 */
import { VarveError } from "../core/errors.ts";
import type { Json } from "../core/options.ts";
import { isPlainObject } from "../core/tree.ts";
import type { Layer } from "../layers/layer.ts";
import { Functional } from "../models/functional.ts";
import type { Model } from "../models/model.ts";
import { Sequential } from "../models/sequential.ts";
import { opsModule, serializeLayer } from "../models/serialize.ts";
import { compileConfigOf, pythonJson, withOwnClasses } from "./compile-config.ts";
import { writeHdf5 } from "./hdf5.ts";
import { entryInKeras } from "./operations.ts";
import { type Outgoing, ready, type Snapshot } from "./outgoing.ts";
import { policies } from "./policies.ts";
import { placesIn, stateOf } from "./state.ts";
import { writeZip } from "./zip.ts";

/** The version of Keras that files are written as; what it writes is what is written here. */
const kerasVersion = "3.15.1";

/** The config of a model, as Keras writes it for the root of a file. */
export function configOf(model: Model): Record<string, Json> {
  const whole = {
    ...serializeLayer(model),
    ...(model.compiled ? { compile_config: compileConfigOf(model) } : {}),
  };
  const places = new Map<Layer, Node[]>();
  placeEntries(model, whole, places);
  let shared = 0;
  for (const entries of places.values()) {
    if (entries.length === 1) continue;
    shared++;
    for (const entry of entries) entry.shared_object_id = shared;
  }
  const problems: string[] = [];
  const config = asKeras(whole, problems);
  if (problems.length > 0) {
    throw new VarveError(
      `${model.label}: Keras's files cannot hold some of its operations: ${problems.join("; ")}. Put them into a layer of your own`,
    );
  }
  return withOwnClasses(config) as Record<string, Json>;
}

type Node = Record<string, unknown>;

/** Which entries of a config are which layers: one that stands in several models has several. */
function placeEntries(layer: Layer, entry: Node, places: Map<Layer, Node[]>): void {
  const before = places.get(layer);
  places.set(layer, [...(before ?? []), entry]);
  const policy = policies.get(layer);
  if (policy !== undefined) (entry.config as Node).dtype = policy;
  if (!(layer instanceof Functional || layer instanceof Sequential)) return;
  for (const inner of (entry.config as { layers: Node[] }).layers) {
    const name = (inner.config as Node).name;
    const found = layer.layers.find((each) => each.name === name);
    if (found) placeEntries(found, inner, places);
  }
}

/** Entries as Keras writes them; `problems` are those that it has no entry for. */
function asKeras(value: unknown, problems: string[]): unknown {
  if (Array.isArray(value)) return value.map((item) => asKeras(item, problems));
  if (!isPlainObject(value)) return value;
  if (value.module === opsModule) {
    const entry = entryInKeras(value);
    if (typeof entry !== "string") return entry;
    problems.push(`ops.${value.class_name} ("${value.name}"): ${entry}`);
    return value;
  }
  const node = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asKeras(item, problems)]));
  const { build_config: _shape, ...rest } = node;
  if (node.class_name === "InputLayer") return rest;
  if (node.class_name === "Functional") {
    return { ...rest, registered_name: "Functional", build_config: { input_shape: null } };
  }
  return node;
}

/** A `.keras` file. */
export async function writeKeras(model: Model, snapshot: Snapshot): Promise<Outgoing> {
  if (!model.built) {
    throw new VarveError(
      `${model.label}: it has no weights yet, so there is nothing to save; call it on data, or say the shape of its input`,
    );
  }
  const layers = placesIn(model).map(({ layer }) => layer);
  const json = (value: Json) => ready(new TextEncoder().encode(pythonJson(value, layers, model)));
  const config = json(configOf(model));
  const now = new Date().toISOString();
  return writeZip({
    "metadata.json": json({ keras_version: kerasVersion, date_saved: `${now.slice(0, 10)}@${now.slice(11, 19)}` }),
    "config.json": config,
    "model.weights.h5": await writeHdf5(stateOf(model, snapshot)),
  });
}
