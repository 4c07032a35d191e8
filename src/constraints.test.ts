import { expect, it } from "vitest";
import { readGoldenSubject } from "../test/golden/golden.ts";
import { type Constraint, constraint } from "./constraints.ts";
import { parseOptions } from "./core/options.ts";
import { tensor } from "./ops/tensor.ts";

const golden = await readGoldenSubject("constraints");
const schema = { kernel: constraint({ default: null }) };
const parse = (kernel: unknown) => parseOptions(schema, { kernel }, "Dense").kernel as Constraint;

it("means the classes that Keras means", () => {
  for (const [name, className] of Object.entries(golden.names)) {
    if (className === "Constraint") continue;
    expect((parse(name).constructor as typeof Constraint).className, name).toBe(className);
  }
});

it("gives the weights that Keras gives, in both float dtypes", () => {
  for (const { class: name, config, input, output } of golden.cases) {
    const made = parse({ class_name: name, config });
    expect(made.getConfig()).toEqual(config);
    for (const dtype of ["float32", "float64"] as const) {
      const result = made.call(tensor(Float64Array.from(input.values), input.shape, dtype));
      expect(result.shape).toEqual(output.shape);
      expect(result.dtype).toBe(dtype);
      const data = result.dataSync();
      output.values.forEach((value, index) => {
        const difference = Math.abs((data[index] as number) - value);
        expect(difference, `${name} ${index}`).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(value)));
      });
    }
  }
});

it("refuses bounds and axes that make no sense", () => {
  expect(() => parse({ class_name: "MaxNorm", config: { max_value: -1 } })).toThrow(/"maxValue" must be/);
  expect(() => parse({ class_name: "UnitNorm", config: { axis: [0, 0] } })).toThrow(/without duplicates/);
  expect(() => parse({ class_name: "MinMaxNorm", config: { rate: 2 } })).toThrow(/"rate" must be/);
  expect(() => parse("unit_norm").call(tensor(1))).toThrow(/a scalar has no axes/);
});
