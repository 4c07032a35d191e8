/**
 * TensorFlow.js layers models: `model.json`, with the config of a Keras model and a list of weights, and the shards
 * beside it that hold these. Its converter writes them from Keras 2 and Keras 3.
 */
import { isPlainObject } from "../core/tree.ts";
import type { Variable } from "../core/variable.ts";
import type { Model } from "../models/model.ts";
import { modelFromConfig, parseJson } from "./config.ts";
import { type Content, joined } from "./content.ts";
import { FileError } from "./file-error.ts";
import { modernized } from "./legacy-config.ts";
import type { ReadOptions } from "./read-keras.ts";
import { type Assignment, assignFresh, misfit, refuseMisfits } from "./state.ts";
import { arrayIn, type StoredArray } from "./stored-array.ts";
import { weightNames } from "./tfjs-layers.ts";

type Node = Record<string, unknown>;

/** Whether a file is JSON of an object, which may be such a model. */
export function isJson(content: Content): boolean {
  return /^\s*\{/.test(new TextDecoder().decode(content.read(0, 64)));
}

const isSizes = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((each) => Number.isSafeInteger(each) && each >= 0);

/** Element types that such files may hold. */
const known = ["float32", "float16", "int32", "uint8", "uint16", "bool"];

/** An array whose numbers were rounded to few bits, as `(value − min) / scale`. */
function widened(array: StoredArray, { scale, min = 0 }: { scale?: number; min?: number }): StoredArray {
  const widen = (value: number) => (scale === undefined ? value : value * scale + min);
  return {
    ...array,
    dtype: "float32",
    *pieces() {
      for (const piece of array.pieces()) yield Float32Array.from(piece, widen);
    },
  };
}

/** The arrays of one group of shards, by name. */
function arraysIn(entries: readonly unknown[], content: Content, where: string): [string, StoredArray][] {
  let at = 0;
  const arrays = entries.map((entry): [string, StoredArray] => {
    const { name, shape, dtype, quantization } = (isPlainObject(entry) ? entry : {}) as Node;
    if (typeof name !== "string" || !isSizes(shape)) throw new FileError(`${where}: a weight has no name or no shape`);
    const quantized = isPlainObject(quantization) ? quantization : undefined;
    const stored = String(quantized?.dtype ?? dtype);
    if (!known.includes(stored)) {
      throw new FileError(`${where}: "${name}" is ${stored}; read are ${known.join(", ")}`);
    }
    const array = arrayIn(content, at, shape, stored);
    at += array.bytes;
    if (at > content.size) throw new FileError(`${where}: the shards end before "${name}"`);
    return [name, quantized ? widened(array, quantized) : array];
  });
  if (at !== content.size)
    throw new FileError(`${where}: the shards hold ${content.size} bytes, the weights take ${at}`);
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

/** Reads a model from its `model.json`; `shard` opens a file beside it, which whoever calls this closes. */
export async function readTfjs(
  content: Content,
  options: ReadOptions,
  where: string,
  shard: (path: string) => Promise<Content>,
): Promise<Model> {
  const text = new TextDecoder().decode(content.read(0, content.size));
  const { modelTopology, weightsManifest, format } = parseJson(text, where);
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
    const shards: Content[] = [];
    for (const path of paths) {
      if (typeof path !== "string" || path.split(/[/\\]/).includes("..") || /^([/\\]|\w+:)/.test(path)) {
        throw new FileError(`${where}: a shard is called ${JSON.stringify(path)}, which leads elsewhere`);
      }
      shards.push(await shard(path));
    }
    for (const [name, array] of arraysIn(weights, joined(shards), where)) arrays.set(name.replace(/:0$/, ""), array);
  }
  const config = modernized(isPlainObject(modelTopology.model_config) ? modelTopology.model_config : modelTopology);
  const model = modelFromConfig(config as Node, options.known, options, where);
  try {
    await assignFresh(assignmentsOf(model, arrays, where), options.loading);
    return model;
  } catch (error) {
    model.dispose();
    throw error;
  }
}
