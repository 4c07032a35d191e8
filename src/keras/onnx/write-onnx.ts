/**
 * ONNX files: what a model computes at inference. The model is traced op by op (`trace.ts`), a few times where sizes are
 * not known (`sizes.ts`), and each op is written in ONNX (`translate.ts`).
 */
import type { DType, TypedArray } from "../../core/dtype.ts";
import { OptionError, show, VarveError } from "../../core/errors.ts";
import { checkNames } from "../../core/options.ts";
import { formatShape, type PartialShape, type Shape, stridesOf } from "../../core/shape.ts";
import type { Storage } from "../../core/storage.ts";
import type { Tensor } from "../../core/tensor.ts";
import { sortedLeaves } from "../../core/tree.ts";
import type { Variable } from "../../core/variable.ts";
import type { Layer } from "../../layers/layer.ts";
import type { OnnxOptions } from "../../models/files.ts";
import type { Model } from "../../models/model.ts";
import { GraphBuilder, irVersions, Untranslatable, type Value } from "./graph.ts";
import { type Dim, isKnown, NotTheSame, sameDims, type Unknown, Unknowns } from "./sizes.ts";
import { type Constant, type Operand, type Step, type Trace, traceOf } from "./trace.ts";
import { type Instance, isTranslated, translate } from "./translate.ts";

/** Who wrote a file, in the file. */
export const producer = { name: "varve", version: "0.1.0" };

/** The version of the operators that files use unless another is asked for: all runtimes since 2022 have it. */
const defaultOpset = 17;

interface Input {
  readonly name: string;
  readonly shape: PartialShape;
  readonly dtype: DType;
}

/** The inputs of a model: those of its graph, or, for one with a call of its own, what it was built for. */
function inputsOf(model: Model): readonly Input[] {
  if (model.graph) {
    return model.inputs.map(({ shape, dtype }, index) => ({ name: model.inputNames[index] as string, shape, dtype }));
  }
  const given = model.buildShape;
  if (!given) throw notBuilt(model);
  const shapes = (Array.isArray(given[0]) ? given : [given]) as readonly PartialShape[];
  return shapes.map(([, ...sample], index) => ({
    name: shapes.length === 1 ? "input" : `input_${index}`,
    shape: [null, ...sample],
    dtype: model.dtype,
  }));
}

function notBuilt(model: Model): VarveError {
  return new VarveError(
    `${model.label}: toOnnx: it is not built yet, so nobody knows what it computes; call it on data, or say the shape of its input`,
  );
}

/**
 * Sizes to try in place of unknown ones: any at first, then such as halve often, which some models need; and each of them
 * again with all inputs agreeing on their axes, as those that are added up must.
 */
const trials = [
  { others: [96, 101, 131], agree: false },
  { others: [192, 256, 320], agree: false },
  { others: [96, 101, 131], agree: true },
  { others: [192, 256, 320], agree: true },
] as const;

const batchSizes = [7, 11, 13] as const;

/** Whether an unknown size is that of an axis of an input: all inputs have the same batch. */
function isAt({ input, axis }: Unknown, of: number, at: number, agree: boolean): boolean {
  return axis === at && (axis === 0 || agree || input === of);
}

/** The unknown sizes of inputs: one for the batch, and one for each other axis. */
function unknownsOf(inputs: readonly Input[], agree: boolean): readonly Unknown[] {
  const found: Unknown[] = [];
  for (const [input, { name, shape }] of inputs.entries()) {
    for (const [axis, size] of shape.entries()) {
      if (size !== null || found.some((each) => isAt(each, input, axis, agree))) continue;
      found.push({ name: axis === 0 ? "batch" : `${name}_${axis}`, input, axis });
    }
  }
  return found;
}

/** The layers of a model with all that stand in them. */
function allLayers(layer: Layer): readonly Layer[] {
  return [...new Set([layer, ...layer.sublayers.flatMap(allLayers)])];
}

/** What a model does in a file that it does here from call to call is refused. */
function refuseMemory(model: Model): void {
  const found = allLayers(model).filter((layer) => (layer as { stateful?: unknown }).stateful === true);
  if (found.length === 0) return;
  throw new VarveError(
    `${model.label}: toOnnx: ${found.map(({ label }) => label).join(", ")} keep a state from call to call, which an ONNX file cannot; make the model with stateful: false, the states as inputs (initialState) and outputs (returnState)`,
  );
}

