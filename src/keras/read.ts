/**
 * Reading a model from any source: which kind of file it is, is seen from its first bytes.
 */
import type { Model } from "../models/model.ts";
import { type Kit, layerClasses } from "./config.ts";
import { FileError } from "./file-error.ts";
import { hdf5Mark } from "./hdf5.ts";
import type { LoadOptions } from "./index.ts";
import { readLegacy } from "./legacy.ts";
import { type ReadOptions, readKeras } from "./read-keras.ts";
import { beside, bytesOf, nameOf, type Source } from "./source.ts";
import { isJson, readTfjs } from "./tfjs.ts";
import { zipMark } from "./zip.ts";

const begins = (bytes: Uint8Array, mark: readonly number[]) => mark.every((byte, index) => bytes[index] === byte);

export async function read(source: Source, given: LoadOptions, kit: Kit): Promise<Model> {
  const where = nameOf(source);
  const options: ReadOptions = {
    known: layerClasses(kit),
    customObjects: given.customObjects,
    lambdas: given.lambdas,
    compile: given.compile ?? true,
    maxBytes: given.maxBytes ?? 2 ** 32,
    progress: given.onProgress ?? (() => {}),
  };
  const bytes = await bytesOf(source, options.maxBytes, where);
  const shard = (path: string) => bytesOf(beside(source, path, where), options.maxBytes, path);
  const readAs = begins(bytes, zipMark)
    ? readKeras
    : begins(bytes, hdf5Mark)
      ? readLegacy
      : isJson(bytes)
        ? (...given: [Uint8Array, ReadOptions, string]) => readTfjs(...given, shard)
        : undefined;
  if (readAs) {
    try {
      return await readAs(bytes, options, where);
    } catch (error) {
      if (error instanceof FileError) throw error;
      throw new FileError(`${where}: cannot be read: ${(error as Error).message}`, { cause: error });
    }
  }
  const kind = bytes.length === 0 ? "empty" : "no zip, no HDF5 file and no JSON";
  throw new FileError(
    `${where}: this is ${kind}; models are read from .keras and .h5 files, and from the model.json of TensorFlow.js`,
  );
}
