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
const m = tensor([
  [3, 1, 2],
  [1, 5, 1],
]);

kerasGives([
  [
    () => ops.concatenate([x, x], -1),
    [
      [0, 1, 2, 0, 1, 2],
      [3, 4, 5, 3, 4, 5],
    ],
  ],
  [
    () => ops.concatenate([x, m], 0),
    [
      [0, 1, 2],
      [3, 4, 5],
      [3, 1, 2],
      [1, 5, 1],
    ],
  ],
  [
    () => ops.stack([x, m], 1),
    [
      [
        [0, 1, 2],
        [3, 1, 2],
      ],
      [
        [3, 4, 5],
        [1, 5, 1],
      ],
    ],
  ],
  [
    () => ops.stack([x, m], -1),
    [
      [
        [0, 3],
        [1, 1],
        [2, 2],
      ],
      [
        [3, 1],
        [4, 5],
        [5, 1],
      ],
    ],
  ],
  [
    () => ops.pad(x, 1),
    [
      [0, 0, 0, 0, 0],
      [0, 0, 1, 2, 0],
      [0, 3, 4, 5, 0],
      [0, 0, 0, 0, 0],
    ],
  ],
  [
    () => ops.pad(x, [1, 2], "constant", 9),
    [
      [9, 9, 9, 9, 9, 9],
      [9, 0, 1, 2, 9, 9],
      [9, 3, 4, 5, 9, 9],
      [9, 9, 9, 9, 9, 9],
      [9, 9, 9, 9, 9, 9],
    ],
  ],
  [
    () =>
      ops.pad(
        x,
        [
          [1, 0],
          [2, 5],
        ],
        "reflect",
      ),
    [
      [5, 4, 3, 4, 5, 4, 3, 4, 5, 4],
      [2, 1, 0, 1, 2, 1, 0, 1, 2, 1],
      [5, 4, 3, 4, 5, 4, 3, 4, 5, 4],
    ],
  ],
  [
    () =>
      ops.pad(
        x,
        [
          [1, 3],
          [2, 5],
        ],
        "symmetric",
      ),
    [
      [1, 0, 0, 1, 2, 2, 1, 0, 0, 1],
      [1, 0, 0, 1, 2, 2, 1, 0, 0, 1],
      [4, 3, 3, 4, 5, 5, 4, 3, 3, 4],
      [4, 3, 3, 4, 5, 5, 4, 3, 3, 4],
      [1, 0, 0, 1, 2, 2, 1, 0, 0, 1],
      [1, 0, 0, 1, 2, 2, 1, 0, 0, 1],
    ],
  ],
  [
    () =>
      ops.pad(
        x,
        [
          [0, 1],
          [2, 1],
        ],
        "edge",
      ),
    [
      [0, 0, 0, 1, 2, 2],
      [3, 3, 3, 4, 5, 5],
      [3, 3, 3, 4, 5, 5],
    ],
  ],
]);

/** Several tensors that differ on one axis only. */
const joinable = fc
  .tuple(
    shapes({ minRank: 1 }),
    fc.array(fc.tuple(fc.nat({ max: 5 }), seeds), { minLength: 1, maxLength: 4 }),
    fc.nat(),
  )
  .map(([shape, sizes, pick]) => {
    const axis = pick % shape.length;
    return [sizes.map(([size, seed]) => randomGiven(shape.with(axis, size), seed)), axis - shape.length];
  });

opContract("concatenate", ops.concatenate, { cases: joinable });
opContract("stack", ops.stack, {
  cases: fc
    .tuple(shapes({ maxRank: 3 }), fc.array(seeds, { minLength: 1, maxLength: 4 }))
    .map(([shape, each]) => [each.map((seed) => randomGiven(shape, seed)), -1]),
});
opContract("pad", ops.pad, {
  cases: fc
    .tuple(
      tensors({}, shapes({ minRank: 1, maxRank: 3, max: 5 })),
      fc.array(fc.tuple(fc.nat({ max: 7 }), fc.nat({ max: 7 })), { minLength: 3, maxLength: 3 }),
      fc.constantFrom("constant", "edge", "reflect", "symmetric"),
    )
    .map(([x, widths, mode]) => [x, widths.slice(0, x.shape.length), mode]),
  examples: [[given([2, 2], [1, 2, 3, 4]), 1, "constant", -1.5]],
});

test("different dtypes meet in the larger one", () => {
  const y = ops.concatenate([tensor([1], [1], "int32"), tensor([0.5])]);
  expect([y.dtype, y.arraySync()]).toEqual(["float32", [1, 0.5]]);
});

test("refusals say what does not fit", () => {
  expect(() => ops.concatenate([])).toThrow("concatenate: needs a list of one tensor or more, got []");
  expect(() => ops.concatenate([[[1, 2]], [[1]]])).toThrow(
    "concatenate: input 1 has shape [1, 1], the first has [1, 2]; only axis 0 may differ",
  );
  expect(() => ops.stack([[1, 2], [1]])).toThrow("stack: input 1 has shape [1], the first has [2]");
  expect(() =>
    ops.pad(
      [1],
      [
        [1, 2],
        [3, 4],
      ],
    ),
  ).toThrow("pad: 2 widths for 1 axes");
  expect(() => ops.pad([1], 1, "mirror" as never)).toThrow('pad: mode must be "constant"');
  expect(() => ops.pad([1], 1, "edge", 3)).toThrow('pad: constantValues belong to mode "constant"');
  expect(() => ops.pad(tensor([]), 1, "edge")).toThrow("pad: axis 0 is empty");
});
