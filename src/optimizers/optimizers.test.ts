/**
 * The optimizers and schedules against real Keras, on both devices, and what all of them promise: updates happen
 * completely or not at all, and nothing is left over.
 */
import { describe, expect, test } from "vitest";
import { type GoldenTensor, readGoldenSubject } from "../../test/golden/golden.ts";
import type { Configurable } from "../core/configurable.ts";
import { resetNames } from "../core/names.ts";
import { inScope } from "../core/scope.ts";
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

describe("names", () => {
  test("every class can be named", () => {
    for (const [name, Class] of classes) {
      using found = resolveOptimizer({ class_name: name, config: {} });
      expect(found).toBeInstanceOf(Class);
    }
  });

  // Keras's wrappers of optimizers are not among ours.
  const others = ["Optimizer", "LossScaleOptimizer", "MultiOptimizer", "OptimizerMap"];

  test.each(Object.entries(golden.names).filter(([, meant]) => !others.includes(meant)))("%s is %s", (name, meant) => {
    for (const spelled of [name, meant, meant.toUpperCase()]) {
      using optimizer = resolveOptimizer(spelled);
      expect((optimizer.constructor as typeof optimizers.Optimizer).className).toBe(meant);
    }
  });

  test("camelCase, configs, and objects themselves", () => {
    using scheduleFree = resolveOptimizer("scheduleFreeAdamW");
    expect(scheduleFree).toBeInstanceOf(optimizers.ScheduleFreeAdamW);
    using sgd = resolveOptimizer({ class_name: "SGD", config: { learning_rate: 0.5, momentum: 0.25, name: "mine" } });
    expect([sgd.learningRate, sgd.getConfig().momentum, sgd.name]).toEqual([0.5, 0.25, "mine"]);
    expect(resolveOptimizer(sgd)).toBe(sgd);
  });

  test.each([["adamm"], [3], [null], [{ class_name: "SGD", config: { momentum: 2 } }]])("%j is refused", (given) => {
    expect(() => resolveOptimizer(given)).toThrowErrorMatchingSnapshot();
  });
});

/** Variables of these values. */
function variablesOf(...values: number[][]): Variable[] {
  return values.map((value, index) => {
    using made = tensor(value);
    return new Variable(made, { name: `v${index}` });
  });
}

const valuesOf = (variables: readonly Variable[]) => variables.map(({ value }) => value.arraySync());

describe("an update happens completely or not at all", () => {
  const state = (optimizer: optimizers.Optimizer, variables: readonly Variable[]) => [
    valuesOf(variables),
    valuesOf(optimizer.variables),
  ];

  function failing(act: (optimizer: optimizers.Optimizer, variables: Variable[]) => void) {
    const before = info().memory.storages;
    resetNames();
    const optimizer = optimizers.adam({ useEma: true, clipnorm: 1 });
    const variables = variablesOf([1, 2], [3]);
    inScope(() => {
      optimizer.apply([tensor([1, 1]), tensor([1])], variables);
      const whole = state(optimizer, variables);
      expect(() => act(optimizer, variables)).toThrowErrorMatchingSnapshot();
      expect(state(optimizer, variables)).toEqual(whole);
    });
    optimizer.dispose();
    for (const variable of variables) variable.dispose();
    expect(info().memory.storages).toBe(before);
  }

  test("a gradient of another shape", () => {
    failing((optimizer, variables) => optimizer.apply([tensor([1, 1]), tensor([1, 2])], variables));
  });

  test("a gradient that was disposed", () => {
    const gone = tensor([1]);
    gone.dispose();
    failing((optimizer, variables) => optimizer.apply([tensor([1, 1]), gone], variables));
  });

  test("a constraint of the last variable that throws", () => {
    failing((optimizer, variables) => {
      (variables[1] as Variable).constraint = () => {
        throw new Error("this constraint always fails");
      };
      optimizer.apply([tensor([1, 1]), tensor([1])], variables);
    });
  });

  test("a constraint that gives another shape", () => {
    failing((optimizer, variables) => {
      (variables[1] as Variable).constraint = () => tensor([1, 2, 3]);
      optimizer.apply([tensor([1, 1]), tensor([1])], variables);
    });
  });

  test("an unknown variable", () => {
    failing((optimizer, variables) => {
      const other = variablesOf([1]);
      try {
        optimizer.apply([tensor([1, 1]), tensor([1])], [variables[0] as Variable, other[0] as Variable]);
      } finally {
        other[0]?.dispose();
      }
    });
  });

  test("lists of different lengths", () => {
    failing((optimizer, variables) => optimizer.apply([tensor([1, 1])], variables));
  });

  test("no gradients at all", () => {
    failing((optimizer, variables) => optimizer.apply([null, null], variables));
  });
});

