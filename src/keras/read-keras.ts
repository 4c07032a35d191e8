/**
 * `.keras` files, read: a zip of `metadata.json`, `config.json` and `model.weights.h5`.
 */
import { isPlainObject } from "../core/tree.ts";
import type { LayerClasses } from "../layers/serialize.ts";
import type { Model } from "../models/model.ts";
import { compileFromConfig, modelFromConfig, type Objects, parseJson } from "./config.ts";
import type { Content } from "./content.ts";
import { FileError } from "./file-error.ts";
import { openHdf5 } from "./hdf5.ts";
import { modernized } from "./legacy-config.ts";
import type { Loading } from "./loading.ts";
import { withActivationsNow } from "./old-names.ts";
import { olderState } from "./old-optimizers.ts";
import { assignFresh, assignmentsFrom, type Listed, type Order, optimizerAssignments } from "./state.ts";
import { openZip } from "./zip.ts";

/** What reading takes, beyond the bytes. */
export interface ReadOptions extends Objects {
  /** The classes that layers may be of. */
  readonly known: LayerClasses;
  readonly compile: boolean;
  readonly maxBytes: number;
  readonly loading: Loading;
}

/** The layers of models in the order of their configs, which is that of the weights. */
function orderIn(root: unknown): Order {
  const orders = new Map<string, Listed[]>();
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) node.forEach(visit);
    if (!isPlainObject(node)) return;
    if (Array.isArray(node.layers) && typeof node.name === "string") {
      orders.set(
        node.name,
        node.layers.flatMap((each) => {
          if (!isPlainObject(each)) return [];
          const name = each.name ?? (isPlainObject(each.config) ? each.config.name : undefined);
          const { class_name: className } = each;
          if (typeof name !== "string" || typeof className !== "string") return [];
          return [{ name, className: className.slice(className.indexOf(">") + 1) }];
        }),
      );
    }
    Object.values(node).forEach(visit);
  };
  visit(root);
  return (model) => orders.get(model.name);
}

/** Reads a model from a `.keras` file. Where anything is wrong there is no model, and nothing stays. */
export async function readKeras(content: Content, options: ReadOptions, where: string): Promise<Model> {
  const archive = openZip(content, options.maxBytes, where, options.loading);
  const text = await archive.read("config.json");
  if (!text) {
    throw new FileError(`${where}: this zip holds no config.json, so it is no Keras file`);
  }
  const given = parseJson(new TextDecoder().decode(text), where);
  const metadata = await archive.read("metadata.json");
  // tf.keras wrote such files too, with the calls of Keras 2.
  const version = metadata && parseJson(new TextDecoder().decode(metadata), where).keras_version;
  const isOlder = String(version).startsWith("2.");
  const config = isOlder ? (withActivationsNow(modernized(given)) as typeof given) : given;
  const weights = await archive.open("model.weights.h5");
  if (!weights) {
    const held = archive.names.includes("model.weights.npz") ? "; weights in npz are not read, save them as h5" : "";
    throw new FileError(`${where}: this zip holds no model.weights.h5${held}`);
  }
  const model = modelFromConfig(config, options.known, options, where, weights.size);
  try {
    const file = await openHdf5(weights, where);
    try {
      const assignments = assignmentsFrom(file, model, where, orderIn(config));
      if (options.compile) {
        compileFromConfig(model, config.compile_config, options.known, options, where);
        assignments.push(...optimizerAssignments(file, model, where, isOlder ? olderState : undefined));
      }
      await assignFresh(assignments, options.loading);
    } finally {
      file.close();
    }
    return model;
  } catch (error) {
    model.dispose();
    model.optimizer?.dispose();
    throw error;
  }
}
