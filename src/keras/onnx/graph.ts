/**
 * The graph of an ONNX file while it is made: values, nodes, constants, and the few operations that everything is
 * written with. Constants are worked out here where that is only moving them; equal nodes are one; what nothing needs is
 * left out at the end, when names are given.
 */
import { arrayClassOf, type DType, type TypedArray } from "../../core/dtype.ts";
import { VarveError } from "../../core/errors.ts";
import { stridesOf } from "../../core/shape.ts";
import { encodeModel, type Message, mostBytes } from "./schema.ts";
import { type Dim, isKnown, type Size, sameDim, sameDims, type Unknown } from "./sizes.ts";

/** The types of elements: those of tensors here, and that of shapes and indices. */
export type ElementType = DType | "int64";

/** Their numbers in `TensorProto.DataType`. */
const typeNumbers: Readonly<Record<ElementType, number>> = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float64: 11,
};

type Elements = TypedArray | BigInt64Array;

/** A tensor of the graph. */
export interface Value {
  readonly dtype: ElementType;
  readonly dims: readonly Dim[];
  /** What it would like to be called. */
  readonly hint: string;
  /** Its elements, where it is a constant. */
  readonly data?: Elements | undefined;
  /** The node that gives it. */
  node?: Node;
}

/** Whole numbers, except under the names of `floats`; lists are of whole numbers. */
export type Attributes = Readonly<Record<string, AttributeValue | undefined>>;

type AttributeValue = number | readonly number[] | string | TypedArray | Body;

const floats = ["alpha", "beta", "epsilon", "gamma"];

interface Node {
  readonly type: string;
  readonly inputs: readonly (Value | undefined)[];
  readonly outputs: readonly Value[];
  readonly attributes: Attributes;
  readonly path: string;
}

/** A graph within a node, for what is done again and again. It may use constants of the graph around it. */
export interface Body {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly nodes: readonly Node[];
}

/** Why something cannot be written; it is gathered with all other such, and said at once. */
export class Untranslatable extends VarveError {}

/** As many elements at most are compared to find constants that are equal. */
const fewElements = 64;

/** Past every end, by which slices go to it. */
export const beyond = Number.MAX_SAFE_INTEGER;

/** The elements `start`, `start + step`, … of an axis, before `end`; numbers < 0 are counted from the back. */
export interface Part {
  readonly axis: number;
  readonly start: Dim;
  readonly end: Dim;
  readonly step: number;
}

/** The size in numbers; what hangs on unknown sizes is refused with this reason. */
export function known(dims: readonly Dim[], what: string): number[] {
  return dims.map((dim) => {
    if (isKnown(dim)) return dim;
    throw new Untranslatable(`${what} would hang on a size that is not known (${dim.text})`);
  });
}

export class GraphBuilder {
  readonly opset: number;
  /** The layers that what follows belongs to. */
  path = "";
  #nodes: Node[] = [];
  readonly #inputs: { readonly value: Value; readonly name: string }[] = [];
  readonly #outputs: { readonly value: Value; readonly name: string }[] = [];
  readonly #constants = new Map<string, Value>();
  #known = new Map<string, Node>();
  readonly #numbers = new Map<Value, number>();
  /** Where sizes can be seen that cannot be worked out from those of the inputs. */
  readonly #seen: { readonly size: Size; readonly value: Value; readonly axis: number }[] = [];

  constructor(opset: number) {
    this.opset = opset;
  }

  input(name: string, dtype: DType, dims: readonly Dim[]): Value {
    const value: Value = { dtype, dims, hint: name };
    this.#inputs.push({ value, name });
    return value;
  }

  output(name: string, value: Value): void {
    // A value has one name, so what is an input, a constant or another output already comes once more.
    const isFree = value.node && !this.#outputs.some((output) => output.value === value);
    this.#outputs.push({ name, value: isFree ? value : this.node("Identity", [value], value, {}, false) });
  }

  constant(data: Elements, dims: readonly number[], dtype: ElementType, hint: string): Value {
    const key = data.length <= fewElements ? `${dtype} ${dims.join()} ${[...data].map(textOf).join()}` : undefined;
    const before = key === undefined ? undefined : this.#constants.get(key);
    if (before) return before;
    const value: Value = { dtype, dims, hint, data };
    if (key !== undefined) this.#constants.set(key, value);
    return value;
  }

  /** One number. */
  number(value: number, dtype: DType): Value {
    const data = arrayOf(dtype, [value]) as TypedArray;
    return this.constant(data, [], dtype, textOf(value));
  }

