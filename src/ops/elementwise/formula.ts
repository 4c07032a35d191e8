/**
 * Formulas: what an elementwise op computes, said once. A formula is a graph of primitives over inputs, parameters
 * and numbers. From it come the value (`program.ts` runs it, by loops or by a kernel), and the formulas of its
 * derivatives, which are formulas again, so every op here can be differentiated as often as one likes.
 * What stands elsewhere: tensors, shapes and broadcasting (`elementwise.ts`), and the ops (`binary.ts`, `unary.ts`, …).
 *
 * Truth values are the numbers 1 and 0.
 */
import { erfc as erfcOf, erfinv as erfinvOf, erf as erfOf } from "./special.ts";

/** A node of the graph. Equal nodes are one object, so what occurs twice is computed once. */
export interface Formula {
  readonly id: number;
  readonly primitive: Primitive | undefined;
  readonly args: readonly Formula[];
  /** For leaves: which input or which parameter, or the number itself. */
  readonly leaf?: { readonly kind: "input" | "parameter" | "number"; readonly value: number };
}

export type Term = Formula | number;

/** What formulas are made of. */
export interface Primitive {
  readonly name: string;
  /** Its number in the kernel; without one, only loops have it. */
  readonly code?: number | undefined;
  /** Its value; absent where it is short for a formula. */
  readonly evaluate?: ((a: number, b: number, c: number) => number) | undefined;
  /** The formula that it is short for. */
  readonly expand?: ((...args: Formula[]) => Formula) | undefined;
  /** What it adds to the adjoint of each argument, from its own adjoint. */
  readonly adjoints: (dy: Formula, args: readonly Formula[], y: Formula) => readonly Term[];
}

const interned = new Map<string, Formula>();

function intern(key: string, make: (id: number) => Formula): Formula {
  let formula = interned.get(key);
  if (!formula) {
    formula = make(interned.size);
    interned.set(key, formula);
  }
  return formula;
}

function leaf(kind: "input" | "parameter" | "number", value: number): Formula {
  const text = Object.is(value, -0) ? "-0" : String(value);
  return intern(`${kind} ${text}`, (id) => ({ id, primitive: undefined, args: [], leaf: { kind, value } }));
}

export function input(index: number): Formula {
  return leaf("input", index);
}

export function parameter(index: number): Formula {
  return leaf("parameter", index);
}

function term(value: Term): Formula {
  return typeof value === "number" ? leaf("number", value) : value;
}

/** The number that a formula is, if it is one. */
export function numberOf(formula: Formula): number | undefined {
  return formula.leaf?.kind === "number" ? formula.leaf.value : undefined;
}

type Unary = (a: Term) => Formula;
type Binary = (a: Term, b: Term) => Formula;
type Ternary = (a: Term, b: Term, c: Term) => Formula;

/* @__NO_SIDE_EFFECTS__ */
function primitive<Call extends Unary | Binary | Ternary>(
  name: string,
  meaning: {
    code?: number;
    evaluate?: (a: number, b: number, c: number) => number;
    expand?: (...args: Formula[]) => Formula;
  },
  adjoints: Primitive["adjoints"],
): Call {
  const self: Primitive = { name, ...meaning, adjoints };
  const apply = (...terms: Term[]): Formula => {
    const args = terms.map(term);
    const numbers = args.map(numberOf);
    if (self.evaluate && numbers.every((value) => value !== undefined)) {
      return term(self.evaluate(...(numbers as [number, number, number])));
    }
    return intern(`${name} ${args.map(({ id }) => id).join(" ")}`, (id) => ({ id, primitive: self, args }));
  };
  return apply as Call;
}

const nothing = () => [0, 0, 0];
const truth = (value: boolean) => (value ? 1 : 0);

/* Arithmetic. The public constructors simplify, since derivatives are full of zeros and ones. */

/** What a program does that has nothing to compute. */
export const copy: Primitive = { name: "copy", code: 0, evaluate: (a) => a, adjoints: (dy) => [dy] };

