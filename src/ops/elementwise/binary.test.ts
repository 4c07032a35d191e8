import { expect, test } from "vitest";
import { binaryContract } from "../../../test/contracts/elementwise.ts";
import { given, randomGiven } from "../../../test/contracts/given.ts";
import { opContract } from "../../../test/contracts/op-contract.ts";
import type { Tensor } from "../../core/tensor.ts";
import { grad } from "../grad.ts";
import { sum } from "../reduce/sum.ts";
import { tensor } from "../tensor.ts";
import {
  add,
  arctan2,
  divide,
  divideNoNan,
  floorDivide,
  hypot,
  logaddexp,
  maximum,
  minimum,
  mod,
  multiply,
  power,
  squaredDifference,
  subtract,
  trueDivide,
} from "./binary.ts";

const awayFrom0 = { away: [0], min: -3, max: 3 };
const positive = { min: 0.2, max: 3 };

opContract("add", add, binaryContract());
opContract("subtract", subtract, binaryContract());
opContract("multiply", multiply, binaryContract());
opContract("divide", divide, binaryContract({}, { min: 0.5, max: 3 }));
opContract("trueDivide", trueDivide, binaryContract({}, { min: 0.5, max: 3 }));
opContract("divideNoNan", divideNoNan, binaryContract({}, { min: 0.5, max: 3 }));
opContract("maximum", maximum, binaryContract({ min: -3, max: -0.1 }, { min: 0, max: 3 }));
opContract("minimum", minimum, binaryContract({ min: -3, max: -0.1 }, { min: 0, max: 3 }));
opContract("squaredDifference", squaredDifference, binaryContract());
opContract("arctan2", arctan2, binaryContract(awayFrom0, awayFrom0));
opContract("hypot", hypot, binaryContract(awayFrom0, awayFrom0));
// where the result is close to 0 it is the difference of larger numbers
opContract("logaddexp", logaddexp, { ...binaryContract(), float32: { relative: 1e-6, absolute: 2e-7 } });
opContract("power", power, {
  ...binaryContract(positive, { min: -2, max: 3 }),
  examples: binaryContract(positive, { min: -2, max: 3 }).examples?.slice(0, -2) ?? [],
  gradient32: { relative: 1e-5, scale: 4e-6, absolute: 1e-44 },
});
const whole = [given([6], [7, -7, 7, -7, 0, 6]), given([6], [3, 3, -3, -3, 5, -2])];
for (const rest of [2, 3]) {
  test(`power by the number ${rest} has the gradient of the general one`, async () => {
    const values = [-2, -0.5, 0, 1.5];
    const byNumber = grad((x) => sum(power(x, rest)))(tensor(values));
    expect(await byNumber.array()).toEqual(values.map((x) => Math.fround(rest * x ** (rest - 1))));
  });
}
opContract("mod", mod, {
  examples: [
    { args: whole, gradient: false },
    { args: [given([3], [7, -7, 5], "int32"), 3], gradient: false },
    [randomGiven([20], 3, { min: 0.2, max: 0.9 }), given([2, 1], [1, 5])],
    {
      args: [given([4], [Number.NaN, 1, Number.POSITIVE_INFINITY, 3]), given([4], [1, 0, 2, Number.POSITIVE_INFINITY])],
      gradient: false,
    },
  ],
});
opContract("floorDivide", floorDivide, {
  examples: [
    { args: whole, gradient: false },
    { args: [given([3], [7, -7, 5], "int32"), 3], gradient: false },
    [randomGiven([20], 3, { min: 0.2, max: 0.9 }), given([2, 1], [1, 5])],
  ],
});

test("remainders and whole quotients are Python's", async () => {
  const [x1, x2] = [tensor([7, -7, 7, -7]), tensor([3, 3, -3, -3])];
  expect(await mod(x1, x2).array()).toEqual([1, 2, -2, -1]);
  expect(await floorDivide(x1, x2).array()).toEqual([2, -3, -3, 2]);
});

test("numbers take the dtype of the tensor beside them", () => {
  const dtypeOf = (dtype: "int32" | "uint8" | "bool" | "float32" | "float64", number: number | number[]) =>
    add(tensor([1], [1], dtype), number).dtype;
  expect(dtypeOf("int32", 3)).toBe("int32");
  expect(dtypeOf("int32", 0.5)).toBe("float32");
  expect(dtypeOf("uint8", 3)).toBe("uint8");
  expect(dtypeOf("uint8", -3)).toBe("int32");
  expect(dtypeOf("bool", 1)).toBe("int32");
  expect(dtypeOf("float32", 3)).toBe("float32");
  expect(dtypeOf("float64", 0.1)).toBe("float64");
  expect(dtypeOf("float64", [0.1])).toBe("float64");
  expect(dtypeOf("int32", Number.POSITIVE_INFINITY)).toBe("float32");
  expect(divide(tensor([1], [1], "int32"), tensor([2], [1], "int32")).dtype).toBe("float32");
});

test("a number beside float64 keeps all its digits", async () => {
  expect(await add(tensor([0], [1], "float64"), 0.1).array()).toEqual([0.1]);
});

test("int32 sums wrap around as integers do", async () => {
  expect(await add(tensor([2147483647], [1], "int32"), 1).array()).toEqual([-2147483648]);
});

// jax.grad of Keras's functions on its JAX backend at ties
test("where both are equal, each gets half of the gradient", async () => {
  const x1 = tensor([0, 1, -2, 2]);
  const x2 = tensor([0, 1, 1, 3]);
  expect(await grad((x) => sum(maximum(x, x2)))(x1).array()).toEqual([0.5, 0.5, 0, 0]);
  expect(await grad((x) => sum(minimum(x, x2)))(x1).array()).toEqual([0.5, 0.5, 1, 1]);
});

test("0 to the power of 0 is 1 and has no slope", async () => {
  const [dx, dy] = grad((x: Tensor, y: Tensor) => sum(power(x, y)))(tensor([0]), tensor([0]));
  expect(await power(0, 0).array()).toBe(1);
  expect([await dx?.array(), await dy?.array()]).toEqual([[0], [0]]);
});

test("shapes that do not broadcast are refused", () => {
  expect(() => add(tensor([1, 2]), tensor([1, 2, 3]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: add: shapes [2] and [3] do not broadcast; aligned at the back, sizes must be equal or 1]`,
  );
});
