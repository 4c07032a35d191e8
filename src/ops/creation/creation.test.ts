import fc from "fast-check";
import { expect, test } from "vitest";
import { shapes, tensors } from "../../../test/contracts/given.ts";
import { kerasGives } from "../../../test/contracts/keras-gives.ts";
import { opContract } from "../../../test/contracts/op-contract.ts";
import * as ops from "../index.ts";
import { tensor } from "../tensor.ts";

const x = tensor([
  [0, 1, 2],
  [3, 4, 5],
]);
const c = tensor(
  Array.from({ length: 24 }, (_, index) => index),
  [2, 3, 4],
);

kerasGives([
  [() => ops.arange(5), [0, 1, 2, 3, 4], "int32"],
  [() => ops.arange(1, 4, 0.5), [1, 1.5, 2, 2.5, 3, 3.5]],
  [() => ops.arange(5, 0, -2), [5, 3, 1], "int32"],
  [() => ops.arange(0, 3, 1, "float32"), [0, 1, 2]],
  [() => ops.linspace(0, 1, 5), [0, 0.25, 0.5, 0.75, 1]],
  [() => ops.linspace(2, 3, 4, { endpoint: false }), [2, 2.25, 2.5, 2.75]],
  [
    () => ops.eye(2, 3, 1),
    [
      [0, 1, 0],
      [0, 0, 1],
    ],
  ],
  [
    () => ops.eye(3),
    [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ],
  ],
  [
    () => ops.identity(2, "int32"),
    [
      [1, 0],
      [0, 1],
    ],
    "int32",
  ],
  [
    () => ops.tri(3, 4, -1),
    [
      [0, 0, 0, 0],
      [1, 0, 0, 0],
      [1, 1, 0, 0],
    ],
  ],
  [
    () => ops.tril(c, 1),
    [
      [
        [0, 1, 0, 0],
        [4, 5, 6, 0],
        [8, 9, 10, 11],
      ],
      [
        [12, 13, 0, 0],
        [16, 17, 18, 0],
        [20, 21, 22, 23],
      ],
    ],
  ],
  [
    () => ops.triu(x, -1),
    [
      [0, 1, 2],
      [3, 4, 5],
    ],
  ],
  [
    () => ops.fullLike(x, 7),
    [
      [7, 7, 7],
      [7, 7, 7],
    ],
  ],
  [
    () => ops.zerosLike(x),
    [
      [0, 0, 0],
      [0, 0, 0],
    ],
  ],
  [
    () => ops.onesLike(x, "int32"),
    [
      [1, 1, 1],
      [1, 1, 1],
    ],
    "int32",
  ],
]);

opContract("arange", ops.arange, { examples: [[3], [1, 2, 0.25, "float64"], [3, 1]] });
opContract("linspace", ops.linspace, {
  examples: [
    [-1, 2, 7],
    [3, 3, 1],
    [0, 1, 0],
  ],
});
opContract("eye", ops.eye, { examples: [[3], [2, 4, -1], [0]] });
opContract("identity", ops.identity, { examples: [[3], [0], [2, "float64"]] });
opContract("tri", ops.tri, { examples: [[3], [2, 4, -1]] });
opContract("tril", ops.tril, { cases: fc.tuple(tensors({}, shapes({ minRank: 2 })), fc.integer({ min: -3, max: 3 })) });
opContract("triu", ops.triu, { cases: fc.tuple(tensors({}, shapes({ minRank: 2 })), fc.integer({ min: -3, max: 3 })) });
opContract("fullLike", ops.fullLike, { cases: tensors().map((x) => [x, 1.5]), derivatives: "none" });
opContract("zerosLike", ops.zerosLike, { cases: tensors().map((x) => [x]), derivatives: "none" });
opContract("onesLike", ops.onesLike, { cases: tensors().map((x) => [x]), derivatives: "none" });

test("the ends of a linspace are exact", () => {
  const x = ops.linspace(0.1, 0.7, 11, { dtype: "float64" }).dataSync();
  expect([x[0], x.at(-1)]).toEqual([0.1, 0.7]);
});

test("refusals say what was wrong", () => {
  expect(() => ops.arange(0, 5, 0)).toThrow("arange: step must not be 0");
  expect(() => ops.arange(Number.NaN)).toThrow("arange: stop must be a finite number, got NaN");
  expect(() => ops.linspace(0, 1, -1)).toThrow("linspace: num must be a whole number ≥ 0, got -1");
  expect(() => ops.eye(-1)).toThrow("eye: N must be a whole number ≥ 0, got -1");
  expect(() => ops.tril([1])).toThrow("tril: needs matrices, got shape [1]");
});
