/**
 * Formulas as straight-line programs: instructions over slots, each slot a block of elements. The loops here run one
 * in float64; `elementwise.as.ts` runs the same list in SIMD. A block passes through all instructions before the next
 * one starts, so what lies between them never leaves the processor's first cache.
 */
import type { DType } from "../../core/dtype.ts";
import { call, type KernelCall, type Pointer, type View, type Workspace } from "../../core/op.ts";
import { type Shape, stridesOf } from "../../core/shape.ts";
import { copy, type Formula, inOrder, input, type Primitive } from "./formula.ts";

export interface Instruction {
  readonly primitive: Primitive;
  /** Slots. */
  readonly args: readonly number[];
  readonly target: number;
}

/** Slots are numbered: inputs, then parameters, numbers, registers, and at last the output. */
export interface Program {
  readonly inputs: number;
  readonly parameters: number;
  readonly numbers: readonly number[];
  readonly registers: number;
  readonly instructions: readonly Instruction[];
  /** For the kernel: the instructions and the numbers as integers, and the largest code among them. */
  readonly encoded: Encoded;
}

interface Encoded {
  readonly instructions: readonly number[];
  readonly numbers: readonly number[];
  /** Infinity where the kernel lacks an instruction. */
  readonly largestCode: number;
}

/** The bits of float64 numbers as integers. */
function bitsOf(numbers: readonly number[]): readonly number[] {
  return numbers.length === 0 ? [] : [...new Int32Array(Float64Array.from(numbers).buffer)];
}

function encode(instructions: readonly Instruction[], numbers: readonly number[]): Encoded {
  const codes = instructions.map(({ primitive: { code = Number.POSITIVE_INFINITY } }) => code);
  return {
    instructions: instructions.flatMap(({ args: [a = 0, b = a, c = a], target }, index) => [
      codes[index] as number,
      a,
      b,
      c,
      target,
    ]),
    numbers: bitsOf(numbers),
    largestCode: Math.max(...codes),
  };
}

/** What a node stands on when everything that is short for a formula is written out. */
function expanded(): (node: Formula) => readonly Formula[] {
  const expansions = new Map<Formula, readonly Formula[]>();
  return (node) => {
    if (!node.primitive?.expand) return node.args;
    let expansion = expansions.get(node);
    if (!expansion) {
      expansion = [node.primitive.expand(...node.args)];
      expansions.set(node, expansion);
    }
    return expansion;
  };
}

/** Orders the nodes, and gives registers to those in between; a register is free again after its last use. */
export function compile(formula: Formula, inputs: number, parameters: number): Program {
  const argsOf = expanded();
  const resolve = (node: Formula): Formula => (node.primitive?.expand ? resolve(argsOf(node)[0] as Formula) : node);
  const root = resolve(formula);
  const nodes = inOrder(root, (node) => argsOf(node).map(resolve));
  const numbers = nodes.filter((node) => node.leaf?.kind === "number");
  const firstRegister = inputs + parameters + numbers.length;
  const slots = new Map<Formula, number>();
  for (const node of nodes) {
    const { leaf } = node;
    if (leaf?.kind === "input") slots.set(node, leaf.value);
    if (leaf?.kind === "parameter") slots.set(node, inputs + leaf.value);
    if (leaf?.kind === "number") slots.set(node, inputs + parameters + numbers.indexOf(node));
  }
  const steps = nodes.filter((node) => node.primitive);
  const uses = new Map<Formula, number>();
  for (const step of steps) for (const arg of step.args.map(resolve)) uses.set(arg, (uses.get(arg) ?? 0) + 1);
  const free: number[] = [];
  let registers = 0;
  const instructions: Instruction[] = [];
  for (const node of steps) {
    const args = node.args.map(resolve);
    const argSlots = args.map((arg) => slots.get(arg) as number);
    for (const arg of args) {
      const left = (uses.get(arg) as number) - 1;
      uses.set(arg, left);
      if (left === 0 && arg.primitive) free.push(slots.get(arg) as number);
    }
    const target = node === root ? -1 : (free.pop() ?? firstRegister + registers++);
    slots.set(node, target);
    instructions.push({ primitive: node.primitive as Primitive, args: argSlots, target });
  }
  if (instructions.length === 0) {
    instructions.push({ primitive: copy, args: [slots.get(root) as number], target: -1 });
  }
  const output = firstRegister + registers;
  const placed = instructions.map((each) => (each.target === -1 ? { ...each, target: output } : each));
  const values = numbers.map(({ leaf }) => leaf?.value as number);
  return { inputs, parameters, numbers: values, registers, instructions: placed, encoded: encode(placed, values) };
}

/** The program of a formula of so many inputs, compiled at its first use: what kernels of other ops run before and after. */
/* @__NO_SIDE_EFFECTS__ */
export function programOf(formula: () => Formula, inputs: number, parameters = 0): () => Program {
  let compiled: Program | undefined;
  return () => {
    compiled ??= compile(formula(), inputs, parameters);
    return compiled;
  };
}