const plus: Binary = primitive("add", { code: 1, evaluate: (a, b) => a + b }, (dy) => [dy, dy]);
const minus: Binary = primitive("subtract", { code: 2, evaluate: (a, b) => a - b }, (dy) => [dy, negative(dy)]);
const times: Binary = primitive("multiply", { code: 3, evaluate: (a, b) => a * b }, (dy, [a, b]) => [
  multiply(dy, b as Formula),
  multiply(dy, a as Formula),
]);
const over: Binary = primitive("divide", { code: 4, evaluate: (a, b) => a / b }, (dy, [, b], y) => [
  divide(dy, b as Formula),
  negative(multiply(dy, divide(y, b as Formula))),
]);
const minusOf: Unary = primitive("negative", { code: 5, evaluate: (a) => -a }, (dy) => [negative(dy)]);

export function add(a: Term, b: Term): Formula {
  if (a === 0 || numberOf(term(a)) === 0) return term(b);
  if (b === 0 || numberOf(term(b)) === 0) return term(a);
  return plus(a, b);
}

export function subtract(a: Term, b: Term): Formula {
  return numberOf(term(b)) === 0 ? term(a) : minus(a, b);
}

export function multiply(a: Term, b: Term): Formula {
  const [m, n] = [numberOf(term(a)), numberOf(term(b))];
  if (m === 0 || n === 0) return term(0);
  if (m === 1) return term(b);
  if (n === 1) return term(a);
  if (m === -1) return negative(b);
  if (n === -1) return negative(a);
  return times(a, b);
}

export function divide(a: Term, b: Term): Formula {
  if (numberOf(term(a)) === 0) return term(0);
  return numberOf(term(b)) === 1 ? term(a) : over(a, b);
}

export function negative(a: Term): Formula {
  const formula = term(a);
  return formula.primitive?.name === "negative" ? (formula.args[0] as Formula) : minusOf(formula);
}

/* Truth values and choices. */

const comparison = (name: string, code: number, holds: (a: number, b: number) => boolean) =>
  primitive<Binary>(name, { code, evaluate: (a, b) => truth(holds(a, b)) }, nothing);

export const equal = comparison("equal", 6, (a, b) => a === b);
export const notEqual = comparison("notEqual", 7, (a, b) => a !== b);
export const less = comparison("less", 8, (a, b) => a < b);
export const lessEqual = comparison("lessEqual", 9, (a, b) => a <= b);
export const greater = (a: Term, b: Term): Formula => less(b, a);
export const greaterEqual = (a: Term, b: Term): Formula => lessEqual(b, a);
export const and = comparison("and", 10, (a, b) => a !== 0 && b !== 0);
export const or = comparison("or", 11, (a, b) => a !== 0 || b !== 0);
export const not = (a: Term): Formula => equal(a, 0);
const choose: Ternary = primitive("select", { code: 12, evaluate: (c, a, b) => (c !== 0 ? a : b) }, (dy, [c]) => [
  0,
  select(c as Formula, dy, 0),
  select(c as Formula, 0, dy),
]);

/** `a` where `condition` is not 0, else `b`. */
export function select(condition: Term, a: Term, b: Term): Formula {
  const [yes, no] = [term(a), term(b)];
  return yes === no ? yes : choose(condition, yes, no);
}

/** Where both are equal, each gets half of the adjoint. */
const extremum = (name: string, code: number, evaluate: (a: number, b: number) => number, wins: typeof less) =>
  primitive<Binary>(name, { code, evaluate }, (dy, [a, b]) => {
    const half = select(equal(a as Formula, b as Formula), multiply(dy, 0.5), 0);
    return [select(wins(a as Formula, b as Formula), dy, half), select(wins(b as Formula, a as Formula), dy, half)];
  });

/** The larger one; NaN if either is. */
export const maximum = extremum("maximum", 13, Math.max, greater);
/** The smaller one; NaN if either is. */
export const minimum = extremum("minimum", 14, Math.min, less);

