import fc from "fast-check";
import { expect, test } from "vitest";
import { given, shapes, tensors } from "../../../test/contracts/given.ts";
import { kerasGives } from "../../../test/contracts/keras-gives.ts";
import { opContract } from "../../../test/contracts/op-contract.ts";
import * as ops from "../index.ts";
import { tensor } from "../tensor.ts";

const m = tensor([
  [3, 1, 2],
  [1, 5, 1],
]);

kerasGives([
  [
    () => ops.sort(m),
    [
      [1, 2, 3],
      [1, 1, 5],
    ],
  ],
  [
    () => ops.sort(m, 0),
    [
      [1, 1, 1],
      [3, 5, 2],
    ],
  ],
  [
    () => ops.sort([3, Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 0]),
    [Number.NEGATIVE_INFINITY, 0, 3, Number.POSITIVE_INFINITY, Number.NaN],
  ],
  [
    () => ops.argsort(m),
    [
      [1, 2, 0],
      [0, 2, 1],
    ],
    "int32",
  ],
  [() => ops.argsort([3, Number.NaN, 1, Number.NaN, 3]), [2, 0, 4, 1, 3], "int32"],
  [() => ops.argsort(m, null), [1, 3, 5, 2, 0, 4], "int32"],
  [
    () => ops.topK(m, 2),
    [
      [
        [3, 2],
        [5, 1],
      ],
      [
        [0, 2],
        [1, 0],
      ],
    ],
  ],
  [() => ops.searchsorted([1, 2, 2, 4], [0, 2, 3, 5]), [0, 1, 3, 4], "int32"],
  [() => ops.searchsorted([1, 2, 2, 4], [0, 2, 3, 5], "right"), [0, 3, 3, 4], "int32"],
  [() => ops.searchsorted([1, 2, Number.NaN], [Number.NaN, 3]), [2, 2], "int32"],
]);

const withAxis = tensors({ distinct: true }, shapes({ minRank: 1, maxRank: 3 })).chain((x) =>
  fc.tuple(fc.constant(x), fc.integer({ min: -x.shape.length, max: x.shape.length - 1 })),
);

opContract("sort", ops.sort, {
  cases: withAxis,
  examples: [[given([2, 3], [3, 1, 2, 6, 5, 4]), null], [given([], [2])]],
});
opContract("argsort", ops.argsort, { cases: withAxis, derivatives: "none" });
opContract("topK", ops.topK, {
  cases: fc
    .tuple(tensors({ distinct: true }, shapes({ minRank: 1, maxRank: 2, max: 40 })), fc.nat())
    .map(([x, k]) => [x, k % ((x.shape.at(-1) as number) + 1)]),
});
opContract("searchsorted", ops.searchsorted, {
  cases: tensors().map((values) => [given([4], [-1, 0, 0, 2]), values, "right"]),
  derivatives: "none",
});

test("orders as the engine's own sort does, with many equal elements", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 200 }), fc.nat(200), (values, count) => {
      const wanted = [...values.keys()].sort((a, b) => (values[a] as number) - (values[b] as number));
      expect(ops.argsort(tensor(values)).arraySync()).toEqual(wanted);
      const k = Math.min(count, values.length);
      const largest = [...values.keys()].sort((a, b) => (values[b] as number) - (values[a] as number)).slice(0, k);
      expect(ops.topK(tensor(values), k)[1].arraySync()).toEqual(largest);
    }),
  );
});

test("long lines are ordered the same: both zeros are equal, infinities at the ends, NaN behind them", () => {
  const some = [0, -0, 1e-42, -1e-42, 3, -3, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
  const values = Array.from({ length: 700 }, (_, index) => some[(index * 5) % some.length] as number);
  const rank = (value: number) => (Number.isNaN(value) ? some.length : some.filter((each) => each < value).length);
  const wanted = [...values.keys()].sort((a, b) => rank(values[a] as number) - rank(values[b] as number));
  expect(ops.argsort(tensor(values)).arraySync()).toEqual(wanted);
  const largest = [...values.keys()].sort((a, b) => rank(values[b] as number) - rank(values[a] as number));
  expect(ops.topK(tensor(values), 700)[1].arraySync()).toEqual(largest);
  expect(ops.topK(tensor(values), 30)[1].arraySync()).toEqual(largest.slice(0, 30));
});

test("NaN is the largest number", () => {
  const x = tensor([1, Number.NaN, 3, Number.POSITIVE_INFINITY]);
  expect(ops.topK(x, 3)[1].arraySync()).toEqual([1, 3, 2]);
  expect(ops.sort(x).arraySync()).toEqual([1, 3, Number.POSITIVE_INFINITY, Number.NaN]);
});

test("refusals say what was wrong", () => {
  expect(() => ops.topK([1, 2], 3)).toThrow("topK: k is 3, but the last axis of shape [2] has only 2");
  expect(() => ops.sort([1], 1)).toThrow("sort: axis 1 is out of range");
  expect(() => ops.searchsorted([[1]], [1])).toThrow(
    "searchsorted: the sorted sequence must be a vector, got shape [1, 1]",
  );
  expect(() => ops.searchsorted([1], [1], "middle" as never)).toThrow('searchsorted: side must be "left" or "right"');
});
