/**
 * Makes an op of a formula: broadcasting, dtypes, loops, kernel and gradients, the same for every elementwise op.
 * The gradient of one is another, made from the derivative of the formula when it is first asked for.
 */
import { type DType, isFloat, promote } from "../../core/dtype.ts";
import type { Gradient, OpRecord, Pointer, View } from "../../core/op.ts";
import { broadcastShapes } from "../../core/shape.ts";
import { Tensor } from "../../core/tensor.ts";
import { Variable } from "../../core/variable.ts";
import { op, type PublicOp, publicOp, type TensorLike } from "../op.ts";
import { sumTo } from "../reduce/sum.ts";
import { toTensor } from "../tensor.ts";
import { cast } from "./cast.ts";
import { derivative, type Formula, inOrder, input, numberOf, parameter, substitute } from "./formula.ts";
import { compile, kernelCall, type Program, runLoops } from "./program.ts";

/**
 * The dtype that comes of the operands': what they promote to; the same, but float32 for integers and bools; or always
 * bool; or what a function says.
 */
export type DTypeRule = "promote" | "float" | "bool" | ((dtypes: readonly DType[]) => DType);

export interface Elementwise {
  readonly name: string;
  readonly dtype: DTypeRule;
  readonly inputs: number;
  /** How many numbers are given with each call. Default 0. */
  readonly parameters?: number;
  /** What is computed, of the inputs, then of the parameters. */
  readonly formula: (...terms: Formula[]) => Formula;
}

function resultDType(rule: DTypeRule, dtypes: readonly DType[]): DType {
  if (typeof rule === "function") return rule(dtypes);
  if (rule === "bool") return "bool";
  const dtype = dtypes.reduce(promote);
  return rule === "promote" || isFloat(dtype) ? dtype : "float32";
}

/** The op of a formula, on tensors. */
export interface Run {
  (tensors: readonly Tensor[], parameters: readonly number[]): Tensor;
  readonly record: OpRecord;
  /** What the kernels run. */
  program(): Program;
  /** The gradient of the input of that index, of the inputs that it needs and dy, as an op; made on first use. */
  derivative(index: number): Derivative;
  /** Whether a record is that of the gradient of an input. */
  isDerivative(record: OpRecord): boolean;
}

/** The gradient of one input of a formula. */
export interface Derivative {
  /** Undefined where the gradient is 0 everywhere. */
  readonly formula: Formula | undefined;
  /** The operands of the op: inputs of the function, and after the last of them dy. */
  readonly needed: readonly number[];
  /** The op for inputs of that dtype; its result has the shape that its operands broadcast to. */
  run(dtype: DType): Run;
  /** Whether a record is that of one of these ops. */
  has(record: OpRecord): boolean;
}

/** An elementwise op by its record. */
interface Formulated {
  readonly formula: () => Formula;
  readonly inputs: number;
  readonly parameters: number;
}

const formulated = new WeakMap<OpRecord, Formulated>();

/** What an op computes, if it is one that is made of a formula. @internal */
export function formulaOf(record: OpRecord): Formulated | undefined {
  return formulated.get(record);
}

/**
 * Two ops as one: `outer`, with what `inner` computes in place of its input `slot`. Inputs are those of `outer` without
 * that one, then those of `inner`; parameters likewise. @internal
 */
export function compose(outer: Formulated, slot: number, inner: Formulated, dtype: DType): Run & Formulated {
  const [inputs, parameters] = [outer.inputs - 1 + inner.inputs, outer.parameters + inner.parameters];
  const formula = () => {
    const inside = substitute(
      inner.formula(),
      (index) => input(outer.inputs - 1 + index),
      (index) => parameter(outer.parameters + index),
    );
    return substitute(outer.formula(), (index) => (index === slot ? inside : input(index - Number(index > slot))));
  };
  const run = makeOp("elementwise", formula, inputs, parameters, () => dtype);
  return Object.assign(run, { formula, inputs, parameters });
}

/* @__NO_SIDE_EFFECTS__ */
function makeOp(name: string, formula: () => Formula, inputs: number, parameters: number, rule: DTypeRule): Run {
  let compiled: Program | undefined;
  const program = () => {
    compiled ??= compile(formula(), inputs, parameters);
    return compiled;
  };
  const derivatives: Derivative[] = [];
  const derivativeOf = (index: number) => {
    derivatives[index] ??= makeDerivative(`${name}Gradient`, formula(), index, inputs, parameters);
    return derivatives[index];
  };
  const self = op<{ readonly [index: string]: Tensor }, "y", readonly number[]>({
    name,
    elementwise: true,
    formula,
    shape(operands) {
      const specs = Object.values(operands);
      const shape = specs.map((spec) => spec.shape).reduce((a, b) => broadcastShapes(a, b, name));
      const dtypes = specs.map((spec) => spec.dtype);
      return { y: { shape, dtype: resultDType(rule, dtypes) } };
    },
    loops: (operands, { y }, given) => runLoops(program(), Object.values(operands) as View[], given, y),
    wasm: (operands, { y }, given, workspace) =>
      kernelCall(program(), Object.values(operands) as Pointer[], given, y, workspace),
    gradient({ y: dy }, { inputs: operands }, given) {
      const tensors = Object.values(operands);
      return Object.fromEntries(
        tensors.map((x, index) => [
          String(index),
          isFloat(x.dtype) ? gradientOf(derivativeOf(index), tensors, index, dy as Tensor, given) : "none",
        ]),
      );
    },
  });
  const run = (tensors: readonly Tensor[], given: readonly number[]) =>
    self({ ...(tensors as readonly Tensor[] & { readonly [index: string]: Tensor }) }, given).y;
  formulated.set(self.record as unknown as OpRecord, { formula, inputs, parameters });
  return Object.assign(run, {
    record: self.record as unknown as OpRecord,
    program,
    derivative: derivativeOf,
    isDerivative: (record: OpRecord) => derivatives.some((each) => each?.has(record)),
  });
}

