/**
 * Writing a model: to bytes, and to files, which are replaced in one piece; on a page also to a download.
 */
import { OptionError, show } from "../core/errors.ts";
import { checkNames } from "../core/options.ts";
import type { Files, Target, Waiting } from "../models/files.ts";
import type { Model } from "../models/model.ts";
import { type WritableHandle, writeToHandle } from "../platform/handles.ts";
import { platform } from "../platform/platform.ts";
import { type Loading, startLoading } from "./loading.ts";
import { writeOnnx } from "./onnx/write-onnx.ts";
import { collect, type Outgoing, ready, type Snapshot, withSnapshot } from "./outgoing.ts";
import { loadWeights, weightsOf } from "./weights.ts";
import { writeKeras } from "./write-keras.ts";
import { shardName, writeTfjs } from "./write-tfjs.ts";

/** The name of what is written to; undefined where it is nothing that can be. */
function nameOf(target: unknown): string | undefined {
  if (typeof target === "string") return target;
  const { name, createWritable } = (target ?? {}) as Partial<WritableHandle>;
  return typeof createWritable === "function" ? name : undefined;
}

/** The pieces of a file, telling as they are taken how far it is. */
async function* told({ pieces }: Outgoing, loading: Loading): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces()) {
    yield piece;
    await loading.advance(piece.length);
  }
}

/** Writes a file of a model as it is now, whatever happens to the model meanwhile. */
async function write(
  target: Target,
  waiting: Waiting,
  make: (snapshot: Snapshot) => Outgoing | Promise<Outgoing>,
): Promise<void> {
  const loading = startLoading(waiting);
  await withSnapshot(async (snapshot) => {
    const file = await make(snapshot);
    loading.begin("write", file.size);
    const content = told(file, loading);
    if (typeof target === "string") await (await platform()).replaceFile(target, content);
    else await writeToHandle(target, content);
  });
  loading.end();
}

/** Shards first, then the file that names them, then away with those that the file before it named. */
async function saveTfjs(model: Model, path: string, waiting: Waiting): Promise<void> {
  const loading = startLoading(waiting);
  await withSnapshot(async (snapshot) => {
    const folder = path.replace(/[^/\\]*$/, "");
    const { size, files } = writeTfjs(model, path.slice(folder.length), snapshot);
    const { readFile, removeFile, replaceFile } = await platform();
    const before = shardsNamed(await readFile(path).catch(() => undefined));
    loading.begin("write", size);
    for await (const { name, bytes } of files) {
      await replaceFile(folder + name, bytes);
      before.delete(name);
      await loading.advance(bytes.length);
    }
    for (const name of before) await removeFile(folder + name);
  });
  loading.end();
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
  toKeras: (model) => withSnapshot(async (snapshot) => collect(await writeKeras(model, snapshot))),

  toTfjs: (model) =>
    withSnapshot(async (snapshot) => {
      const found: Record<string, Uint8Array> = {};
      for await (const { name, bytes } of writeTfjs(model, "model.json", snapshot).files) found[name] = bytes;
      return found;
    }),

  toOnnx: writeOnnx,

  async save(model, target, options = {}) {
    const name = nameOf(target);
    const kind = [".keras", ".json", ".onnx"].find((end) => name?.endsWith(end));
    if (!kind) {
      throw new OptionError(
        `${model.label}: save: the path of a model ends in ".keras", in ".json" for TensorFlow.js, or in ".onnx"; got ${show(name ?? target)}`,
      );
    }
    const { opset, ...waiting } = checkNames(
      options,
      ["onProgress", "signal", ...(kind === ".onnx" ? (["opset"] as const) : [])],
      `${model.label}: save to ${show(name)}`,
    );
    if (kind === ".json") {
      if (typeof target === "string") return saveTfjs(model, target, waiting);
      throw new OptionError(
        `${model.label}: save: a TensorFlow.js model is several files, which no file handle holds; save to "opfs:/${name}", or write what toTfjs() gives`,
      );
    }
    const make = async (snapshot: Snapshot) =>
      kind === ".onnx"
        ? ready((await writeOnnx(model, { opset })) as Uint8Array<ArrayBuffer>)
        : writeKeras(model, snapshot);
    await write(target, waiting, make);
  },

  async saveWeights(model, target, options = {}) {
    const name = nameOf(target);
    const format = [".weights.h5", ".safetensors"].find((end) => name?.endsWith(end));
    if (!format) {
      throw new OptionError(
        `${model.label}: saveWeights: the path ends in ".weights.h5" or ".safetensors", got ${show(name ?? target)}`,
      );
    }
    checkNames(options, ["onProgress", "signal"], `${model.label}: saveWeights`);
    await write(target, options, (snapshot) =>
      weightsOf(model, format === ".safetensors" ? "safetensors" : "h5", snapshot),
    );
  },

  loadWeights,
};
