/**
 * TensorFlow.js layers models: `model.json`, with the config of a Keras model and a list of weights, and the shards
 * beside it that hold these. Its converter writes them from Keras 2 and Keras 3.
 */
import { isPlainObject } from "../core/tree.ts";
import type { Variable } from "../core/variable.ts";
import type { Model } from "../models/model.ts";
import { modelFromConfig, parseJson } from "./config.ts";
import { FileError } from "./file-error.ts";
import { modernized } from "./legacy-config.ts";
import type { ReadOptions } from "./read-keras.ts";
import { type Assignment, assignAll, misfit, refuseMisfits } from "./state.ts";
import { halfToFloat, type StoredArray } from "./stored-array.ts";
import { weightNames } from "./tfjs-layers.ts";

type Node = Record<string, unknown>;

/** Whether bytes are JSON of an object, which may be such a model. */
export function isJson(bytes: Uint8Array): boolean {
  return /^\s*\{/.test(new TextDecoder().decode(bytes.subarray(0, 64)));
}

const readers: Readonly<Record<string, readonly [bytes: number, read: (own: ArrayBuffer) => ArrayLike<number>]>> = {
  float32: [4, (own) => new Float32Array(own)],
  float16: [2, (own) => halfToFloat(new Uint16Array(own))],
  int32: [4, (own) => new Int32Array(own)],
  uint8: [1, (own) => new Uint8Array(own)],
  uint16: [2, (own) => new Uint16Array(own)],
  bool: [1, (own) => new Uint8Array(own)],
};

const isSizes = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((each) => Number.isSafeInteger(each) && each >= 0);

/** The arrays of one group of shards, by name. */
function arraysIn(entries: readonly unknown[], bytes: Uint8Array, where: string): [string, StoredArray][] {
  let at = 0;
  const arrays = entries.map((entry): [string, StoredArray] => {
    const { name, shape, dtype, quantization } = (isPlainObject(entry) ? entry : {}) as Node;
    if (typeof name !== "string" || !isSizes(shape)) throw new FileError(`${where}: a weight has no name or no shape`);
    const quantized = isPlainObject(quantization) ? quantization : undefined;
    const stored = String(quantized?.dtype ?? dtype);
    const reader = Object.hasOwn(readers, stored) ? readers[stored] : undefined;
    if (!reader) throw new FileError(`${where}: "${name}" is ${stored}; read are ${Object.keys(readers).join(", ")}`);
    const size = shape.reduce((product, each) => product * each, 1) * reader[0];
    const from = at;
    at += size;
    if (at > bytes.length) throw new FileError(`${where}: the shards end before "${name}"`);
    const read = () => {
      const values = reader[1](Uint8Array.from(bytes.subarray(from, from + size)).buffer);
      const { scale, min } = (quantized ?? {}) as { scale?: number; min?: number };
      if (scale === undefined) return stored === "int32" ? Int32Array.from(values) : Float32Array.from(values);
      return Float32Array.from(values, (value) => value * scale + (min ?? 0));
    };
    return [name, { shape, dtype: stored === "int32" && !quantized ? stored : "float32", bytes: size, read }];
  });
  if (at !== bytes.length)
    throw new FileError(`${where}: the shards hold ${bytes.length} bytes, the weights take ${at}`);
  return arrays;
}

/** Each variable's array: the one of its name there, or whose name ends in its path, or has its layer and its name. */
function assignmentsOf(model: Model, arrays: Map<string, StoredArray>, where: string): Assignment[] {
  const problems: string[] = [];
  const assignments: Assignment[] = [];
  const take = (variable: Variable, name: string) => {
    const [layer, last] = [name.split("/").at(-2) ?? "", name.split("/").at(-1)];
    const names = [...arrays.keys()];
    const found =
      names.find((each) => each === name) ??
      names.find((each) => each === variable.path || each.endsWith(`/${variable.path}`) || each.endsWith(`/${name}`)) ??
      names.find((each) => each.split("/").includes(layer) && each.split("/").at(-1) === last);
    const array = found === undefined ? undefined : arrays.get(found);
    if (!array) return problems.push(`the file has no "${name}"`);
    arrays.delete(found as string);
    return assignments.push({ variable, array });
  };
  for (const [name, variable] of weightNames(model)) take(variable, name);
  problems.push(...[...arrays.keys()].map((name) => `the model has no "${name}"`));
  refuseMisfits([...problems, ...assignments.flatMap((each) => misfit(each) ?? [])], where);
  return assignments;
}

/** Reads a model from the bytes of its `model.json`; `shard` gives the bytes of a file beside it. */
export async function readTfjs(
  bytes: Uint8Array,
  options: ReadOptions,
  where: string,
  shard: (path: string) => Promise<Uint8Array>,
): Promise<Model> {
  const { modelTopology, weightsManifest, format } = parseJson(new TextDecoder().decode(bytes), where);
  if (
    !isPlainObject(modelTopology) ||
    !Array.isArray(weightsManifest) ||
    (format ?? "layers-model") !== "layers-model"
  ) {
    throw new FileError(
      `${where}: this JSON is no TensorFlow.js layers model, which has modelTopology and weightsManifest`,
    );
  }
  const arrays = new Map<string, StoredArray>();
  for (const group of weightsManifest) {
    const { paths, weights } = (isPlainObject(group) ? group : {}) as Node;
    if (!Array.isArray(paths) || !Array.isArray(weights))
      throw new FileError(`${where}: a group of weights has no paths`);
    const shards = [];
    for (const path of paths) {
      if (typeof path !== "string" || path.split(/[/\\]/).includes("..") || /^([/\\]|\w+:)/.test(path)) {
        throw new FileError(`${where}: a shard is called ${JSON.stringify(path)}, which leads elsewhere`);
      }
      shards.push(await shard(path));
    }
    const whole = new Uint8Array(shards.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of shards) {
      whole.set(part, at);
      at += part.length;
    }
    for (const [name, array] of arraysIn(weights, whole, where)) arrays.set(name.replace(/:0$/, ""), array);
  }
  const config = modernized(isPlainObject(modelTopology.model_config) ? modelTopology.model_config : modelTopology);
  const model = modelFromConfig(config as Node, options.known, options, where);
  try {
    assignAll(assignmentsOf(model, arrays, where));
    return model;
  } catch (error) {
    model.dispose();
    throw error;
  }
}