/** The larger one, where `b` is a corner rather than a rival: at the corner itself `a` has no slope. */
export const maximumOfConstant: Binary = primitive("maximumOfConstant", { expand: maximum }, (dy, [a, b]) => [
  select(greater(a as Formula, b as Formula), dy, 0),
  0,
]);
/** The smaller one, likewise. */
export const minimumOfConstant: Binary = primitive("minimumOfConstant", { expand: minimum }, (dy, [a, b]) => [
  select(less(a as Formula, b as Formula), dy, 0),
  0,
]);

/* Parts and signs. */

/** Halves go to the even neighbour. */
function roundToEven(a: number): number {
  const rounded = Math.round(a);
  return Math.abs(a % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded === 0 ? a * 0 : rounded;
}

export const abs: Unary = primitive("abs", { code: 15, evaluate: Math.abs }, (dy, [a]) => [
  multiply(dy, sign(a as Formula)),
]);
export const floor: Unary = primitive("floor", { code: 16, evaluate: Math.floor }, nothing);
export const ceil: Unary = primitive("ceil", { code: 17, evaluate: Math.ceil }, nothing);
export const trunc: Unary = primitive("trunc", { code: 18, evaluate: Math.trunc }, nothing);
export const round: Unary = primitive("round", { code: 19, evaluate: roundToEven }, nothing);
/** −1, 0 or 1; zeros and NaN stay what they are. */
export const sign: Unary = primitive("sign", { code: 20, evaluate: Math.sign }, nothing);
/** `a − b · trunc(a / b)`, exact, with the sign of `a`. */
export const remainder: Binary = primitive("remainder", { evaluate: (a, b) => a % b }, (dy, [a, b]) => [
  dy,
  negative(multiply(dy, trunc(divide(a as Formula, b as Formula)))),
]);

/* Powers, exponentials and logarithms. */

export const square = (a: Term): Formula => multiply(a, a);
export const reciprocal = (a: Term): Formula => divide(1, a);
export const sqrt: Unary = primitive("sqrt", { code: 21, evaluate: Math.sqrt }, (dy, _args, y) => [
  divide(multiply(dy, 0.5), y),
]);
export const exp: Unary = primitive("exp", { code: 22, evaluate: Math.exp }, (dy, _args, y) => [multiply(dy, y)]);
export const expm1: Unary = primitive("expm1", { code: 23, evaluate: Math.expm1 }, (dy, [a]) => [
  multiply(dy, exp(a as Formula)),
]);
export const log: Unary = primitive("log", { code: 24, evaluate: Math.log }, (dy, [a]) => [divide(dy, a as Formula)]);
export const log1p: Unary = primitive("log1p", { code: 25, evaluate: Math.log1p }, (dy, [a]) => [
  divide(dy, add(a as Formula, 1)),
]);
/** `a` to the power of `b`. Where `b` is 0 the result is 1 whatever `a` is, and so has no slope in `a`. */
export const power: Binary = primitive("power", { code: 26, evaluate: powerOf }, (dy, [a, b], y) => [
  select(
    equal(b as Formula, 0),
    0,
    multiply(dy, multiply(b as Formula, power(a as Formula, subtract(b as Formula, 1)))),
  ),
  select(equal(y, 0), 0, multiply(dy, multiply(y, log(select(equal(a as Formula, 0), 1, a as Formula))))),
]);

/** As IEEE 754 has it: 1 to any power is 1, where JavaScript says NaN. */
function powerOf(a: number, b: number): number {
  return a === 1 || (a === -1 && Math.abs(b) === Number.POSITIVE_INFINITY) ? 1 : a ** b;
}

/** √(a² + b²), by way of the longer leg, so that the squares neither overflow nor vanish. */
export const hypot: Binary = primitive(
  "hypot",
  {
    expand: (a, b) => {
      const [m, n] = [abs(a), abs(b)];
      const longer = maximum(m, n);
      const isPlain = and(longer, less(longer, Number.POSITIVE_INFINITY));
      return select(isPlain, multiply(longer, sqrt(add(1, square(divide(minimum(m, n), longer))))), longer);
    },
  },
  (dy, [a, b], y) => [
    select(y, multiply(dy, divide(a as Formula, y)), 0),
    select(y, multiply(dy, divide(b as Formula, y)), 0),
  ],
);

/* Saturating functions. They and their derivatives are exact for any argument: nothing overflows on the way. */

export const tanh: Unary = primitive("tanh", { code: 27, evaluate: Math.tanh }, (dy, [a]) => [
  // 1 − tanh² = 4 s(2a) s(−2a), which loses no digits where tanh is close to 1
  multiply(dy, multiply(4, sigmoidSlope(multiply(2, a as Formula)))),
]);
export const sigmoid: Unary = primitive("sigmoid", { code: 28, evaluate: sigmoidOf }, (dy, [a]) => [
  multiply(dy, sigmoidSlope(a as Formula)),
]);
/** e^−|a| / (1 + e^−|a|)², the derivative of the sigmoid. */
const sigmoidSlope: Unary = primitive(
  "sigmoidSlope",
  {
    expand: (a) => {
      const e = exp(negative(abs(a)));
      return divide(e, square(add(1, e)));
    },
  },
  (dy, [a], y) => [negative(multiply(dy, multiply(y, tanh(multiply(0.5, a as Formula)))))],
);
/** log(1 + e^a). */
export const softplus: Unary = primitive(
  "softplus",
  { expand: (a) => add(maximum(a, 0), log1p(exp(negative(abs(a))))) },
  (dy, [a]) => [multiply(dy, sigmoid(a as Formula))],
);
export const erf: Unary = primitive("erf", { code: 29, evaluate: erfOf }, (dy, [a]) => [
  multiply(dy, multiply(2 / Math.sqrt(Math.PI), exp(negative(square(a as Formula))))),
]);
/** 1 − erf(a), without loss where erf is close to 1. */
export const erfc: Unary = primitive("erfc", { code: 32, evaluate: erfcOf }, (dy, [a]) => [
  negative(multiply(dy, multiply(2 / Math.sqrt(Math.PI), exp(negative(square(a as Formula)))))),
]);
export const erfinv: Unary = primitive("erfinv", { evaluate: erfinvOf }, (dy, _args, y) => [
  multiply(dy, multiply(Math.sqrt(Math.PI) / 2, exp(square(y)))),
]);

function sigmoidOf(a: number): number {
  const e = Math.exp(-Math.abs(a));
  return (a >= 0 ? 1 : a < 0 ? e : a) / (1 + e);
}

/** (1 + erf(a / √2)) / 2. */
export const normalCdf: Unary = primitive(
  "normalCdf",
  { expand: (a) => multiply(0.5, erfc(multiply(-Math.SQRT1_2, a))) },
  (dy, [a]) => [multiply(dy, multiply(1 / Math.sqrt(2 * Math.PI), exp(multiply(-0.5, square(a as Formula)))))],
);

/** log(e^a + e^b). Equal infinities give themselves. */
export const logaddexp: Binary = primitive(
  "logaddexp",
  {
    expand: (a, b) =>
      select(equal(a, b), add(a, Math.LN2), add(maximum(a, b), log1p(exp(negative(abs(subtract(a, b))))))),
  },
  (dy, [a, b]) => {
    const difference = select(equal(a as Formula, b as Formula), 0, subtract(a as Formula, b as Formula));
    return [multiply(dy, sigmoid(difference)), multiply(dy, sigmoid(negative(difference)))];
  },
);

/* Circular and hyperbolic functions. */

export const sin: Unary = primitive("sin", { code: 30, evaluate: Math.sin }, (dy, [a]) => [
  multiply(dy, cos(a as Formula)),
]);
export const cos: Unary = primitive("cos", { code: 31, evaluate: Math.cos }, (dy, [a]) => [
  negative(multiply(dy, sin(a as Formula))),
]);
export const tan: Unary = primitive("tan", { evaluate: Math.tan }, (dy, _args, y) => [multiply(dy, add(1, square(y)))]);
export const arcsin: Unary = primitive("arcsin", { evaluate: Math.asin }, (dy, [a]) => [
  divide(dy, sqrt(oneMinusSquare(a as Formula))),
]);
export const arccos: Unary = primitive("arccos", { evaluate: Math.acos }, (dy, [a]) => [
  negative(divide(dy, sqrt(oneMinusSquare(a as Formula)))),
]);
export const arctan: Unary = primitive("arctan", { evaluate: Math.atan }, (dy, [a]) => [
  divide(dy, add(1, square(a as Formula))),
]);
export const arctan2: Binary = primitive("arctan2", { evaluate: Math.atan2 }, (dy, [a, b]) => {
  const distance = hypot(a as Formula, b as Formula);
  const scale = divide(dy, distance);
  return [multiply(scale, divide(b as Formula, distance)), negative(multiply(scale, divide(a as Formula, distance)))];
});
export const sinh: Unary = primitive("sinh", { evaluate: Math.sinh }, (dy, [a]) => [multiply(dy, cosh(a as Formula))]);
export const cosh: Unary = primitive("cosh", { evaluate: Math.cosh }, (dy, [a]) => [multiply(dy, sinh(a as Formula))]);
export const arcsinh: Unary = primitive("arcsinh", { evaluate: Math.asinh }, (dy, [a]) => [
  divide(dy, sqrt(add(1, square(a as Formula)))),
]);
export const arccosh: Unary = primitive("arccosh", { evaluate: Math.acosh }, (dy, [a]) => [
  divide(divide(dy, sqrt(subtract(a as Formula, 1))), sqrt(add(a as Formula, 1))),
]);
export const arctanh: Unary = primitive("arctanh", { evaluate: Math.atanh }, (dy, [a]) => [
  divide(dy, oneMinusSquare(a as Formula)),
]);

/** 1 − a², without loss close to 1. */
function oneMinusSquare(a: Formula): Formula {
  return multiply(subtract(1, a), add(1, a));
}

/* Graphs. */

/** Every node that `root` needs, arguments before those who use them. `argsOf` says what a node stands on. */
export function inOrder(root: Formula, argsOf: (node: Formula) => readonly Formula[] = ({ args }) => args): Formula[] {
  const order = new Set<Formula>();
  const visit = (node: Formula) => {
    if (order.has(node)) return;
    for (const arg of argsOf(node)) visit(arg);
    order.add(node);
  };
  visit(root);
  return [...order];
}

/** The formula of Σ dy · ∂formula/∂input, for the given input, where `dy` is another formula. */
export function derivative(formula: Formula, of: Formula, dy: Formula): Formula {
  const adjoints = new Map<Formula, Formula>([[formula, dy]]);
  for (const node of inOrder(formula).reverse()) {
    const adjoint = adjoints.get(node);
    if (!adjoint || !node.primitive) continue;
    const passed = node.primitive.adjoints(adjoint, node.args, node);
    for (const [index, arg] of node.args.entries()) {
      adjoints.set(arg, add(adjoints.get(arg) ?? 0, passed[index] as Term));
    }
  }
  return adjoints.get(of) ?? term(0);
}

/** The formula with its inputs replaced, and its parameters. */
export function substitute(
  formula: Formula,
  replace: (index: number) => Formula,
  replaceParameter: (index: number) => Formula = parameter,
): Formula {
  const replaced = new Map<Formula, Formula>();
  for (const node of inOrder(formula)) {
    if (node.leaf) {
      const { kind, value } = node.leaf;
      replaced.set(node, kind === "input" ? replace(value) : kind === "parameter" ? replaceParameter(value) : node);
    } else {
      const args = node.args.map((arg) => replaced.get(arg) as Formula);
      const { name } = node.primitive as Primitive;
      replaced.set(
        node,
        intern(`${name} ${args.map(({ id }) => id).join(" ")}`, (id) => ({ id, primitive: node.primitive, args })),
      );
    }
  }
  return replaced.get(formula) as Formula;
}
