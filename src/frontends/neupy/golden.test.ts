/**
 * Layers, losses and algorithms against their definitions in float64 (`test/golden/neupy.py`), and GroupNorm against the
 * Keras layer, bit for bit.
 */
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { GoldenTensor } from "../../../test/golden/golden.ts";
import { inScope } from "../../core/scope.ts";
import type { Tensor } from "../../core/tensor.ts";
import { info, setDevice } from "../../devices/current.ts";
import { GroupNormalization } from "../../layers/normalization/group-normalization.ts";
import { sigmoid } from "../../ops/elementwise/activations.ts";
import { multiply } from "../../ops/elementwise/binary.ts";
import { grad, valueAndGrad } from "../../ops/grad.ts";
import { normal } from "../../ops/random/random.ts";
import { setRandomSeed } from "../../ops/random/seed.ts";
import { sum } from "../../ops/reduce/sum.ts";
import { tensor } from "../../ops/tensor.ts";
import * as neupy from "./index.ts";

interface Case {
  readonly layer: string;
  readonly name: string;
  readonly places: readonly unknown[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly training: boolean;
  readonly inputs: readonly GoldenTensor[];
  readonly parameters: Readonly<Record<string, GoldenTensor>>;
  readonly outputs: GoldenTensor;
  readonly cotangent?: GoldenTensor;
  readonly inputGradients?: readonly GoldenTensor[];
  readonly gradients?: Readonly<Record<string, GoldenTensor>>;
}

interface Golden {
  readonly layers: readonly Case[];
  readonly running: {
    readonly alpha: number;
    readonly batches: readonly GoldenTensor[];
    readonly runningMean: GoldenTensor;
    readonly runningInvStd: GoldenTensor;
  };
  readonly losses: readonly { loss: string; expected: GoldenTensor; predicted: GoldenTensor; value: number }[];
  readonly algorithms: readonly {
    algorithm: string;
    options: object;
    x: GoldenTensor;
    y: GoldenTensor;
    weights: readonly number[];
    errors: readonly number[];
  }[];
}

const golden: Golden = JSON.parse(readFileSync(new URL("../../../test/golden/neupy.json", import.meta.url), "utf8"));

const made = ({ values, shape }: GoldenTensor) => tensor(Float32Array.from(values), shape);

/** The largest difference, in parts of the largest value, which counts as 1 at least. */
function difference(actual: Tensor, { values, shape }: GoldenTensor): number {
  expect(actual.shape).toEqual(shape);
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  return Array.from(actual.dataSync()).reduce(
    (most, value, index) => Math.max(most, Math.abs(value - (values[index] as number)) / largest),
    0,
  );
}

type Make = (...args: unknown[]) => neupy.BaseLayer;
const classes = neupy as unknown as Record<string, Make>;
const layerOf = ({ layer, places, options, parameters }: Case): neupy.BaseLayer =>
  (classes[layer] as Make)(...places, {
    ...options,
    ...Object.fromEntries(Object.entries(parameters).map(([key, value]) => [key, made(value)])),
  });

describe.each(["wasm", "reference"] as const)("layers against their definitions in float64, on %s", (device) => {
  beforeEach(() => setDevice(device));
  afterEach(() => setDevice("wasm"));

  test.each(golden.layers.map((each) => [`${each.layer}: ${each.name}`, each] as const))("%s", (_name, each) => {
    const { training } = each;
    const before = info().memory.storages;
    inScope(() => {
      const inputs = each.inputs.map(made);
      const layer = layerOf(each);
      expect(difference(layer.output(...inputs, { training }), each.outputs)).toBeLessThan(2e-6);
      expect(layer.getOutputShape(...inputs.map(({ shape }) => shape))).toEqual(each.outputs.shape);
      const cotangent = each.cotangent && made(each.cotangent);
      if (cotangent) {
        inputs.forEach((x, index) => {
          const dx = grad((given: Tensor) =>
            sum(multiply(layer.output(...inputs.with(index, given), { training }), cotangent)),
          )(x);
          expect(difference(dx, each.inputGradients?.[index] as GoldenTensor)).toBeLessThan(1e-5);
        });
        const names = Object.keys(each.gradients ?? {}).filter((name) => layer.variables[name]?.trainable);
        const variables = names.map((name) => layer.variables[name] as neupy.BaseLayer["variables"][string]);
        if (names.length > 0) {
          const run = () => sum(multiply(layer.output(...inputs, { training }), cotangent));
          const { gradients } = valueAndGrad(run, variables)();
          names.forEach((name, index) => {
            const found = difference(gradients[index] as Tensor, each.gradients?.[name] as GoldenTensor);
            expect(found, name).toBeLessThan(1e-5);
          });
        }
      }
      layer.dispose();
    });
    expect(info().memory.storages).toBe(before);
  });
});

describe("GroupNorm", () => {
  test.each([1, 2, 4, 8, 16])("gives the bits of the Keras layer with %i groups", (groups) => {
    inScope(() => {
      const x = normal([3, 5, 7, 16], { mean: 3, stddev: 2, seed: 1 });
      const [gamma, beta] = [normal([16], { seed: 2 }), normal([16], { seed: 3 })];
      using keras = new GroupNormalization({ groups, epsilon: 1e-5 });
      keras.build(x.shape);
      keras.setWeights([gamma, beta]);
      using ours = neupy.GroupNorm(groups, { gamma, beta });
      const cotangent = normal(x.shape, { seed: 4 });
      const derive = (f: (x: Tensor) => Tensor) => grad((given: Tensor) => sum(multiply(f(given), cotangent)))(x);
      expect(ours.output(x).dataSync()).toEqual(keras.apply(x).dataSync());
      const dx = derive((given) => ours.output(given));
      expect(dx.dataSync()).toEqual(derive((given) => keras.apply(given)).dataSync());
    });
  });

  test("takes gamma and beta as arrays, typed arrays, tensors, variables, numbers and initializers", () => {
    const x = tensor([[[[1, 3, 10, 30]]]]);
    const run = (gamma: neupy.Parameter) => {
      const norm = neupy.GroupNorm(2, { gamma, epsilon: 0 });
      const y = Array.from(norm.output(x).dataSync());
      expect(norm.variables.gamma?.shape).toEqual([1, 1, 1, 4]);
      return y;
    };
    const expected = [-2, 3, -4, 5];
    const values = tensor([2, 3, 4, 5], [1, 1, 1, 4]);
    const { variables } = neupy.GroupNorm(2, { gamma: values }).pipe(neupy.Relu()).layers[0] as neupy.BaseLayer;
    expect(variables).toEqual({});
    expect(run([[[[2, 3, 4, 5]]]])).toEqual(expected);
    expect(run([2, 3, 4, 5])).toEqual(expected);
    expect(run(Float64Array.of(2, 3, 4, 5))).toEqual(expected);
    expect(run(values)).toEqual(expected);
    expect(run(tensor([2, 3, 4, 5]))).toEqual(expected);
    expect(run(2)).toEqual([-2, 2, -2, 2]);
    expect(run(neupy.init.Constant({ value: 3 }))).toEqual([-3, 3, -3, 3]);
    const first = neupy.GroupNorm(2, { gamma: values });
    first.createVariables([null, 1, 1, 4]);
    const shared = first.variables.gamma as neupy.BaseLayer["variables"][string];
    expect(run(shared)).toEqual(expected);
    expect(neupy.GroupNorm(2, { gamma: shared }).gamma).toBe(shared);
  });
});

test("BatchNorm's running statistics over three steps", () => {
  const { alpha, batches, runningMean, runningInvStd } = golden.running;
  const norm = neupy.BatchNorm({ alpha });
  for (const batch of batches) norm.output(made(batch), { training: true });
  expect(difference((norm.variables.runningMean as never as { value: Tensor }).value, runningMean)).toBeLessThan(1e-6);
  expect(difference((norm.variables.runningInvStd as never as { value: Tensor }).value, runningInvStd)).toBeLessThan(
    1e-6,
  );
  const trainable = Object.entries(norm.variables).filter(([, variable]) => variable.trainable);
  expect(trainable.map(([name]) => name)).toEqual(["gamma", "beta"]);
});

describe("LSTM and GRU step by step give what the whole sequence as one op gives", () => {
  const recurrent = golden.layers.filter(({ layer, options }) => /LSTM|GRU/.test(layer) && !options.peepholes);
  test.each(recurrent.map((each) => [`${each.layer}: ${each.name}`, each] as const))("%s", (_name, each) => {
    inScope(() => {
      const gate = each.layer === "LSTM" ? { ingate: sigmoid } : { resetgate: sigmoid };
      const layer = layerOf({ ...each, options: { ...each.options, ...gate } });
      const [x] = each.inputs.map(made) as [Tensor];
      expect(difference(layer.output(x), each.outputs)).toBeLessThan(2e-6);
      const dx = grad((given: Tensor) => sum(multiply(layer.output(given), made(each.cotangent as GoldenTensor))))(x);
      expect(difference(dx, each.inputGradients?.[0] as GoldenTensor)).toBeLessThan(1e-5);
    });
  });

  test.each(["LSTM", "GRU"])("gradients are cut off inside every step of %s", (name) => {
    const x = tensor([[[3, -2]]]);
    const options = { inputWeights: 5, hiddenWeights: 1, biases: 0.1 };
    const derive = (gradientClipping: number) => {
      const layer = (classes[name] as Make)(2, { ...options, gradientClipping });
      return grad((given: Tensor) => sum(multiply(layer.output(given), 1000)))(x).dataSync();
    };
    const free = derive(0);
    const loose = derive(1e9);
    loose.forEach((value, index) => {
      expect(value).toBeCloseTo(free[index] as number, 2);
    });
    // Each of at most 8 columns passes 0.001 at most, times a weight of 5.
    expect(Math.max(...derive(0.001).map(Math.abs))).toBeLessThanOrEqual(8 * 0.001 * 5 + 1e-6);
    expect(Math.max(...free.map(Math.abs))).toBeGreaterThan(1);
  });
});

describe("what is random", () => {
  beforeEach(() => setRandomSeed(1));

  test("Dropout drops its part and keeps the mean", () => {
    const y = neupy.Dropout(0.3).output(tensor(new Float32Array(20000).fill(1), [100, 200]), { training: true });
    const values = Array.from(y.dataSync());
    const dropped = values.filter((value) => value === 0).length / values.length;
    expect(Math.abs(dropped - 0.3)).toBeLessThan(0.02);
    expect(values.every((value) => value === 0 || Math.abs(value - 1 / 0.7) < 1e-6)).toBe(true);
  });

  test("GaussianNoise has its mean and deviation", () => {
    const y = neupy.GaussianNoise(2, 0.5).output(tensor(new Float32Array(20000), [100, 200]), { training: true });
    const values = Array.from(y.dataSync());
    const mean = values.reduce((a, b) => a + b) / values.length;
    const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
    expect(Math.abs(mean - 2)).toBeLessThan(0.02);
    expect(Math.abs(Math.sqrt(variance) - 0.5)).toBeLessThan(0.02);
  });

  test("DropBlock drops whole blocks, its part of all, and keeps the sum", () => {
    const shape = [4, 12, 10, 8];
    const layer = neupy.DropBlock(0.8, [3, 2]);
    const y = layer.output(tensor(new Float32Array(4 * 12 * 10 * 8).fill(1), shape), { training: true });
    const values = y.dataSync();
    const at = (n: number, i: number, j: number, c: number) => values[((n * 12 + i) * 10 + j) * 8 + c] as number;
    let dropped = 0;
    for (let n = 0; n < 4; n++)
      for (let c = 0; c < 8; c++)
        for (let i = 0; i < 12; i++)
          for (let j = 0; j < 10; j++) {
            if (at(n, i, j, c) !== 0) continue;
            dropped++;
            // Somewhere around it lies a whole block of zeros that holds it.
            const inBlock = [0, 1, 2].some((up) =>
              [0, 1].some((left) => {
                const [top, first] = [i - up, j - left];
                if (top < 0 || first < 0 || top + 3 > 12 || first + 2 > 10) return false;
                return [0, 1, 2].every((a) => [0, 1].every((b) => at(n, top + a, first + b, c) === 0));
              }),
            );
            expect(inBlock).toBe(true);
          }
    const part = dropped / values.length;
    // Blocks overlap, so that somewhat less than 1 − keepProba is dropped.
    expect(part).toBeGreaterThan(0.1);
    expect(part).toBeLessThan(0.25);
    const total = Array.from(values).reduce((a, b) => a + b);
    expect(Math.abs(total / values.length - 1)).toBeLessThan(1e-4);
    expect(
      layer
        .output(
          tensor([
            [
              [[1], [2]],
              [[3], [4]],
              [[5], [6]],
            ],
          ]),
        )
        .dataSync(),
    ).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6));
  });

