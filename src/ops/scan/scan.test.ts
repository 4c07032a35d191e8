import fc from "fast-check";
import { expect, test } from "vitest";
import { given, shapes, tensors } from "../../../test/contracts/given.ts";
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
  [() => ops.cumsum(x), [0, 1, 3, 6, 10, 15]],
  [
    () => ops.cumsum(x, 0),
    [
      [0, 1, 2],
      [3, 5, 7],
    ],
  ],
  [
    () => ops.cumsum(m, -1),
    [
      [3, 4, 6],
      [1, 6, 7],
    ],
  ],
  [() => ops.cumsum([true, true, false, true]), [1, 2, 2, 3], "int32"],
  [() => ops.cumprod(m), [3, 3, 6, 6, 30, 30]],
  [
    () => ops.cumprod(m, 1),
    [
      [3, 3, 6],
      [1, 5, 5],
    ],
  ],
  [
    () => ops.cumprod(m, 0, "int32"),
    [
      [3, 1, 2],
      [3, 5, 2],
    ],
    "int32",
  ],
]);

const withAxis = tensors({}, shapes({ minRank: 1 })).chain((x) =>
  fc.tuple(fc.constant(x), fc.oneof(fc.constant(null), fc.integer({ min: -x.shape.length, max: x.shape.length - 1 }))),
);

opContract("cumsum", ops.cumsum, { cases: withAxis, float32: { relative: 1e-6, scale: 1e-7 } });
opContract("cumprod", ops.cumprod, {
  cases: tensors({ min: -1.5, max: 1.5 }, shapes({ minRank: 1, maxRank: 3, max: 6 })).map((x) => [x, -1]),
  examples: [[given([4], [2, 0, 3, 4])], [given([5], [2, 0, 3, 0, 4])], [given([2, 3], [0, 0, 2, 1, 2, 0]), 0]],
});

test("the sum of the whole is the last running sum, in float64", () => {
  const x = tensor(new Float32Array(100_000).fill(0.1));
  const last = ops.cumsum(x).dataSync().at(-1) as number;
  expect(Math.abs(last / (100_000 * Math.fround(0.1)) - 1)).toBeLessThan(1e-7);
});

test("refusals name the axis", () => {
  expect(() => ops.cumsum([1], 1)).toThrow("cumsum: axis 1 is out of range");
  expect(() => ops.cumprod([1], 0, "float" as never)).toThrow('cumprod: dtype "float" is unknown');
});
