import { expect, test } from "vitest";
import { given, tensors } from "../../../test/contracts/given.ts";
import { kerasGives } from "../../../test/contracts/keras-gives.ts";
import { opContract } from "../../../test/contracts/op-contract.ts";
import { grad } from "../grad.ts";
import * as ops from "../index.ts";
import { tensor } from "../tensor.ts";

const x = tensor([
  [0, 1, 2],
  [3, 4, 5],
]);

kerasGives([
  [
    () => ops.expandDims(x, [0, -1]),
    [
      [
        [[0], [1], [2]],
        [[3], [4], [5]],
      ],
    ],
  ],
  [
    () => ops.squeeze(ops.reshape(x, [1, 2, 3, 1]), -1),
    [
      [
        [0, 1, 2],
        [3, 4, 5],
      ],
    ],
  ],
  [() => ops.ravel(x), [0, 1, 2, 3, 4, 5]],
]);

opContract("reshape", ops.reshape, {
  cases: tensors().map((x) => [x, [-1]]),
  examples: [
    [given([2, 3], [1, 2, 3, 4, 5, 6]), [3, -1]],
    [given([0, 3], []), [3, 0]],
  ],
});
opContract("copy", ops.copy, { cases: tensors().map((x) => [x]) });
opContract("ravel", ops.ravel, { cases: tensors().map((x) => [x]) });
opContract("expandDims", ops.expandDims, { cases: tensors().map((x) => [x, [0, -1]]) });
opContract("squeeze", ops.squeeze, { cases: tensors().map((x) => [x]) });
opContract("stopGradient", ops.stopGradient, { cases: tensors().map((x) => [x]), derivatives: "none" });

test("stopGradient stops the gradient", () => {
  const slope = grad((x) => ops.sum(ops.multiply(x, ops.stopGradient(x))))(tensor([3, -2]));
  expect(slope.arraySync()).toEqual([3, -2]);
});

test("refusals say what was wrong", () => {
  expect(() => ops.reshape([1, 2, 3], [2, -1])).toThrow("reshape: [3] has 3 elements, which do not fill [2, -1]");
  expect(() => ops.reshape([1, 2], [-1, -1])).toThrow("one of which may be -1");
  expect(() => ops.squeeze([[1, 2]], 1)).toThrow("squeeze: axis 1 of shape [1, 2] is not of size 1");
  expect(() => ops.expandDims([1], 2)).toThrow("expandDims: axis 2 is out of range");
});