  test("nothing is left of a block as large as the image: 0, not NaN", () => {
    const y = neupy.DropBlock(0, 2).output(
      tensor([
        [
          [[1], [2]],
          [[3], [4]],
        ],
      ]),
      { training: true },
    );
    expect(y.dataSync()).toEqual(new Float32Array(4));
  });
});

describe("initializers", () => {
  const spread = (values: ArrayLike<number>) => {
    const list = Array.from(values);
    const mean = list.reduce((a, b) => a + b, 0) / list.length;
    return Math.sqrt(list.reduce((a, b) => a + (b - mean) ** 2, 0) / list.length);
  };
  test.each([
    ["HeNormal", { gain: 2 }, Math.sqrt(2 / 100)],
    ["HeUniform", {}, Math.sqrt(1 / 100)],
    ["XavierNormal", {}, Math.sqrt(1 / 300)],
    ["XavierUniform", { gain: 2 }, Math.sqrt(2 / 300)],
    ["Normal", { std: 0.2 }, 0.2],
    ["Uniform", { minval: -1, maxval: 1 }, Math.sqrt(1 / 3)],
  ] as const)("%s has NeuPy's deviation", (name, options, expected) => {
    type Made = { call(shape: readonly number[], dtype: string): Tensor };
    const make = (neupy.init as unknown as Record<string, (options: object) => Made>)[name] as (
      options: object,
    ) => Made;
    const values = make({ ...options, seed: 1 })
      .call([100, 200], "float32")
      .dataSync();
    expect(Math.abs(spread(values) / expected - 1)).toBeLessThan(0.02);
  });
});

