import fc from "fast-check";
import { expect, test } from "vitest";
import { given, randomGiven, seeds, shapes } from "../../../test/contracts/given.ts";
import { opContract } from "../../../test/contracts/op-contract.ts";
import { grad } from "../grad.ts";
import { sum } from "../reduce/sum.ts";
import { tensor } from "../tensor.ts";
import { normalize } from "./unit.ts";

opContract("normalize", normalize, {
  cases: fc
    .tuple(shapes({ minRank: 1, maxRank: 4, max: 5 }), seeds, fc.nat(), fc.integer({ min: 1, max: 4 }))
    .map(([shape, seed, pick, order]) => ({
      args: [randomGiven(shape, seed, { away: [0] }), (pick % shape.length) - shape.length * (pick % 2), order],
      batch: shape.length > 1 && pick % shape.length !== 0 ? [0] : [],
    })),
  examples: [
    [randomGiven([2, 3, 4], 1), [1, 2]],
    { args: [given([2, 2], [3, 4, 1e-20, 0])], gradient: false },
    { args: [given([2, 2], [0, 0, 1, 0])], gradient: false },
    [given([], [-2])],
    [randomGiven([2, 5], 1), -1, 2, 10],
  ],
  float32: { relative: 2e-6, absolute: 1e-44 },
  // of one element alone nothing is left: 1 / |x| − 1 / |x|, at least 0.05 from 0
  gradient32: { relative: 1e-5, scale: 1e-5, absolute: 1e-5 },
});

test("the gradient at a row of zeros is finite", async () => {
  const slope = grad((x) => sum(normalize(x, -1, 2, 0.5)))(tensor([[0, 0]]));
  expect(await slope.array()).toEqual([[2, 2]]);
});

test("refuses orders that are no norms", () => {
  expect(() => normalize(tensor([1]), -1, 0)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: normalize: order must be a whole number ≥ 1, got 0]`,
  );
  expect(() => normalize(tensor([1]), -1, 1.5)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: normalize: order must be a whole number ≥ 1, got 1.5]`,
  );
});
