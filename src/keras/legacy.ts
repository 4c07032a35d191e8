/**
 * Whole models in one HDF5 file, as Keras 1, 2 and tf.keras wrote them and Keras 3 still can: the config in an
 * attribute, the weights of each layer in a group of its name.
 */
import { isPlainObject } from "../core/tree.ts";
import type { Layer } from "../layers/layer.ts";
import type { Model } from "../models/model.ts";
import { compileFromConfig, modelFromConfig, parseJson } from "./config.ts";
import type { Content } from "./content.ts";
import { FileError } from "./file-error.ts";
import { type Hdf5File, openHdf5 } from "./hdf5.ts";
import { modernized } from "./legacy-config.ts";
import { withActivationsNow } from "./old-names.ts";
import { olderState } from "./old-optimizers.ts";
import type { ReadOptions } from "./read-keras.ts";
import { type Assignment, arranged, assignFresh, misfit, refuseMisfits, stateInOrder } from "./state.ts";

/** A list of texts, which is cut in several attributes where it is long. */
function texts(file: Hdf5File, path: string, name: string): readonly string[] | undefined {
  const whole = file.attribute(path, name);
  if (whole !== undefined) return typeof whole === "string" ? [whole] : whole;
  const parts: string[] = [];
  for (let index = 0; ; index++) {
    const part = file.attribute(path, `${name}${index}`);
    if (part === undefined) return index === 0 ? undefined : parts;
    parts.push(...[part].flat());
  }
}

function text(file: Hdf5File, name: string): string | undefined {
  const value = file.attribute("", name);
  return Array.isArray(value) ? value[0] : (value as string | undefined);
}

/** Whether a file is of Keras 3. */
const isNow = (file: Hdf5File) => text(file, "keras_version")?.startsWith("3.") === true;

/** Whether a file holds weights by the names of layers. */
export function isLegacy(file: Hdf5File): boolean {
  return texts(file, "model_weights", "layer_names") !== undefined || texts(file, "", "layer_names") !== undefined;
}

/** The weights of a layer as older files list them: those that train first. */
const listed = (layer: Layer) => [...layer.trainableWeights, ...layer.nonTrainableWeights];

/** What the file has for the layers of a model: all of it, or an error that lists what does not fit. */
export function legacyAssignments(file: Hdf5File, model: Model, where: string): Assignment[] {
  const root = texts(file, "", "layer_names") ? "" : "model_weights/";
  const names = texts(file, root.slice(0, -1), "layer_names") ?? [];
  const problems: string[] = [];
  const assignments: Assignment[] = [];
  const holding = names.filter((name) => (texts(file, `${root}${name}`, "weight_names") ?? []).length > 0);
  for (const layer of model.layers) {
    const variables = listed(layer);
    const paths = holding.includes(layer.name) ? (texts(file, `${root}${layer.name}`, "weight_names") ?? []) : [];
    if (paths.length !== variables.length) {
      problems.push(`${layer.label} has ${variables.length} weights, the file has ${paths.length}`);
      continue;
    }
    variables.forEach((variable, index) => {
      const array = file.array(`${root}${layer.name}/${paths[index]}`);
      if (array) assignments.push({ variable, array });
      else problems.push(`the file has no "${layer.name}/${paths[index]}"`);
    });
  }
  const other = holding.filter((name) => !model.layers.some((layer) => layer.name === name));
  problems.push(...other.map((name) => `the model has no layer "${name}", which the file has weights for`));
  refuseMisfits([...problems, ...assignments.flatMap((each) => misfit(each) ?? [])], where);
  return assignments;
}

/** The optimizer's state, which Keras 3 lists in the order that its optimizers have it in. */
function optimizerOf(file: Hdf5File, model: Model, where: string): Assignment[] {
  const names = texts(file, "optimizer_weights", "weight_names") ?? [];
  const kept = names.flatMap((name) => {
    const array = file.array(`optimizer_weights/${name}`);
    return array ? [{ name, array }] : [];
  });
  if (!model.optimizer || kept.length === 0) return [];
  return arranged(kept, model, where, isNow(file) ? stateInOrder : olderState);
}

/** Reads a model from an HDF5 file. */
export async function readLegacy(content: Content, options: ReadOptions, where: string): Promise<Model> {
  const file = await openHdf5(content, where);
  try {
    const config = text(file, "model_config");
    if (config === undefined) {
      throw new FileError(
        `${where}: this HDF5 file holds weights without a model; make the model and call model.loadWeights(file)`,
      );
    }
    const given = modernized(parseJson(config, where));
    const meant = isNow(file) ? given : withActivationsNow(given);
    const model = modelFromConfig(meant as never, options.known, options, where, content.size);
    try {
      const assignments = legacyAssignments(file, model, where);
      const training = options.compile ? text(file, "training_config") : undefined;
      if (training !== undefined) {
        const { optimizer_config: optimizer, ...rest } = parseJson(training, where);
        const given = isPlainObject(optimizer) ? { ...rest, optimizer } : rest;
        compileFromConfig(model, given, options.known, options, where);
        assignments.push(...optimizerOf(file, model, where));
      }
      await assignFresh(assignments, options.loading);
      return model;
    } catch (error) {
      model.dispose();
      model.optimizer?.dispose();
      throw error;
    }
  } finally {
    file.close();
  }
}