/** How the gradient of one input comes of the inputs and dy, without those inputs that it does not need. */
function makeDerivative(name: string, formula: Formula, index: number, inputs: number, parameters: number): Derivative {
  const wanted = derivative(formula, input(index), input(inputs));
  const needed = inOrder(wanted)
    .filter(({ leaf }) => leaf?.kind === "input")
    .map(({ leaf }) => leaf?.value as number)
    .sort((a, b) => a - b);
  const onlyNeeded = substitute(wanted, (from) => input(needed.indexOf(from)));
  const runs = new Map<DType, Run>();
  return {
    formula: numberOf(wanted) === 0 ? undefined : wanted,
    needed,
    run(dtype) {
      let run = runs.get(dtype);
      if (!run) {
        run = makeOp(
          name,
          () => onlyNeeded,
          needed.length,
          parameters,
          () => dtype,
        );
        runs.set(dtype, run);
      }
      return run;
    },
    has: (record) => [...runs.values()].some((run) => run.record === record),
  };
}

/** The gradient of the operand of that index, as an op's record has it. */
function gradientOf(
  { formula, needed, run }: Derivative,
  tensors: readonly Tensor[],
  index: number,
  dy: Tensor,
  given: readonly number[],
): Gradient {
  if (!formula) return "none";
  const x = tensors[index] as Tensor;
  return () => {
    // dy as it is needs no computation
    if (formula === input(tensors.length)) return cast(sumTo(dy, x.shape), x.dtype);
    const operands = needed.map((from) => (from === tensors.length ? dy : (tensors[from] as Tensor)));
    return sumTo(run(x.dtype)(operands, given), x.shape);
  };
}

/** An elementwise op for other ops and layers: tensors, then parameters. */
/* @__NO_SIDE_EFFECTS__ */
export function elementwise({ name, dtype, inputs, parameters = 0, formula }: Elementwise): Run {
  const terms = () => [
    ...Array.from({ length: inputs }, (_, index) => input(index)),
    ...Array.from({ length: parameters }, (_, index) => parameter(index)),
  ];
  return makeOp(name, () => formula(...terms()), inputs, parameters, dtype);
}

/**
 * The operands as tensors. Plain numbers and arrays among tensors adapt: they take the dtype of what they meet, unless
 * it cannot hold them; then whole numbers are int32, others float32.
 */
export function operands(values: readonly TensorLike[]): Tensor[] {
  const tensors = values.map((value) => (value instanceof Variable ? value.value : value));
  const device = tensors.find((value) => value instanceof Tensor)?.device;
  const placed = tensors.map((value) =>
    value instanceof Tensor || ArrayBuffer.isView(value) ? toTensor(value, { device }) : undefined,
  );
  const dtypes = placed.flatMap((tensor) => tensor?.dtype ?? []);
  const met = dtypes.length > 0 ? dtypes.reduce(promote) : undefined;
  return tensors.map((value, index) => {
    const dtype = met && !placed[index] ? weakDType(value, met) : undefined;
    return placed[index] ?? toTensor(value, { device, dtype });
  });
}

/** The dtype that a plain number or array takes beside tensors of dtype `met`. */
function weakDType(value: TensorLike, met: DType): DType {
  if (isFloat(met)) return met;
  const numbers = (Array.isArray(value) ? value.flat(Number.POSITIVE_INFINITY) : [value]) as (number | boolean)[];
  if (numbers.every((each) => typeof each === "boolean")) return "bool";
  if (!numbers.every((each) => Number.isInteger(Number(each)))) return "float32";
  return met === "uint8" && numbers.every((each) => Number(each) >= 0 && Number(each) <= 255) ? "uint8" : "int32";
}

/** A function of `ops.*` of one operand. */
/* @__NO_SIDE_EFFECTS__ */
export function unary(
  name: string,
  dtype: DTypeRule,
  formula: (...terms: [Formula]) => Formula,
): PublicOp<[x: TensorLike], Tensor> {
  const run = elementwise({ name, dtype, formula, inputs: 1 });
  return publicOp(name, (x: TensorLike) => run([toTensor(x)], []));
}

/** A function of `ops.*` of two operands. */
/* @__NO_SIDE_EFFECTS__ */
export function binary(
  name: string,
  dtype: DTypeRule,
  formula: (x1: Formula, x2: Formula) => Formula,
): PublicOp<[x1: TensorLike, x2: TensorLike], Tensor> {
  const run = elementwise({ name, dtype, formula, inputs: 2 });
  return publicOp(name, (x1: TensorLike, x2: TensorLike) => run(operands([x1, x2]), []));
}