/** Traces with the numbers in place of unknown sizes; each holds the same ops in the same order. */
function traceAll(model: Model, inputs: readonly Input[]): { traces: readonly Trace[]; unknowns: Unknowns } {
  const weights = new Map<Storage, TypedArray>();
  const owned = new Set(model.weights.map(({ value }) => value.storage));
  const read = (tensor: Tensor): TypedArray => {
    const known = weights.get(tensor.storage);
    if (known) return known;
    const data = tensor.dataSync();
    // Others live for one trace only.
    if (owned.has(tensor.storage)) weights.set(tensor.storage, data);
    return data;
  };
  const run = (tensors: readonly Tensor[]) => {
    const given =
      model.graph && tensors.length > 1
        ? Object.fromEntries(tensors.map((tensor, index) => [model.inputNames[index] as string, tensor]))
        : tensors.length === 1
          ? tensors[0]
          : tensors;
    return sortedLeaves(model.apply<never>(given as never, { training: false })) as Tensor[];
  };
  let failure: unknown;
  for (const { others, agree } of trials) {
    const list = unknownsOf(inputs, agree);
    const unknowns = new Unknowns(list, ({ axis }) => (axis === 0 ? batchSizes : others));
    const shapesWith = (numbers: readonly number[]) =>
      inputs.map(({ shape, dtype }, input) => ({
        dtype,
        shape: shape.map(
          (size, axis) => size ?? (numbers[list.findIndex((each) => isAt(each, input, axis, agree))] as number),
        ),
      }));
    try {
      const traces = unknowns.traces.map((numbers) => traceOf(run, shapesWith(numbers), isTranslated, read));
      return { traces, unknowns };
    } catch (error) {
      if (!(error instanceof VarveError)) throw error;
      failure ??= error;
      if (list.every(({ axis }) => axis === 0)) break;
    }
  }
  throw failure;
}

/** Where in the model an op stands, as messages and names have it. */
function placeOf({ path, record }: Step): string {
  return path.length === 0 ? `op "${record.name}"` : `layer "${path.join("/")}" (op "${record.name}")`;
}

/** The bytes of an ONNX file. */
export async function writeOnnx(model: Model, options: OnnxOptions = {}): Promise<Uint8Array> {
  const where = `${model.label}: toOnnx`;
  const { opset = defaultOpset } = checkNames(options, ["opset"], where);
  const versions = Object.keys(irVersions).map(Number);
  if (!versions.includes(opset)) {
    throw new OptionError(
      `${where}: opset must be a whole number from ${Math.min(...versions)} to ${Math.max(...versions)}, got ${show(opset)}`,
    );
  }
  if (!model.built) throw notBuilt(model);
  refuseMemory(model);
  const inputs = inputsOf(model);
  const { traces, unknowns } = tracesOf(model, inputs);
  const graph = new GraphBuilder(opset);
  const writer = new Writer(graph, traces, unknowns, namesOfWeights(model));
  writer.enter(inputs);
  const refused = writer.writeSteps();
  if (refused.length > 0) {
    throw new VarveError(
      `${where}: cannot be written:\n${[...new Set(refused)].map((each) => `  ${each}`).join("\n")}\nuse other layers or options in their place, or cut the model before them: model({ inputs, outputs })`,
    );
  }
  writer.leave(outputNames(model, traces));
  return graph.encode(
    {
      producerName: producer.name,
      producerVersion: producer.version,
      domain: "",
      modelVersion: 1,
      docString: `${model.label}, for inference`,
    },
    model.name,
  );
}

function outputNames(model: Model, [first]: readonly Trace[]): readonly string[] {
  const names = model.graph ? model.outputNames : [];
  return (first as Trace).outputs.map((_, index) => names[index] ?? (index === 0 ? "output" : `output_${index}`));
}

function tracesOf(model: Model, inputs: readonly Input[]) {
  try {
    return traceAll(model, inputs);
  } catch (error) {
    if (error instanceof VarveError) error.message = `${model.label}: toOnnx: ${error.message}`;
    throw error;
  }
}

/** The paths of weights, by the memory that they are in. */
function namesOfWeights(model: Model): ReadonlyMap<Storage, string> {
  return new Map(model.weights.map((weight: Variable) => [weight.value.storage, weight.path]));
}