  /** A list of whole numbers, as shapes and axes are given. */
  integers(values: readonly (number | bigint)[]): Value {
    return this.constant(BigInt64Array.from(values, BigInt), [values.length], "int64", "integers");
  }

  /** A node with one output; equal ones are one, unless `shared` is false. */
  node(
    type: string,
    inputs: readonly (Value | undefined)[],
    output: { readonly dtype: ElementType; readonly dims: readonly Dim[] },
    attributes: Attributes = {},
    shared = true,
  ): Value {
    return this.nodes(type, inputs, [output], attributes, shared)[0] as Value;
  }

  /** A node with several outputs. */
  nodes(
    type: string,
    inputs: readonly (Value | undefined)[],
    outputs: readonly { readonly dtype: ElementType; readonly dims: readonly Dim[] }[],
    attributes: Attributes = {},
    shared = true,
  ): readonly Value[] {
    const given = inputs.map((input) => (input ? this.#numberOf(input) : "")).join();
    const key = shared ? `${type} ${given} ${JSON.stringify(attributes)}` : undefined;
    const before = key === undefined ? undefined : this.#known.get(key);
    if (before) return before.outputs;
    const hint = this.path === "" ? type : `${this.path}/${type}`;
    const made: Value[] = outputs.map(({ dtype, dims }) => ({ dtype, dims, hint }));
    const node: Node = { type, inputs, outputs: made, attributes, path: hint };
    for (const value of made) {
      value.node = node;
      for (const [axis, dim] of value.dims.entries()) {
        if (!isKnown(dim) && !dim.terms && !this.#witness(dim)) this.#seen.push({ size: dim, value, axis });
      }
    }
    this.#nodes.push(node);
    if (key !== undefined) this.#known.set(key, node);
    return made;
  }

  #numberOf(value: Value): number {
    const number = this.#numbers.get(value) ?? this.#numbers.size;
    this.#numbers.set(value, number);
    return number;
  }

  /** A graph of its own: what `make` writes from values like these. */
  body(
    like: readonly { readonly dtype: ElementType; readonly dims: readonly Dim[] }[],
    make: (inputs: readonly Value[]) => readonly Value[],
  ): Body {
    const [nodes, known, seen] = [this.#nodes, this.#known, this.#seen.length];
    this.#nodes = [];
    this.#known = new Map();
    const inputs = like.map(({ dtype, dims }): Value => ({ dtype, dims, hint: `${this.path}/step` }));
    const outputs = make(inputs);
    const body = { inputs, outputs, nodes: this.#nodes };
    this.#nodes = nodes;
    this.#known = known;
    this.#seen.length = seen;
    return body;
  }

  /** An elementwise node of values of one type. */
  apply(type: string, inputs: readonly Value[], dtype: ElementType = (inputs[0] as Value).dtype): Value {
    const dims = inputs.map((each) => each.dims).reduce(broadcast);
    return this.node(type, inputs, { dtype, dims });
  }

  cast(x: Value, dtype: ElementType): Value {
    if (x.dtype === dtype) return x;
    if (x.data && dtype !== "int64" && x.dtype !== "int64") {
      const numbers = Array.from(x.data as TypedArray, (value) => (dtype === "bool" ? Number(value !== 0) : value));
      return this.constant(arrayOf(dtype, numbers), x.dims as number[], dtype, x.hint);
    }
    return this.node("Cast", [x], { dtype, dims: x.dims }, { to: typeNumbers[dtype] });
  }

  /** Sizes as a list of whole numbers in the graph. */
  sizes(dims: readonly Dim[]): Value {
    if (dims.every(isKnown)) return this.integers(dims);
    const parts: (readonly number[] | Size)[] = [];
    for (const dim of dims) {
      const last = parts.at(-1);
      if (!isKnown(dim)) parts.push(dim);
      else if (Array.isArray(last)) parts[parts.length - 1] = [...last, dim];
      else parts.push([dim]);
    }
    const values = parts.map((part) => ("text" in part ? this.#sizeValue(part) : this.integers(part)));
    return values.length === 1
      ? (values[0] as Value)
      : this.node("Concat", values, { dtype: "int64", dims: [dims.length] }, { axis: 0 });
  }

  /** A size as a list of one whole number. */
  #sizeValue(size: Size): Value {
    const { terms, offset } = size;
    const one = { dtype: "int64", dims: [1] } as const;
    if (!terms) {
      const seen = this.#witness(size);
      if (!seen) throw new Untranslatable("a size hangs on unknown ones in a way that no graph can say");
      const { value, axis, factor } = seen;
      const shown = this.node("Shape", [value], one, { start: axis, end: axis + 1 });
      return factor === 1 ? shown : this.node("Mul", [shown, this.integers([factor])], one);
    }
    const path = this.path;
    this.path = "sizes";
    const unknown = ({ input, axis }: Unknown) =>
      this.node("Shape", [this.#inputs[input]?.value], one, { start: axis, end: axis + 1 });
    const values = terms.map(({ factor, unknowns }) => {
      const product = unknowns.map(unknown).reduce((a, b) => this.node("Mul", [a, b], one));
      return factor === 1 ? product : this.node("Mul", [product, this.integers([factor])], one);
    });
    if (offset !== 0) values.push(this.integers([offset]));
    const sum = values.reduce((a, b) => this.node("Add", [a, b], one));
    this.path = path;
    return sum;
  }

  /** A tensor of which an axis has a size, or a whole part of it. */
  #witness(size: Size): { readonly value: Value; readonly axis: number; readonly factor: number } | undefined {
    for (const { size: part, value, axis } of this.#seen) {
      const factor = (size.values[0] as number) / (part.values[0] as number);
      const fits = size.values.every((each, index) => each === factor * (part.values[index] as number));
      if (Number.isInteger(factor) && fits) return { value, axis, factor };
    }
    return undefined;
  }

  /** A size as one number of a type. */
  sizeNumber(dim: Dim, dtype: DType): Value {
    if (isKnown(dim)) return this.number(dim, dtype);
    return this.reshape(this.cast(this.#sizeValue(dim), dtype), []);
  }

  reshape(x: Value, dims: readonly Dim[]): Value {
    if (sameDims(x.dims, dims)) return x;
    if (x.data) return this.constant(x.data, known(dims, "the shape of a constant"), x.dtype, x.hint);
    // What was only seen with another shape is seen with that shape at once.
    const source = x.node?.type === "Reshape" ? (x.node.inputs[0] as Value) : x;
    if (source !== x && sameDims(source.dims, dims)) return source;
    const unknown = dims.filter((dim) => !isKnown(dim));
    // 0 means: as it was at that place.
    const kept = dims.map((dim, axis) => {
      const stays = !isKnown(dim) && source.dims[axis] !== undefined && sameDim(dim, source.dims[axis] as Dim);
      return stays && unknown.length > 1 ? 0 : dim;
    });
    const isEmpty = dims.includes(0);
    const open = kept.filter((dim) => !isKnown(dim));
    const shape =
      open.length <= 1 && !isEmpty ? this.integers(kept.map((dim) => (isKnown(dim) ? dim : -1))) : this.sizes(dims);
    const attributes = isEmpty ? { allowzero: 1 } : {};
    return this.node("Reshape", [source, shape], { dtype: x.dtype, dims }, attributes);
  }

  transpose(x: Value, order: readonly number[]): Value {
    if (order.every((axis, index) => axis === index)) return x;
    const dims = order.map((axis) => x.dims[axis] as Dim);
    if (x.data) return this.constant(transposed(x.data, x.dims as number[], order), dims as number[], x.dtype, x.hint);
    if (x.node?.type === "Transpose") {
      const before = x.node.attributes.perm as readonly number[];
      return this.transpose(
        x.node.inputs[0] as Value,
        order.map((axis) => before[axis] as number),
      );
    }
    return this.node("Transpose", [x], { dtype: x.dtype, dims }, { perm: order });
  }

  expand(x: Value, dims: readonly Dim[]): Value {
    return sameDims(x.dims, dims) ? x : this.node("Expand", [x, this.sizes(dims)], { dtype: x.dtype, dims });
  }

  concat(values: readonly Value[], axis: number, dims: readonly Dim[]): Value {
    const [only] = values as [Value];
    if (values.length === 1) return only;
    return this.node("Concat", values, { dtype: only.dtype, dims }, { axis });
  }

  /** Parts of axes, of which `dims` come out. */
  slice(x: Value, parts: readonly Part[], dims: readonly Dim[]): Value {
    if (parts.length === 0) return x;
    const found = this.#partOfConcat(x, parts, dims);
    if (found) return found;
    const inputs = [
      x,
      this.sizes(parts.map(({ start }) => start)),
      this.sizes(parts.map(({ end }) => end)),
      this.integers(parts.map(({ axis }) => axis)),
      ...(parts.every(({ step }) => step === 1) ? [] : [this.integers(parts.map(({ step }) => step))]),
    ];
    return this.node("Slice", inputs, { dtype: x.dtype, dims });
  }

  /** A slice that lies in one of the parts that a tensor was put together of, taken from there. */
  #partOfConcat(x: Value, parts: readonly Part[], dims: readonly Dim[]): Value | undefined {
    const [part] = parts;
    const { node } = x;
    if (node?.type !== "Concat") return undefined;
    const along = node.attributes.axis as number;
    if (!part || parts.length > 1 || along !== part.axis || !isKnown(part.start) || part.step !== 1) return undefined;
    const size = x.dims[along] as Dim;
    const count = dims[along] as Dim;
    if (!isKnown(size) || !isKnown(count)) return undefined;
    const start = part.start < 0 ? part.start + size : part.start;
    let at = 0;
    for (const input of node.inputs as readonly Value[]) {
      const length = input.dims[along] as number;
      if (start >= at && start + count <= at + length) {
        const own = { axis: along, start: start - at, end: start - at + count, step: 1 };
        return count === length ? input : this.slice(input, [own], dims);
      }
      at += length;
    }
    return undefined;
  }

  /** A reduction whose axes are an attribute in older versions, an input since `since`. */
  reduce(type: string, x: Value, axes: readonly number[], keepdims: boolean, since = 18): Value {
    const dims = keepdims
      ? x.dims.map((dim, axis) => (axes.includes(axis) ? 1 : dim))
      : x.dims.filter((_, axis) => !axes.includes(axis));
    const asInput = this.opset >= since;
    return this.node(
      type,
      asInput ? [x, this.integers(axes)] : [x],
      { dtype: x.dtype, dims },
      { keepdims: Number(keepdims), ...(asInput ? {} : { axes }) },
    );
  }

  /** The file. `facts` are what it says of itself. */
  encode(facts: Omit<Message<"ModelProto">, "graph" | "opsetImport" | "irVersion">, name: string): Uint8Array {
    const { nodes, constants } = this.#needed();
    const names = new Names();
    for (const { value, name: wanted } of this.#inputs) names.give(value, wanted);
    for (const { value, name: wanted } of this.#outputs) names.give(value, wanted);
    for (const constant of constants) names.give(constant, constant.hint);
    const bytes = encodeModel({
      irVersion: irVersions[this.opset] as number,
      ...facts,
      opsetImport: [{ domain: "", version: this.opset }],
      graph: {
        name,
        node: nodes.map((node) => nodeProto(node, names)),
        initializer: constants.map((constant) => tensorProto(constant, names.of(constant))),
        input: this.#inputs.map(({ value }) => valueInfo(value, names.of(value))),
        output: this.#outputs.map(({ value }) => valueInfo(value, names.of(value))),
      },
    });
    if (!bytes) {
      throw new VarveError(
        `the file would be larger than the ${mostBytes} bytes that an ONNX file can be in one piece; convert parts of the model`,
      );
    }
    return bytes;
  }

  /** The nodes and constants that the outputs hang on. */
  #needed(): { nodes: readonly Node[]; constants: readonly Value[] } {
    const nodes = new Set<Node>();
    const constants = new Set<Value>();
    const open = this.#outputs.map(({ value }) => value);
    for (let value = open.pop(); value; value = open.pop()) {
      if (value.data) constants.add(value);
      if (!value.node || nodes.has(value.node)) continue;
      nodes.add(value.node);
      for (const input of usedBy(value.node)) open.push(input);
    }
    return { nodes: this.#nodes.filter((node) => nodes.has(node)), constants: [...constants].reverse() };
  }
}

/** The version of the format that each version of the operators came with. */
export const irVersions: Readonly<Record<number, number>> = { 17: 8, 18: 8, 19: 9, 20: 9, 21: 10, 22: 10, 23: 11 };

/** What a node needs, what the graphs in it need too. */
function usedBy({ inputs, attributes }: Node): readonly Value[] {
  const bodies = Object.values(attributes).filter(isBody);
  const inside = bodies.flatMap(({ nodes, outputs }) => [...nodes.flatMap(usedBy), ...outputs]);
  return [...inputs, ...inside.filter(({ data }) => data)].filter((input) => input !== undefined);
}

function isBody(value: AttributeValue | undefined): value is Body {
  return typeof value === "object" && "nodes" in value;
}

/** Gives every value a name of its own. */
class Names {
  readonly #given = new Map<Value, string>();
  readonly #taken = new Map<string, number>();

  /** Names a value as wanted, or like it where something has that name. */
  give(value: Value, wanted: string): void {
    if (!this.#given.has(value)) this.#given.set(value, this.#take("value", wanted));
  }

  /** A name for a node, which may be that of a value. */
  fresh(wanted: string): string {
    return this.#take("node", wanted);
  }

  of(value: Value): string {
    return this.#given.get(value) as string;
  }

  #take(kind: string, wanted: string): string {
    const count = this.#taken.get(`${kind} ${wanted}`) ?? 0;
    this.#taken.set(`${kind} ${wanted}`, count + 1);
    return count === 0 ? wanted : this.#take(kind, `${wanted}_${count}`);
  }
}

/** The shape of two that broadcast. */
export function broadcast(a: readonly Dim[], b: readonly Dim[]): readonly Dim[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, index) => {
    const [m, n] = [a[a.length - rank + index] ?? 1, b[b.length - rank + index] ?? 1];
    return m === 1 ? n : m;
  });
}

function textOf(value: number | bigint): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

/** Numbers as an array of that type. */
export function arrayOf(dtype: DType, values: readonly number[]): TypedArray {
  return arrayClassOf(dtype).from(values);
}

function transposed(data: Elements, dims: readonly number[], order: readonly number[]): Elements {
  const strides = stridesOf(dims);
  const shape = order.map((axis) => dims[axis] as number);
  const steps = order.map((axis) => strides[axis] as number);
  const result = data.slice();
  const counters = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < result.length; to++) {
    result[to] = data[from] as never;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += steps[axis] as number;
      counters[axis] = (counters[axis] as number) + 1;
      if ((counters[axis] as number) < (shape[axis] as number)) break;
      from -= (steps[axis] as number) * (shape[axis] as number);
      counters[axis] = 0;
    }
  }
  return result;
}

function nodeProto(node: Node, names: Names): Message<"NodeProto"> {
  for (const output of node.outputs) names.give(output, output.hint);
  return {
    input: node.inputs.map((input) => (input ? names.of(input) : "")),
    output: node.outputs.map((output) => names.of(output)),
    name: names.fresh(node.path),
    opType: node.type,
    attribute: Object.entries(node.attributes).flatMap(([key, value]) =>
      value === undefined ? [] : [attribute(key, value, names)],
    ),
  };
}

function bodyProto({ inputs, outputs, nodes }: Body, names: Names): Message<"GraphProto"> {
  for (const input of inputs) names.give(input, input.hint);
  return {
    name: "body",
    node: nodes.map((node) => nodeProto(node, names)),
    input: inputs.map((input) => valueInfo(input, names.of(input))),
    output: outputs.map((output) => valueInfo(output, names.of(output))),
  };
}

/** The kinds of attributes, `AttributeProto.AttributeType`. */
const attributeTypes = { float: 1, int: 2, string: 3, tensor: 4, graph: 5, ints: 7 };

function attribute(name: string, value: AttributeValue, names: Names): Message<"AttributeProto"> {
  if (isBody(value)) return { name, g: bodyProto(value, names), type: attributeTypes.graph };
  if (typeof value === "string") return { name, s: new TextEncoder().encode(value), type: attributeTypes.string };
  if (typeof value === "number") {
    return floats.includes(name)
      ? { name, f: value, type: attributeTypes.float }
      : { name, i: value, type: attributeTypes.int };
  }
  if (!ArrayBuffer.isView(value)) return { name, ints: value as readonly number[], type: attributeTypes.ints };
  const dtype = (Object.keys(typeNumbers) as DType[]).find(
    (each) => arrayOf(each, []).constructor === value.constructor,
  );
  const data = value as TypedArray;
  return {
    name,
    t: tensorProto({ dtype: dtype as DType, dims: [data.length], hint: "", data }, ""),
    type: attributeTypes.tensor,
  };
}

/** The elements as little-endian bytes. */
function rawData(data: Elements): Uint8Array {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
  if (isLittleEndian || data.BYTES_PER_ELEMENT === 1) return bytes;
  const turned = bytes.slice();
  for (let at = 0; at < turned.length; at += data.BYTES_PER_ELEMENT) {
    turned.subarray(at, at + data.BYTES_PER_ELEMENT).reverse();
  }
  return turned;
}

function tensorProto({ dtype, dims, data }: Value, name: string): Message<"TensorProto"> {
  return {
    dims: dims as readonly number[],
    dataType: typeNumbers[dtype],
    name: name === "" ? undefined : name,
    rawData: rawData(data as Elements),
  };
}

function valueInfo({ dtype, dims }: Value, name: string): Message<"ValueInfoProto"> {
  const dim = dims.map((each) => {
    if (isKnown(each)) return { dimValue: each };
    return each.terms ? { dimParam: each.text } : {};
  });
  return { name, type: { tensorType: { elemType: typeNumbers[dtype], shape: { dim } } } };
}