/** The program that gives its input; the kernel converts what it reads and writes. */
export const copying = /* @__PURE__ */ programOf(() => input(0), 1);

const block = 256;

/** Strides by which a tensor is read as if it had the larger shape: 0 along axes that it lacks or has size 1 in. */
function broadcastStrides(shape: Shape, target: Shape): number[] {
  const own = stridesOf(shape);
  const offset = target.length - shape.length;
  return target.map((_, axis) => (axis < offset || shape[axis - offset] === 1 ? 0 : (own[axis - offset] as number)));
}

/** Elements `start` and those that follow of a view seen through strides over `shape`. */
function readBlock(
  { data }: View,
  shape: readonly number[],
  strides: readonly number[],
  start: number,
  into: Float64Array,
) {
  const counters: number[] = [];
  let at = 0;
  for (let axis = shape.length - 1, rest = start; axis >= 0; axis--) {
    const size = shape[axis] as number;
    counters[axis] = rest % size;
    at += (rest % size) * (strides[axis] as number);
    rest = Math.floor(rest / size);
  }
  const last = shape.length - 1;
  const [length, step] = last >= 0 ? [shape[last] as number, strides[last] as number] : [1, 0];
  for (let index = 0; index < into.length; index++) {
    into[index] = data[at] as number;
    at += step;
    if (last < 0 || ++(counters[last] as number) < length) continue;
    at -= length * step;
    counters[last] = 0;
    for (let axis = last - 1; axis >= 0; axis--) {
      at += strides[axis] as number;
      if (++(counters[axis] as number) < (shape[axis] as number)) break;
      at -= (shape[axis] as number) * (strides[axis] as number);
      counters[axis] = 0;
    }
  }
}

/** Runs a program in float64, inputs broadcast to the output. */
export function runLoops(program: Program, inputs: readonly View[], parameters: readonly number[], y: View): void {
  const strides = inputs.map(({ shape }) => broadcastStrides(shape, y.shape));
  const isBool = y.dtype === "bool";
  const slots: Float64Array[] = [
    ...inputs.map(() => new Float64Array(block)),
    ...[...parameters, ...program.numbers].map((value) => new Float64Array(block).fill(value)),
    ...Array.from({ length: program.registers + 1 }, () => new Float64Array(block)),
  ];
  for (let start = 0; start < y.size; start += block) {
    const length = Math.min(block, y.size - start);
    for (const [index, view] of inputs.entries()) {
      readBlock(view, y.shape, strides[index] as number[], start, (slots[index] as Float64Array).subarray(0, length));
    }
    for (const { primitive, args, target } of program.instructions) {
      const evaluate = primitive.evaluate as (a: number, b: number, c: number) => number;
      const [a, b, c] = [0, 1, 2].map((index) => slots[args[index] ?? (args[0] as number)] as Float64Array) as [
        Float64Array,
        Float64Array,
        Float64Array,
      ];
      const out = slots[target] as Float64Array;
      for (let i = 0; i < length; i++) out[i] = evaluate(a[i] as number, b[i] as number, c[i] as number);
    }
    const out = slots[slots.length - 1] as Float64Array;
    for (let i = 0; i < length; i++) y.data[start + i] = isBool ? Number(out[i] !== 0) : (out[i] as number);
  }
}

/** What the kernel calls the dtypes. */
const kinds: Record<DType, number> = { float32: 0, float64: 1, int32: 2, uint8: 3, bool: 4 };

/** How the kernel gets at an input: where it lies, as one vector, laid out once for all blocks, or anew for each. */
const ways = { direct: 0, constant: 1, repeating: 2, gathered: 3 };

/** Elements of a block, at most: few enough that a handful of blocks fit into the first cache. */
const largestBlock = 512;

/** The most pieces that work is split into, some for each of eight threads; each has scratch memory of its own. */
const mostPieces = 32;

/** The first code that only float32 has. */
const firstInFloat32Only = 22;

