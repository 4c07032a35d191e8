import { expect, it } from "vitest";
import { readGoldenSubject } from "../test/golden/golden.ts";
import { parseOptions } from "./core/options.ts";
import { grad } from "./ops/grad.ts";
import { tensor } from "./ops/tensor.ts";
import { type Regularizer, regularizer } from "./regularizers.ts";

const golden = await readGoldenSubject("regularizers");
const schema = { kernel: regularizer({ default: null }) };
const parse = (kernel: unknown) => parseOptions(schema, { kernel }, "Dense").kernel as Regularizer;

/** Equal within float32; a single row has no pairs, so that Keras divides 0 by 0. */
function expectClose(actual: unknown, expected: number, what: string): void {
  if (Number.isNaN(expected)) expect(actual, what).toBeNaN();
  else
    expect(Math.abs((actual as number) - expected), what).toBeLessThanOrEqual(2e-6 * Math.max(1, Math.abs(expected)));
}

it("means the classes that Keras means, with its defaults", () => {
  for (const [name, className] of Object.entries(golden.names)) {
    if (className === "Regularizer") continue;
    expect((parse(name).constructor as typeof Regularizer).className, name).toBe(className);
  }
  for (const [name, config] of Object.entries(golden.configsOfNames)) expect(parse(name).getConfig()).toEqual(config);
});

it("gives Keras's penalties and gradients, in both float dtypes", () => {
  for (const { class: name, config, input, output, inputGradient } of golden.cases) {
    const made = parse({ class_name: name, config });
    expect(made.getConfig()).toEqual(config);
    for (const dtype of ["float32", "float64"] as const) {
      const x = tensor(Float64Array.from(input.values), input.shape, "float64");
      const given = tensor(x, undefined, dtype);
      const penalty = made.call(given);
      expect(penalty.shape).toEqual([]);
      expect(penalty.dtype).toBe(dtype);
      expectClose(penalty.arraySync(), output, name);
      const dx = grad((value) => made.call(value))(given).dataSync();
      inputGradient.values.forEach((value, index) => {
        expectClose(dx[index], value, `${name} ${index}`);
      });
    }
  }
});

it("refuses factors that are no penalties", () => {
  expect(() => parse({ class_name: "L2", config: { l2: -1 } })).toThrow(/"l2" must be a finite number ≥ 0, got -1/);
  expect(() => parse({ class_name: "L1", config: { l1: "x" } })).toThrow(/"l1" must be a finite number/);
  expect(() => parse("l3")).toThrow(/did you mean/);
  expect(() => parse("orthogonal_regularizer").call(tensor([1]))).toThrow(/needs rank 2, got rank 1/);
});
