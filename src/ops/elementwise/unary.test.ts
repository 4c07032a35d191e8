import fc from "fast-check";
import { expect, test } from "vitest";
import { extremes, unaryContract } from "../../../test/contracts/elementwise.ts";
import { broadcasting, given, randomGiven, seeds } from "../../../test/contracts/given.ts";
import { opContract } from "../../../test/contracts/op-contract.ts";
import { tensor } from "../tensor.ts";
import { sigmoid, softplus } from "./activations.ts";
import { cast } from "./cast.ts";
import * as unary from "./unary.ts";

const byName = { ...unary };

const positive = { min: 0.2, max: 4 };
const inside = { min: -0.9, max: 0.9 };
const awayFrom0 = { away: [0] };
const awayFromWhole = { min: 0.1, max: 0.45 };

opContract("negative", unary.negative, unaryContract());
opContract("abs", unary.abs, unaryContract(awayFrom0));
opContract("absolute", unary.absolute, unaryContract(awayFrom0));
opContract("sign", unary.sign, unaryContract(awayFrom0));
opContract("square", unary.square, unaryContract());
opContract("sqrt", unary.sqrt, unaryContract(positive));
opContract("rsqrt", unary.rsqrt, unaryContract(positive));
opContract("reciprocal", unary.reciprocal, unaryContract(positive));
opContract("exp", unary.exp, unaryContract());
opContract("exp2", unary.exp2, unaryContract());
opContract("expm1", unary.expm1, unaryContract());
opContract("log", unary.log, unaryContract(positive));
opContract("log1p", unary.log1p, unaryContract({ min: -0.7, max: 4 }));
opContract("log2", unary.log2, unaryContract(positive));
opContract("log10", unary.log10, unaryContract(positive));
opContract("sin", unary.sin, unaryContract());
opContract("cos", unary.cos, unaryContract());
opContract("tan", unary.tan, unaryContract({ min: -1.2, max: 1.2 }));
opContract("arcsin", unary.arcsin, unaryContract(inside));
opContract("arccos", unary.arccos, unaryContract(inside));
opContract("arctan", unary.arctan, unaryContract());
opContract("sinh", unary.sinh, unaryContract());
opContract("cosh", unary.cosh, unaryContract());
opContract("tanh", unary.tanh, unaryContract());
opContract("arcsinh", unary.arcsinh, unaryContract());
opContract("arccosh", unary.arccosh, unaryContract({ min: 1.2, max: 4 }));
opContract("arctanh", unary.arctanh, unaryContract(inside));
opContract("erf", unary.erf, unaryContract());
opContract("erfinv", unary.erfinv, unaryContract(inside));
opContract("floor", unary.floor, unaryContract(awayFromWhole));
opContract("ceil", unary.ceil, unaryContract(awayFromWhole));
opContract("trunc", unary.trunc, unaryContract(awayFromWhole));
opContract("round", unary.round, unaryContract(awayFromWhole));
opContract(
  "nanToNum",
  unary.nanToNum,
  unaryContract({}, [
    [0, 1e30, -1e30],
    [1, 2, 3],
  ]),
);
opContract("clip", unary.clip, {
  cases: fc
    .tuple(broadcasting(3), seeds)
    .map(([[x, least, most], seed]) => [
      randomGiven(x as number[], seed, { min: -0.9, max: 0.9 }),
      randomGiven(least as number[], seed + 1, { min: -2, max: -1 }),
      randomGiven(most as number[], seed + 2, { min: 1, max: 2 }),
    ]),
  examples: [
    [given([5], [-3, -0.5, 0.5, 0.9, 4]), -1, 1],
    { args: [extremes(), -1, 1], gradient: false },
    { args: [given([3], [-5, 0, 5], "int32"), -1, 1], gradient: false },
    { args: [given([3], [-5, 0, 5], "int32"), -0.5, 0.5], gradient: false },
  ],
  runs: 10,
});
opContract("cast", cast, {
  cases: fc
    .tuple(seeds, fc.constantFrom("float32", "float64", "int32", "bool"))
    .map(([seed, dtype]) => ({ args: [randomGiven([3, 5], seed), dtype], gradient: dtype === "float64" })),
  examples: [{ args: [given([4], [0, 1, -1, 300], "int32"), "bool"], gradient: false }],
});

