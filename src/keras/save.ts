/**
 * Writing a model: to bytes, and to files, which are replaced in one piece; on a page also to a download.
 */
import { OptionError, show } from "../core/errors.ts";
import { checkNames } from "../core/options.ts";
import type { Files, Target } from "../models/files.ts";
import type { Model } from "../models/model.ts";
import { type WritableHandle, writeToHandle } from "../platform/handles.ts";
import { platform } from "../platform/platform.ts";
import { writeOnnx } from "./onnx/write-onnx.ts";
import { loadWeights, weightsOf } from "./weights.ts";
import { writeKeras } from "./write-keras.ts";
import { shardName, writeTfjs } from "./write-tfjs.ts";

/** The name of what is written to; undefined where it is nothing that can be. */
function nameOf(target: unknown): string | undefined {
  if (typeof target === "string") return target;
  const { name, createWritable } = (target ?? {}) as Partial<WritableHandle>;
  return typeof createWritable === "function" ? name : undefined;
}

async function write(target: Target, bytes: Uint8Array): Promise<void> {
  if (typeof target === "string") await (await platform()).replaceFile(target, bytes);
  else await writeToHandle(target, bytes);
}

/** Shards first, then the file that names them, then away with those that the file before it named. */
async function saveTfjs(model: Model, path: string): Promise<void> {
  const { readFile, removeFile, replaceFile } = await platform();
  const folder = path.replace(/[^/\\]*$/, "");
  const before = shardsNamed(await readFile(path).catch(() => undefined));
  for await (const { name, bytes } of writeTfjs(model, path.slice(folder.length))) {
    await replaceFile(folder + name, bytes);
    before.delete(name);
  }
  for (const name of before) await removeFile(folder + name);
}

/** The shards of ours that a `model.json` names. */
function shardsNamed(json: string | undefined): Set<string> {
  try {
    const { weightsManifest } = JSON.parse(json ?? "{}") as { weightsManifest?: { paths: string[] }[] };
    return new Set((weightsManifest ?? []).flatMap(({ paths }) => paths).filter((name) => shardName.test(name)));
  } catch {
    return new Set();
  }
}

export const files: Files = {
  toKeras: writeKeras,

  async toTfjs(model) {
    const found: Record<string, Uint8Array> = {};
    for await (const { name, bytes } of writeTfjs(model, "model.json")) found[name] = bytes;
    return found;
  },

  toOnnx: writeOnnx,

  async save(model, target, options = {}) {
    const name = nameOf(target);
    const kind = [".keras", ".json", ".onnx"].find((end) => name?.endsWith(end));
    if (!kind) {
      throw new OptionError(
        `${model.label}: save: the path of a model ends in ".keras", in ".json" for TensorFlow.js, or in ".onnx"; got ${show(name ?? target)}`,
      );
    }
    checkNames(options, kind === ".onnx" ? ["opset"] : [], `${model.label}: save to ${show(name)}`);
    if (kind === ".json") {
      if (typeof target === "string") return saveTfjs(model, target);
      throw new OptionError(
        `${model.label}: save: a TensorFlow.js model is several files, which no file handle holds; save to "opfs:/${name}", or write what toTfjs() gives`,
      );
    }
    await write(target, await (kind === ".onnx" ? writeOnnx(model, options) : writeKeras(model)));
  },

  async saveWeights(model, target) {
    const name = nameOf(target);
    const format = [".weights.h5", ".safetensors"].find((end) => name?.endsWith(end));
    if (!format) {
      throw new OptionError(
        `${model.label}: saveWeights: the path ends in ".weights.h5" or ".safetensors", got ${show(name ?? target)}`,
      );
    }
    await write(target, await weightsOf(model, format === ".safetensors" ? "safetensors" : "h5"));
  },

  loadWeights,
};