describe("losses", () => {
  test.each(golden.losses.map((each) => [each.loss, each] as const))("%s", async (loss, each) => {
    const network = neupy.join(neupy.Input(3), neupy.Linear());
    const optimizer = neupy.algorithms.GradientDescent(network, { loss: loss as "mse", batchSize: null });
    expect(await optimizer.score(made(each.predicted), made(each.expected))).toBeCloseTo(each.value, 5);
  });

  test("a function of what was expected and what was predicted", async () => {
    const network = neupy.join(neupy.Input(1), neupy.Linear());
    const loss = (expected: Tensor, predicted: Tensor) => multiply(expected, predicted);
    const optimizer = neupy.algorithms.GradientDescent(network, { loss });
    expect(await optimizer.score([[2], [3]], [[4], [5]])).toBeCloseTo((8 + 15) / 2, 5);
  });
});

describe("algorithms, step by step", () => {
  test.each(golden.algorithms.map((each) => [`${each.algorithm} ${JSON.stringify(each.options)}`, each] as const))(
    "%s",
    async (_name, { algorithm, options, x, y, weights, errors }) => {
      const network = neupy.join(neupy.Input(1), neupy.Linear(1, { weight: 0.25, bias: null }));
      type Algorithm = (network: unknown, options: object) => neupy.algorithms.GradientDescent;
      const make = (neupy.algorithms as unknown as Record<string, Algorithm>)[algorithm] as Algorithm;
      const optimizer = make(network, { ...options, batchSize: null });
      const [weight] = [...network.variables.values()];
      for (const expected of weights) {
        await optimizer.train(made(x), made(y), { epochs: 1 });
        expect(weight?.value.dataSync()[0]).toBeCloseTo(expected, 5);
      }
      optimizer.errors.train.forEach((error, index) => {
        expect(error).toBeCloseTo(errors[index] as number, 5);
      });
      expect(optimizer.lastEpoch).toBe(5);
    },
  );
});
