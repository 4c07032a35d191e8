/**
 * Data on its way into a model: arrays cut into batches, and batches that come from somewhere else. Arrays stay
 * outside the device; a batch becomes tensors when its step begins, in the step's own scope.
 * What it is not: it knows no losses, and of models only the names of their inputs and outputs.
 */
import type { DType, TypedArray } from "../core/dtype.ts";
import { OptionError, ShapeError, show, VarveError } from "../core/errors.ts";
import { type Shape, sizeOf } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { isPlainObject, leaves, mapLeaves, type Structure } from "../core/tree.ts";
import { Variable } from "../core/variable.ts";
import { currentDevice } from "../devices/current.ts";
import type { TensorLike } from "../ops/op.ts";
import { fractionsOf, type Seed } from "../ops/random/philox.ts";
import { drawSeed } from "../ops/random/seed.ts";
import { dtypeOfArray, tensor, toTensor } from "../ops/tensor.ts";
import { inOrder, isListOfTensors } from "./inputs.ts";

/** Arrays of samples: one, a list of them, or some by name. */
export type Arrays = Structure<TensorLike>;

/** A batch as an iterable gives it: a list of up to three, an object, or, without targets, a tensor or typed array. */
export type BatchLike =
  | Tensor
  | TypedArray
  | readonly [x: Arrays, y?: Arrays | null, sampleWeight?: Arrays | null]
  | {
      readonly x?: Arrays;
      readonly xs?: Arrays;
      readonly y?: Arrays | null;
      readonly ys?: Arrays | null;
      readonly sampleWeight?: Arrays | null;
    };

type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>;

/** Batches from somewhere else: an iterable, also an asynchronous one, or a function that gives one for every epoch. */
export type Batches =
  | Iterable<BatchLike>
  | AsyncIterable<BatchLike>
  | (() => Iterable<BatchLike> | AsyncIterable<BatchLike> | Iterator<BatchLike> | AsyncIterator<BatchLike>);

/** What a model says of the data it takes, as far as that is known. */
export interface Ends {
  /** Class and name, as messages have it. */
  readonly label: string;
  /** Empty where not known. */
  readonly inputNames: readonly string[];
  /** Empty where not known. */
  readonly outputNames: readonly string[];
}

/** A batch as tensors. */
export interface Batch {
  readonly x: Structure<Tensor>;
  readonly y: Structure<Tensor> | undefined;
  readonly sampleWeight: Structure<Tensor> | undefined;
  readonly size: number;
}

/** Where the batches of a training or an evaluation come from. */
export interface BatchSource {
  /** How many there are in one round; undefined where nobody knows. */
  readonly steps: number | undefined;
  /** Begins a round: anew, or, where `goOn` and something is left, where the last one ended. */
  start(goOn: boolean): void;
  /**
   * The next batch, or undefined at the end of the data. Its tensors are made when the function is called, which is
   * for the step to do.
   */
  next(): Promise<(() => Batch) | undefined>;
  /** Lets go of whatever stands behind the source. */
  close(): Promise<void>;
}

/** An array of samples outside the device. */
export class Column {
  readonly data: TypedArray;
  readonly shape: Shape;
  readonly dtype: DType;

  constructor(data: TypedArray, shape: Shape, dtype: DType) {
    this.data = data;
    this.shape = shape;
    this.dtype = dtype;
  }

  get length(): number {
    return this.shape[0] as number;
  }

  get #row(): number {
    return sizeOf(this.shape.slice(1));
  }

  /** The samples from `from` up to `to`, without a copy. */
  slice(from: number, to: number): Column {
    const row = this.#row;
    return new Column(this.data.subarray(from * row, to * row), [to - from, ...this.shape.slice(1)], this.dtype);
  }

  /** The samples at these places. */
  gather(places: ArrayLike<number>): Column {
    const row = this.#row;
    const gathered = new (this.data.constructor as new (length: number) => TypedArray)(places.length * row);
    for (let index = 0; index < places.length; index++) {
      const at = (places[index] as number) * row;
      if (row === 1) gathered[index] = this.data[at] as number;
      else gathered.set(this.data.subarray(at, at + row), index * row);
    }
    return new Column(gathered, [places.length, ...this.shape.slice(1)], this.dtype);
  }

  toTensor(): Tensor {
    return Tensor.from(currentDevice(), this.data, this.shape, this.dtype);
  }
}

