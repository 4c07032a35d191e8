/**
 * Reading a model from any source: which kind of file it is, is seen from its first bytes.
 */
import type { Source } from "../models/files.ts";
import type { Model } from "../models/model.ts";
import { type Kit, layerClasses } from "./config.ts";
import { begins, type Content } from "./content.ts";
import { FileError } from "./file-error.ts";
import { hdf5Mark } from "./hdf5.ts";
import type { LoadOptions } from "./index.ts";
import { readLegacy } from "./legacy.ts";
import { startLoading } from "./loading.ts";
import { type ReadOptions, readKeras } from "./read-keras.ts";
import { beside, contentOf, maxBytesAtFirst, nameOf } from "./source.ts";
import { isJson, readTfjs } from "./tfjs.ts";
import { zipMark } from "./zip.ts";

export async function read(source: Source, given: LoadOptions, kit: Kit): Promise<Model> {
  const where = nameOf(source);
  const loading = startLoading(given);
  const options: ReadOptions = {
    known: layerClasses(kit),
    customObjects: given.customObjects,
    lambdas: given.lambdas,
    compile: given.compile ?? true,
    maxBytes: given.maxBytes ?? maxBytesAtFirst,
    loading,
  };
  const opened: Content[] = [];
  const open = async (from: Source, name: string) => {
    const content = await contentOf(from, options.maxBytes, name, loading);
    opened.push(content);
    return content;
  };
  const shard = (path: string) => {
    const from = beside(source, path, where);
    return open(from, nameOf(from));
  };
  try {
    const content = await open(source, where);
    const readAs = begins(content, zipMark)
      ? readKeras
      : begins(content, hdf5Mark)
        ? readLegacy
        : isJson(content)
          ? (...given: [Content, ReadOptions, string]) => readTfjs(...given, shard)
          : undefined;
    if (!readAs) {
      const kind = content.size === 0 ? "empty" : "no zip, no HDF5 file and no JSON";
      throw new FileError(
        `${where}: this is ${kind}; models are read from .keras and .h5 files, and from the model.json of TensorFlow.js`,
      );
    }
    const model = await readAs(content, options, where);
    loading.end();
    return model;
  } catch (error) {
    if (error instanceof FileError || given.signal?.aborted) throw error;
    throw new FileError(`${where}: cannot be read: ${(error as Error).message}`, { cause: error });
  } finally {
    for (const content of opened) content.close();
  }
}
