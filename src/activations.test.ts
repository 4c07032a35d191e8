/**
 * The activations against real Keras, values and gradients, and the names by which layers know them.
 */
import { describe, expect, test } from "vitest";
import { readGoldenSubject } from "../test/golden/golden.ts";
import * as activations from "./activations.ts";
import { parseOptions } from "./core/options.ts";
import { inScope } from "./core/scope.ts";
import type { Tensor } from "./core/tensor.ts";
import { info, setDevice } from "./devices/current.ts";
import { multiply } from "./ops/elementwise/binary.ts";
import { grad } from "./ops/grad.ts";
import { sum } from "./ops/reduce/sum.ts";
import { tensor } from "./ops/tensor.ts";

const golden = await readGoldenSubject("activations");

const camel = (name: string) => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** Keras's keyword arguments as ours: positional, but for relu. */
function call(name: string, options: Record<string, unknown>, x: Tensor): Tensor {
  const f = (activations as unknown as Record<string, (x: Tensor, ...rest: unknown[]) => Tensor>)[camel(name)];
  if (!f) throw new Error(`no activation ${name}`);
  if (name !== "relu") return f(x, ...Object.values(options));
  return f(x, Object.fromEntries(Object.entries(options).map(([key, value]) => [camel(key), value])));
}

/** Keras computes in float32 too: its gradients lose up to 5e-6 where two numbers near 1 are subtracted (mish at 8). */
const tolerance = 5e-6;

/** All of Keras's backends sum too much for sparsemax's threshold; `ops/softmax/sparsemax.test.ts` has its truth. */
const cases = golden.cases.filter(({ name }) => name !== "sparsemax");

const near = (actual: Tensor, expected: readonly number[], skip: readonly number[], at: readonly number[]) => {
  const values = actual.dataSync();
  expected.forEach((value, index) => {
    if (Object.is(values[index], value) || skip.includes(at[index] as number)) return;
    expect(
      Math.abs((values[index] as number) - value),
      `at ${at[index]}: ${values[index]} instead of ${value}`,
    ).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(value)));
  });
};

describe.each(["wasm", "reference"] as const)("on %s", (device) => {
  test.each(cases.map((each) => [`${each.name} ${JSON.stringify(each.options)}`, each] as const))(
    "%s",
    (_title, each) => {
      setDevice(device);
      const before = info().memory.storages;
      inScope(() => {
        const x = tensor(each.input.values as number[], each.input.shape);
        near(call(each.name, each.options, x), each.output.values, [], each.input.values);
        const cotangent = tensor(each.cotangent.values as number[], each.cotangent.shape);
        const dx = grad((value: Tensor) => sum(multiply(call(each.name, each.options, value), cotangent)))(x);
        near(dx, each.inputGradient.values, each.kinks, each.input.values);
      });
      expect(info().memory.storages).toBe(before);
      setDevice("wasm");
    },
  );
});

test("every function of activations.* has golden cases", () => {
  const covered = new Set(golden.cases.map((each) => camel(each.name)));
  const helpers = ["activation", "resolveActivation"];
  expect(Object.keys(activations).filter((name) => !covered.has(name) && !helpers.includes(name))).toEqual([]);
});

describe("as an option", () => {
  const schema = { activation: activations.activation({ default: null }) };
  const configOf = (given: unknown) => {
    const { activation } = parseOptions(schema, { activation: given }, "Dense");
    return schema.activation.toConfig(activation);
  };

  test.each(Object.entries(golden.names).filter(([name]) => name !== "threshold"))("%s is %s", (name, inConfig) => {
    expect(configOf(name)).toBe(inConfig);
    expect(configOf(camel(name))).toBe(inConfig);
  });

  test("null is linear, functions are known by name", () => {
    expect(configOf(null)).toBe("linear");
    expect(configOf(undefined)).toBe("linear");
    expect(configOf(activations.leakyRelu)).toBe("leaky_relu");
    expect(configOf({ module: "builtins", class_name: "function", config: "relu", registered_name: "function" })).toBe(
      "relu",
    );
    expect(
      configOf(function mine(x: Tensor) {
        return x;
      }),
    ).toBe("mine");
  });

  test.each([["reluu"], ["threshold"], [3], [{ config: 1 }], [["relu"]]])("%j is refused", (given) => {
    expect(() => configOf(given)).toThrowErrorMatchingSnapshot();
  });
});
