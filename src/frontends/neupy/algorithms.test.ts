import { compile, type TopLevelSpec } from "vega-lite";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { inScope } from "../../core/scope.ts";
import type { Tensor } from "../../core/tensor.ts";
import { info } from "../../devices/current.ts";
import { layers, sequential, setRandomSeed } from "../../index.ts";
import { tensor } from "../../ops/tensor.ts";
import { Adam } from "../../optimizers/adam.ts";
import { CosineDecay } from "../../optimizers/schedules.ts";
import {
  algorithms,
  Concatenate,
  Dropout,
  GroupNorm,
  Input,
  join,
  Linear,
  parallel,
  Relu,
  Reshape,
  resetNames,
  Sigmoid,
  Softmax,
} from "./index.ts";

const x = tensor([
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
]);
const y = tensor([[0], [1], [1], [0]]);
const line = () => join(Input(1), Linear(1, { weight: 0, bias: null }));

beforeEach(() => {
  resetNames();
  setRandomSeed(1);
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("algorithms", () => {
  test("have NeuPy's defaults", () => {
    const names = ["GradientDescent", "Momentum", "RMSProp", "Adam", "Adamax", "Adadelta", "Adagrad"] as const;
    const steps = names.map((name) => algorithms[name](line()).step);
    expect(steps).toEqual([0.1, 0.1, 0.1, 0.001, 0.002, 1, 0.1]);
    const { loss, batchSize, shuffleData, verbose, showEpoch, lastEpoch, nUpdatesMade, errors } = algorithms.Adam(
      line(),
    );
    expect({ loss, batchSize, shuffleData, verbose, showEpoch, lastEpoch, nUpdatesMade, errors }).toEqual({
      loss: "mse",
      batchSize: 128,
      shuffleData: false,
      verbose: false,
      showEpoch: 1,
      lastEpoch: 0,
      nUpdatesMade: 0,
      errors: { train: [], valid: [] },
    });
    const { decay, momentum, centered } = algorithms.RMSProp(line());
    expect([decay, momentum, centered]).toEqual([0.95, 0, false]);
    expect(algorithms.Momentum(line())).toBeInstanceOf(algorithms.GradientDescent);
    expect(String(algorithms.Momentum(line(), { step: 0.5 }))).toMatchSnapshot();
  });

  test("an error for each update, one for each epoch with test data, and epochs go on counting", async () => {
    const optimizer = new algorithms.GradientDescent([Input(1), Linear(1, { weight: 0, bias: null })], {
      batchSize: 1,
      step: 0.25,
    });
    await optimizer.train([[1], [2]], [[1], [2]], [[1]], [[1]], { epochs: 1 });
    // w = 0 errs by 1 on the first sample, and is ½ then; on the second it errs by (1 − 2)² = 1, and is 1½ then.
    expect(optimizer.errors).toEqual({ train: [1, 1], valid: [0.25] });
    await optimizer.train([[1], [2]], [[1], [2]], { epochs: 2, batchSize: 2 });
    expect([optimizer.lastEpoch, optimizer.nUpdatesMade]).toEqual([3, 4]);
    expect([optimizer.errors.train.length, optimizer.errors.valid.length]).toEqual([4, 1]);
  });

  test("take the steps of the Keras model with the same layers", async () => {
    const images = tensor(
      Float32Array.from({ length: 4 * 16 * 2 }, (_, index) => Math.sin(index)),
      [4, 4, 4, 2],
    );
    const labels = tensor([0, 1, 2, 0].map((label) => [0, 1, 2].map((each) => Number(each === label))));
    const network = join(Input([4, 4, 2]), GroupNorm(2), Reshape(), Relu(5), Softmax(3));
    network.createVariables();
    const keras = sequential([
      layers.groupNormalization({ groups: 2, epsilon: 1e-5, inputShape: [4, 4, 2] }),
      layers.flatten(),
      layers.dense({ units: 5, activation: "relu" }),
      layers.dense({ units: 3, activation: "softmax" }),
    ]);
    keras.setWeights(
      [...network.variables.values()].map(({ value }, index) => (index < 2 ? tensor(value.dataSync()) : value)),
    );
    keras.compile({ optimizer: new Adam({ learningRate: 0.01 }), loss: "categorical_crossentropy" });
    const optimizer = algorithms.Adam(network, { step: 0.01, loss: "categorical_crossentropy" });
    await optimizer.train(images, labels, { epochs: 5 });
    await keras.fit(images, labels, { epochs: 5, batchSize: 4, shuffle: false, verbose: 0 });
    const values = (weights: readonly { value: Tensor }[]) => weights.map(({ value }) => value.dataSync());
    expect(values([...network.variables.values()])).toEqual(values(keras.weights));
    expect((await optimizer.predict(images)).dataSync()).toEqual(
      (await keras.predict(images, { verbose: 0 })).dataSync(),
    );
  });

  test("learn XOR", async () => {
    const network = join(Input(2), Relu(16), Sigmoid(1));
    const optimizer = algorithms.Adam(network, {
      step: 0.05,
      loss: "binary_crossentropy",
      shuffleData: true,
      batchSize: 2,
    });
    await optimizer.train(x, y, { epochs: 200 });
    expect(await optimizer.score(x, y)).toBeLessThan(0.1);
    const guesses = Array.from((await optimizer.predict(x)).dataSync()).map(Math.round);
    expect(guesses).toEqual([0, 1, 1, 0]);
    expect((await optimizer.predict([0, 1])).shape).toEqual([1, 1]);
  });

  test("a column may come as a list", async () => {
    const optimizer = algorithms.GradientDescent(line(), { batchSize: null, step: 0.1 });
    await optimizer.train([1, 2], Float32Array.of(2, 4), { epochs: 50 });
    expect(await optimizer.score(tensor([1, 2]), [2, 4])).toBeCloseTo(0, 5);
  });

  test("several inputs", async () => {
    const network = join(
      parallel(Input(1, { name: "a" }), Input(1, { name: "b" })),
      Concatenate(),
      Linear(1, { weight: 1 }),
    );
    const optimizer = algorithms.GradientDescent(network, { batchSize: null });
    expect(await optimizer.score([[[1]], [[2]]], [[3]])).toBe(0);
    expect(await optimizer.score({ a: [[1]], b: [[2]] }, [[5]])).toBe(4);
    await expect(optimizer.train([[1]], [[3]])).rejects.toThrow(/2 input layers/);
  });

  test("Dropout drops in training and not in score", async () => {
    const network = join(Input(100), Dropout(0.5), Linear(1, { weight: 1, bias: null }));
    const optimizer = algorithms.GradientDescent(network, { step: 0, batchSize: null });
    const ones = tensor(new Float32Array(100).fill(1), [1, 100]);
    await optimizer.train(ones, [[100]], { epochs: 1 });
    expect(optimizer.errors.train[0]).toBeGreaterThan(0);
    expect(await optimizer.score(ones, [[100]])).toBe(0);
  });

  test("a schedule as step", async () => {
    const step = new CosineDecay({ initialLearningRate: 0.5, decaySteps: 2 });
    const optimizer = algorithms.GradientDescent(line(), { step });
    await optimizer.train([[1]], [[1]], { epochs: 2 });
    // 0 + 2·½·1 = 1: nothing is left to learn.
    expect(optimizer.errors.train).toEqual([1, 0]);
  });

  test("penalties on the variables but the biases", async () => {
    const network = join(Input(1), Linear(1, { weight: [[-3]], bias: 5 }));
    const score = (regularizer: ReturnType<typeof algorithms.l2>) =>
      algorithms.GradientDescent(network, { regularizer }).score([[1]], [[2]]);
    expect(await score(algorithms.l1({ decayRate: 0.5 }))).toBe(1.5);
    expect(await score(algorithms.l2({ decayRate: 0.5 }))).toBe(4.5);
    expect(await score(algorithms.maxnorm({ decayRate: 0.5 }))).toBe(1.5);
    expect(await score(algorithms.l1({ decayRate: 0.5, exclude: [] }))).toBe(4);
    const optimizer = algorithms.GradientDescent(network, {
      step: 0.5,
      regularizer: algorithms.l2({ decayRate: 0.5 }),
    });
    await optimizer.train([[1]], [[2]], { epochs: 1 });
    // The prediction is right, so only the penalty moves the weight: −3 − ½ · 2 · ½ · −3.
    expect([...network.variables.values()].map(({ value }) => value.dataSync()[0])).toEqual([-1.5, 5]);
  });

  test("signals are called after every epoch, and can stop", async () => {
    const epochs: number[] = [];
    const signals = (optimizer: algorithms.GradientDescent) => {
      epochs.push(optimizer.lastEpoch);
      if (optimizer.lastEpoch === 3) throw new algorithms.StopTraining("enough");
    };
    const optimizer = algorithms.GradientDescent(line(), { signals });
    await optimizer.train([[1]], [[1]], { epochs: 10 });
    expect([epochs, optimizer.lastEpoch]).toEqual([[1, 2, 3], 3]);
    const broken = algorithms.GradientDescent(line(), {
      signals: () => {
        throw new RangeError("broken");
      },
    });
    await expect(broken.train([[1]], [[1]])).rejects.toThrow("broken");
  });

  test("verbose prints errors every so many epochs, the first and the last", async () => {
    const lines: string[] = [];
    vi.spyOn(console, "log").mockImplementation((text) => void lines.push(text));
    const optimizer = algorithms.GradientDescent(line(), { verbose: true, showEpoch: 3, step: 0 });
    await optimizer.train([[1]], [[2]], [[1]], [[3]], { epochs: 7 });
    expect(lines.map((text) => text.replace(/\[.*\]/, "[…]"))).toEqual(
      [1, 3, 6, 7].map((epoch) => `#${epoch} : […] train: 4.000000, valid: 9.000000`),
    );
  });

  test("plotErrors is a Vega-Lite chart of updates and of epochs", async () => {
    const optimizer = algorithms.GradientDescent(line(), { batchSize: 1, step: 0.25 });
    expect(() => optimizer.plotErrors()).toThrow(/train first/);
    await optimizer.train([[1], [2]], [[1], [2]], [[1]], [[1]], { epochs: 2 });
    const chart = optimizer.plotErrors();
    expect(chart).toMatchSnapshot();
    expect(() => compile(chart as unknown as TopLevelSpec)).not.toThrow();
    expect(JSON.stringify(optimizer.plotErrors({ logx: true }))).toContain('"log"');
  });

  test("leave nothing behind", async () => {
    const before = info().memory.storages;
    const network = join(Input(2), Relu(3), Sigmoid(1));
    const optimizer = algorithms.Adam(network, { batchSize: 2 });
    await optimizer.train(x, y, x, y, { epochs: 2 });
    inScope(() => void network.output(x));
    (await optimizer.predict(x)).dispose();
    optimizer.dispose();
    network.dispose();
    expect(info().memory.storages).toBe(before);
  });

  test("what is refused says why", async () => {
    const refused: Record<string, () => unknown> = {
      "no network": () => algorithms.Adam(3 as never),
      "an unknown option": () => algorithms.Adam(line(), { learningRate: 0.1 } as never),
      "another algorithm's option": () => algorithms.Adam(line(), { momentum: 0.5 } as never),
      "a loss that is none": () => algorithms.Adam(line(), { loss: "mean" as never }),
      "a step that is none": () => algorithms.Adam(line(), { step: -1 }),
      "a batch that is none": () => algorithms.Adam(line(), { batchSize: 0 }),
      "two outputs": () => algorithms.Adam(join(Input(1), parallel(Relu(1), Relu(2)))),
      "no input": () => algorithms.Adam(join(Relu(1, { name: "first" }))),
      "only half of the test data": () => algorithms.Adam(line()).train([[1]], [[1]], [[1]], undefined),
      "no epochs": () => algorithms.Adam(line()).train([[1]], [[1]], { epochs: 0 }),
      "data of another shape": () => algorithms.Adam(line()).train([[1, 2]], [[1]]),
    };
    const messages: Record<string, string> = {};
    for (const [what, run] of Object.entries(refused)) {
      try {
        await run();
        messages[what] = "not refused";
      } catch (error) {
        messages[what] = `${(error as Error).name}: ${(error as Error).message.replace(/network(_\d+)?/g, "network")}`;
      }
    }
    expect(messages).toMatchSnapshot();
  });
});
