/**
 * Where Keras puts the state of a model in its weight files: a group for every layer, under the name of the attribute
 * that holds it, with its own variables numbered in `vars`; and how that state is written and read.
 * What is not here: the layout of older files (`legacy.ts`).
 */
import { arrayClassOf, isFloat } from "../core/dtype.ts";
import { keywordOf } from "../core/names.ts";
import { snakeCase } from "../core/options.ts";
import { tidy } from "../core/scope.ts";
import { formatShape, sameShape, sizeOf } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { isPlainObject, leaves } from "../core/tree.ts";
import type { Variable } from "../core/variable.ts";
import { warnOnce } from "../core/warn.ts";
import type { Dense } from "../layers/core/dense.ts";
import { Layer } from "../layers/layer.ts";
import { adaptedMatrix } from "../layers/weights.ts";
import { Model } from "../models/model.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import { FileError } from "./file-error.ts";
import type { Hdf5Content, Hdf5File } from "./hdf5.ts";
import type { Loading } from "./loading.ts";
import { ready, type Snapshot } from "./outgoing.ts";
import { lossScales } from "./policies.ts";
import { type StoredArray, valuesOf } from "./stored-array.ts";

/** A layer with the group that its state stands in. */
interface Place {
  readonly path: string;
  readonly layer: Layer;
  /** The layer's own variables, without those of the layers it holds and without the thin matrices of an adaptation. */
  readonly variables: readonly Variable[];
  readonly adaptation: Adaptation | undefined;
}

/** A frozen matrix with the thin ones that adapt it, which Keras writes as the one matrix they come to. */
type Adaptation = readonly [matrix: Variable, a: Variable, b: Variable];

function adaptationOf(layer: Layer): Adaptation | undefined {
  const { kernel, embeddings, loraKernelA, loraKernelB, loraEmbeddingsA, loraEmbeddingsB } = layer as Partial<
    Record<"kernel" | "embeddings" | "loraKernelA" | "loraKernelB" | "loraEmbeddingsA" | "loraEmbeddingsB", Variable>
  >;
  if (kernel && loraKernelA && loraKernelB) return [kernel, loraKernelA, loraKernelB];
  return embeddings && loraEmbeddingsA && loraEmbeddingsB ? [embeddings, loraEmbeddingsA, loraEmbeddingsB] : undefined;
}

/** Names in a list are those of the classes, numbered where one comes again. */
function numbered(names: Map<string, number>, name: string): string {
  const before = names.get(name);
  names.set(name, before === undefined ? 0 : before + 1);
  return before === undefined ? name : `${name}_${before + 1}`;
}

/** A layer's own variables, in the order that Keras has them. */
function ownOf(layer: Layer): readonly Variable[] {
  const inner = new Set(layer.sublayers.flatMap(({ weights }) => weights).concat(adaptationOf(layer)?.slice(1) ?? []));
  const own = layer.weights.filter((weight) => !inner.has(weight));
  // Keras counts the kernel of the layer inside as this layer's too, and writes it twice.
  const { kernel } = layer as { kernel?: Variable };
  return classOf(layer) === "SpectralNormalization" && kernel ? [kernel, ...own] : own;
}

/** Layers that Keras keeps under another name than ours: by the class that holds them. */
const attributes: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Bidirectional: { layer: "forward_layer" },
  MultiHeadAttention: { gateDense: "_gate_dense" },
  GroupQueryAttention: {
    queryDense: "_query_dense",
    keyDense: "_key_dense",
    gateDense: "_gate_dense",
    valueDense: "_value_dense",
    outputDense: "_output_dense",
  },
};

function attributeOf(owner: Layer, property: string): string {
  return attributes[classOf(owner)]?.[property] ?? snakeCase(property);
}

/** The class as files number layers by it: users' classes may have no Keras name, and one of Keras's has another. */
function classOf(layer: Layer): string {
  const { className } = layer.constructor as typeof Layer;
  return className === "Layer" || className === "Model" ? layer.constructor.name : className;
}

const groupNames: Readonly<Record<string, string>> = { GroupQueryAttention: "grouped_query_attention" };

/** What the config of a file lists of a model's layer: its name, and its class as it was called there. */
export interface Listed {
  readonly name: string;
  readonly className: string;
}

/** The layers of a model in the order of its config, which counts where a file comes from elsewhere. */
export type Order = (model: Layer) => readonly Listed[] | undefined;

