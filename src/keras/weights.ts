/**
 * Weights without a model: `.weights.h5` as Keras 3 has them, by place; safetensors, by path; and what other files hold
 * of weights, by the names of layers.
 */
import type { Variable } from "../core/variable.ts";
import type { Model } from "../models/model.ts";
import { FileError } from "./file-error.ts";
import { hdf5Mark, openHdf5, writeHdf5 } from "./hdf5.ts";
import { isLegacy, legacyAssignments } from "./legacy.ts";
import { isSafetensors, readSafetensors, writeSafetensors } from "./safetensors.ts";
import { bytesOf, nameOf, type Source } from "./source.ts";
import { type Assignment, assignAll, assignmentsFrom, misfit, refuseMisfits, stateOf } from "./state.ts";
import { openZip, zipMark } from "./zip.ts";

const begins = (bytes: Uint8Array, mark: readonly number[]) => mark.every((byte, index) => bytes[index] === byte);

/** All variables by names that are theirs alone: their paths, with the names of models in front where they would meet. */
function byPath(model: Model): Map<string, Variable> {
  const found = new Map<string, Variable>();
  for (const variable of model.weights) {
    if (!found.has(variable.path)) found.set(variable.path, variable);
    else found.set(`${variable.path}#${found.size}`, variable);
  }
  return found;
}

/** The bytes of a file with a model's weights. */
export async function weightsOf(model: Model, format: "h5" | "safetensors"): Promise<Uint8Array> {
  return format === "h5" ? writeHdf5(await stateOf(model, false)) : writeSafetensors(byPath(model));
}

function fromSafetensors(bytes: Uint8Array, model: Model, where: string): Assignment[] {
  const arrays = new Map(readSafetensors(bytes, where));
  const problems: string[] = [];
  const assignments: Assignment[] = [];
  for (const [path, variable] of byPath(model)) {
    const array = arrays.get(path);
    if (array) assignments.push({ variable, array });
    else problems.push(`the file has no "${path}"`);
    arrays.delete(path);
  }
  problems.push(...[...arrays.keys()].map((path) => `the model has no "${path}"`));
  refuseMisfits([...problems, ...assignments.flatMap((each) => misfit(each) ?? [])], where);
  return assignments;
}

/** Takes all weights of a model from a file, or none of them. */
export async function loadWeights(model: Model, source: Source, maxBytes = 2 ** 32): Promise<void> {
  const where = nameOf(source, "loadWeights");
  let bytes = await bytesOf(source, maxBytes, where);
  if (isSafetensors(bytes)) return assignAll(fromSafetensors(bytes, model, where));
  if (begins(bytes, zipMark)) {
    const held = await openZip(bytes, maxBytes, where).read("model.weights.h5");
    if (!held) throw new FileError(`${where}: this zip holds no model.weights.h5`);
    bytes = held;
  }
  if (!begins(bytes, hdf5Mark)) {
    throw new FileError(
      `${where}: weights are read from .weights.h5, .keras, .h5 and .safetensors files; this is none`,
    );
  }
  const file = await openHdf5(bytes, where);
  try {
    assignAll(isLegacy(file) ? legacyAssignments(file, model, where) : assignmentsFrom(file, model, where));
  } finally {
    file.close();
  }
}
