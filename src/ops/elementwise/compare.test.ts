import fc from "fast-check";
import { expect, test } from "vitest";
import { binaryContract, extremes, unaryContract } from "../../../test/contracts/elementwise.ts";
import { broadcasting, given, randomGiven, randomIntegers, seeds } from "../../../test/contracts/given.ts";
import { type OpContract, opContract } from "../../../test/contracts/op-contract.ts";
import type { Tensor } from "../../core/tensor.ts";
import { grad } from "../grad.ts";
import { sum } from "../reduce/sum.ts";
import { tensor } from "../tensor.ts";
import * as compare from "./compare.ts";

const byName = { ...compare };

const pairs: OpContract = { ...binaryContract(), derivatives: "none" };
const equalOften: OpContract = {
  ...pairs,
  cases: fc
    .tuple(broadcasting(2), seeds, fc.constantFrom("int32" as const, "uint8" as const, "bool" as const))
    .map(([[a, b], seed, dtype]) => [
      randomIntegers(a as number[], seed, 0, dtype === "bool" ? 1 : 3, dtype),
      randomIntegers(b as number[], seed + 1, 0, dtype === "bool" ? 1 : 3, dtype),
    ]),
};

opContract("equal", compare.equal, equalOften);
opContract("notEqual", compare.notEqual, equalOften);
opContract("less", compare.less, equalOften);
opContract("lessEqual", compare.lessEqual, equalOften);
opContract("greater", compare.greater, equalOften);
opContract("greaterEqual", compare.greaterEqual, equalOften);
opContract("logicalAnd", compare.logicalAnd, equalOften);
opContract("logicalOr", compare.logicalOr, equalOften);
opContract("logicalXor", compare.logicalXor, equalOften);
opContract("logicalNot", compare.logicalNot, { ...unaryContract(), derivatives: "none" });
opContract("isnan", compare.isnan, { ...unaryContract(), derivatives: "none" });
opContract("isinf", compare.isinf, { ...unaryContract(), derivatives: "none" });
opContract("isfinite", compare.isfinite, { ...unaryContract(), derivatives: "none" });
opContract("where", compare.where, {
  cases: fc
    .tuple(broadcasting(3), seeds)
    .map(([[c, a, b], seed]) => [
      randomIntegers(c as number[], seed, 0, 1, "bool"),
      randomGiven(a as number[], seed + 1),
      randomGiven(b as number[], seed + 2),
    ]),
  examples: [
    [given([2, 1], [1, 0], "bool"), randomGiven([600], 1), 0],
    [given([3], [2, 0, -1], "int32"), 5, randomGiven([3], 1)],
    { args: [extremes(), 1, extremes()], gradient: false },
    { args: [given([2], [1, 0], "bool"), given([2], [1, 2], "int32"), 7], gradient: false },
  ],
});

opContract("select", compare.select, {
  cases: fc
    .tuple(broadcasting(5), seeds)
    .map(([[c, d, a, b, e], seed]) => [
      [randomIntegers(c as number[], seed, 0, 1, "bool"), randomIntegers(d as number[], seed + 3, 0, 1, "bool")],
      [randomGiven(a as number[], seed + 1), randomGiven(b as number[], seed + 2)],
      randomGiven(e as number[], seed + 4),
    ]),
  examples: [[[given([3], [1, 0, 1], "bool")], [randomGiven([2, 3], 1)]]],
});

test("select takes the first choice that may be taken, as Keras has it; as many choices as conditions", async () => {
  const x = tensor([0, 1, 2, 3, 4, 5]);
  const few = compare.less(x, 3);
  const many = compare.greater(x, 3);
  expect(await compare.select([few, many], [x, 100], 42).array()).toEqual([0, 1, 2, 42, 100, 100]);
  expect(await compare.select([few, true], [x, 7]).array()).toEqual([0, 1, 2, 7, 7, 7]);
  expect(() => compare.select([few], [x, x])).toThrow("takes a list of conditions and a list of as many choices");
  expect(() => compare.select([], [])).toThrow("takes a list of conditions and a list of as many choices");
});

test("comparisons are JavaScript's, for every pair of numbers", () => {
  const values = [Number.NaN, Number.NEGATIVE_INFINITY, -1, -0, 0, 1e-45, 1, Number.POSITIVE_INFINITY];
  const [rows, columns] = [tensor(values, [8, 1]), tensor(values)];
  const own = {
    equal: (a: number, b: number) => a === b,
    notEqual: (a: number, b: number) => a !== b,
    less: (a: number, b: number) => a < b,
    lessEqual: (a: number, b: number) => a <= b,
    greater: (a: number, b: number) => a > b,
    greaterEqual: (a: number, b: number) => a >= b,
  };
  for (const [name, holds] of Object.entries(own)) {
    expect(byName[name as keyof typeof own](rows, columns).arraySync(), name).toEqual(
      values.map((a) => values.map((b) => holds(Math.fround(a), Math.fround(b)))),
    );
  }
});

test("only what was chosen has a gradient", async () => {
  const chosen = (x: Tensor) => sum(compare.where(compare.greater(x, 0), x, Number.NaN));
  expect(await grad(chosen)(tensor([2, -1])).array()).toEqual([1, 0]);
});
