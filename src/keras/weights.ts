/**
 * Weights without a model: `.weights.h5` as Keras 3 has them, by place and with the optimizer's state; safetensors, by
 * path; and what other files hold of weights, by the names of layers.
 */
import { checkNames } from "../core/options.ts";
import type { Variable } from "../core/variable.ts";
import type { LoadWeightsOptions, Source } from "../models/files.ts";
import type { Model } from "../models/model.ts";
import { begins, type Content } from "./content.ts";
import { FileError } from "./file-error.ts";
import { hdf5Mark, openHdf5, writeHdf5 } from "./hdf5.ts";
import { isLegacy, legacyAssignments } from "./legacy.ts";
import { type Loading, startLoading } from "./loading.ts";
import type { Outgoing, Snapshot } from "./outgoing.ts";
import { isSafetensors, readSafetensors, writeSafetensors } from "./safetensors.ts";
import { contentOf, maxBytesAtFirst, nameOf } from "./source.ts";
import {
  type Assignment,
  assignAll,
  assignmentsFrom,
  misfit,
  optimizerAssignments,
  refuseMisfits,
  stateInOrder,
  stateOf,
} from "./state.ts";
import { openZip, zipMark } from "./zip.ts";

/** All variables by names that are theirs alone: their paths, with the names of models in front where they would meet. */
function byPath(model: Model): Map<string, Variable> {
  const found = new Map<string, Variable>();
  for (const variable of model.weights) {
    if (!found.has(variable.path)) found.set(variable.path, variable);
    else found.set(`${variable.path}#${found.size}`, variable);
  }
  return found;
}

/** A file with a model's weights. */
export async function weightsOf(model: Model, format: "h5" | "safetensors", snapshot: Snapshot): Promise<Outgoing> {
  if (format === "h5") return writeHdf5(stateOf(model, snapshot));
  return writeSafetensors(new Map([...byPath(model)].map(([path, variable]) => [path, snapshot.of(variable)])));
}

function fromSafetensors(content: Content, model: Model, where: string): Assignment[] {
  const arrays = new Map(readSafetensors(content, where));
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
export async function loadWeights(model: Model, source: Source, given: LoadWeightsOptions = {}): Promise<void> {
  const where = nameOf(source, "loadWeights");
  const { maxBytes = maxBytesAtFirst } = checkNames(
    given,
    ["maxBytes", "onProgress", "signal"],
    `${model.label}: loadWeights`,
  );
  const loading = startLoading(given);
  const content = await contentOf(source, maxBytes, where, loading);
  try {
    await readWeights(content, model, { maxBytes, where, loading });
    loading.end();
  } finally {
    content.close();
  }
}

async function readWeights(
  content: Content,
  model: Model,
  { maxBytes, where, loading }: { maxBytes: number; where: string; loading: Loading },
): Promise<void> {
  if (isSafetensors(content)) return assignAll(fromSafetensors(content, model, where), loading);
  let held: Content | undefined = content;
  if (begins(content, zipMark)) {
    held = await openZip(content, maxBytes, where, loading).open("model.weights.h5");
    if (!held) throw new FileError(`${where}: this zip holds no model.weights.h5`);
  }
  if (!begins(held, hdf5Mark)) {
    throw new FileError(
      `${where}: weights are read from .weights.h5, .keras, .h5 and .safetensors files; this is none`,
    );
  }
  const file = await openHdf5(held, where);
  try {
    const assignments = isLegacy(file)
      ? legacyAssignments(file, model, where)
      : [...assignmentsFrom(file, model, where), ...optimizerAssignments(file, model, where, stateInOrder)];
    await assignAll(assignments, loading);
  } finally {
    file.close();
  }
}
