import fc from "fast-check";
import { expect, test } from "vitest";
import { given, randomGiven, randomIntegers, seeds, shapes } from "../../../test/contracts/given.ts";
import { kerasGives } from "../../../test/contracts/keras-gives.ts";
import { opContract } from "../../../test/contracts/op-contract.ts";
import type { Tensor } from "../../core/tensor.ts";
import { grad } from "../grad.ts";
import * as ops from "../index.ts";
import { tensor } from "../tensor.ts";

const x = tensor([
  [0, 1, 2],
  [3, 4, 5],
]);
const v = tensor([3, 1, 2]);
const m = tensor([
  [3, 1, 2],
  [1, 5, 1],
]);

kerasGives([
  [
    () =>
      ops.scatter(
        [
          [0, 1],
          [1, 0],
          [0, 1],
        ],
        v,
        [2, 2],
      ),
    [
      [0, 5],
      [1, 0],
    ],
  ],
  [
    () => ops.scatter([[2], [0]], x, [3, 3]),
    [
      [3, 4, 5],
      [0, 0, 0],
      [0, 1, 2],
    ],
  ],
  [
    () =>
      ops.scatterUpdate(
        x,
        [
          [0, 1],
          [1, -1],
        ],
        [8, 9],
      ),
    [
      [0, 8, 2],
      [3, 4, 9],
    ],
  ],
  [
    () => ops.scatterUpdate(x, [[1]], [[7, 8, 9]]),
    [
      [0, 1, 2],
      [7, 8, 9],
    ],
  ],
  [() => ops.scatterUpdate(v, [[0], [2], [0]], [5, 6, 7], "add"), [15, 1, 8]],
  [() => ops.scatterUpdate(v, [[0], [2], [0]], [5, 1, 2], "max"), [5, 1, 2]],
  [() => ops.scatterUpdate(v, [[0], [2], [0]], [5, 1, 2], "min"), [2, 1, 1]],
  [() => ops.scatterUpdate(v, [[0], [2], [0]], [5, 1, 2], "mul"), [30, 1, 2]],
  [
    () => ops.segmentSum(m, [1, 1], 3),
    [
      [0, 0, 0],
      [4, 6, 3],
      [0, 0, 0],
    ],
  ],
  [() => ops.segmentSum(v, [0, 7, -1], 2), [3, 0]],
  [
    () => ops.segmentMax(m, [1, 1], 2),
    [
      [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
      [3, 5, 2],
    ],
  ],
  [() => ops.segmentMax(v, [0, 7, -1], 2), [3, Number.NEGATIVE_INFINITY]],
  [
    () => ops.segmentMin(m, [1, 1], 2),
    [
      [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
      [1, 1, 1],
    ],
  ],
  [
    () => ops.segmentProd(m, [1, 1], 2),
    [
      [1, 1, 1],
      [3, 5, 2],
    ],
  ],
  [() => ops.bincount([1, 2, 2, 4]), [0, 1, 2, 0, 1], "int32"],
  [() => ops.bincount([1, 2, 2], [0.5, 1, 2], 5), [0, 0.5, 3, 0, 0]],
  [
    () =>
      ops.bincount(
        [
          [1, 1],
          [0, 2],
        ],
        null,
        4,
      ),
    [
      [0, 2, 0, 0],
      [1, 0, 1, 0],
    ],
    "int32",
  ],
]);

const rows = fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 0, max: 7 }), shapes({ maxRank: 2 }), seeds);

opContract("scatter", ops.scatter, {
  cases: rows.map(([size, count, slice, seed]) => [
    randomIntegers([count, 1], seed, -size - 1, size),
    randomGiven([count, ...slice], seed),
    [size, ...slice],
  ]),
  examples: [[given([2, 2], [0, 1, 1, 0], "int32"), given([2], [5, 6]), [2, 2]]],
});
opContract("scatterUpdate", ops.scatterUpdate, {
  cases: fc
    .tuple(rows, fc.constantFrom(null, "add", "max", "min", "mul"))
    .map(([[size, count, slice, seed], reduction]) => [
      randomGiven([size, ...slice], seed + 1, { distinct: true }),
      randomIntegers([count, 1], seed, -size, size - 1),
      randomGiven([count, ...slice], seed, { distinct: true }),
      reduction,
    ]),
});
/** Slices of which every segment has one at least, and some belong to none. */
const segmented = rows.map(([size, count, slice, seed]) => [
  randomGiven([size + count, ...slice], seed, { distinct: true }),
  given([size + count], [...Array(size).keys(), ...randomIntegers([count], seed, -1, size).values], "int32"),
  size,
]);
opContract("segmentSum", ops.segmentSum, { cases: segmented });
opContract("segmentMax", ops.segmentMax, { cases: segmented });
opContract("segmentMin", ops.segmentMin, { cases: segmented });
opContract("segmentProd", ops.segmentProd, { cases: segmented });
opContract("bincount", ops.bincount, {
  cases: rows.map(([size, count, , seed]) => [randomIntegers([count], seed, 0, size), randomGiven([count], seed), 3]),
  examples: [[given([2, 3], [1, 1, 0, 5, 5, 5], "int32")]],
  symbolic: false,
});

test("equal largest elements share the gradient", () => {
  const slope = grad((x) => ops.sum(ops.segmentMax(x, [0, 0, 1], 2)))(tensor([2, 2, 1]));
  expect(slope.arraySync()).toEqual([0.5, 0.5, 1]);
});

test("of several updates the last counts, and it alone has a gradient", () => {
  const update = (updates: Tensor) => ops.scatterUpdate(tensor([1, 2]), [[0], [0]], updates);
  expect(update(tensor([5, 6])).arraySync()).toEqual([6, 2]);
  expect(grad((updates) => ops.sum(update(updates)))(tensor([5, 6])).arraySync()).toEqual([0, 1]);
});

test("sums many small numbers without losing them", () => {
  const x = tensor(new Float32Array(100_000).fill(0.1));
  const total = ops.segmentSum(x, new Int32Array(100_000), 1).arraySync()[0];
  expect(Math.abs(total / (100_000 * Math.fround(0.1)) - 1)).toBeLessThan(1e-7);
});

test("refusals say what does not fit", () => {
  expect(() => ops.scatter([[0, 0]], [1], [3])).toThrow(
    "scatter: the last axis of indices names up to 1 axes of shape [3]",
  );
  expect(() => ops.scatter([[0], [1]], [1], [3])).toThrow(
    "scatter: indices of shape [2, 1] into [3] need values of shape [2], got [1]",
  );
  expect(() => ops.scatterUpdate([1], [[0]], [1], "sub" as never)).toThrow('scatterUpdate: reduction must be "add"');
  expect(() => ops.segmentSum([1, 2], [0], 1)).toThrow(
    "segmentSum: segmentIds must be a vector with one number for each",
  );
  expect(() => ops.segmentMax([1], [0], -1)).toThrow("segmentMax: numSegments must be a whole number ≥ 0, got -1");
  expect(() => ops.bincount([-1])).toThrow("bincount: counts the numbers 0, 1, …; got -1");
  expect(() => ops.bincount([1], [1, 2])).toThrow("bincount: weights of shape [2] for numbers of shape [1]");
});
