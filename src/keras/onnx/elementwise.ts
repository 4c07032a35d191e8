/**
 * Elementwise ops in ONNX: each is a formula of primitives, and the primitives stand here in a table. Truth values, 1
 * and 0 in a formula, are bools of their own in ONNX.
 */
import { type DType, isFloat, promote } from "../../core/dtype.ts";
import type { Formula, Primitive } from "../../ops/elementwise/formula.ts";
import { type GraphBuilder, Untranslatable, type Value } from "./graph.ts";

/** What a primitive is written with: numbers of the type that is computed in. */
type Write = (graph: GraphBuilder, args: readonly Value[]) => Value;

const as =
  (type: string): Write =>
  (graph, args) =>
    graph.apply(type, args);

const numberLike = (graph: GraphBuilder, value: number, { dtype }: Value) => graph.number(value, dtype as DType);

/** Primitives that give numbers. */
const numeric: Readonly<Record<string, Write>> = {
  copy: (_graph, [x]) => x as Value,
  add: as("Add"),
  subtract: as("Sub"),
  multiply: as("Mul"),
  divide: as("Div"),
  negative: as("Neg"),
  maximum: as("Max"),
  minimum: as("Min"),
  abs: as("Abs"),
  floor: as("Floor"),
  ceil: as("Ceil"),
  trunc: (graph, [x]) =>
    graph.apply("Mul", [graph.apply("Sign", [x as Value]), graph.apply("Floor", [graph.apply("Abs", [x as Value])])]),
  round: as("Round"),
  sign: as("Sign"),
  sqrt: as("Sqrt"),
  exp: as("Exp"),
  log: as("Log"),
  power: as("Pow"),
  tanh: as("Tanh"),
  sigmoid: as("Sigmoid"),
  erf: as("Erf"),
  erfc: (graph, [x]) => graph.apply("Sub", [numberLike(graph, 1, x as Value), graph.apply("Erf", [x as Value])]),
  sin: as("Sin"),
  cos: as("Cos"),
  tan: as("Tan"),
  arcsin: as("Asin"),
  arccos: as("Acos"),
  arctan: as("Atan"),
  sinh: as("Sinh"),
  cosh: as("Cosh"),
  arcsinh: as("Asinh"),
  arccosh: as("Acosh"),
  arctanh: as("Atanh"),
  softplus: as("Softplus"),
  remainder: (graph, [a, b]) => {
    const { dims } = graph.apply("Add", [a as Value, b as Value]);
    return graph.node("Mod", [a, b], { dtype: (a as Value).dtype, dims }, { fmod: 1 });
  },
  // u = 1 + x is rounded; log u · x / (u − 1) makes up for it, and where u is 1 the result is x.
  log1p: (graph, [given]) => {
    const x = given as Value;
    const one = numberLike(graph, 1, x);
    const u = graph.apply("Add", [one, x]);
    const less = graph.apply("Sub", [u, one]);
    const scaled = graph.apply("Mul", [graph.apply("Log", [u]), graph.apply("Div", [x, less])]);
    const isPlain = graph.apply("Equal", [less, numberLike(graph, 0, x)], "bool");
    return graph.apply("Where", [isPlain, x, scaled], x.dtype);
  },
  // Likewise (u − 1) · x / log u, where u = e^x is neither 1 nor 0.
  expm1: (graph, [given]) => {
    const x = given as Value;
    const u = graph.apply("Exp", [x]);
    const less = graph.apply("Sub", [u, numberLike(graph, 1, x)]);
    const scaled = graph.apply("Mul", [less, graph.apply("Div", [x, graph.apply("Log", [u])])]);
    const isFlat = graph.apply("Equal", [less, numberLike(graph, 0, x)], "bool");
    // Beyond 0.5 either way nothing cancels, and infinities stay out of the quotient.
    const isFar = graph.apply("Less", [numberLike(graph, 0.5, x), graph.apply("Abs", [x])], "bool");
    return graph.apply("Where", [isFlat, x, graph.apply("Where", [isFar, less, scaled], x.dtype)], x.dtype);
  },
};

/** Primitives that give truth values, from numbers. */
const comparing: Readonly<Record<string, Write>> = {
  equal: (graph, args) => graph.apply("Equal", args, "bool"),
  notEqual: (graph, args) => graph.apply("Not", [graph.apply("Equal", args, "bool")]),
  less: (graph, args) => graph.apply("Less", args, "bool"),
  lessEqual: (graph, args) => graph.apply("LessOrEqual", args, "bool"),
};