describe("refused", () => {
  test.each([
    ["a negative learning rate", () => optimizers.sgd({ learningRate: -1 })],
    ["a learning rate that is no number", () => optimizers.sgd({ learningRate: Number.NaN })],
    ["a learning rate in words", () => optimizers.sgd({ learningRate: "fast" as never })],
    [
      "an unknown schedule",
      () => optimizers.SGD.fromConfig({ learning_rate: { class_name: "LineDecay", config: {} } }),
    ],
    ["an unknown option", () => optimizers.adam({ beta: 0.5 } as never)],
    ["two clips", () => optimizers.adam({ clipnorm: 1, clipvalue: 1 })],
    ["a beta of 1", () => optimizers.adam({ beta1: 1 })],
    ["a momentum beyond 1", () => optimizers.sgd({ momentum: 1.5 })],
    ["no weight decay for AdamW", () => optimizers.adamW({ weightDecay: null })],
    ["one accumulation step", () => optimizers.sgd({ gradientAccumulationSteps: 1 })],
    [
      "values that do not fit boundaries",
      () => optimizers.schedules.piecewiseConstantDecay({ boundaries: [1], values: [1] as never }),
    ],
    [
      "as many values as boundaries",
      () => optimizers.schedules.piecewiseConstantDecay({ boundaries: [1, 2], values: [1, 2] }),
    ],
    [
      "boundaries that descend",
      () => optimizers.schedules.piecewiseConstantDecay({ boundaries: [2, 1], values: [1, 2, 3] }),
    ],
    ["no decay steps", () => optimizers.schedules.cosineDecay({ initialLearningRate: 1, decaySteps: 0 })],
    [
      "a schedule without its rate",
      () => optimizers.schedules.exponentialDecay({ initialLearningRate: 1, decaySteps: 5 } as never),
    ],
    [
      "a number in place of a schedule",
      () => {
        const schedule = optimizers.schedules.cosineDecay({ initialLearningRate: 1, decaySteps: 2 });
        using sgd = optimizers.sgd({ learningRate: schedule, name: "sgd" });
        sgd.learningRate = 0.5;
      },
    ],
    [
      "gradients without variables",
      () => {
        using sgd = optimizers.sgd({ name: "sgd" });
        using gradient = tensor([1]);
        sgd.apply([gradient]);
      },
    ],
    [
      "integer variables",
      () => {
        using sgd = optimizers.sgd({ name: "sgd" });
        using value = tensor([1], [1], "int32");
        using variable = new Variable(value, { name: "count" });
        sgd.build([variable]);
      },
    ],
    [
      "a variable twice",
      () => {
        using sgd = optimizers.sgd({ name: "sgd" });
        const [variable] = variablesOf([1]) as [Variable];
        try {
          sgd.build([variable, variable]);
        } finally {
          variable.dispose();
        }
      },
    ],
    [
      "exclusions after building",
      () => {
        using sgd = optimizers.sgd({ name: "sgd" });
        sgd.build([]);
        sgd.excludeFromWeightDecay({ names: ["bias"] });
      },
    ],
  ])("%s", (_title, run) => {
    const before = info().memory.storages;
    expect(run).toThrowErrorMatchingSnapshot();
    expect(info().memory.storages).toBe(before);
  });
});