test("the functions that JavaScript has are its own, to the last digits that float32 holds", () => {
  const grid = Array.from({ length: 41 }, (_, index) => (index - 20) / 8);
  const own = {
    exp: Math.exp,
    expm1: Math.expm1,
    log1p: Math.log1p,
    log: Math.log,
    log2: Math.log2,
    log10: Math.log10,
    sin: Math.sin,
    cos: Math.cos,
    tan: Math.tan,
    arcsin: Math.asin,
    arccos: Math.acos,
    arctan: Math.atan,
    sinh: Math.sinh,
    cosh: Math.cosh,
    tanh: Math.tanh,
    arcsinh: Math.asinh,
    arccosh: Math.acosh,
    arctanh: Math.atanh,
    sqrt: Math.sqrt,
    abs: Math.abs,
    sign: Math.sign,
    floor: Math.floor,
    ceil: Math.ceil,
    trunc: Math.trunc,
    square: (x: number) => x * x,
    reciprocal: (x: number) => 1 / x,
    rsqrt: (x: number) => 1 / Math.sqrt(x),
    exp2: (x: number) => 2 ** x,
    negative: (x: number) => -x,
  } as const;
  for (const [name, f] of Object.entries(own)) {
    const got = byName[name as keyof typeof own](tensor(grid)).dataSync();
    for (const [index, x] of grid.entries()) {
      const want = f(x);
      const same = Number.isNaN(want) ? Number.isNaN(got[index]) : got[index] === Math.fround(want);
      const close = Math.abs((got[index] as number) - want) <= Math.abs(want) * 2.5 * 2 ** -23;
      expect(same || close, `${name}(${x}) is ${want}, got ${got[index]}`).toBe(true);
    }
  }
});

// Abramowitz & Stegun, table 7.1
test("erf is the table's, and erfinv leads back", async () => {
  const x = tensor([0.1, 0.5, 1, 1.5, 2], [5], "float64");
  const table = [0.1124629160182849, 0.5204998778130465, 0.8427007929497149, 0.9661051464753108, 0.9953222650189527];
  const y = unary.erf(x);
  for (const [index, value] of y.dataSync().entries()) expect(value).toBeCloseTo(table[index] as number, 15);
  for (const [index, value] of unary.erfinv(y).dataSync().entries()) {
    expect(value).toBeCloseTo(x.dataSync()[index] as number, 12);
  }
});

test("halves are rounded to the even neighbour, and to decimals", async () => {
  expect(await unary.round(tensor([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5])).array()).toEqual([-2, -2, -0, 0, 2, 2]);
  expect(await unary.round(tensor([0.126, 1.5], [2], "float64"), 2).array()).toEqual([0.13, 1.5]);
});

test("rounding integers gives real numbers where Keras does", () => {
  const x = tensor([1, 2], [2], "int32");
  expect([unary.floor(x).dtype, unary.round(x).dtype, unary.exp(x).dtype]).toEqual(["float32", "int32", "float32"]);
});

/** The distance between float32 neighbours at x. */
function spacing(x: number): number {
  const exponent = Math.floor(Math.log2(Math.max(Math.abs(Math.fround(x)), 2 ** -126)));
  return 2 ** (Math.min(exponent, 127) - 23);
}

const sigmoidOf = (x: number) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

test.each([
  ["exp", unary.exp, Math.exp],
  ["expm1", unary.expm1, Math.expm1],
  ["log", unary.log, Math.log],
  ["log1p", unary.log1p, Math.log1p],
  ["tanh", unary.tanh, Math.tanh],
  ["sin", unary.sin, Math.sin],
  ["cos", unary.cos, Math.cos],
  ["sigmoid", sigmoid, sigmoidOf],
  ["softplus", softplus, (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))],
] as const)("%s is within 2.5 last digits over all of float32", (_name, op, f) => {
  // every 2^13th float32, from zero over denormals to NaN, of both signs
  const bits = Uint32Array.from({ length: 2 ** 19 }, (_, index) => index * 8192 + ((index * 2654435761) >>> 19));
  const x = new Float32Array(bits.buffer);
  using given = tensor(x);
  using y = op(given);
  const got = y.dataSync();
  let worst = 0;
  const wrong: number[] = [];
  for (let index = 0; index < x.length; index++) {
    const want = f(x[index] as number);
    const value = got[index] as number;
    if (value === Math.fround(want) || (Number.isNaN(value) && Number.isNaN(want))) continue;
    const error = Math.abs(value - want) / spacing(want);
    if (Number.isFinite(error)) worst = Math.max(worst, error);
    else wrong.push(x[index] as number);
  }
  expect(wrong).toEqual([]);
  expect(worst).toBeLessThan(2.5);
});