/** An array as it was given, with how messages call it. */
class Given {
  readonly value: unknown;
  readonly name: string;

  constructor(value: unknown, name: string) {
    this.value = value;
    this.name = name;
  }
}

/** The arrays among what was given: rows of numbers are one array; lists and objects of arrays are several. */
function arraysOf(given: unknown, name: string, several: boolean): unknown {
  if (given === undefined || given === null) return undefined;
  if (isPlainObject(given)) {
    return Object.fromEntries(
      Object.entries(given).map(([key, item]) => [key, new Given(item, `${name} ${JSON.stringify(key)}`)]),
    );
  }
  if (isListOfTensors(given) || (several && Array.isArray(given))) {
    return given.map((item, index) => new Given(item, `${name}[${index}]`));
  }
  return new Given(given, name);
}

/** What was given as x, y and sampleWeight, as structures of `Given`. */
interface Parts {
  readonly x: unknown;
  readonly y: unknown;
  readonly sampleWeight: unknown;
}

function partsOf(x: unknown, y: unknown, sampleWeight: unknown, ends: Ends): Parts {
  const { inputNames, outputNames, label } = ends;
  const manyOutputs = outputNames.length > 1;
  let inputs = x;
  if (inputNames.length > 0) {
    const ordered = inOrder(x, inputNames, "inputs", label);
    inputs = ordered.length === 1 ? ordered[0] : ordered;
  }
  const weightsForEach = manyOutputs && Array.isArray(sampleWeight) && typeof sampleWeight[0] !== "number";
  const single = (given: unknown) => (isListOfTensors(given) && given.length === 1 ? given[0] : given);
  return {
    x: arraysOf(inputs, "x", inputNames.length > 1),
    y: arraysOf(manyOutputs ? y : single(y), "y", manyOutputs),
    sampleWeight: arraysOf(manyOutputs ? sampleWeight : single(sampleWeight), "sampleWeight", weightsForEach),
  };
}

async function toColumn({ value, name }: Given, where: string): Promise<Column> {
  const needSamples = (shape: Shape) => {
    if (shape.length > 0) return;
    throw new ShapeError(`${where}: ${name} needs one sample after another along its first axis, got a single number`);
  };
  if (value instanceof Tensor || value instanceof Variable) {
    const source = value instanceof Variable ? value.value : value;
    needSamples(source.shape);
    return new Column(await source.data(), source.shape, source.dtype);
  }
  const dtype = ArrayBuffer.isView(value) ? dtypeOfArray.get(value.constructor) : undefined;
  if (dtype) return new Column(value as TypedArray, [(value as TypedArray).length], dtype);
  const made = inContext(`${where}: ${name}`, () => tensor(value as number));
  try {
    needSamples(made.shape);
    return new Column(await made.data(), made.shape, made.dtype);
  } finally {
    made.dispose();
  }
}

/** Puts in front of a complaint what it is about. */
export function inContext<R>(where: string, read: () => R): R {
  try {
    return read();
  } catch (error) {
    if (error instanceof VarveError && !error.message.startsWith(where)) {
      error.message = `${where}: ${error.message.replace(/^tensor: /, "")}`;
    }
    throw error;
  }
}

async function toColumns(structure: unknown, where: string): Promise<unknown> {
  if (structure === undefined) return undefined;
  const given = leaves(structure) as Given[];
  const columns = await Promise.all(given.map((each) => toColumn(each, where)));
  return mapLeaves(structure, (leaf) => columns[given.indexOf(leaf as Given)]);
}

/** Data that is all there: columns of equal length, structured as it was given. */
export interface Samples {
  readonly x: unknown;
  readonly y: unknown;
  readonly sampleWeight: unknown;
  readonly size: number;
}

