import fc from "fast-check";
import { expect, test } from "vitest";
import { given, randomIntegers, seeds, shapes } from "../../../test/contracts/given.ts";
import { kerasGives } from "../../../test/contracts/keras-gives.ts";
import { opContract } from "../../../test/contracts/op-contract.ts";
import * as ops from "../index.ts";
import { tensor } from "../tensor.ts";

kerasGives([
  [
    () => ops.oneHot([1, 0, 3, -1], 3),
    [
      [0, 1, 0],
      [1, 0, 0],
      [0, 0, 0],
      [0, 0, 0],
    ],
  ],
  [
    () => ops.oneHot([[1], [0]], 2, 0),
    [
      [[0], [1]],
      [[1], [0]],
    ],
  ],
  [
    () => ops.oneHot([[1], [0]], 2, 1),
    [
      [[0], [1]],
      [[1], [0]],
    ],
  ],
  [
    () =>
      ops.multiHot(
        [
          [0, 2],
          [1, 1],
        ],
        3,
      ),
    [
      [1, 0, 1],
      [0, 1, 0],
    ],
  ],
  [() => ops.multiHot([0, 2], 4), [1, 0, 1, 0]],
  [
    () =>
      ops.multiHot(
        [
          [
            [0, 2],
            [1, 1],
          ],
        ],
        3,
      ),
    [
      [
        [1, 1, 0],
        [0, 1, 1],
      ],
    ],
  ],
]);

opContract("oneHot", ops.oneHot, {
  cases: fc
    .tuple(shapes({ maxRank: 3 }), seeds, fc.nat())
    .map(([shape, seed, axis]) => [randomIntegers(shape, seed, -1, 5), 5, axis % (shape.length + 1)]),
  examples: [
    [given([3], [1, 0, 1], "bool"), 2, -1, "int32"],
    [given([2], [1, 3], "uint8"), 4, 0, "bool"],
  ],
});
opContract("multiHot", ops.multiHot, {
  cases: fc
    .tuple(shapes({ minRank: 1, maxRank: 3 }), seeds)
    .map(([shape, seed]) => [randomIntegers(shape, seed, -1, 5), 5]),
});

test("refusals say what was wrong", () => {
  expect(() => ops.oneHot(tensor([0.5]), 2)).toThrow("oneHot: x must be whole numbers, got float32");
  expect(() => ops.oneHot([1], 0)).toThrow("oneHot: numClasses must be a whole number ≥ 1, got 0");
  expect(() => ops.multiHot([1], 2, 3)).toThrow("multiHot: axis 3 is out of range");
});