/** Goes through the traces side by side and writes what they say. */
class Writer {
  readonly #graph: GraphBuilder;
  readonly #traces: readonly Trace[];
  readonly #unknowns: Unknowns;
  readonly #names: ReadonlyMap<Storage, string>;
  readonly #values = new Map<number, Value>();

  constructor(graph: GraphBuilder, traces: readonly Trace[], unknowns: Unknowns, names: ReadonlyMap<Storage, string>) {
    this.#graph = graph;
    this.#traces = traces;
    this.#unknowns = unknowns;
    this.#names = names;
  }

  enter(inputs: readonly Input[]): void {
    for (const [index, { name, dtype }] of inputs.entries()) {
      const operands = this.#traces.map((trace) => trace.inputs[index] as Operand);
      const [{ id }] = operands as [Operand];
      this.#values.set(id, this.#graph.input(name, dtype, this.#dims(operands)));
    }
  }

  /** Writes all steps; gives what cannot be written, and why. */
  writeSteps(): readonly string[] {
    const [first, ...others] = this.#traces as readonly [Trace, ...Trace[]];
    const refused: string[] = [];
    const broken = new Set<number>();
    const needed = neededSteps(first);
    for (const [index, step] of first.steps.entries()) {
      const steps = [step, ...others.map((trace) => trace.steps[index])];
      if (!steps.every((each) => each && isSame(each, step))) {
        const size = this.#unknowns.list.map(({ name }) => name).join(", ");
        return [
          ...refused,
          `${placeOf(step)}: how many steps it takes hangs on a size that is not known (${size}); fix it in the shape of the input`,
        ];
      }
      if (!needed.has(step)) continue;
      const inputs = Object.values(step.inputs);
      if (inputs.some(({ id }) => broken.has(id))) {
        for (const { id } of Object.values(step.outputs)) broken.add(id);
        continue;
      }
      try {
        this.#writeStep(steps as readonly Step[]);
      } catch (error) {
        if (!(error instanceof Untranslatable || error instanceof NotTheSame)) throw error;
        const reason = error instanceof NotTheSame ? "what it does hangs on a size that is not known" : error.message;
        refused.push(`${placeOf(step)}: ${reason}`);
        for (const { id } of Object.values(step.outputs)) broken.add(id);
      }
    }
    const surplus = others.find((trace) => trace.steps.length !== first.steps.length);
    if (surplus)
      refused.push(`how many steps there are hangs on a size that is not known; fix it in the shape of the input`);
    return refused;
  }

  leave(names: readonly string[]): void {
    const outputs = this.#traces.map((trace) => trace.outputs);
    for (const [index, name] of names.entries()) {
      this.#graph.output(name, this.#read(outputs.map((each) => each[index] as Operand)));
    }
  }

  #writeStep(steps: readonly Step[]): void {
    const [step] = steps as [Step];
    const graph = this.#graph;
    graph.path = step.path.join("/");
    const across = <T>(of: (each: Step) => T) => steps.map(of);
    const inputs: Record<string, Value> = {};
    const asMade: Record<string, Value> = {};
    for (const name of Object.keys(step.inputs)) {
      const operands = across((each) => each.inputs[name] as Operand);
      asMade[name] = this.#valueOf(operands);
      inputs[name] = this.#read(operands);
    }
    const outputs = Object.fromEntries(
      Object.entries(step.outputs).map(([name, { dtype }]) => [
        name,
        { dtype, dims: this.#dims(across((each) => each.outputs[name] as Operand)) },
      ]),
    );
    const written = translate(step.record, {
      graph,
      inputs,
      asMade,
      outputs,
      attributes: step.attributes,
      each: (of) => this.#unknowns.merge(across((each) => of(each as Instance))),
    });
    for (const [name, value] of Object.entries(written)) {
      this.#values.set((step.outputs[name] as Operand).id, value);
    }
  }

