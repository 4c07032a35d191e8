import fc from "fast-check";
import { expect, test } from "vitest";
import { given, randomGiven, shapes, tensors } from "../../../test/contracts/given.ts";
import { kerasGives } from "../../../test/contracts/keras-gives.ts";
import { opContract } from "../../../test/contracts/op-contract.ts";
import * as ops from "../index.ts";
import { tensor } from "../tensor.ts";

const c = tensor(
  Array.from({ length: 24 }, (_, index) => index),
  [2, 3, 4],
);

kerasGives([
  [
    () => ops.transpose(c),
    [
      [
        [0, 12],
        [4, 16],
        [8, 20],
      ],
      [
        [1, 13],
        [5, 17],
        [9, 21],
      ],
      [
        [2, 14],
        [6, 18],
        [10, 22],
      ],
      [
        [3, 15],
        [7, 19],
        [11, 23],
      ],
    ],
  ],
  [
    () => ops.transpose(c, [1, 2, 0]),
    [
      [
        [0, 12],
        [1, 13],
        [2, 14],
        [3, 15],
      ],
      [
        [4, 16],
        [5, 17],
        [6, 18],
        [7, 19],
      ],
      [
        [8, 20],
        [9, 21],
        [10, 22],
        [11, 23],
      ],
    ],
  ],
  [
    () => ops.swapaxes(c, 0, -1),
    [
      [
        [0, 12],
        [4, 16],
        [8, 20],
      ],
      [
        [1, 13],
        [5, 17],
        [9, 21],
      ],
      [
        [2, 14],
        [6, 18],
        [10, 22],
      ],
      [
        [3, 15],
        [7, 19],
        [11, 23],
      ],
    ],
  ],
  [
    () => ops.moveaxis(c, [0, 1], [-1, 0]),
    [
      [
        [0, 12],
        [1, 13],
        [2, 14],
        [3, 15],
      ],
      [
        [4, 16],
        [5, 17],
        [6, 18],
        [7, 19],
      ],
      [
        [8, 20],
        [9, 21],
        [10, 22],
        [11, 23],
      ],
    ],
  ],
]);

/** Tensors of any rank with one of their permutations. */
const permuted = tensors({}, shapes({ maxRank: 5, max: 6 })).chain((x) =>
  fc.shuffledSubarray([...x.shape.keys()], { minLength: x.shape.length }).map((axes) => [x, axes] as const),
);

opContract("transpose", ops.transpose, {
  cases: permuted.map((each) => [...each]),
  examples: [
    [randomGiven([37, 45], 1)],
    [randomGiven([3, 37, 45], 1), [0, 2, 1]],
    [randomGiven([2, 5, 6, 35], 1), [0, 3, 1, 2]],
    [given([3, 0], [])],
    [given([2, 2], [1, 0, 1, 1], "bool")],
    [given([2, 2], [1, -2, 3, 4], "int32")],
  ],
  float32: {},
  float64: {},
});
opContract("swapaxes", ops.swapaxes, {
  cases: tensors({}, shapes({ minRank: 1 })).chain((x) =>
    fc.tuple(fc.constant(x), fc.nat(x.shape.length - 1), fc.integer({ min: -x.shape.length, max: -1 })),
  ),
});
opContract("moveaxis", ops.moveaxis, {
  cases: permuted.map(([x, axes]) => [x, axes, [...axes.keys()].map((axis) => axis - axes.length)]),
});

test("transposing twice gives the same again, whatever is in between", () => {
  fc.assert(
    fc.property(permuted, ([x, axes]) => {
      const { shape, values } = x;
      const there = ops.transpose(tensor([...values], shape), axes);
      const back = axes.map((_, axis) => axes.indexOf(axis));
      expect([...ops.transpose(there, back).dataSync()]).toEqual(values);
    }),
  );
});

test("refusals name the axes", () => {
  expect(() => ops.transpose([[1]], [0, 0])).toThrow("transpose: axes [0, 0] name an axis of rank 2 twice");
  expect(() => ops.transpose([[1]], [0])).toThrow("transpose: axes must name each of the 2 axes once, got [0]");
  expect(() => ops.swapaxes([1], 0, 1)).toThrow("swapaxes: axis 1 is out of range");
  expect(() => ops.moveaxis([[1]], [0, 1], 0)).toThrow("moveaxis: source and destination must name as many axes");
});
