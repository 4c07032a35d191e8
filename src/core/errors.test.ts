import { expect, test } from "vitest";
import { didYouMean, nearNames, OptionError, show, VarveError } from "./errors.ts";

test("near names find slips and other spellings, and nothing far off", () => {
  const names = ["relu", "leaky_relu", "gelu", "sigmoid", "softmax"];
  expect(nearNames("Relu", names)).toEqual(["relu", "gelu"]);
  expect(nearNames("leakyReLU", names)[0]).toBe("leaky_relu");
  expect(nearNames("sigmod", names)).toEqual(["sigmoid"]);
  expect(nearNames("adma", ["SGD", "Adam", "Lamb"])).toEqual(["Adam"]);
  expect(nearNames("transformer", names)).toEqual([]);
  expect(didYouMean("sofmax", names)).toBe('did you mean "softmax"?');
  expect(didYouMean("xyz", ["a", "b"])).toBe('known are "a", "b"');
});

test("values are shown short", () => {
  expect(show("a")).toBe('"a"');
  expect(show(1n)).toBe("1n");
  expect(show([1, Number.NaN, [null]])).toBe("[1, NaN, [null]]");
  expect(show(new Float32Array(3))).toBe("Float32Array(3)");
  expect(show({ a: 1, b: 2 })).toBe("{a, b}");
  expect(show(function named() {})).toBe("function named");
  expect(show(new Map())).toBe("a Map");
  expect(show(Array.from({ length: 20 }, (_, index) => index))).toBe("[0, 1, 2, 3, 4, 5, 6, 7, …]");
});

test("errors are named, and all of one family", () => {
  const error = new OptionError("x");
  expect(error).toBeInstanceOf(VarveError);
  expect(error.name).toBe("OptionError");
});
