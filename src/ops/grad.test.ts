import { afterEach, expect, test } from "vitest";
import { tidy } from "../core/scope.ts";
import { Tensor } from "../core/tensor.ts";
import { Variable } from "../core/variable.ts";
import { info, setDevice } from "../devices/current.ts";
import { add, multiply, power, subtract } from "./elementwise/binary.ts";
import { cos, exp, sin, square } from "./elementwise/unary.ts";
import { grad, valueAndGrad } from "./grad.ts";
import { reshape, stopGradient } from "./movement/reshape.ts";
import type { TensorLike } from "./op.ts";
import { sum } from "./reduce/sum.ts";
import { tensor } from "./tensor.ts";

afterEach(() => setDevice("wasm"));

const double = (values: number[]) => tensor(new Float64Array(values));

test("grad is the derivative, and grad of grad the second one", async () => {
  const x = double([0.3, -1.2, 2]);
  const f = (x: Tensor) => sum(multiply(sin(x), exp(x)));
  const first = (v: number) => Math.exp(v) * (Math.sin(v) + Math.cos(v));
  const second = (v: number) => 2 * Math.exp(v) * Math.cos(v);
  const close = (actual: number[], expected: number[]) => {
    for (const [index, value] of actual.entries()) expect(value).toBeCloseTo(expected[index] as number, 12);
  };
  close(await grad(f)(x).array(), [0.3, -1.2, 2].map(first));
  close(await grad((x) => sum(grad(f)(x)))(x).array(), [0.3, -1.2, 2].map(second));
  const third = (v: number) => 2 * Math.exp(v) * (Math.cos(v) - Math.sin(v));
  close(await grad((x) => sum(grad((x) => sum(grad(f)(x)))(x)))(x).array(), [0.3, -1.2, 2].map(third));
});

test("a tensor that is used often, on ways of different length, gets all its contributions", async () => {
  // y = x² · (x² + x) + x, so dy/dx = 4x³ + 3x² + 1
  const f = (x: Tensor) => {
    const s = square(x);
    return sum(add(multiply(s, add(s, x)), x));
  };
  expect(await grad(f)(double([2, -1])).array()).toEqual([4 * 8 + 3 * 4 + 1, -4 + 3 + 1]);
});

test("several arguments, arguments that do not matter, constants inside", async () => {
  const [dx, dy, dz] = grad((x: Tensor, y: Tensor, _z: Tensor) => sum(multiply(multiply(x, x), multiply(y, 3))))(
    double([2]),
    double([5]),
    double([7, 8]),
  );
  expect([await dx?.array(), await dy?.array(), await dz?.array()]).toEqual([[60], [12], [0, 0]]);
});

test("stopGradient, tidy and dispose inside the function do no harm", async () => {
  const f = (x: Tensor) =>
    tidy(() => {
      const s = square(x);
      const y = multiply(s, stopGradient(x));
      s.dispose();
      return sum(y);
    });
  expect(await grad(f)(double([3])).array()).toEqual([18]);
});

test("variables: value and gradients, nested recordings, other variables untouched", async () => {
  const w = new Variable(double([2, 3]), { name: "w" });
  const b = new Variable(double([1, 1]), { name: "b" });
  const x = double([10, 20]);
  const { value, gradients } = valueAndGrad((x: Tensor) => sum(add(multiply(square(w.value), x), b)), [w])(x);
  expect(await value.array()).toBe(4 * 10 + 9 * 20 + 2);
  expect(await gradients[0]?.array()).toEqual([40, 120]);
  // The square of the gradient's norm, differentiated again: d/dw Σ (2 w x)² = 8 w x².
  const norm = () => sum(square(valueAndGrad(() => sum(multiply(square(w), x)), [w])().gradients[0] as Tensor));
  expect(await valueAndGrad(norm, [w])().gradients[0]?.array()).toEqual([1600, 9600]);
  expect(w.value.node).toBeUndefined();
});

test("a variable assigned while a gradient is recorded keeps its old value for the backward pass", async () => {
  const w = new Variable(double([2]));
  const state = new Variable(double([5]), { trainable: false });
  const f = () => {
    const y = sum(multiply(w, state));
    state.assign(double([100]));
    return y;
  };
  expect(await valueAndGrad(f, [w])().gradients[0]?.array()).toEqual([5]);
  expect(await state.value.array()).toEqual([100]);
});

test.each(["wasm", "reference"] as const)("nothing is left behind on %s, also when the function throws", (device) => {
  setDevice(device);
  const before = info().memory.storages;
  const x = tensor([1, 2, 3]);
  grad((x) => sum(power(cos(x), 2)))(x).dispose();
  grad((x) => sum(grad((x) => sum(exp(x)))(x)))(x).dispose();
  const { value, gradients } = valueAndGrad((x: Tensor) => sum(subtract(x, 1)))(x);
  for (const each of [value, ...gradients]) each.dispose();
  expect(() =>
    grad((x) => {
      exp(x);
      throw new Error("mine");
    })(x),
  ).toThrow("mine");
  x.dispose();
  expect(info().memory.storages).toBe(before);
});

test("what has no gradient is refused", () => {
  using x = tensor([1, 2]);
  expect(() => grad((x) => square(x))(x)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: grad: the function must give a scalar, got shape [2]; sum or average it: ops.mean(y)]`,
  );
  expect(() => grad((_x: Tensor) => 3 as never)(x)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: grad: the function must give a scalar, got 3]`,
  );
  using integers = tensor([1, 2], [2], "int32");
  expect(() => grad((x) => sum(x))(integers)).toThrowErrorMatchingInlineSnapshot(
    `[DTypeError: grad: needs float32 or float64, got int32; cast it first: ops.cast(x, "float32")]`,
  );
});

test("a gradient has the shape of its argument, whatever was done to it", () => {
  using x = tensor([[1, 2, 3]]);
  using g = grad((x) => sum(add(reshape(x, [3, 1]), x)))(x);
  expect(g.shape).toEqual([1, 3]);
  expect(g.dataSync()).toEqual(new Float32Array([6, 6, 6]));
  expect(g).toBeInstanceOf(Tensor);
});

test("grad knows how many arguments the function has: one gradient, or a list", async () => {
  const one: Tensor = grad((x) => sum(multiply(x, x)))([1, 2]);
  const two: Tensor[] = grad((x, y) => sum(multiply(x, y)))([1, 2], [3, 4]);
  const like: Tensor = grad((x: TensorLike) => sum(multiply(x, x)))([1, 2]);
  expect(await Promise.all([one, like, ...two].map((each) => each.array()))).toEqual([
    [2, 4],
    [2, 4],
    [3, 4],
    [1, 2],
  ]);
  // @ts-expect-error the second argument is missing
  expect(() => grad((x: Tensor, y: Tensor) => sum(multiply(x, y)))([1, 2])).toThrow();
});
