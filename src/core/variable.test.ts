import { expect, test } from "vitest";
import { info } from "../devices/current.ts";
import { tensor } from "../ops/tensor.ts";
import { transaction, Variable } from "./variable.ts";

test("a variable keeps its own hold on the values", () => {
  const before = info().memory.storages;
  const value = tensor([1, 2]);
  const variable = new Variable(value, { name: "v" });
  value.dispose();
  expect(variable.value.dataSync()).toEqual(new Float32Array([1, 2]));
  using next = tensor([3, 4]);
  variable.assign(next);
  expect(variable.value.dataSync()).toEqual(new Float32Array([3, 4]));
  variable.dispose();
  next.dispose();
  expect(info().memory.storages).toBe(before);
  expect(() => variable.value).toThrowErrorMatchingInlineSnapshot(
    `[DisposedError: Variable "v" was used after it was disposed]`,
  );
});

test("what is no tensor is refused", () => {
  expect(() => new Variable([1, 2] as never)).toThrowErrorMatchingInlineSnapshot(
    `[DTypeError: new Variable: takes a tensor, got [1, 2]; make one: tensor(…)]`,
  );
  using value = tensor([1, 2]);
  using variable = new Variable(value, { name: "v" });
  expect(() => variable.assign([3, 4] as never)).toThrowErrorMatchingInlineSnapshot(
    `[DTypeError: Variable "v": assign: takes a tensor, got [3, 4]; make one: tensor(…)]`,
  );
});

test("values of another shape or dtype are refused", () => {
  using value = tensor([1, 2]);
  using variable = new Variable(value, { name: "v" });
  using longer = tensor([1, 2, 3]);
  using integers = tensor([1, 2], [2], "int32");
  expect(() => variable.assign(longer)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: Variable "v" holds [2] float32, cannot take [3] float32]`,
  );
  expect(() => variable.assign(integers)).toThrow("cannot take [2] int32");
});

test("a transaction that fails leaves every variable as it was", () => {
  const before = info().memory.storages;
  const [one, two, three] = [tensor([1]), tensor([2]), tensor([3])];
  const [a, b] = [new Variable(one), new Variable(two)];
  expect(() =>
    transaction([a, b], () => {
      a.assign(three);
      throw new Error("halfway");
    }),
  ).toThrow("halfway");
  expect([a.value.dataSync()[0], b.value.dataSync()[0]]).toEqual([1, 2]);
  transaction([a, b], () => a.assign(three));
  expect(a.value.dataSync()[0]).toBe(3);
  for (const each of [a, b, one, two, three]) each.dispose();
  expect(info().memory.storages).toBe(before);
});
