/**
 * The contract itself: it must catch what it is there for.
 */
import { expect, test } from "vitest";
import type { Tensor } from "../../src/core/tensor.ts";
import { add, multiply } from "../../src/ops/elementwise/binary.ts";
import { exp } from "../../src/ops/elementwise/unary.ts";
import { stopGradient } from "../../src/ops/movement/reshape.ts";
import { op } from "../../src/ops/op.ts";
import { sum } from "../../src/ops/reduce/sum.ts";
import { given } from "./given.ts";
import { proveCase } from "./op-contract.ts";

const x = given([2, 3], [1, 2, 3, -1, -2, -3]);

test("a sound op passes", () => {
  proveCase((a: Tensor) => exp(a), { args: [x], batch: [0] });
});

test("a wrong gradient is caught", () => {
  // ∂(x · x) with one of them held fixed is x, not 2x
  expect(() => proveCase((a: Tensor) => multiply(a, stopGradient(a)), { args: [x] })).toThrow(/gradient at element 0/);
});

test("a wrong second derivative is caught", () => {
  const square = op<{ x: Tensor }, "y">({
    name: "square",
    shape: ({ x }) => ({ y: x }),
    loops: ({ x }, { y }) => {
      for (let i = 0; i < x.size; i++) y.data[i] = (x.data[i] as number) ** 2;
    },
    gradient: ({ y: dy }, { inputs }) => ({ x: () => multiply(dy as Tensor, multiply(2, stopGradient(inputs.x))) }),
  });
  const run = (a: Tensor) => square({ x: a }, undefined).y;
  expect(() => proveCase(run, { args: [x] })).toThrow(/second derivative/);
  proveCase(run, { args: [x] }, { derivatives: "first" });
});

test("a device that computes something else is caught", () => {
  const run = (a: Tensor) => (a.device.name === "wasm" ? add(a, 1e-3) : add(a, 0));
  expect(() => proveCase(run, { args: [x] })).toThrow(/wasm, float32, result 0: element 0/);
});

test("a foretold shape that is another is caught", () => {
  const run = (a: Tensor) => (a.device.concrete ? sum(a, 0) : sum(a, 1));
  expect(() => proveCase(run, { args: [x] })).toThrow(/expected/);
});

test("a sample that depends on its batch is caught", () => {
  expect(() => proveCase((a: Tensor) => multiply(a, sum(a)), { args: [x], batch: [0] })).toThrow(/alone/);
});

test("a tensor left in memory is caught", () => {
  const held: Tensor[] = [];
  const run = (a: Tensor) => {
    held.push(a.hold());
    return add(a, 1);
  };
  expect(() => proveCase(run, { args: [x], gradient: false })).toThrow(/storages left/);
  for (const each of held) each.dispose();
});

test("an input that is written to is caught", () => {
  const run = (a: Tensor) => {
    if (a.device.concrete) a.device.write(a.handle, a.dataSync().fill(7));
    return add(a, 1);
  };
  expect(() => proveCase(run, { args: [x], gradient: false })).toThrow(/input 0 was changed/);
});
