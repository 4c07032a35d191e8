/**
 * Writing a model: to bytes anywhere, and in Node to a file, which is replaced in one piece.
 */
import { OptionError, show } from "../core/errors.ts";
import { checkNames } from "../core/options.ts";
import type { Files } from "../models/files.ts";
import type { Model } from "../models/model.ts";
import { platform } from "../platform/platform.ts";
import { writeOnnx } from "./onnx/write-onnx.ts";
import { loadWeights, weightsOf } from "./weights.ts";
import { writeKeras } from "./write-keras.ts";
import { shardName, writeTfjs } from "./write-tfjs.ts";

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

  async save(model, path, options = {}) {
    const kind = [".keras", ".json", ".onnx"].find((end) => typeof path === "string" && path.endsWith(end));
    if (!kind) {
      throw new OptionError(
        `${model.label}: save: the path of a model ends in ".keras", in ".json" for TensorFlow.js, or in ".onnx"; got ${show(path)}`,
      );
    }
    checkNames(options, kind === ".onnx" ? ["opset"] : [], `${model.label}: save to ${show(path)}`);
    if (kind === ".json") return saveTfjs(model, path);
    const bytes = await (kind === ".onnx" ? writeOnnx(model, options) : writeKeras(model));
    await (await platform()).replaceFile(path, bytes);
  },

  async saveWeights(model, path) {
    const format = [".weights.h5", ".safetensors"].find((end) => typeof path === "string" && path.endsWith(end));
    if (!format) {
      throw new OptionError(
        `${model.label}: saveWeights: the path ends in ".weights.h5" or ".safetensors", got ${show(path)}`,
      );
    }
    const bytes = await weightsOf(model, format === ".safetensors" ? "safetensors" : "h5");
    await (await platform()).replaceFile(path, bytes);
  },

  loadWeights,
};