  /** What an operand is, with the shape that it was made with. */
  #valueOf(operands: readonly Operand[]): Value {
    const [{ id }] = operands as [Operand];
    const value = this.#values.get(id) ?? this.#constant(operands);
    this.#values.set(id, value);
    return value;
  }

  #read(operands: readonly Operand[]): Value {
    const value = this.#valueOf(operands);
    const dims = this.#dims(operands);
    return sameDims(value.dims, dims) ? value : this.#graph.reshape(value, dims);
  }

  /** A constant. It may hang on unknown sizes if it repeats along them, or is one number, or numbers that go up evenly. */
  #constant(operands: readonly Operand[]): Value {
    const graph = this.#graph;
    const [{ id, shape, dtype }] = operands as [Operand];
    const each = this.#traces.flatMap((trace) => trace.constants.get(id) ?? []);
    if (each.length < this.#traces.length) {
      throw new Untranslatable("it uses something that is worked out in training only");
    }
    const [{ storage, data }] = each as [Constant];
    const dims = this.#dims(operands);
    const hint = (storage && this.#names.get(storage)) ?? [graph.path, "constant"].filter(Boolean).join("/");
    if (each.every((constant) => equal(constant.data, data))) return graph.constant(data, shape, dtype, hint);
    const open = dims.flatMap((dim, axis) => (isKnown(dim) ? [] : [axis]));
    const once = each.map((constant, index) => withoutRepeats(constant.data, (operands[index] as Operand).shape, open));
    const [first] = once;
    if (open.length > 0 && first && once.every((numbers) => numbers && equal(numbers, first))) {
      const single = shape.map((size, axis) => (open.includes(axis) ? 1 : size));
      return graph.expand(graph.constant(first, single, dtype, hint), dims);
    }
    const numbers = each.map((constant) => constant.data);
    if (numbers.every(({ length }) => length === 1)) {
      const number = this.#unknowns.fit(numbers.map(([only]) => only as number));
      return graph.reshape(graph.sizeNumber(number, dtype), dims);
    }
    const [start, next] = data as unknown as [number, number];
    const step = next - start;
    const isRange = numbers.every((list) => list.every((value, index) => value === start + step * index));
    if (!isRange) throw new Untranslatable("numbers that it makes hang on a size that is not known");
    const length = this.#unknowns.fit(numbers.map((list) => list.length));
    const limit = this.#unknowns.fit(numbers.map((list) => start + step * list.length));
    const ends = [start, limit, step].map((number) => graph.sizeNumber(number, dtype));
    return graph.reshape(graph.node("Range", ends, { dtype, dims: [length] }), dims);
  }

  #dims(operands: readonly { readonly shape: Shape }[]): readonly Dim[] {
    const [{ shape: first }] = operands as readonly [{ readonly shape: Shape }];
    const ranks = new Set(operands.map(({ shape }) => shape.length));
    if (ranks.size > 1)
      throw new Untranslatable(`its shape ${formatShape(first)} has more axes or fewer with other sizes`);
    return first.map((_, axis) => this.#unknowns.fit(operands.map(({ shape }) => shape[axis] as number)));
  }
}

/** The elements at index 0 along some axes, if all others along them are equal to these. */
function withoutRepeats(data: TypedArray, shape: Shape, axes: readonly number[]): TypedArray | undefined {
  const strides = stridesOf(shape);
  const kept: number[] = [];
  for (const [at, value] of data.entries()) {
    const along = axes.map(
      (axis) => (Math.floor(at / (strides[axis] as number)) % (shape[axis] as number)) * (strides[axis] as number),
    );
    const first = at - along.reduce((sum, offset) => sum + offset, 0);
    if (first === at) kept.push(value);
    else if (!Object.is(data[first], value)) return undefined;
  }
  return (data.constructor as unknown as { from(values: readonly number[]): TypedArray }).from(kept);
}

function equal(a: TypedArray, b: TypedArray): boolean {
  if (a === b) return true;
  return a.length === b.length && a.every((value, index) => Object.is(value, b[index]));
}

/** The steps that outputs hang on: not, for example, penalties that count in training only. */
function neededSteps({ steps, outputs }: Trace): ReadonlySet<Step> {
  const wanted = new Set(outputs.map(({ id }) => id));
  const needed = new Set<Step>();
  for (const step of steps.toReversed()) {
    if (!Object.values(step.outputs).some(({ id }) => wanted.has(id))) continue;
    needed.add(step);
    for (const { id } of Object.values(step.inputs)) wanted.add(id);
  }
  return needed;
}

/** Whether two steps of two traces are the same op on the same operands, sizes aside. */
function isSame(a: Step, b: Step): boolean {
  if (a === b) return true;
  const same = (m: Step["inputs"], n: Step["inputs"]) => {
    const names = Object.keys(m);
    return names.length === Object.keys(n).length && names.every((name) => m[name]?.id === n[name]?.id);
  };
  return a.record === b.record && same(a.inputs, b.inputs) && same(a.outputs, b.outputs);
}