/** All layers with their places, outer ones first. A layer that is met again keeps its first place. */
export function placesIn(root: Layer, order: Order = () => undefined): Place[] {
  const places: Place[] = [];
  const called = new Map<Layer, string>();
  const visited = new Set<Layer>();
  const visitList = (items: readonly unknown[], path: string) => {
    const names = new Map<string, number>();
    for (const item of items) {
      if (item instanceof Layer) {
        const name = called.get(item) ?? classOf(item);
        visit(item, `${path}/${numbered(names, groupNames[name] ?? keywordOf(name))}`);
      } else if (Array.isArray(item) || isPlainObject(item)) {
        visitList(Object.values(item), `${path}/${numbered(names, "container")}`);
      }
    }
  };
  const visit = (layer: Layer, path: string) => {
    if (visited.has(layer)) return;
    visited.add(layer);
    places.push({ path, layer, variables: ownOf(layer), adaptation: adaptationOf(layer) });
    const prefix = path === "" ? "" : `${path}/`;
    const parts = Object.entries(layer)
      .filter(([, value]) => value instanceof Layer || leaves(value).some((leaf) => leaf instanceof Layer))
      .map(([name, value]): [string, unknown] => [attributeOf(layer, name), value]);
    if (layer instanceof Model) {
      const listed = (order(layer) ?? []).flatMap(({ name, className }) => {
        const found = layer.layers.find((each) => each.name === name);
        if (found) called.set(found, className);
        return found ?? [];
      });
      parts.push(["layers", [...new Set([...listed, ...layer.layers])]]);
    }
    // Keras goes through the attributes by the alphabet; one of them is a model's list of all its layers.
    parts.sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [name, value] of parts) {
      if (value instanceof Layer) visit(value, `${prefix}${name}`);
      else if (Array.isArray(value) || isPlainObject(value)) visitList(Object.values(value), `${prefix}${name}`);
    }
  };
  visit(root, "");
  return places;
}

const under = (path: string, rest: string) => (path === "" ? rest : `${path}/${rest}`);

/** The groups of a layer's sources of seeds, which Keras does not write, and does not mind. */
function seedPaths({ path, layer }: Place): { readonly path: string; readonly state: Variable }[] {
  const names = new Map<string, number>();
  return layer.seedGenerators.map(({ state }) => ({
    path: under(path, `${numbered(names, "seed_generator")}/vars/0`),
    state,
  }));
}

/** Where an adapted matrix and the thin ones stand as they are, in a group that Keras does not mind. */
const adaptationPath = ({ path }: Place, index: number) => under(path, `adaptation/vars/${index}`);

/** Zeros, as if a file held them. */
const zerosFor = ({ shape }: Variable): StoredArray => ({
  shape,
  dtype: "float32",
  bytes: 4 * sizeOf(shape),
  pieces: () => [new Float32Array(sizeOf(shape))],
});

/** The optimizer inside one that scales the loss, which has so many variables of its own before it lists those again. */
const scaledRoot = "optimizer/inner_optimizer";
const ownOfScale = 4;

/** The state of a model, with its optimizer's, as a weight file holds it. */
export function stateOf(model: Model, snapshot: Snapshot): Hdf5Content {
  const groups: Record<string, Record<string, string>> = {};
  const found: { path: string; variable: Variable }[] = [];
  const arrays: Hdf5Content["arrays"][number][] = [];
  /** What is written with the thin matrices in it. */
  const merged = new Map<string, Place>();
  for (const place of placesIn(model)) {
    groups[under(place.path, "vars")] = { name: place.layer.name };
    place.variables.forEach((variable, index) => {
      found.push({ path: under(place.path, `vars/${index}`), variable });
    });
    for (const { path, state } of seedPaths(place)) found.push({ path, variable: state });
    place.adaptation?.forEach((variable, index) => {
      found.push({ path: adaptationPath(place, index), variable });
      if (index === 0) merged.set(under(place.path, `vars/${place.variables.indexOf(variable)}`), place);
    });
  }
  const { optimizer } = model;
  if (optimizer) {
    const scale = lossScales.get(optimizer);
    const root = scale ? scaledRoot : "optimizer";
    groups["optimizer/vars"] = { name: scale ? "loss_scale_optimizer" : optimizer.name };
    groups[`${root}/vars`] = { name: optimizer.name };
    optimizer.variables.forEach((variable, index) => {
      found.push({ path: `${root}/vars/${index}`, variable });
      if (scale) found.push({ path: `optimizer/vars/${index + ownOfScale}`, variable });
    });
    scale?.state.forEach((value, index) => {
      const isCount = index % 2 === 0;
      const bytes = new Uint8Array((isCount ? Int32Array : Float32Array).of(value).buffer);
      arrays.push({
        ...ready(bytes),
        path: `optimizer/vars/${index}`,
        shape: [],
        dtype: isCount ? "int32" : "float32",
      });
    });
  }
  for (const { path, variable } of found) {
    const { adaptation, layer } = merged.get(path) ?? {};
    const whole = adaptation && tidy(() => adaptedMatrix(...adaptation, layer as Dense));
    arrays.push({ path, ...(whole ? snapshot.keep(whole) : snapshot.of(variable)) });
  }
  return { groups, arrays };
}