/** Leaves out axes of size 1 and joins neighbours that run on in every input; one axis at least remains. */
function joinAxes(shape: Shape, strides: readonly (readonly number[])[]): { sizes: number[]; strides: number[][] } {
  const sizes: number[] = [];
  const joined: number[][] = strides.map(() => []);
  for (const [axis, size] of shape.entries()) {
    if (size === 1 && (sizes.length > 0 || axis < shape.length - 1)) continue;
    const last = sizes.length - 1;
    const runsOn = strides.every((own, index) => joined[index]?.[last] === (own[axis] as number) * size);
    if (last >= 0 && runsOn) {
      sizes[last] = (sizes[last] as number) * size;
      for (const [index, own] of strides.entries()) (joined[index] as number[])[last] = own[axis] as number;
    } else {
      sizes.push(size);
      for (const [index, own] of strides.entries()) joined[index]?.push(own[axis] as number);
    }
  }
  if (sizes.length > 0) return { sizes, strides: joined };
  return { sizes: [1], strides: strides.map(() => [0]) };
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** Whether an input is read over and over from its start, as one that broadcasts along leading axes is. */
function isRepeating(sizes: readonly number[], strides: readonly number[], size: number): boolean {
  let stride = 1;
  let axis = sizes.length - 1;
  for (; axis >= 0 && stride < size; axis--) {
    if (strides[axis] !== stride) return false;
    stride *= sizes[axis] as number;
  }
  return stride === size && strides.slice(0, axis + 1).every((each) => each === 0);
}

/** The kernel call for a program, or undefined where the kernel lacks one of its instructions. */
export function kernelCall(
  { inputs: inputCount, registers, encoded }: Program,
  inputs: readonly Pointer[],
  parameters: readonly number[],
  y: Pointer,
  workspace: Workspace,
): KernelCall | undefined {
  // whole numbers are computed in float64, which holds them exactly; what is only converted needs that as float64 alone
  const isConversion = encoded.largestCode === copy.code && y.dtype !== "uint8";
  const needsDouble = ({ dtype }: Pointer) => dtype === "float64" || (dtype === "int32" && !isConversion);
  const isDouble = needsDouble(y) || inputs.some(needsDouble);
  if (encoded.largestCode >= (isDouble ? firstInFloat32Only : Number.POSITIVE_INFINITY)) return undefined;
  const element = isDouble ? 8 : 4;
  const own = isDouble ? "float64" : "float32";
  const isFlat = inputs.every(({ size }) => size === 1 || size === y.size);
  const { sizes, strides } = isFlat
    ? { sizes: [y.size], strides: inputs.map(({ size }) => [size === 1 ? 0 : 1]) }
    : joinAxes(
        y.shape,
        inputs.map(({ shape }) => broadcastStrides(shape, y.shape)),
      );

  // a block is a multiple of what repeats in it, as long as that is small
  let multiple = 16 / element;
  const layouts: number[] = [];
  for (const [index, input] of inputs.entries()) {
    const steps = strides[index] as number[];
    let way = ways.gathered;
    if (input.size === 1) way = ways.constant;
    else if (input.size === y.size && input.dtype === own) way = ways.direct;
    else if (isRepeating(sizes, steps, input.size)) {
      const common = (multiple / greatestCommonDivisor(multiple, input.size)) * input.size;
      if (common <= largestBlock) {
        multiple = common;
        way = ways.repeating;
      }
    }
    layouts.push(kinds[input.dtype], way, input.at, ...steps);
  }
  const block = Math.min(Math.floor(largestBlock / multiple) * multiple, Math.ceil(y.size / 4) * 4);
  const blocks = y.size === 0 ? 0 : Math.ceil(y.size / block);
  const blocksOfPiece = Math.max(1, Math.ceil(blocks / mostPieces));
  const pieces = Math.ceil(blocks / blocksOfPiece);

  const numberCount = parameters.length + encoded.numbers.length / 2;
  const slots = inputCount + numberCount + registers + 1;
  const ofPiece = slots * (block * element + 8) + sizes.length * 4 + 64;
  const bytesOfPiece = Math.ceil(ofPiece / 64) * 64;
  const plan = [
    encoded.instructions.length / 5,
    slots,
    inputCount,
    block,
    blocksOfPiece,
    y.size,
    kinds[y.dtype],
    sizes.length,
    y.at,
    workspace.temporary(bytesOfPiece * pieces),
    bytesOfPiece,
    numberCount,
    ...sizes,
    ...layouts,
    ...encoded.instructions,
    ...bitsOf(parameters),
    ...encoded.numbers,
  ];
  const at = workspace.int32(plan);
  return call(isDouble ? "elementwise64" : "elementwise32", [at, at + 4 * (plan.length - 2 * numberCount)], { pieces });
}

/** Bytes of a register when another kernel runs a program; that of `elementwise.as.ts`. */
const tileBytes = 2048;

/**
 * A program without parameters for another kernel, which runs it on what it has just written: one or two inputs of the
 * output's dtype and size. `bytes` is the scratch memory that it needs. Undefined where the kernel lacks an instruction.
 */
export function inlineProgram(
  { inputs, registers, encoded }: Program,
  dtype: DType,
  workspace: Workspace,
): { readonly at: number; readonly bytes: number } | undefined {
  if (encoded.largestCode >= (dtype === "float64" ? firstInFloat32Only : Number.POSITIVE_INFINITY)) return undefined;
  const numbers = encoded.numbers.length / 2;
  const slots = Math.ceil((inputs + numbers + registers + 1) / 2) * 16;
  // and three vectors for the last elements
  const bytes = slots + (numbers + 3) * 16 + registers * tileBytes;
  const header = [encoded.instructions.length / 5, inputs, numbers, registers, bytes];
  return { at: workspace.int32([...header, ...encoded.instructions, ...encoded.numbers]), bytes };
}
