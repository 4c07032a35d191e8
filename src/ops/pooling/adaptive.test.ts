import fc from "fast-check";
import { expect, test } from "vitest";
import { given, randomGiven, seeds } from "../../../test/contracts/given.ts";
import { opContract } from "../../../test/contracts/op-contract.ts";
import { tidy } from "../../core/scope.ts";
import { ones, tensor } from "../tensor.ts";
import { adaptiveAveragePool, adaptiveMaxPool } from "./adaptive.ts";
import { averagePool, maxPool } from "./pooling.ts";

const cases = fc
  .tuple(
    fc.array(fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 7 })), { minLength: 1, maxLength: 3 }),
    fc.constantFrom("channels_last", "channels_first"),
    seeds,
  )
  .map(([axes, format, seed]) => {
    const sizes = axes.map(([size]) => size);
    const shape = format === "channels_last" ? [2, ...sizes, 2] : [2, 2, ...sizes];
    return { args: [randomGiven(shape, seed, { distinct: true }), axes.map(([, count]) => count), format], batch: [0] };
  });

const integers = given([1, 5, 1], [1, 5, 2, 4, 3], "int32");

opContract("adaptiveMaxPool", adaptiveMaxPool, { cases, examples: [[integers, 3]] });
opContract("adaptiveAveragePool", adaptiveAveragePool, {
  cases,
  examples: [
    [integers, 3],
    // an infinity stays in its own windows
    { args: [given([1, 4, 1], [Number.POSITIVE_INFINITY, 1, 2, 3]), 2], gradient: false },
  ],
  float32: { relative: 1e-6, scale: 1e-6 },
});

test("where sizes divide, it is pooling with windows side by side", () => {
  tidy(() => {
    const x = tensor(
      Float32Array.from({ length: 2 * 6 * 4 * 3 }, (_, i) => Math.sin(i * i)),
      [2, 6, 4, 3],
    );
    expect(adaptiveMaxPool(x, [2, 2]).dataSync()).toEqual(maxPool(x, [3, 2]).dataSync());
    const expected = [...averagePool(x, [3, 2]).dataSync()].map((value) => expect.closeTo(value, 6));
    expect([...adaptiveAveragePool(x, [2, 2]).dataSync()]).toEqual(expected);
  });
});

test.each([
  ["no size", () => adaptiveMaxPool(ones([1, 3, 1]), 0)],
  ["sizes for another rank", () => adaptiveMaxPool(ones([1, 3, 1]), [2, 2])],
  ["rank 2", () => adaptiveAveragePool(ones([1, 3]), 2)],
  ["an empty axis", () => adaptiveAveragePool(ones([1, 0, 1]), 2)],
  ["an unknown format", () => adaptiveAveragePool(ones([1, 3, 1]), 2, "last" as never)],
])("refuses %s", (_name, act) => {
  expect(() => tidy(act)).toThrowErrorMatchingSnapshot();
});
