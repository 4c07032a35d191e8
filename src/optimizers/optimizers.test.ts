/**
 * The optimizers and schedules against real Keras, on both devices, and what all of them promise: updates happen
 * completely or not at all, and nothing is left over.
 */
import { describe, expect, test } from "vitest";
import { type GoldenTensor, readGoldenSubject } from "../../test/golden/golden.ts";
import type { Configurable } from "../core/configurable.ts";
import { Tensor } from "../core/tensor.ts";
import { Variable } from "../core/variable.ts";
import { info, setDevice } from "../devices/current.ts";
import { tensor } from "../ops/tensor.ts";
import * as optimizers from "./index.ts";
import { resolveOptimizer } from "./resolve.ts";

const golden = await readGoldenSubject("optimizers");

const classes = Object.entries(optimizers).filter(
  ([name, value]) => /^[A-Z]/.test(name) && name !== "Optimizer" && typeof value === "function",
) as unknown as [string, (new (options?: object) => optimizers.Optimizer) & typeof optimizers.Optimizer][];

const made = (values: GoldenTensor, dtype = values.dtype) =>
  tensor([...values.values] as never, values.shape, dtype as "float32");

function near(actual: Tensor, expected: GoldenTensor, tolerance = 1e-5) {
  const values = actual.dataSync();
  expect(actual.shape).toEqual(expected.shape);
  expected.values.forEach((value, index) => {
    const difference = Math.abs((values[index] as number) - value);
    expect(difference, `element ${index}: ${values[index]} instead of ${value}`).toBeLessThanOrEqual(
      tolerance * Math.max(1, Math.abs(value)),
    );
  });
}

const nonNegative = (value: Tensor) =>
  Tensor.from(
    value.device,
    (value.dataSync() as Float32Array).map((x) => Math.max(x, 0)),
    value.shape,
    value.dtype,
  );

/** A config with float32 numbers as the double that a person would write. */
const rounded = (config: object) =>
  JSON.parse(JSON.stringify(config), (_key, value) => (typeof value === "number" ? Math.fround(value) : value));

test("every optimizer has golden cases", () => {
  const covered = new Set(golden.cases.map((each) => each.class));
  expect(classes.map(([name]) => name).filter((name) => !covered.has(name))).toEqual([]);
});

describe.each(["wasm", "reference"] as const)("on %s", (device) => {
  test.each(golden.cases.map((each) => [`${each.class}: ${each.name}`, each] as const))("%s", (_title, each) => {
    const known = classes.find(([name]) => name === each.class);
    expect(known).toBeDefined();
    setDevice(device);
    const before = info().memory.storages;
    const Class = (known as (typeof classes)[number])[1];
    const optimizer = Class.fromConfig(each.config as never) as optimizers.Optimizer;
    expect(rounded(optimizer.getConfig())).toEqual(rounded(each.config));
    const variables = each.start.map((start, index) => {
      const value = made(start);
      const variable = new Variable(value, { name: index === 0 ? "kernel" : "bias" });
      value.dispose();
      return variable;
    });
    if (each.constraint) (variables[0] as Variable).constraint = nonNegative;
    if (each.excludedFromWeightDecay) optimizer.excludeFromWeightDecay({ names: each.excludedFromWeightDecay });
    optimizer.build(variables);
    for (const step of each.steps) {
      const gradients = step.gradients.map((gradient) => made(gradient));
      optimizer.apply(gradients, variables);
      variables.forEach((variable, index) => {
        near(variable.value, step.weights[index] as GoldenTensor);
      });
      expect(optimizer.learningRate).toBeCloseTo(step.learningRate, 7);
      for (const gradient of gradients) gradient.dispose();
    }
    expect(optimizer.iterations).toBe(each.iterations);
    expect(optimizer.variables.map(({ name, path }) => ({ name, path }))).toEqual(
      each.slots.map(({ name, path }) => ({ name, path })),
    );
    optimizer.variables.forEach((slot, index) => {
      near(slot.value, each.slots[index] as GoldenTensor);
    });
    if (each.weightsAfterFinalize) {
      optimizer.finalizeVariableValues(variables);
      variables.forEach((variable, index) => {
        near(variable.value, (each.weightsAfterFinalize as readonly GoldenTensor[])[index] as GoldenTensor);
      });
    }
    optimizer.dispose();
    for (const variable of variables) variable.dispose();
    expect(info().memory.storages).toBe(before);
    setDevice("wasm");
  });
});

test.each(golden.schedules.map((each) => [`${each.class} ${JSON.stringify(each.config)}`, each] as const))(
  "%s",
  (_title, each) => {
    const Class = optimizers.schedules[each.class as "CosineDecay"] as unknown as typeof Configurable &
      (new (
        o: never,
      ) => never);
    const schedule = Class.fromConfig(each.config as never) as optimizers.schedules.LearningRateSchedule;
    expect(schedule.getConfig()).toEqual(each.config);
    each.at.forEach((step, index) => {
      expect(schedule.call(step), `step ${step}`).toBeCloseTo(each.values[index] as number, 6);
    });
  },
);

test("names", () => {
  expect(resolveOptimizer("adam")).toBeInstanceOf(optimizers.Adam);
  expect(resolveOptimizer("scheduleFreeAdamW")).toBeInstanceOf(optimizers.ScheduleFreeAdamW);
});
