import fc from "fast-check";
import { expect, test } from "vitest";
import { broadcasting, given, randomGiven, seeds, shapes, tensors } from "../../../test/contracts/given.ts";
import { kerasGives } from "../../../test/contracts/keras-gives.ts";
import { opContract } from "../../../test/contracts/op-contract.ts";
import { broadcastsTo } from "../../core/shape.ts";
import * as ops from "../index.ts";
import { tensor } from "../tensor.ts";

const x = tensor([
  [0, 1, 2],
  [3, 4, 5],
]);
const v = tensor([3, 1, 2]);

kerasGives([
  [
    () => ops.broadcastTo(v, [2, 3]),
    [
      [3, 1, 2],
      [3, 1, 2],
    ],
  ],
  [
    () => ops.meshgrid(v, [4, 5]),
    [
      [
        [3, 1, 2],
        [3, 1, 2],
      ],
      [
        [4, 4, 4],
        [5, 5, 5],
      ],
    ],
  ],
  [
    () => ops.meshgrid(v, [4, 5], [6, 7], { indexing: "ij" }),
    [
      [
        [
          [3, 3],
          [3, 3],
        ],
        [
          [1, 1],
          [1, 1],
        ],
        [
          [2, 2],
          [2, 2],
        ],
      ],
      [
        [
          [4, 4],
          [5, 5],
        ],
        [
          [4, 4],
          [5, 5],
        ],
        [
          [4, 4],
          [5, 5],
        ],
      ],
      [
        [
          [6, 7],
          [6, 7],
        ],
        [
          [6, 7],
          [6, 7],
        ],
        [
          [6, 7],
          [6, 7],
        ],
      ],
    ],
  ],
  [
    () => ops.tile(x, [2, 1, 2]),
    [
      [
        [0, 1, 2, 0, 1, 2],
        [3, 4, 5, 3, 4, 5],
      ],
      [
        [0, 1, 2, 0, 1, 2],
        [3, 4, 5, 3, 4, 5],
      ],
    ],
  ],
  [
    () => ops.tile(x, 2),
    [
      [0, 1, 2, 0, 1, 2],
      [3, 4, 5, 3, 4, 5],
    ],
  ],
  [() => ops.repeat(x, 2), [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]],
  [
    () => ops.repeat(x, 2, 0),
    [
      [0, 1, 2],
      [0, 1, 2],
      [3, 4, 5],
      [3, 4, 5],
    ],
  ],
  [
    () => ops.repeat(x, [1, 0, 2], -1),
    [
      [0, 2, 2],
      [3, 5, 5],
    ],
  ],
]);

opContract("broadcastTo", ops.broadcastTo, {
  cases: broadcasting(2)
    .filter(([a, b]) => broadcastsTo(a as number[], b as number[]))
    .chain(([a, b]) => seeds.map((seed) => [randomGiven(a as number[], seed), b])),
  examples: [[given([1, 3], [1, 2, 3]), [0, 3]]],
});
opContract("meshgrid", ops.meshgrid, {
  cases: fc.array(tensors({}, shapes({ minRank: 1, maxRank: 1 })), { minLength: 1, maxLength: 3 }),
  examples: [[given([2], [1, 2]), given([3], [1, 2, 3]), { indexing: "ij" }]],
});
opContract("tile", ops.tile, {
  cases: fc.tuple(tensors({}, shapes({ maxRank: 3, max: 5 })), fc.array(fc.nat({ max: 3 }), { maxLength: 3 })),
});
opContract("repeat", ops.repeat, {
  cases: fc.tuple(tensors({}, shapes({ minRank: 1, maxRank: 3 })), fc.nat({ max: 3 }), fc.constant(-1)),
  examples: [
    [given([3, 2], [1, 2, 3, 4, 5, 6]), [2, 0, 1], 0],
    [given([2, 2], [1, 2, 3, 4]), 3],
  ],
});

test("refusals say what was wrong", () => {
  expect(() => ops.broadcastTo([1, 2], [3])).toThrow("broadcastTo: shape [2] does not broadcast to [3]");
  expect(() => ops.tile([1], -1)).toThrow("tile: every repeat must be a whole number ≥ 0, got -1");
  expect(() => ops.repeat([1, 2, 3], [1, 2], 0)).toThrow("repeat: axis 0 has size 3, got 2 repeats");
  expect(() => ops.meshgrid([[1]])).toThrow("meshgrid: needs vectors, got shape [1, 1]");
});