/** Reads arrays; refuses empty ones and such as differ in how many samples they have. */
export async function readSamples(
  given: { readonly x: unknown; readonly y?: unknown; readonly sampleWeight?: unknown },
  ends: Ends,
  where: string,
): Promise<Samples> {
  if (given.x === undefined || given.x === null) throw new OptionError(`${where}: got no data`);
  const parts = partsOf(given.x, given.y, given.sampleWeight, ends);
  const x = await toColumns(parts.x, where);
  const y = await toColumns(parts.y, where);
  const sampleWeight = await toColumns(parts.sampleWeight, where);
  const counts = ([parts.x, parts.y, parts.sampleWeight] as const).flatMap((part, which) => {
    if (part === undefined) return [];
    const columns = leaves([x, y, sampleWeight][which]) as Column[];
    return (leaves(part) as Given[]).map(({ name }, index) => ({ name, length: (columns[index] as Column).length }));
  });
  const [first] = counts as [{ name: string; length: number }];
  const other = counts.find(({ length }) => length !== first.length);
  if (other) {
    throw new ShapeError(
      `${where}: ${first.name} has ${first.length} samples, ${other.name} has ${other.length}; they need equally many`,
    );
  }
  if (first.length === 0) throw new OptionError(`${where}: the data is empty: ${first.name} has 0 samples`);
  return { x, y, sampleWeight, size: first.length };
}

/** The same structure with something else in place of every column. */
export const mapColumns = (structure: unknown, map: (column: Column) => unknown) =>
  structure === undefined ? undefined : mapLeaves(structure, (leaf) => map(leaf as Column));

function mapSamples({ x, y, sampleWeight }: Samples, size: number, map: (column: Column) => Column): Samples {
  return { x: mapColumns(x, map), y: mapColumns(y, map), sampleWeight: mapColumns(sampleWeight, map), size };
}

/** The samples from `from` up to `to`. */
export function sliceSamples(samples: Samples, from: number, to: number): Samples {
  return mapSamples(samples, to - from, (column) => column.slice(from, to));
}

function toBatch({ x, y, sampleWeight, size }: Samples): Batch {
  const tensors = (structure: unknown) => mapColumns(structure, (column) => column.toTensor());
  return {
    x: tensors(x) as Structure<Tensor>,
    y: tensors(y) as Structure<Tensor> | undefined,
    sampleWeight: tensors(sampleWeight) as Structure<Tensor> | undefined,
    size,
  };
}

/**
 * A random order of `size` things (Fisher & Yates; Durstenfeld 1964), the same on every device for a seed.
 */
export function shuffled(size: number, seed: Seed): Uint32Array {
  const order = Uint32Array.from({ length: size }, (_, index) => index);
  const fraction = fractionsOf(seed, true);
  for (let index = size - 1; index > 0; index--) {
    const other = Math.floor(fraction(index) * (index + 1));
    const kept = order[index] as number;
    order[index] = order[other] as number;
    order[other] = kept;
  }
  return order;
}

/** How samples are cut into batches. */
export interface Cutting {
  readonly batchSize: number;
  /** Draws a new order for every round where not undefined; null draws from the global generator. */
  readonly shuffle?: number | null | undefined;
}

/** Cuts samples into batches; the last one has what is left. */
export function batchesOfSamples(samples: Samples, { batchSize, shuffle }: Cutting): BatchSource {
  const { size } = samples;
  let at = size;
  let rounds = 0;
  let order: Uint32Array | undefined;
  return {
    steps: Math.ceil(size / batchSize),
    start(goOn) {
      if (goOn && at < size) return;
      at = 0;
      if (shuffle === undefined) return;
      order = shuffled(size, shuffle === null ? drawSeed(null, "fit") : [shuffle, rounds++]);
    },
    async next() {
      if (at >= size) return undefined;
      const [from, to] = [at, Math.min(at + batchSize, size)];
      at = to;
      const places = order?.subarray(from, to);
      return () =>
        toBatch(
          places ? mapSamples(samples, to - from, (column) => column.gather(places)) : sliceSamples(samples, from, to),
        );
    },
    async close() {},
  };
}

