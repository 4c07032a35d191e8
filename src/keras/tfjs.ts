/**
 * TensorFlow.js layers models: `model.json`, with the config of a Keras model and a list of weights, and the shards
 * beside it that hold these. Its converter writes them from Keras 2 and Keras 3.
 */
import { show } from "../core/errors.ts";
import { isPlainObject } from "../core/tree.ts";
import type { Variable } from "../core/variable.ts";
import type { Model } from "../models/model.ts";
import { compileFromConfig, modelFromConfig, parseJson } from "./config.ts";
import { type Content, joined } from "./content.ts";
import { FileError } from "./file-error.ts";
import { modernized } from "./legacy-config.ts";
import { withActivationsNow } from "./old-names.ts";
import { olderState } from "./old-optimizers.ts";
import type { ReadOptions } from "./read-keras.ts";
import { type Assignment, arranged, assignFresh, type Kept, misfit, refuseMisfits } from "./state.ts";
import { arrayIn, type StoredArray } from "./stored-array.ts";
import { optimizerFrom, weightNames } from "./tfjs-layers.ts";

type Node = Record<string, unknown>;

/** Whether a file is JSON of an object, which may be such a model. */
export function isJson(content: Content): boolean {
  return /^\s*\{/.test(new TextDecoder().decode(content.read(0, 64)));
}

const isSizes = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((each) => Number.isSafeInteger(each) && each >= 0);

/** Element types that such files may hold. */
const known = ["float32", "float16", "int32", "uint8", "uint16", "bool"];

/** An array whose numbers are others: value · scale + min. */
function changed(array: StoredArray, scale: number, min = 0): StoredArray {
  const widen = (value: number) => value * scale + min;
  return {
    ...array,
    dtype: "float32",
    *pieces() {
      for (const piece of array.pieces()) yield Float32Array.from(piece, widen);
    },
  };
}

/** An array of a group of shards. */
interface Listed {
  readonly name: string;
  readonly array: StoredArray;
  readonly isOptimizers: boolean;
}

/** The arrays of one group of shards. Rounded to few bits they stand as `(value − min) / scale`. */
function arraysIn(entries: readonly unknown[], content: Content, where: string): Listed[] {
  let at = 0;
  const arrays = entries.map((entry): Listed => {
    const { name, shape, dtype, quantization, group } = (isPlainObject(entry) ? entry : {}) as Node;
    if (typeof name !== "string" || !isSizes(shape)) throw new FileError(`${where}: a weight has no name or no shape`);
    const quantized = isPlainObject(quantization) ? quantization : undefined;
    const stored = String(quantized?.dtype ?? dtype);
    if (!known.includes(stored)) {
      throw new FileError(`${where}: "${name}" is ${stored}; read are ${known.join(", ")}`);
    }
    const array = arrayIn(content, at, shape, stored);
    at += array.bytes;
    if (at > content.size) throw new FileError(`${where}: the shards end before "${name}"`);
    const { scale = 1, min = 0 } = quantized ?? {};
    if (!Number.isFinite(scale) || !Number.isFinite(min)) {
      throw new FileError(`${where}: "${name}" is rounded with scale ${show(scale)} and min ${show(min)}`);
    }
    return {
      name: name.replace(/:0$/, ""),
      array: quantized ? changed(array, scale as number, min as number) : array,
      isOptimizers: group === "optimizer",
    };
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

/** Compiles a model as TensorFlow.js had it, and says where the state of its optimizer goes. */
function compiledAs(
  training: Node,
  model: Model,
  kept: readonly Kept[],
  options: ReadOptions,
  where: string,
): Assignment[] {
  const { optimizer_config: given, ...rest } = training;
  const { class_name: name, config } = (isPlainObject(given) ? given : {}) as Node;
  if (typeof name !== "string" || !isPlainObject(config)) return [];
  const { optimizer, momentumTimes } = optimizerFrom(name, config);
  compileFromConfig(model, { ...rest, optimizer }, options.known, options, where);
  if (kept.length === 0) return [];
  const inKeras = kept.map((each) =>
    each.name?.endsWith("/momentum") ? { ...each, array: changed(each.array, momentumTimes) } : each,
  );
  return arranged(inKeras, model, where, olderState);
}

/** Reads a model from its `model.json`; `shard` opens a file beside it, which whoever calls this closes. */
export async function readTfjs(
  content: Content,
  options: ReadOptions,
  where: string,
  shard: (path: string) => Promise<Content>,
): Promise<Model> {
  const text = new TextDecoder().decode(content.read(0, content.size));
  const { modelTopology, weightsManifest, trainingConfig, format } = parseJson(text, where);
  const topology = isPlainObject(modelTopology) ? modelTopology : undefined;
  if (format === "graph-model" || Array.isArray(topology?.node)) {
    throw new FileError(
      `${where}: this is a TensorFlow.js graph model: TensorFlow's own graph, frozen for inference, without the layers of Keras. Read is the Keras model that it was made from, as .keras or .h5, or converted by tensorflowjs_converter --output_format tfjs_layers_model`,
    );
  }
  if (!topology || !Array.isArray(weightsManifest) || (format ?? "layers-model") !== "layers-model") {
    throw new FileError(
      `${where}: this JSON is no TensorFlow.js layers model, which has modelTopology and weightsManifest`,
    );
  }
  const arrays = new Map<string, StoredArray>();
  const kept: Kept[] = [];
  let bytes = 0;
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
    bytes += shards.reduce((sum, { size }) => sum + size, 0);
    for (const { name, array, isOptimizers } of arraysIn(weights, joined(shards), where)) {
      if (isOptimizers) kept.push({ name, array });
      else arrays.set(name, array);
    }
  }
  const given = isPlainObject(topology.model_config) ? topology.model_config : topology;
  const config = withActivationsNow(modernized(given)) as Node;
  const model = modelFromConfig(config, options.known, options, where, bytes);
  try {
    const assignments = assignmentsOf(model, arrays, where);
    if (options.compile && isPlainObject(trainingConfig)) {
      assignments.push(...compiledAs(trainingConfig, model, kept, options, where));
    }
    await assignFresh(assignments, options.loading);
    return model;
  } catch (error) {
    model.dispose();
    model.optimizer?.dispose();
    throw error;
  }
}
