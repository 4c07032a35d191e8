import fc from "fast-check";
import { expect, test } from "vitest";
import { given, randomGiven, seeds, shapes, tensors } from "../../../test/contracts/given.ts";
import { kerasGives } from "../../../test/contracts/keras-gives.ts";
import { opContract } from "../../../test/contracts/op-contract.ts";
import * as ops from "../index.ts";
import { tensor } from "../tensor.ts";

const x = tensor([
  [0, 1, 2],
  [3, 4, 5],
]);
const v = tensor([3, 1, 2]);
const c = tensor(
  Array.from({ length: 24 }, (_, index) => index),
  [2, 3, 4],
);

kerasGives([
  [
    () => ops.slice(x, [0, 1], [2, 2]),
    [
      [1, 2],
      [4, 5],
    ],
  ],
  [
    () => ops.sliceUpdate(x, [1, 1], [[7, 8]]),
    [
      [0, 1, 2],
      [3, 7, 8],
    ],
  ],
  [
    () => ops.split(x, 3, 1),
    [
      [[0], [3]],
      [[1], [4]],
      [[2], [5]],
    ],
  ],
  [
    () => ops.split(x, [1, -1], 1),
    [
      [[0], [3]],
      [[1], [4]],
      [[2], [5]],
    ],
  ],
  [() => ops.split(v, [2, 1]), [[3, 1], [], [1, 2]]],
  [() => ops.getItem(v, -1), 2],
  [() => ops.getItem(x, [{ start: -1 }, { start: 2, stop: 0, step: -1 }]), [[5, 4]]],
  [
    () => ops.getItem(x, ["...", { stop: -1 }, null]),
    [
      [[0], [1]],
      [[3], [4]],
    ],
  ],
  [
    () => ops.getItem(c, [1, "...", { start: 3, step: -2 }]),
    [
      [15, 13],
      [19, 17],
      [23, 21],
    ],
  ],
  [() => ops.getItem(c, [{ start: 5 }, 0, 0]), []],
  [
    () => ops.unstack(x, 3, 1),
    [
      [0, 3],
      [1, 4],
      [2, 5],
    ],
  ],
  [
    () => ops.flip(x),
    [
      [5, 4, 3],
      [2, 1, 0],
    ],
  ],
  [
    () => ops.flip(x, -1),
    [
      [2, 1, 0],
      [5, 4, 3],
    ],
  ],
  [
    () => ops.flip(c, [0, 2]),
    [
      [
        [15, 14, 13, 12],
        [19, 18, 17, 16],
        [23, 22, 21, 20],
      ],
      [
        [3, 2, 1, 0],
        [7, 6, 5, 4],
        [11, 10, 9, 8],
      ],
    ],
  ],
  [
    () => ops.roll(x, 1),
    [
      [5, 0, 1],
      [2, 3, 4],
    ],
  ],
  [
    () => ops.roll(x, -4),
    [
      [4, 5, 0],
      [1, 2, 3],
    ],
  ],
  [
    () => ops.roll(x, [1, -1], [0, 1]),
    [
      [4, 5, 3],
      [1, 2, 0],
    ],
  ],
  [
    () => ops.diagonal(c),
    [
      [0, 16],
      [1, 17],
      [2, 18],
      [3, 19],
    ],
  ],
  [
    () => ops.diagonal(c, -1, 2, 1),
    [
      [1, 6, 11],
      [13, 18, 23],
    ],
  ],
  [
    () => ops.diagonal(c, 1, -2, -1),
    [
      [1, 6, 11],
      [13, 18, 23],
    ],
  ],
  [
    () => ops.diag(v, 1),
    [
      [0, 3, 0, 0],
      [0, 0, 1, 0],
      [0, 0, 0, 2],
      [0, 0, 0, 0],
    ],
  ],
  [
    () => ops.diag(v, -2),
    [
      [0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0],
      [3, 0, 0, 0, 0],
      [0, 1, 0, 0, 0],
      [0, 0, 2, 0, 0],
    ],
  ],
  [() => ops.diag(x, 1), [1, 5]],
]);