describe("state", () => {
  test("a thousand steps keep the number of storages", () => {
    for (const [, Class] of classes) {
      using optimizer = new (Class as new (options: object) => optimizers.Optimizer)({
        useEma: true,
        globalClipnorm: 1,
        gradientAccumulationSteps: 2,
      });
      const variables = variablesOf([1, 2, 3], [4]);
      inScope(() => {
        const gradients = [tensor([1, -1, 0.5]), tensor([2])];
        optimizer.apply(gradients, variables);
        optimizer.apply(gradients, variables);
        const before = info().memory;
        for (let step = 0; step < 60; step++) optimizer.apply(gradients, variables);
        expect(info().memory.storages).toBe(before.storages);
        expect(info().memory.bytes).toBe(before.bytes);
      });
      for (const variable of variables) variable.dispose();
    }
  });

  test("the learning rate is what it was set to", () => {
    using adam = optimizers.adam({ learningRate: 0.001 });
    expect(adam.learningRate).toBe(0.001);
    adam.learningRate = 0.25;
    expect([adam.learningRate, adam.getConfig().learning_rate]).toEqual([0.25, 0.25]);
    adam.learningRate = optimizers.schedules.exponentialDecay({
      initialLearningRate: 1,
      decaySteps: 1,
      decayRate: 0.5,
    });
    const variables = variablesOf([1]);
    inScope(() => adam.apply([tensor([1])], variables));
    expect(adam.learningRate).toBe(0.5);
    expect(adam.getConfig().learning_rate).toMatchObject({
      module: "keras.optimizers.schedules",
      class_name: "ExponentialDecay",
    });
    expect(() => {
      adam.learningRate = -1;
    }).toThrow("its learning rate comes from a schedule");
    variables[0]?.dispose();
  });

  test("what was saved goes on as what was not", () => {
    const run = (steps: number, from?: { values: number[][]; state: (number | number[])[] }) => {
      using nadam = optimizers.nadam({ learningRate: 0.1 });
      const variables = variablesOf(...(from?.values ?? [[1, 2]]));
      return inScope(() => {
        nadam.build(variables);
        from?.state.forEach((value, index) => {
          const variable = nadam.variables[index] as Variable;
          variable.assign(
            Tensor.from(variable.value.device, hostArray(value, variable.dtype), variable.shape, variable.dtype),
          );
        });
        for (let step = 0; step < steps; step++) nadam.apply([tensor([1, step])], variables);
        const saved = { values: valuesOf(variables), state: valuesOf(nadam.variables) };
        for (const variable of variables) variable.dispose();
        return saved;
      });
    };
    const hostArray = (value: number | number[], dtype: string) => {
      const list = [value].flat();
      return dtype === "int32"
        ? Int32Array.from(list)
        : dtype === "float64"
          ? Float64Array.from(list)
          : Float32Array.from(list);
    };
    const first = run(1);
    // The gradients of a run are (1, step), so going on for one step takes those of step 0 again.
    const again = run(1, first);
    expect(again.state[0]).toBe(2);
    using nadam = optimizers.nadam({ learningRate: 0.1 });
    const variables = variablesOf([1, 2]);
    inScope(() => {
      for (let step = 0; step < 2; step++) nadam.apply([tensor([1, 0])], variables);
    });
    expect(again.values).toEqual(valuesOf(variables));
    expect(again.state).toEqual(valuesOf(nadam.variables));
    for (const variable of variables) variable.dispose();
  });

  test("a missing gradient leaves its variable as it is", () => {
    using sgd = optimizers.sgd({ learningRate: 1, weightDecay: 0.5, name: "skipping" });
    const variables = variablesOf([1], [1]);
    inScope(() => sgd.apply([null, tensor([0])], variables));
    expect(valuesOf(variables)).toEqual([[1], [0.5]]);
    for (const variable of variables) variable.dispose();
  });

  test("float64 variables are updated in float64", () => {
    using adam = optimizers.adam({ learningRate: 0.1, epsilon: 0 });
    using value = tensor([1], [1], "float64");
    using variable = new Variable(value);
    inScope(() => adam.apply([tensor([1e-12], [1], "float64")], [variable]));
    expect(variable.value.dataSync()[0]).toBeCloseTo(0.9, 14);
  });
});