/** A variable with the array it is to take. */
export interface Assignment {
  readonly variable: Variable;
  readonly array: StoredArray;
}

/** Says what does not fit, or nothing. */
export function misfit({ variable, array }: Assignment): string | undefined {
  const { shape, dtype, path } = variable;
  if (!sameShape(array.shape, shape)) {
    return `"${path}" has shape ${formatShape(shape)}, the file has ${formatShape(array.shape)}`;
  }
  const real = /^b?float/.test(array.dtype);
  const known = real || /^u?int/.test(array.dtype);
  return !known || real !== isFloat(dtype) ? `"${path}" is ${dtype}, the file has ${array.dtype}` : undefined;
}

/** Refuses everything that does not fit, in one message. */
export function refuseMisfits(problems: readonly string[], where: string): void {
  if (problems.length === 0) return;
  const shown = problems.slice(0, 8).join("; ");
  const more = problems.length > 8 ? `; and ${problems.length - 8} more` : "";
  throw new FileError(`${where}: the weights do not fit the model: ${shown}${more}`);
}

/** The tensor that a variable is to have, read a piece at a time into the memory it will stay in. */
async function tensorFrom({ variable, array }: Assignment, loading: Loading): Promise<Tensor> {
  const { device } = variable.value;
  const { shape, dtype } = variable;
  const tensor = Tensor.allocate(device, shape, dtype);
  const kind = arrayClassOf(dtype);
  const bytesEach = array.bytes / Math.max(1, tensor.size);
  let at = 0;
  try {
    for (const piece of array.pieces()) {
      device.write(tensor.handle, piece instanceof kind ? piece : kind.from(piece), at);
      at += piece.length;
      await loading.advance(piece.length * bytesEach);
    }
    return tensor;
  } catch (error) {
    tensor.dispose();
    throw error;
  }
}

const bytesIn = (assignments: readonly Assignment[]) => assignments.reduce((sum, { array }) => sum + array.bytes, 0);

/** Puts all arrays into the variables of a model that nobody has seen yet, one after the other. */
export async function assignFresh(assignments: readonly Assignment[], loading: Loading): Promise<void> {
  loading.begin("read", bytesIn(assignments));
  for (const assignment of assignments) {
    const tensor = await tensorFrom(assignment, loading);
    assignment.variable.assign(tensor);
    tensor.dispose();
  }
}

/** Puts all arrays into their variables at once when all are read, or none where one cannot be. */
export async function assignAll(assignments: readonly Assignment[], loading: Loading): Promise<void> {
  loading.begin("read", bytesIn(assignments));
  const tensors: Tensor[] = [];
  try {
    for (const assignment of assignments) tensors.push(await tensorFrom(assignment, loading));
    assignments.forEach(({ variable }, index) => {
      variable.assign(tensors[index] as Tensor);
    });
  } finally {
    for (const tensor of tensors) tensor.dispose();
  }
}

/** The order of numbered names: "10" comes after "9". */
function numbersIn(file: Hdf5File, group: string): number {
  return file.keys(group).filter((key) => /^\d+$/.test(key)).length;
}

