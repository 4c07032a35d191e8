import { expect, test, vi } from "vitest";
import type { Tensor } from "../../core/tensor.ts";
import { info } from "../../devices/current.ts";
import { multiply } from "../../ops/elementwise/binary.ts";
import { ones } from "../../ops/tensor.ts";
import { input } from "./input-layer.ts";
import { Lambda, lambda } from "./lambda.ts";
import { Masking } from "./masking.ts";

const double = (x: Tensor): Tensor => multiply(x, 2);

test("computes with its arguments, the mask and whether this is training", () => {
  const before = info().memory.storages;
  const seen: unknown[] = [];
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const layer = lambda({
    function: (x, { training, mask, factor }) => {
      seen.push(training, mask?.arraySync());
      return multiply(x, factor as number);
    },
    arguments: { factor: 3 },
  });
  const masked = new Masking().apply([[[1], [0]]]);
  const y = layer.apply(masked, { training: true });
  expect(y.arraySync()).toEqual([[[3], [0]]]);
  expect(y.mask).toBeUndefined();
  expect(warn.mock.calls.flat()).toEqual(['varve: Lambda "lambda" got a mask but does not use masks; it ends here']);
  warn.mockRestore();
  expect(seen).toEqual([true, [[true, false]]]);
  y.dispose();
  masked.dispose();
  expect(info().memory.storages).toBe(before);
});

test("gives the mask that its mask function gives", () => {
  const layer = lambda({ function: double, mask: (_x, { mask }) => mask as never });
  const masked = new Masking().apply([[[1], [0]]]);
  const y = layer.apply(masked);
  expect(y.mask?.arraySync()).toEqual([[true, false]]);
  for (const each of [y, masked]) each.dispose();
});

test("takes symbolic tensors, several inputs, and works out shapes by itself", () => {
  const sum = lambda({ function: ([a, b]) => multiply(a, b) });
  expect(sum.apply([input({ shape: [3] }), input({ shape: [1] })]).shape).toEqual([null, 3]);
  expect(lambda({ function: double }).computeOutputShape([null, 2])).toEqual([null, 2]);
});

test("a registered function has a name in the config", () => {
  Lambda.register("double", double);
  const layer = lambda({ function: "double", name: "twice" });
  const config = layer.getConfig();
  expect(config.function).toEqual({
    module: "builtins",
    class_name: "function",
    config: "double",
    registered_name: "double",
  });
  expect(Object.keys(config)).not.toContain("mask");
  const again = Lambda.fromConfig(config);
  const y = again.apply([1, 2]);
  expect(y.arraySync()).toEqual([2, 4]);
  y.dispose();
});

test.each([
  ["no function", () => lambda({} as never)],
  ["a function that nobody registered", () => lambda({ function: "doubel" })],
  ["a config of a function without a name", () => lambda({ function: () => ones([1]) }).getConfig()],
  ["Python code", () => Lambda.fromConfig({ function: { class_name: "__lambda__", config: { code: "4wEA" } } })],
  ["another shape than outputShape", () => lambda({ function: double, outputShape: [3] }).apply([[1, 2]])],
])("refuses %s", (_what, act) => {
  expect(act).toThrowErrorMatchingSnapshot();
});