/** Primitives that give truth values, from truth values. */
const joining: Readonly<Record<string, string>> = { and: "And", or: "Or" };

/** Primitives that integers of 32 bits have too. */
const whole =
  "copy add subtract multiply negative maximum minimum abs sign equal notEqual less lessEqual and or select".split(" ");

/** Ops that ONNX has one node for, by their names, with the attribute that their parameter is. */
const named: Readonly<Record<string, readonly [type: string, parameter?: string]>> = {
  elu: ["Elu", "alpha"],
  celu: ["Celu", "alpha"],
  leakyRelu: ["LeakyRelu", "alpha"],
  selu: ["Selu"],
  softsign: ["Softsign"],
};

/** What a primitive stands on, written out where it is short for others. */
function expansion({ primitive, args }: Formula): Formula | undefined {
  const { name, expand } = primitive as Primitive;
  if (name === "maximumOfConstant" || !expand || Object.hasOwn(numeric, name)) return undefined;
  return expand(...args);
}

/** The type that a formula is computed in. */
function typeOf(formula: Formula, inputs: readonly DType[], output: DType): DType {
  if (isFloat(output)) return output;
  const dtype = inputs.reduce(promote);
  if (isFloat(dtype)) return dtype;
  const isWhole = (node: Formula): boolean => {
    if (node.leaf) return node.leaf.kind === "input" || Number.isInteger(node.leaf.value);
    const more = expansion(node);
    if (more) return isWhole(more);
    return whole.includes(node.primitive?.name as string) && node.args.every(isWhole);
  };
  return isWhole(formula) ? "int32" : "float64";
}

/** The result of an elementwise op. */
export function writeElementwise(
  graph: GraphBuilder,
  name: string,
  formula: Formula,
  inputs: readonly Value[],
  parameters: readonly number[],
  output: DType,
): Value {
  const [type, parameter] = named[name] ?? [];
  if (type && inputs.length === 1 && isFloat(output)) {
    const x = graph.cast(inputs[0] as Value, output);
    return graph.node(type, [x], x, parameter ? { [parameter]: parameters[0] as number } : {});
  }
  const dtype = typeOf(
    formula,
    inputs.map((input) => input.dtype as DType),
    output,
  );
  const written = new Map<Formula, Value>();
  const asNumber = (value: Value) => graph.cast(value, dtype);
  const asTruth = (value: Value) => graph.cast(value, "bool");
  const write = (node: Formula): Value => {
    const before = written.get(node);
    if (before) return before;
    const value = writeNode(node);
    written.set(node, value);
    return value;
  };
  const writeNode = (node: Formula): Value => {
    if (node.leaf) {
      const { kind, value } = node.leaf;
      if (kind === "input") return inputs[value] as Value;
      return graph.number(kind === "number" ? value : (parameters[value] as number), dtype);
    }
    const primitive = (node.primitive as Primitive).name;
    const [first, second] = node.args as readonly [Formula, Formula];
    if (primitive === "maximumOfConstant" && second.leaf?.value === 0 && second.leaf.kind === "number") {
      return graph.apply("Relu", [asNumber(write(first))]);
    }
    if (primitive === "maximumOfConstant")
      return numeric.maximum?.(
        graph,
        node.args.map((arg) => asNumber(write(arg))),
      ) as Value;
    const more = expansion(node);
    if (more) return write(more);
    const args = node.args.map(write);
    const type = joining[primitive];
    if (type) return graph.apply(type, args.map(asTruth), "bool");
    if (primitive === "select") {
      const [condition, yes, no] = args as [Value, Value, Value];
      return graph.apply("Where", [asTruth(condition), asNumber(yes), asNumber(no)], dtype);
    }
    // What is compared with 0 may be a truth value, and is then denied.
    if (primitive === "equal" && args[0]?.dtype === "bool" && second.leaf?.value === 0) {
      return graph.apply("Not", [args[0]]);
    }
    const make = comparing[primitive] ?? numeric[primitive];
    if (!make) throw new Untranslatable(`ONNX has no "${primitive}"`);
    return make(graph, args.map(asNumber));
  };
  return graph.cast(write(formula), output);
}
