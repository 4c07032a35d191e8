import fc from "fast-check";
import { expect, test } from "vitest";
import { given, randomGiven, randomIntegers, type Spread, seeds, shapes } from "../../../test/contracts/given.ts";
import { type OpCase, type OpContract, opContract } from "../../../test/contracts/op-contract.ts";
import type { Tensor } from "../../core/tensor.ts";
import { info } from "../../devices/current.ts";
import { cast } from "../elementwise/cast.ts";
import { grad } from "../grad.ts";
import { tensor } from "../tensor.ts";
import * as reduce from "./reduce.ts";
import { sum, sumTo } from "./sum.ts";

/** A shape, some of its axes, whether to keep them; the batch is the first axis where that is kept. */
function reductions(spread: Spread, ofShape = shapes({ maxRank: 5, max: 5 })): fc.Arbitrary<OpCase> {
  return fc.tuple(ofShape, seeds, fc.nat(), fc.boolean()).map(([shape, seed, bits, keepdims]) => {
    const chosen = shape.flatMap((_, axis) =>
      (bits >> axis) & 1 ? [(bits >> 8) & 1 ? axis : axis - shape.length] : [],
    );
    const axis = chosen.length === 0 ? null : chosen.length === 1 ? chosen[0] : chosen;
    const keepsFirst = shape.length > 0 && chosen.length > 0 && !(bits & 1);
    return { args: [randomGiven(shape, seed, spread), axis, keepdims], batch: keepsFirst ? [0] : [] };
  });
}

const distinct = { distinct: true };
const large = (shape: number[], mean: number) => {
  const { values } = randomGiven(shape, 3, { min: -0.5, max: 0.5 });
  return given(
    shape,
    values.map((value) => value + mean),
  );
};

/** Long runs and wide rows, more than the kernel takes at once, with every alternation of roles. */
const wide = (spread: Spread): OpCase[] => [
  { args: [randomGiven([3, 700], 1, spread), 1], batch: [0] },
  { args: [randomGiven([19, 300], 1, spread), 0] },
  { args: [randomGiven([2, 17, 37], 1, spread), 1], batch: [0] },
  // long enough to be cut into parts
  { args: [randomGiven([2, 2050, 3], 1, spread), 1], batch: [0] },
  { args: [randomGiven([6, 700], 1, spread), null] },
  { args: [randomGiven([3, 5, 2, 7, 3], 1, spread), [1, 3]], batch: [0] },
  { args: [randomGiven([3, 5, 2, 7, 3], 1, spread), [0, 2, 4]] },
  { args: [randomGiven([2, 1, 9, 1, 33], 1, spread), [1, 2]], batch: [0] },
  { args: [randomGiven([40, 1], 1, spread), 0] },
];

function contract(spread: Spread = {}, more: readonly OpCase[] = []): OpContract {
  return {
    cases: reductions(spread),
    examples: [
      ...wide(spread),
      { args: [given([2, 3], [1, Number.NaN, 3, 4, Number.POSITIVE_INFINITY, 6]), 1], gradient: false },
      { args: [randomIntegers([3, 4], 1, -5, 5), 0], gradient: false },
      { args: [randomIntegers([3, 4], 1, 0, 255, "uint8"), 1], gradient: false },
      { args: [randomIntegers([3, 4], 1, 0, 1, "bool"), null, true], gradient: false },
      ...more,
    ],
    runs: 20,
    // sums of numbers of both signs
    float32: { relative: 1e-6, scale: 3e-7, absolute: 1e-6 },
    gradient32: { relative: 1e-5, scale: 3e-6, absolute: 1e-44 },
  };
}

