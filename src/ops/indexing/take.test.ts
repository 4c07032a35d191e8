import fc from "fast-check";
import { expect, test } from "vitest";
import { given, randomIntegers, seeds, shapes, tensors } from "../../../test/contracts/given.ts";
import { kerasGives } from "../../../test/contracts/keras-gives.ts";
import { opContract } from "../../../test/contracts/op-contract.ts";
import { SymbolicTensor } from "../../core/symbolic.ts";
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
  [() => ops.take(x, [5, 0, -1]), [5, 0, 5]],
  [
    () =>
      ops.take(
        c,
        [
          [2, 0],
          [1, 1],
        ],
        1,
      ),
    [
      [
        [
          [8, 9, 10, 11],
          [0, 1, 2, 3],
        ],
        [
          [4, 5, 6, 7],
          [4, 5, 6, 7],
        ],
      ],
      [
        [
          [20, 21, 22, 23],
          [12, 13, 14, 15],
        ],
        [
          [16, 17, 18, 19],
          [16, 17, 18, 19],
        ],
      ],
    ],
  ],
  [() => ops.take(x, [1], -1), [[1], [4]]],
  [
    () =>
      ops.takeAlongAxis(
        x,
        [
          [2, 0],
          [1, -1],
        ],
        1,
      ),
    [
      [2, 0],
      [4, 5],
    ],
  ],
  [() => ops.takeAlongAxis(x, [[1, 0, 1]], 0), [[3, 1, 5]]],
  [() => ops.takeAlongAxis(x, [4, 0]), [4, 0]],
  [
    () => ops.nonzero(x),
    [
      [0, 0, 1, 1, 1],
      [1, 2, 0, 1, 2],
    ],
    "int32",
  ],
]);

/** Tensors with an axis and indices on it, some of them negative. */
const indexed = tensors({}, shapes({ minRank: 1 })).chain((x) =>
  fc.tuple(fc.nat(x.shape.length - 1), shapes({ maxRank: 2, min: 0, max: 4 }), seeds).map(([axis, shape, seed]) => {
    const size = x.shape[axis] as number;
    return { x, axis, size, indices: randomIntegers(shape, seed, -size, size - 1), seed };
  }),
);

opContract("take", ops.take, {
  cases: indexed.map(({ x, axis, indices }) => [x, indices, axis]),
  examples: [
    [given([2, 2], [1, 2, 3, 4]), given([3], [3, 0, 3], "int32")],
    [given([2], [1, 2]), given([2], [1, 0], "uint8")],
  ],
});
opContract("takeAlongAxis", ops.takeAlongAxis, {
  cases: indexed.map(({ x, axis, size, seed }) => [
    x,
    randomIntegers(x.shape.with(axis, 3), seed, -size, size - 1),
    axis,
  ]),
  examples: [
    [given([2, 2], [1, 2, 3, 4]), given([1, 2], [1, 0], "int32"), 0],
    [given([1, 3], [1, 2, 3]), given([2, 2], [1, 0, 2, 2], "int32"), 1],
  ],
});
opContract("nonzero", ops.nonzero, {
  cases: fc
    .tuple(shapes({ maxRank: 3, min: 0, max: 4 }), seeds)
    .map(([shape, seed]) => [randomIntegers(shape, seed, 0, 1)]),
  symbolic: false,
});

test("nonzero needs values", () => {
  expect(() => ops.nonzero(new SymbolicTensor([null, 2], "float32"))).toThrow(
    "A symbolic tensor has a shape but no values",
  );
});

test("refusals name the index", () => {
  expect(() => ops.take([1, 2, 3], [0, 3])).toThrow(
    "take: index 3 (element 1) is outside an axis of size 3, whose indices go from -3 to 2",
  );
  expect(() => ops.take([1, 2, 3], tensor([0.5]))).toThrow(
    'take: indices must be whole numbers, got float32; cast them: ops.cast(indices, "int32")',
  );
  expect(() => ops.take([[1]], [0], 2)).toThrow("take: axis 2 is out of range");
  expect(() => ops.takeAlongAxis([[1, 2]], [0], 1)).toThrow(
    "takeAlongAxis: indices of shape [1] must have the rank of x",
  );
  expect(() => ops.takeAlongAxis([[1, 2]], [[2]], 1)).toThrow(
    "takeAlongAxis: index 2 (element 0) is outside an axis of size 2",
  );
});
