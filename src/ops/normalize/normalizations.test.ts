import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { given, randomGiven, seeds, shapes } from "../../../test/contracts/given.ts";
import { opContract } from "../../../test/contracts/op-contract.ts";
import { tensor } from "../tensor.ts";
import { batchNormalization, groupNormalization, layerNormalization, rmsNormalization } from "./normalizations.ts";

const shape = shapes({ minRank: 2, maxRank: 5, max: 4 });
const parameter = (size: number, seed: number) => randomGiven([size], seed, { min: 0.5, max: 2 });
/** Sums of float32 numbers around 0, of which little may be left. */
const bounds = {
  float32: { relative: 4e-6, absolute: 2e-6 },
  gradient32: { relative: 2e-5, scale: 2e-5, absolute: 2e-5 },
};

opContract("groupNormalization", groupNormalization, {
  ...bounds,
  cases: fc
    .tuple(shape, seeds, fc.integer({ min: 1, max: 3 }), fc.nat(), fc.boolean())
    .map(([sizes, seed, groups, pick, isAffine]) => {
      const axis = 1 + (pick % (sizes.length - 1));
      const whole = sizes.with(axis, (sizes[axis] as number) * groups);
      const channels = whole[axis] as number;
      const affine = isAffine ? [parameter(channels, seed + 1), parameter(channels, seed + 2)] : [null, null];
      return {
        args: [randomGiven(whole, seed), groups, ...affine, pick % 2 === 0 ? axis : axis - sizes.length],
        batch: [0],
      };
    }),
  examples: [
    { args: [randomGiven([3, 7, 8], 1), -1, parameter(8, 2), null], batch: [0] },
    { args: [randomGiven([2, 9, 12], 1), 4, null, parameter(12, 2), -1, 1e-5], batch: [0] },
    { args: [randomGiven([2, 6, 40], 1), 3, parameter(6, 2), parameter(6, 3), 1], batch: [0] },
    [given([0, 4], []), 2, parameter(4, 1), null],
  ],
});

opContract("layerNormalization", layerNormalization, {
  ...bounds,
  cases: fc.tuple(shape, seeds, fc.nat()).map(([sizes, seed, pick]) => {
    const axes = sizes.map((_, axis) => axis).filter((axis) => axis > 0 && (pick >> axis) & 1);
    const over = axes.length > 0 ? axes : [sizes.length - 1];
    const spanned = over.map((axis) => sizes[axis] as number);
    const affine = [1, 2].map((at) => (pick % 3 === at ? null : randomGiven(spanned, seed + at, { min: 0.5, max: 2 })));
    return { args: [randomGiven(sizes, seed), ...affine, over, 0.01], batch: [0] };
  }),
  examples: [
    { args: [randomGiven([3, 130], 1), parameter(130, 2), parameter(130, 3)], batch: [0] },
    { args: [randomGiven([3, 5, 33], 1), parameter(5, 2), parameter(5, 3), 1], batch: [0] },
    // parameters of the input's own rank, and in another order of axes with the same elements
    [randomGiven([2, 3, 4], 1), randomGiven([1, 3, 1], 2), null, [1, 2]],
    [randomGiven([2, 3, 4], 1), randomGiven([4, 3], 2), null, [1, -1]],
  ],
});

opContract("rmsNormalization", rmsNormalization, {
  ...bounds,
  cases: fc.tuple(shape, seeds, fc.nat()).map(([sizes, seed, pick]) => {
    const axis = 1 + (pick % (sizes.length - 1));
    const scale = pick % 3 === 0 ? null : parameter(sizes[axis] as number, seed + 1);
    return { args: [randomGiven(sizes, seed), scale, axis, 0.01], batch: [0] };
  }),
  examples: [
    { args: [randomGiven([3, 130], 1), parameter(130, 2)], batch: [0] },
    [randomGiven([2, 3, 4], 1), randomGiven([3, 4], 2), [1, 2]],
  ],
});

opContract("batchNormalization", batchNormalization, {
  ...bounds,
  cases: fc.tuple(shape, seeds, fc.nat()).map(([sizes, seed, pick]) => {
    const axis = 1 + (pick % (sizes.length - 1));
    const size = sizes[axis] as number;
    const affine = [3, 4].map((at) => (pick % at === 0 ? null : parameter(size, seed + at)));
    return {
      args: [randomGiven(sizes, seed), randomGiven([size], seed + 1), parameter(size, seed + 2), axis, ...affine],
      batch: [0],
    };
  }),
  examples: [
    {
      args: [randomGiven([40, 3], 1), parameter(3, 2), parameter(3, 3), -1, parameter(3, 4), parameter(3, 5), 0.1],
      batch: [0],
    },
    { args: [randomGiven([2, 3, 70], 1), parameter(3, 2), parameter(3, 3), 1, null, null], batch: [0] },
    { args: [randomGiven([3, 70], 1), parameter(70, 2), parameter(70, 3), 1], batch: [0] },
  ],
});

describe("refuses", () => {
  const x = tensor(new Float32Array(2 * 3 * 64), [2, 3, 64]);
  const ones = (...sizes: number[]) => tensor(new Float32Array(sizes.reduce((a, b) => a * b)).fill(1), sizes);
  test.each([
    ["groups that do not divide", () => groupNormalization(x, 12)],
    ["more groups than channels", () => groupNormalization(x, 128)],
    ["no groups", () => groupNormalization(x, 0)],
    ["half a group", () => groupNormalization(x, 1.5)],
    ["groups of a prime", () => groupNormalization(x, 2, null, null, 1)],
    ["the batch as channels", () => groupNormalization(x, 1, null, null, 0)],
    ["an axis that does not exist", () => groupNormalization(x, 1, null, null, 3)],
    ["a gamma for each group", () => groupNormalization(x, 2, ones(2))],
    ["a gamma of another size", () => layerNormalization(x, ones(3))],
    ["a beta that spans other axes", () => layerNormalization(x, null, ones(2, 3), [1, 2])],
    ["axes twice", () => layerNormalization(x, null, null, [2, -1])],
    ["a scale of another size", () => rmsNormalization(x, ones(65))],
    ["a mean of another size", () => batchNormalization(x, ones(3), ones(64), -1)],
    ["integers", () => rmsNormalization(tensor([1, 2], [2], "int32"))],
  ])("%s", (_name, act) => {
    expect(act).toThrowErrorMatchingSnapshot();
  });
});