opContract("sum", sum, contract({}, [{ args: [given([0, 3], []), 0] }, { args: [given([3, 0], []), 0] }]));
opContract("mean", reduce.mean, contract({}, [{ args: [large([7, 50], 1e5), 1] }]));
opContract("max", reduce.max, contract(distinct));
opContract("min", reduce.min, contract(distinct));
opContract("amax", reduce.amax, contract(distinct));
opContract("amin", reduce.amin, contract(distinct));
opContract("prod", reduce.prod, contract({ min: 0.6, max: 1.4 }));
opContract("variance", reduce.variance, {
  ...contract(),
  examples: [...(contract().examples ?? []), { args: [large([7, 50], 1e5), 1] }, { args: [large([50, 7], 3e5), 0] }],
});
opContract("var", reduce.var, { examples: [[randomGiven([3, 4], 1), 1]] });
const atLeastTwo = shapes({ minRank: 1, maxRank: 3, min: 2 }).map((shape) => [...shape, 3]);
opContract("std", reduce.std, {
  ...contract(),
  cases: fc.tuple(atLeastTwo, seeds).map(([shape, seed]) => [randomGiven(shape, seed, distinct), -1]),
  examples: [{ args: [large([7, 50], 1e5), 1] }],
});
opContract("moments", reduce.moments, {
  ...contract(),
  examples: [
    [randomGiven([3, 4, 5], 1), [0, 2]],
    [randomGiven([3, 4, 5], 1), -1, true],
  ],
});
const reals: OpContract = {
  cases: reductions({}),
  examples: [
    ...wide({}),
    { args: [given([3, 2], [1e30, 1e30, -1e30, 5, 100, -100]), 1], gradient: false },
    {
      args: [given([2, 2], [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 0]), 1],
      gradient: false,
    },
  ],
  float32: { relative: 1e-6, absolute: 1e-6 },
  gradient32: { relative: 1e-5, scale: 3e-6, absolute: 1e-44 },
};
opContract("logsumexp", reduce.logsumexp, reals);
opContract("any", reduce.any, { ...contract(), derivatives: "none" });
opContract("all", reduce.all, { ...contract(), derivatives: "none" });
opContract("countNonzero", reduce.countNonzero, {
  examples: [
    { args: [randomIntegers([3, 4], 1, 0, 2), 1], gradient: false },
    { args: [given([2, 2], [0, 1, Number.NaN, 0])], gradient: false },
  ],
});
for (const ord of [null, 2, 1, 3, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
  opContract("norm", reduce.norm, {
    cases: fc.tuple(atLeastTwo, seeds).map(([shape, seed]) => {
      const { values } = randomGiven(shape, seed, { min: 0.2, max: 2, distinct: true });
      return [
        given(
          shape,
          values.map((value, index) => (index % 3 ? value : -value)),
        ),
        ord,
        -1,
      ];
    }),
    runs: 6,
  });
}
opContract("norm", reduce.norm, {
  examples: ["fro", 1, -1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((ord) => [
    randomGiven([2, 3, 4], 5, { min: 0.2, max: 2, distinct: true }),
    ord,
    [1, 2],
    true,
  ]),
});
const indices: OpContract = {
  cases: fc
    .tuple(shapes({ minRank: 1 }), seeds, fc.nat(), fc.boolean())
    .map(([shape, seed, axis, keepdims]) => [
      randomIntegers(shape, seed, 0, 4),
      axis % (shape.length + 1) === shape.length ? null : axis % shape.length,
      keepdims,
    ]),
  examples: [{ args: [given([2, 3], [1, Number.NaN, 3, 4, 4, 1]), 1], gradient: false }],
};
opContract("argmax", reduce.argmax, indices);
opContract("argmin", reduce.argmin, indices);

// keras.ops 3.15.1 on JAX, float64
test("values are Keras's", () => {
  const x = tensor([0.5, -1.25, 2, 3, 0.75, -0.5], [2, 3], "float64");
  const [mean, variance] = reduce.moments(x, [0]);
  const pairs: [Tensor, number[]][] = [
    [reduce.logsumexp(x, 1), [2.2326219831020326, 3.1271581586310475]],
    [reduce.variance(x, 0), [1.5625, 1, 1.5625]],
    [reduce.std(x, 1, true), [1.3281147875424357, 1.4481789330818973]],
    [mean, [1.75, -0.25, 0.75]],
    [variance, [1.5625, 1, 1.5625]],
    [reduce.prod(x, 1), [-1.25, -1.125]],
    [reduce.countNonzero(x, 0), [2, 2, 2]],
    [reduce.argmax(x), [3]],
    [reduce.norm(x), [3.9528470039367676]],
    [reduce.norm(x, null, 1), [2.4109127521514893, 3.132491111755371]],
    [reduce.norm(x, 3, 1), [2.1600306034088135, 3.0201194286346436]],
    [reduce.norm(x, 0, 1), [3, 3]],
    [reduce.norm(x, "fro", [0, 1]), [3.9528470039367676]],
    [reduce.norm(x, 1, [0, 1]), [3.5]],
    [reduce.norm(x, Number.POSITIVE_INFINITY, [0, 1]), [4.25]],
    [reduce.norm(x, -1, [0, 1]), [2]],
  ];
  for (const [index, [got, want]] of pairs.entries()) {
    const values = got.dataSync();
    expect(values.length).toBe(want.length);
    // Keras rounds some of these to float32 on the way
    for (const [k, value] of want.entries()) expect(values[k], `${index}`).toBeCloseTo(value, 6);
  }
});

test("a million elements are summed to the last digit or so", () => {
  for (const shape of [[1e6], [1e6, 1], [1000, 1000]]) {
    const x = tensor(new Float32Array(1e6).fill(0.1), shape);
    const want = Math.fround(0.1) * 1e6;
    const total = sum(x).dataSync()[0] as number;
    expect(Math.abs(total - want) / want).toBeLessThan(1e-7);
    for (const column of sum(x, 0).dataSync()) {
      const share = want / sizeOfRow(shape);
      expect(Math.abs(column - share) / share).toBeLessThan(1e-7);
    }
  }
});

function sizeOfRow(shape: readonly number[]): number {
  return shape.length === 1 ? 1 : (shape[1] as number);
}

test("variance at a large mean keeps its digits", async () => {
  // 300000 ± 0.5 in float32, exactly; the variance of ±0.5 is 0.25
  const x = tensor(Float32Array.from({ length: 1000 }, (_, index) => 300000 + (index % 2 ? 0.5 : -0.5)));
  expect(await reduce.variance(x).array()).toBe(0.25);
  expect(await reduce.variance(tensor(new Float32Array(1000).fill(12345.678))).array()).toBe(0);
});

// jax.grad of Keras's functions on its JAX backend
test("extremes share their gradient where several are equal, products have one beside zeros", async () => {
  expect(await grad((x) => reduce.max(x))(tensor([1, 3, 3, 0])).array()).toEqual([0, 0.5, 0.5, 0]);
  expect(await grad((x) => reduce.min(x))(tensor([1, 3, 3, 0])).array()).toEqual([0, 0, 0, 1]);
  expect(await grad((x) => reduce.prod(x))(tensor([1, 3, 3, 0])).array()).toEqual([0, 0, 0, 9]);
  expect(await grad((x) => reduce.prod(x))(tensor([1, 0, 0, 2])).array()).toEqual([0, 0, 0, 0]);
});

test("sumTo undoes broadcasting", async () => {
  const x = tensor([1, 2, 3, 4, 5, 6], [2, 3]);
  expect(await sumTo(x, [3]).array()).toEqual([5, 7, 9]);
  expect(await sumTo(x, [2, 1]).array()).toEqual([[6], [15]]);
  expect(await sumTo(x, []).array()).toBe(21);
});

test("bad axes and orders are refused, and nothing is left behind", () => {
  using x = tensor([[1, 2]]);
  using empty = tensor([[], []]);
  using whole = cast(x, "int32");
  const { storages } = info().memory;
  expect(() => sum(x, 2)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: sum: axis 2 is out of range; axes of rank 2 go from -2 to 1]`,
  );
  expect(() => sum(x, [0, -2])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: sum: axes [0, -2] name an axis of rank 2 twice; name each once]`,
  );
  expect(() => reduce.max(empty, 1)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: max: shape [2, 0] has no elements along axes [1]]`,
  );
  expect(() => reduce.argmax(empty)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: argmax: shape [2, 0] has no elements along axes [0, 1]]`,
  );
  expect(() => reduce.norm(x, 2, [0, 1])).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: norm: order 2 is not known over 2 axes; vectors take numbers, matrices take "fro", 1, -1, Infinity, -Infinity]`,
  );
  expect(() => reduce.logsumexp(whole)).toThrowErrorMatchingInlineSnapshot(
    `[DTypeError: logsumexp: needs float32 or float64, got int32; cast it first: ops.cast(x, "float32")]`,
  );
  expect(info().memory.storages).toBe(storages);
});