/** What a weight file has for a model: all of it, or an error that lists what is missing and what does not fit. */
export function assignmentsFrom(file: Hdf5File, model: Layer, where: string, order?: Order): Assignment[] {
  const assignments: Assignment[] = [];
  const problems: string[] = [];
  for (const place of placesIn(model, order)) {
    const { path, layer, variables } = place;
    const group = under(path, "vars");
    const count = numbersIn(file, group);
    if (count !== variables.length) {
      problems.push(`${layer.label} has ${variables.length} weights, the file has ${count} in "${group}"`);
      continue;
    }
    const apart = place.adaptation?.map((_, index) => file.array(adaptationPath(place, index)));
    const whole = apart?.every((array) => array !== undefined) ? (apart as StoredArray[]) : undefined;
    // Keras sets both thin matrices to 0 too; with a as it is they go on learning.
    place.adaptation?.forEach((variable, index) => {
      if (whole) assignments.push({ variable, array: whole[index] as StoredArray });
      else if (index === 2) assignments.push({ variable, array: zerosFor(variable) });
    });
    variables.forEach((variable, index) => {
      const array = file.array(`${group}/${index}`);
      if (whole && variable === place.adaptation?.[0]) return;
      if (array) assignments.push({ variable, array });
      else problems.push(`${layer.label}: the file has no "${group}/${index}"`);
    });
    for (const { path: seedPath, state } of seedPaths(place)) {
      const array = file.array(seedPath);
      if (array) assignments.push({ variable: state, array });
    }
  }
  problems.push(...assignments.flatMap((each) => misfit(each) ?? []));
  refuseMisfits(problems, where);
  return assignments;
}

/** One array that a file has for an optimizer. */
export interface Kept {
  /** The name that it has there; undefined where a file only numbers them. */
  readonly name: string | undefined;
  readonly array: StoredArray;
}

/** Where the state of an optimizer goes whose version arranged it in another way, or a text that says why it cannot. */
export type Arranging = (kept: readonly Kept[], model: Model) => Assignment[] | string;

/** The state in the order of Keras 3, which is that of optimizers here. */
export function stateInOrder(kept: readonly Kept[], model: Model): Assignment[] | string {
  const optimizer = model.optimizer as Optimizer;
  if (kept.length > optimizer.variables.length) optimizer.build(model.trainableWeights);
  const { variables } = optimizer;
  if (kept.length !== variables.length) {
    return `the file has ${kept.length} variables of it, there are ${variables.length} for what trains now`;
  }
  const assignments = variables.map((variable, index) => ({ variable, array: (kept[index] as Kept).array }));
  return assignments.map(misfit).find((problem) => problem !== undefined) ?? assignments;
}

/** The same, where what cannot be used is left out with a warning. */
export function arranged(kept: readonly Kept[], model: Model, where: string, arranging: Arranging): Assignment[] {
  const found = arranging(kept, model);
  if (typeof found !== "string") return found;
  warnOnce(`${where}: the state of ${(model.optimizer as Optimizer).label} starts anew: ${found}`);
  return [];
}

/**
 * What a weight file has for the optimizer, which is built for it where need be.
 *
 * @param arranging Where the file is not of Keras 3, or what does not fit is to be left out with a warning.
 */
export function optimizerAssignments(file: Hdf5File, model: Model, where: string, arranging?: Arranging): Assignment[] {
  const { optimizer } = model;
  const scaled = numbersIn(file, `${scaledRoot}/vars`) > 0;
  const root = scaled ? scaledRoot : "optimizer";
  const count = numbersIn(file, `${root}/vars`);
  if (!optimizer || count === 0) return [];
  if (arranging) {
    const kept = Array.from({ length: count }, (_, index) => file.array(`${root}/vars/${index}`));
    if (kept.every((array) => array !== undefined)) {
      return arranged(
        kept.map((array) => ({ name: undefined, array })),
        model,
        where,
        arranging,
      );
    }
  }
  if (scaled) {
    const state = Array.from({ length: ownOfScale }, (_, index) => {
      const array = file.array(`optimizer/vars/${index}`);
      return array?.shape.length === 0 ? (valuesOf(array)[0] as number) : 0;
    });
    lossScales.set(optimizer, { config: lossScales.get(optimizer)?.config, state });
  }
  if (count > optimizer.variables.length) optimizer.build(model.trainableWeights);
  const { variables } = optimizer;
  if (variables.length !== count) {
    warnOnce(
      `${where}: the file has ${count} variables of ${optimizer.label}, which has ${variables.length} for what trains now; it starts anew`,
    );
    return [];
  }
  const problems: string[] = [];
  const assignments = variables.flatMap((variable, index) => {
    const array = file.array(`${root}/vars/${index}`);
    if (!array) problems.push(`the file has no "${root}/vars/${index}"`);
    return array ? [{ variable, array }] : [];
  });
  refuseMisfits([...problems, ...assignments.flatMap((each) => misfit(each) ?? [])], where);
  return assignments;
}