/** One batch that is all there. Tensors that lie where models compute are taken as they are. */
export async function oneBatch(
  given: { readonly x: unknown; readonly y?: unknown; readonly sampleWeight?: unknown },
  ends: Ends,
  where: string,
  weigh?: (y: Column) => Column,
): Promise<() => Batch> {
  if (given.x === undefined || given.x === null) throw new OptionError(`${where}: got no data`);
  const parts = partsOf(given.x, given.y, given.sampleWeight, ends);
  const isHere = ({ value }: Given) => !(value instanceof Tensor) || value.device === currentDevice();
  if (!weigh && (leaves(Object.values(parts)) as (Given | undefined)[]).every((each) => !each || isHere(each))) {
    return () => batchOf(parts, where);
  }
  const samples = await readSamples(given, ends, where);
  const { size } = samples;
  const source = batchesOfSamples(weigh ? weighSamples(samples, weigh, where) : samples, { batchSize: size });
  source.start(false);
  return (await source.next()) as () => Batch;
}

/** Whether data is batches to be taken one by one, rather than arrays. */
export function isBatches(data: unknown): data is Batches {
  if (typeof data === "function") return true;
  if (typeof data !== "object" || data === null) return false;
  if (Array.isArray(data) || ArrayBuffer.isView(data) || data instanceof Tensor || data instanceof Variable)
    return false;
  return Symbol.iterator in data || Symbol.asyncIterator in data;
}

/** Whether a source of batches can only be gone through once: an iterator that is its own iterable. */
export function isSpentByReading(data: Batches): boolean {
  if (typeof data === "function") return false;
  const iterable = data as { [Symbol.iterator]?: () => unknown; [Symbol.asyncIterator]?: () => unknown };
  return "next" in iterable && (iterable[Symbol.iterator]?.() ?? iterable[Symbol.asyncIterator]?.()) === data;
}

function iteratorOf(data: Batches, where: string): AnyIterator {
  const made: unknown = typeof data === "function" ? data() : data;
  const iterable = made as Partial<Iterable<unknown> & AsyncIterable<unknown> & AnyIterator>;
  const iterator = iterable?.[Symbol.asyncIterator]?.() ?? iterable?.[Symbol.iterator]?.() ?? iterable;
  if (typeof (iterator as AnyIterator | undefined)?.next !== "function") {
    throw new OptionError(`${where}: the function must give an iterable of batches, got ${show(made)}`);
  }
  return iterator as AnyIterator;
}

function readBatch(given: unknown, ends: Ends, where: string): Parts {
  if (Array.isArray(given)) {
    if (given.length < 1 || given.length > 3) {
      throw new OptionError(`${where}: a batch is [x, y, sampleWeight?] or { xs, ys }, got a list of ${given.length}`);
    }
    return partsOf(given[0], given[1], given[2], ends);
  }
  if (isPlainObject(given)) {
    const { x, xs = x, y, ys = y, sampleWeight, ...others } = given;
    const [unknown] = Object.keys(others);
    if (unknown !== undefined || xs === undefined) {
      throw new OptionError(
        `${where}: a batch is [x, y, sampleWeight?] or { xs, ys, sampleWeight? }, got ${show(given)}; inputs by name are { xs: { … } }`,
      );
    }
    return partsOf(xs, ys, sampleWeight, ends);
  }
  if (given instanceof Tensor || ArrayBuffer.isView(given)) return partsOf(given, undefined, undefined, ends);
  throw new OptionError(`${where}: takes batches [x, y, sampleWeight?] or { xs, ys }, got ${show(given)}`);
}

/** Makes tensors of one batch as it was given. */
function batchOf(parts: Parts, where: string): Batch {
  const tensors = (structure: unknown) =>
    structure === undefined
      ? undefined
      : mapLeaves(structure, (leaf) => {
          const { value, name } = leaf as Given;
          const made = inContext(`${where}: ${name}`, () => toTensor(value as TensorLike));
          if (made.rank === 0)
            throw new ShapeError(`${where}: ${name} of a batch needs a first axis of samples, got a single number`);
          return made;
        });
  const [x, y, sampleWeight] = [tensors(parts.x), tensors(parts.y), tensors(parts.sampleWeight)];
  const lengths = [x, y, sampleWeight].flatMap((structure, which) =>
    structure === undefined
      ? []
      : (leaves(structure) as Tensor[]).map(({ shape }) => ({
          name: ["x", "y", "sampleWeight"][which],
          length: shape[0] as number,
        })),
  );
  const [first] = lengths as [{ name: string; length: number }];
  const other = lengths.find(({ length }) => length !== first.length);
  if (other) {
    throw new ShapeError(
      `${where}: in a batch ${first.name} has ${first.length} samples, ${other.name} has ${other.length}; they need equally many`,
    );
  }
  if (first.length === 0) throw new OptionError(`${where}: a batch is empty: ${first.name} has 0 samples`);
  return {
    x: x as Structure<Tensor>,
    y: y as Structure<Tensor> | undefined,
    sampleWeight: sampleWeight as Structure<Tensor> | undefined,
    size: first.length,
  };
}