/** Tensors with a part of them: where it begins, and its sizes. */
const parts = tensors({}, shapes({ min: 1 })).chain((x) =>
  fc
    .tuple(...x.shape.map((size) => fc.tuple(fc.nat(size), fc.nat(size))))
    .map((ends) => [x, ends.map(([a, b]) => Math.min(a, b)), ends.map(([a, b]) => Math.abs(a - b))] as const),
);
const withAxis = tensors({}, shapes({ minRank: 1 })).chain((x) =>
  fc.tuple(fc.constant(x), fc.integer({ min: -x.shape.length, max: x.shape.length - 1 })),
);

opContract("slice", ops.slice, {
  cases: parts.map((part) => [...part]),
  examples: [[given([4], [1, 2, 3, 4]), [1], [-1]]],
});
opContract("getItem", ops.getItem, {
  cases: parts.map(([x, from, sizes]) => [
    x,
    from.map((start, axis) => ({ start, stop: start + (sizes[axis] as number) })),
  ]),
  examples: [
    { args: [given([2, 3], [1, 2, 3, 4, 5, 6]), [{}, 1]], batch: [0] },
    [given([2, 3], [1, 2, 3, 4, 5, 6]), [null, "...", { step: -2 }]],
  ],
});
opContract("sliceUpdate", ops.sliceUpdate, {
  cases: fc.tuple(parts, seeds).map(([[x, from, sizes], seed]) => [x, from, randomGiven(sizes, seed)]),
});
opContract("split", ops.split, {
  cases: withAxis.map(([x, axis]) => [x, x.shape.at(axis), axis]),
  examples: [[given([5], [1, 2, 3, 4, 5]), [1, 3]]],
});
opContract("unstack", ops.unstack, { cases: withAxis.map(([x, axis]) => [x, null, axis]) });
opContract("flip", ops.flip, {
  cases: withAxis.map(([x, axis]) => [x, axis]),
  examples: [[given([2, 2], [1, 2, 3, 4])]],
});
opContract("roll", ops.roll, {
  cases: fc.tuple(withAxis, fc.integer({ min: -9, max: 9 })).map(([[x, axis], shift]) => [x, shift, axis]),
  examples: [[given([2, 2], [1, 2, 3, 4]), 1]],
});
opContract("diagonal", ops.diagonal, {
  cases: fc
    .tuple(tensors({}, shapes({ minRank: 2 })), fc.integer({ min: -4, max: 4 }))
    .map(([x, offset]) => [x, offset, -1, 0]),
});
opContract("diag", ops.diag, {
  cases: fc.tuple(tensors({}, shapes({ minRank: 1, maxRank: 2 })), fc.integer({ min: -4, max: 4 })),
});

test("refusals say what reaches where", () => {
  expect(() => ops.slice([1, 2, 3], [2], [2])).toThrow(
    "slice: axis 0 has size 3; 2 elements from index 2 reach beyond it",
  );
  expect(() => ops.getItem([1, 2, 3], 3)).toThrow("getItem: axis 0 has size 3, which has no index 3");
  expect(() => ops.getItem([1, 2, 3], [0, 0])).toThrow("one for each of the 1 axes of [3] at most");
  expect(() => ops.getItem([1, 2, 3], { step: 0 })).toThrow("a step of 0 leads nowhere");
  expect(() => ops.slice([1, 2, 3], [0, 0], [1, 1])).toThrow("slice: needs a start and a size for each of the 1 axes");
  expect(() => ops.sliceUpdate(tensor([1]), [0], tensor([1], [1], "int32"))).toThrow(
    "inputs are float32 and updates int32",
  );
  expect(() => ops.split([1, 2, 3], 2)).toThrow("split: axis 0 has size 3, which does not divide into 2 equal parts");
  expect(() => ops.unstack([1, 2], 3)).toThrow("unstack: axis 0 has size 2, not 3");
  expect(() => ops.roll([1], [1, 2], 0)).toThrow("roll: 2 shifts for 1 axes");
  expect(() => ops.diagonal([[1]], 0, 0, -2)).toThrow("diagonal: axis1 and axis2 are both axis 0");
  expect(() => ops.diag(1)).toThrow("diag: needs a vector or a matrix");
});
