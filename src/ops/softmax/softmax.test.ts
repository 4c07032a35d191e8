import fc from "fast-check";
import { expect, test } from "vitest";
import { given, randomGiven, seeds, shapes } from "../../../test/contracts/given.ts";
import { opContract } from "../../../test/contracts/op-contract.ts";
import { tensor } from "../tensor.ts";
import { logSoftmax, softmax } from "./softmax.ts";

const cases = fc.tuple(shapes({ minRank: 1, maxRank: 4 }), seeds, fc.nat()).map(([shape, seed, pick]) => {
  const axis = (pick % (2 * shape.length)) - shape.length;
  return { args: [randomGiven(shape, seed), axis], batch: shape.length > 1 && axis % shape.length !== 0 ? [0] : [] };
});

opContract("softmax", softmax, {
  cases,
  examples: [
    [given([2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]), [0, 2]],
    [given([3], [100, 0, -100])],
    { args: [given([2, 4], [1e30, 1e30, -1e30, 0, -1e30, -1e30, -1e30, -1e30])], gradient: false },
    { args: [given([2, 3], [Number.NEGATIVE_INFINITY, 0, 1, Number.NaN, 1, 2])], gradient: false },
    [given([4, 1], [1, 2, 3, 4])],
    { args: [randomGiven([3, 70], 4), -1], batch: [0] },
    { args: [randomGiven([3, 9, 7], 4), 1], batch: [0] },
    { args: [randomGiven([3, 9, 7, 2], 4), [1, 2]], batch: [0] },
    [given([0, 3], [])],
    [given([3, 0], [])],
  ],
  // the error of e^x grows with |x|
  float32: { relative: 3e-6, absolute: 1e-44 },
});
opContract("logSoftmax", logSoftmax, {
  cases,
  examples: [
    [given([3], [100, 0, -100])],
    { args: [randomGiven([3, 70], 4), -1], batch: [0] },
    { args: [randomGiven([3, 9, 7], 4), 1], batch: [0] },
    [given([2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]), [0, 2]],
    { args: [given([2, 3], [Number.NEGATIVE_INFINITY, 0, 1, Number.NaN, 1, 2])], gradient: false },
  ],
  float32: { relative: 1e-6, absolute: 3e-7 },
});

// keras.ops 3.15.1 on JAX, float64
test("values are Keras's", () => {
  const x = tensor([0.5, -1.25, 2, 3, 0.75, -0.5], [2, 3], "float64");
  const both = [
    0.05130872699877753, 0.008916119823999893, 0.2299497610033808, 0.6250682567939905, 0.06588170956432288,
    0.018875425815528372,
  ];
  const logarithms = [
    -2.5788897342925496, -2.1269280110429727, -0.07888973429254956, -0.07888973429254956, -0.1269280110429726,
    -2.5788897342925496,
  ];
  for (const [k, value] of softmax(x, [0, 1]).dataSync().entries()) expect(value).toBeCloseTo(both[k] as number, 14);
  for (const [k, value] of logSoftmax(x, 0).dataSync().entries())
    expect(value).toBeCloseTo(logarithms[k] as number, 14);
});

test("integers are refused", () => {
  expect(() => softmax(tensor([1], [1], "int32"))).toThrowErrorMatchingInlineSnapshot(
    `[DTypeError: softmax: needs float32 or float64, got int32; cast it first: ops.cast(x, "float32")]`,
  );
  expect(() => softmax(tensor([1]), 1)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: softmax: axis 1 is out of range; axes of rank 1 go from -1 to 0]`,
  );
});
