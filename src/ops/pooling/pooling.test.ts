import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { given, randomGiven, seeds } from "../../../test/contracts/given.ts";
import { opContract } from "../../../test/contracts/op-contract.ts";
import { setDevice } from "../../devices/current.ts";
import { multiply } from "../elementwise/binary.ts";
import { grad } from "../grad.ts";
import { sum } from "../reduce/sum.ts";
import { tensor } from "../tensor.ts";
import { averagePool, maxPool } from "./pooling.ts";

const length = fc.integer({ min: 1, max: 4 });

/** Images of random rank and layout with windows that fit, values far enough from each other for a derivative. */
const cases = fc
  .tuple(
    fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), length, length), { minLength: 1, maxLength: 3 }),
    fc.constantFrom(1, 2, 3, 4, 5, 9),
    fc.constantFrom("valid", "same"),
    fc.constantFrom("channels_last", "channels_first"),
    fc.boolean(),
    seeds,
  )
  .map(([axes, channels, padding, format, plain, seed]) => {
    const size = axes.map(([extra, window]) => (padding === "valid" ? window + extra - 1 : extra));
    const shape = format === "channels_last" ? [2, ...size, channels] : [2, channels, ...size];
    const window = axes.map(([, length]) => length);
    const strides = plain ? null : axes.map(([, , stride]) => stride);
    const x = randomGiven(shape, seed, { distinct: true });
    return { args: [x, window, strides, padding, format], batch: [0] };
  });

const image = randomGiven([2, 4, 5, 3], 1, { distinct: true });
const examples = [
  [image, 2],
  [image, [2, 3], 1, "same"],
  [image, [4, 5]],
  [image, 1],
  [image, 7, 3, "same"],
  [randomGiven([1, 9, 1], 2, { distinct: true }), 3, 2, "same", "channels_first"],
  [randomGiven([1, 2, 3, 2, 4], 3, { distinct: true }), [1, 2, 2], [2, 1, 1]],
  [given([0, 4, 2], []), 2],
  [given([2, 4, 0], []), 2],
  [given([2, 0, 3], []), 2, 2, "same"],
];
const infinite = given([1, 4, 1], [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, 3, Number.POSITIVE_INFINITY]);
const huge = given([1, 4, 1], [1e-42, 1e-45, 100, -100]);

opContract("maxPool", maxPool, {
  cases,
  runs: 60,
  examples: [
    ...examples,
    { args: [infinite, 2], gradient: false },
    { args: [huge, 2], gradient: false },
    [given([1, 3, 1], [1, 5, 2], "int32"), 2],
  ],
});
opContract("averagePool", averagePool, {
  cases,
  runs: 60,
  examples: [
    ...examples,
    { args: [infinite, 2], gradient: false },
    { args: [huge, 2], gradient: false },
    [given([1, 3, 1], [1, 5, 2], "uint8"), 2],
  ],
  // sums of a few elements that may cancel
  float32: { relative: 1e-6, scale: 1e-6 },
});

describe.each(["reference", "wasm"] as const)("on %s", (device) => {
  const values = (x: readonly number[]) => tensor([...x], [1, x.length, 1]);
  const flat = (nested: number[][][]) => nested.flat(2);
  const maxima = (x: ReturnType<typeof values>) => maxPool(x, 3, 2, "same");
  const [nan, infinity] = [Number.NaN, Number.POSITIVE_INFINITY];

  // Outputs as real Keras 3.15 on JAX gives them; so are gradients where no window has a NaN.
  test.each([
    [[1, 1, 1, 1, 1, 1], [1, 1, 1], [1, 0, 1, 0, 1, 0], "the first of equal elements gets it all"],
    [[-infinity, -infinity, -infinity], [-infinity, -infinity], [1, 1, 0], "even where all are −∞"],
    [[1, nan, 3, 2, 1, 5], [nan, 3, 5], [0, 1, 1, 0, 0, 1], "NaN wins, and the first NaN gets the gradient"],
    [[0, 1, nan, 2, 3, 4], [nan, nan, 4], [0, 0, 2, 0, 0, 1], "in every window it is in"],
  ])("max of %j is %j, passing back %j: %s", (x, y, dx) => {
    setDevice(device);
    expect(flat(maxima(values(x)).arraySync())).toEqual(y);
    expect(flat(grad((each) => sum(maxima(each)))(values(x)).arraySync())).toEqual(dx);
    setDevice("wasm");
  });

  test("the average counts what is there, not the padding", () => {
    setDevice(device);
    const x = values([2, 4, 6]);
    expect(flat(averagePool(x, 2, 2, "same").arraySync())).toEqual([3, 6]);
    const weights = values([1, 10]);
    const dx = grad((each) => sum(multiply(averagePool(each, 2, 2, "same"), weights)))(x);
    expect(flat(dx.arraySync())).toEqual([0.5, 0.5, 10]);
    setDevice("wasm");
  });
});

test("a long average loses no digits", () => {
  const x = tensor(
    Float32Array.from({ length: 300 * 300 }, () => 0.1),
    [1, 300, 300, 1],
  );
  // One float32 sum of all 90,000 in a row is off by 3e-5.
  expect(Math.abs((averagePool(x, 300).dataSync()[0] as number) - 0.1)).toBeLessThan(1e-7);
});

test.each([
  ["a window that does not fit", () => maxPool(tensor([1, 2], [1, 2, 1]), 3)],
  ["a rank without space", () => averagePool(tensor([[1, 2]]), 2)],
  ["a window of none", () => maxPool(tensor([1, 2], [1, 2, 1]), 0)],
  ["too many strides", () => maxPool(tensor([1, 2], [1, 2, 1]), 2, [1, 1])],
  ["a padding it has not", () => maxPool(tensor([1, 2], [1, 2, 1]), 2, 2, "causal" as "same")],
])("refuses %s", (_what, act) => {
  expect(act).toThrowErrorMatchingSnapshot();
});