/**
 * Takes batches from an iterable. `weigh` may give sample weights made from the targets, outside the device.
 */
export function batchesFrom(data: Batches, ends: Ends, where: string, weigh?: (y: Column) => Column): BatchSource {
  let iterator: AnyIterator | undefined;
  let steps: number | undefined;
  let seen = 0;
  return {
    get steps() {
      return steps;
    },
    start(goOn) {
      if (goOn && iterator) return;
      iterator = iteratorOf(data, where);
      seen = 0;
    },
    async next() {
      const { done, value } = (await iterator?.next()) ?? { done: true, value: undefined };
      if (done) {
        iterator = undefined;
        if (seen > 0) steps = seen;
        return undefined;
      }
      seen++;
      const parts = readBatch(value, ends, where);
      if (!weigh) return () => batchOf(parts, where);
      const weights = await weighBatch(parts, where, weigh);
      return () => ({ ...batchOf(parts, where), sampleWeight: weights.toTensor() });
    },
    async close() {
      await iterator?.return?.();
      iterator = undefined;
    },
  };
}

async function weighBatch(parts: Parts, where: string, weigh: (y: Column) => Column): Promise<Column> {
  refuseWeightsTwice(parts.sampleWeight, where);
  return weigh(oneTarget(await toColumns(parts.y, where), where));
}

function refuseWeightsTwice(sampleWeight: unknown, where: string): void {
  if (sampleWeight !== undefined) {
    throw new OptionError(`${where}: give classWeight or sampleWeight, not both; multiply them yourself`);
  }
}

function oneTarget(y: unknown, where: string): Column {
  if (y instanceof Column) return y;
  throw new OptionError(
    `${where}: classWeight needs a single array of targets${y === undefined ? "; there are none" : ""}`,
  );
}

/** The samples with the weights of their classes. */
export function weighSamples(samples: Samples, weigh: (y: Column) => Column, where: string): Samples {
  refuseWeightsTwice(samples.sampleWeight, where);
  return { ...samples, sampleWeight: weigh(oneTarget(samples.y, where)) };
}

/** Weights by class, as `fit` takes them: class numbers that are not named weigh 1. */
export function classWeights(weights: Readonly<Record<string, number>>, where: string): (y: Column) => Column {
  for (const [key, weight] of Object.entries(weights)) {
    if (!/^\d+$/.test(key) || !Number.isFinite(weight)) {
      throw new OptionError(
        `${where}: classWeight gives a number for each class, as in { 0: 1, 1: 2.5 }, got ${key}: ${show(weight)}`,
      );
    }
  }
  return ({ data, shape, length }) => {
    const classes = sizeOf(shape.slice(1));
    if (shape.length > 2) {
      throw new ShapeError(
        `${where}: classWeight needs class numbers, [samples] or [samples, 1], or one-hot rows, got targets of rank ${shape.length}; give sampleWeight instead`,
      );
    }
    const values = new Float32Array(length);
    for (let index = 0; index < length; index++) {
      let label = Math.round(data[index * classes] as number);
      if (classes > 1) {
        label = 0;
        const row = data.subarray(index * classes, (index + 1) * classes);
        for (let place = 1; place < classes; place++) {
          if ((row[place] as number) > (row[label] as number)) label = place;
        }
      }
      values[index] = weights[label] ?? 1;
    }
    return new Column(values, [length], "float32");
  };
}
