/**
 * Steps from a recording against the same steps done plainly (`runEagerly`): the same bits everywhere, whatever the
 * model is made of. What plain steps give is proved elsewhere, against Keras.
 */
import { describe, expect, test, vi } from "vitest";
import type { Logs } from "../callbacks/callback.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Variable } from "../core/variable.ts";
import { info } from "../devices/current.ts";
import { input } from "../layers/core/input-layer.ts";
import * as layers from "../layers/index.ts";
import { type Layer, layer } from "../layers/layer.ts";
import * as metrics from "../metrics/index.ts";
import { multiply, subtract } from "../ops/elementwise/binary.ts";
import { square } from "../ops/elementwise/unary.ts";
import type { TensorLike } from "../ops/op.ts";
import { setRandomSeed } from "../ops/random/seed.ts";
import { Program } from "../ops/recording/program.ts";
import { max, min } from "../ops/reduce/reduce.ts";
import { tensor, toTensor } from "../ops/tensor.ts";
import * as optimizers from "../optimizers/index.ts";
import { model } from "./functional.ts";
import type { Model } from "./model.ts";
import type { CompileOptions } from "./run-options.ts";
import { sequential } from "./sequential.ts";

/** Numbers that look random and are the same everywhere. */
function numbers(shape: readonly number[], phase = 0) {
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float32Array.from({ length: size }, (_, index) => Math.sin(12.9898 * (index + 1) + phase)),
    shape,
  );
}

function classes(count: number, of: number) {
  return tensor(
    Int32Array.from({ length: count }, (_, index) => (index * 7 + (index >> 2)) % of),
    [count],
  );
}

const samples = 28;

interface Case {
  readonly make: () => Model;
  readonly x: () => never;
  readonly y: () => never;
  readonly compile: CompileOptions;
  readonly recorded?: number;
}

const images = () => numbers([samples, 8, 8, 3]) as never;
const sequences = () => numbers([samples, 6, 5]) as never;
const rows = () => numbers([samples, 6]) as never;
const labels = () => classes(samples, 3) as never;
const oneColumn = () => numbers([samples, 1], 1) as never;

const dense = (options: object = {}) =>
  sequential([
    layers.dense({ units: 7, activation: "gelu", inputShape: [6], ...options }),
    layers.dropout({ rate: 0.3 }),
    layers.dense({ units: 1 }),
  ]);

const regression = (make: () => Model, compile: CompileOptions = {}): Case => ({
  make,
  x: rows,
  y: oneColumn,
  compile: { optimizer: "adam", loss: "mse", metrics: ["mae"], ...compile },
});

const classification = (make: () => Model, x: () => never, compile: CompileOptions = {}): Case => ({
  make,
  x,
  y: labels,
  compile: { optimizer: "adam", loss: "sparse_categorical_crossentropy", metrics: ["accuracy"], ...compile },
});

const head = () => layers.dense({ units: 3, activation: "softmax" });

const cases: Record<string, Case> = {
  "a convolutional network": classification(
    () =>
      sequential([
        layers.conv2d({ filters: 4, kernelSize: 3, padding: "same", inputShape: [8, 8, 3] }),
        layers.groupNormalization({ groups: 2 }),
        layers.reLU(),
        layers.maxPooling2d({ poolSize: 2 }),
        layers.separableConv2d({ filters: 6, kernelSize: 3, activation: "silu" }),
        layers.batchNormalization(),
        layers.spatialDropout2d({ rate: 0.2 }),
        layers.globalAveragePooling2d(),
        head(),
      ]),
    images,
  ),
  "recurrent layers": classification(
    () =>
      sequential([
        layers.bidirectional({
          layer: layers.lstm({ units: 4, returnSequences: true, dropout: 0.2 }),
          inputShape: [6, 5],
        }),
        layers.layerNormalization(),
        layers.gru({ units: 5, recurrentDropout: 0.1 }),
        head(),
      ]),
    sequences,
  ),
  attention: classification(() => {
    const x = input({ shape: [6, 5] });
    const heads = layers.multiHeadAttention({ numHeads: 2, keyDim: 3, dropout: 0.1 });
    const sum = layers.add().apply([x, heads.apply([x, x])]);
    const pooled = layers.globalAveragePooling1d(layers.layerNormalization().apply(sum));
    return model({ inputs: x, outputs: head().apply(pooled) });
  }, sequences),
  "embedded numbers, masked": {
    make: () =>
      sequential([
        layers.embedding({ inputDim: 9, outputDim: 4, maskZero: true, inputShape: [5] }),
        layers.lstm({ units: 4 }),
        head(),
      ]),
    x: () =>
      tensor(
        Int32Array.from({ length: samples * 5 }, (_, index) => (index * 5) % 9),
        [samples, 5],
      ) as never,
    y: labels,
    compile: { optimizer: "rmsprop", loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] },
  },
  "regularizers and constraints": regression(() =>
    dense({ kernelRegularizer: "l2", activityRegularizer: "l1", kernelConstraint: "unit_norm", biasRegularizer: "l1" }),
  ),
  "a schedule, clipping and averages": regression(dense, {
    optimizer: optimizers.adamW({
      learningRate: optimizers.schedules.exponentialDecay({ initialLearningRate: 0.1, decaySteps: 2, decayRate: 0.9 }),
      clipnorm: 0.5,
      useEma: true,
      emaOverwriteFrequency: 4,
    }),
  }),
  "gradients of several steps": regression(dense, {
    optimizer: optimizers.sgd({ gradientAccumulationSteps: 3, momentum: 0.9, globalClipnorm: 1 }),
  }),
  ...Object.fromEntries(
    (
      [
        "sgd",
        "rmsprop",
        "adam",
        "adamw",
        "adamax",
        "adagrad",
        "adadelta",
        "nadam",
        "ftrl",
        "lion",
        "lamb",
        "muon",
        "adafactor",
      ] as const
    ).map((optimizer) => [`optimizer ${optimizer}`, regression(dense, { optimizer })]),
  ),
  "spectral normalization and unit normalization": regression(() =>
    sequential([
      layers.spectralNormalization({ layer: layers.dense({ units: 4 }), inputShape: [6] }),
      layers.unitNormalization(),
      layers.rmsNormalization(),
      layers.dense({ units: 1 }),
    ]),
  ),
};

async function train({ make, x, y, compile }: Case, runEagerly: boolean) {
  setRandomSeed(7);
  const net = make();
  const optimizer = compile.optimizer;
  net.compile({
    ...compile,
    optimizer:
      typeof optimizer === "object"
        ? (optimizer.constructor as unknown as { fromConfig(config: object): object }).fromConfig(optimizer.getConfig())
        : optimizer,
    runEagerly,
  } as CompileOptions);
  const [inputs, targets] = [x(), y()];
  const { history } = await net.fit(inputs, targets, {
    epochs: 7,
    batchSize: 8,
    shuffleSeed: 3,
    validationSplit: 0.2,
    verbose: 0,
    // Whoever has callbacks may change something: each epoch begins with a look at what the step does.
    callbacks: [{ onEpochEnd() {} }],
  });
  const predictions = [];
  for (let times = 0; times < 4; times++) {
    const predicted = await net.predict(inputs, { verbose: 0 });
    predictions.push(await predicted.data());
    predicted.dispose();
  }
  const variables = [...net.weights, ...(net.optimizer?.variables ?? [])];
  const state = variables.map((variable) => [variable.path.replace(/_\d+/g, ""), variable.value.dataSync()]);
  const { steps, bytes, neededBytes } = info().recorded;
  // What is kept for steps is hardly more than what they need at once.
  expect(bytes).toBeLessThanOrEqual(1.2 * neededBytes);
  net.dispose();
  return { steps, history, predictions, state };
}

describe("a recorded step gives the bits of a plain one", () => {
  test.each(Object.entries(cases))("%s", async (_name, given) => {
    const before = info().recorded.steps;
    const plain = await train(given, true);
    expect(plain.steps).toBe(before);
    const ran = vi.spyOn(Program.prototype, "run");
    const forgotten = vi.spyOn(Program.prototype, "dispose");
    const { steps, ...recorded } = await train(given, false);
    // Every program was let go of once, at the end: none was given up on the way.
    expect(forgotten).toHaveBeenCalledTimes(given.recorded ?? 4);
    forgotten.mockRestore();
    // Hardly any step had to be done plainly after all.
    expect(ran.mock.results.filter(({ value }) => value === false).length).toBeLessThanOrEqual(2);
    ran.mockRestore();
    // Training on whole batches and on the last, shorter one; validation; prediction.
    expect(steps - before).toBe(given.recorded ?? 4);
    expect(recorded).toEqual({ ...plain, steps: undefined });
    expect(info().recorded.steps).toBe(before);
  });
});

/** Multiplies by a number of its own, and by one that it takes from elsewhere. */
let outside = 1;
class Scale extends layer("Scale", {}) {
  factor = 1;
  behind: { readonly factor: number } = { factor: 1 };
  first = true;

  override call(x: Tensor) {
    const y = multiply(multiply(x, this.factor), this.behind.factor * outside);
    return this.first ? subtract(y, x) : subtract(x, y);
  }
}

describe("numbers that code takes from outside and that change are noticed", () => {
  async function trained(runEagerly: boolean, change: (scale: Scale, epoch: number) => void) {
    setRandomSeed(3);
    outside = 1;
    const scale = new Scale();
    const net = sequential([layers.dense({ units: 4, inputShape: [6] }), scale, layers.dense({ units: 1 })]);
    net.compile({
      optimizer: "sgd",
      loss: (y, predicted) => multiply(square(subtract(y, predicted)), outside),
      runEagerly,
    });
    const { history } = await net.fit(rows(), oneColumn(), {
      epochs: 8,
      batchSize: 7,
      verbose: 0,
      callbacks: [{ onEpochBegin: (epoch) => change(scale, epoch) }],
    });
    const predictions = [];
    for (let at = 0; at < 6; at++) {
      scale.factor = at < 4 ? 1 : 3;
      predictions.push(((await net.predictOnBatch(rows())) as Tensor).dataSync());
    }
    net.dispose();
    return { history, predictions };
  }

  test.each<[string, (scale: Scale, epoch: number) => void]>([
    ["a property", (scale, epoch) => Object.assign(scale, { factor: epoch < 5 ? 1 : 2 })],
    ["a number inside a property", (scale, epoch) => Object.assign(scale.behind, { factor: epoch < 5 ? 1 : 2 })],
    ["a variable outside", (_, epoch) => (outside = epoch < 4 ? 1 : epoch)],
    ["which operand comes first", (scale, epoch) => Object.assign(scale, { first: epoch < 5 })],
  ])("%s", async (_name, change) => {
    const recorded = await trained(false, change);
    expect(recorded).toEqual(await trained(true, change));
    expect(recorded).not.toEqual(await trained(true, () => {}));
  });
});

/** What `trainOnBatch` and `testOnBatch` gave, step by step, and the weights after them. */
async function onBatches(
  runEagerly: boolean,
  compile: () => CompileOptions,
  change?: (net: Model, at: number) => void,
) {
  setRandomSeed(7);
  const net = sequential([
    layers.dense({ units: 5, activation: "tanh", inputShape: [6] }),
    layers.dropout({ rate: 0.2 }),
    layers.dense({ units: 3, activation: "softmax" }),
  ]);
  net.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy", ...compile(), runEagerly });
  const logs = [];
  for (let at = 0; at < 14; at++) {
    change?.(net, at);
    const [x, y] = [numbers([4, 6], at), classes(4, 3)];
    logs.push(await net.trainOnBatch(x, y), await net.testOnBatch(x, y, { returnDict: true }));
    x.dispose();
    y.dispose();
  }
  const weights = net.weights.map(({ value }) => value.dataSync());
  net.dispose();
  return { logs, weights };
}

describe("single batches, whose metrics start anew with each, give the same", () => {
  const same = async (compile: () => CompileOptions, change?: (net: Model, at: number) => void) => {
    const recorded = await onBatches(false, compile, change);
    expect(recorded).toEqual(await onBatches(true, compile, change));
    return recorded;
  };

  test("metrics of several kinds", async () => {
    const { logs } = await same(() => ({
      metrics: ["accuracy", metrics.sparseTopKCategoricalAccuracy({ k: 2 }), new metrics.MeanMetricWrapper(spread)],
    }));
    expect(logs[0]).toHaveLength(4);
  });

  test("a metric that no recording can hold, beside one that can be", async () => {
    const { logs } = await same(() => ({ metrics: ["accuracy", new Hurried({ name: "hurried" })] }));
    expect(new Set(logs.map((each) => (Array.isArray(each) ? each[2] : (each as Logs).hurried))).size).toBeGreaterThan(
      20,
    );
  });

  test("weights and layers that stop training and go on", async () => {
    const { weights } = await same(
      () => ({}),
      (net, at) => {
        (net.weights[0] as Variable).trainable = at < 5 || at > 9;
        (net.layers[2] as Layer).trainable = at % 6 < 3;
      },
    );
    expect(weights).toHaveLength(4);
  });
});

const spread = (_: Tensor, predicted: Tensor) => subtract(max(predicted, -1), min(predicted, -1));

/** Its result is worked out outside of the device. */
class Hurried extends metrics.Mean {
  override updateState(_: TensorLike, predicted: TensorLike) {
    super.updateState(max(toTensor(predicted), -1), [1, 2, 3, 4]);
  }

  override result() {
    const exact = super.result();
    const read = exact.dataSync()[0] as number;
    exact.dispose();
    return tensor(read + (this.variables[0]?.value.dataSync()[0] as number));
  }
}

describe("a recorded step is not repeated when", () => {
  const x = numbers([4, 6]);
  const y = numbers([4, 1], 1);
  /** After as many predictions as make one that is recorded. */
  async function predicted(net: Model, change: () => void) {
    const predict = async () => {
      const result = await net.predict(x, { verbose: 0 });
      return [...(await result.data())];
    };
    for (let times = 0; times < 4; times++) await predict();
    change();
    const now = await predict();
    const plain = net.apply(x) as ReturnType<typeof tensor>;
    expect(now).toEqual([...plain.dataSync()]);
    net.dispose();
    return now;
  }

  test("a layer was exchanged", async () => {
    const net = sequential([layers.dense({ units: 2, inputShape: [6] }), layers.activation({ activation: "relu" })]);
    const now = await predicted(net, () => {
      net.pop();
      net.add(layers.activation({ activation: "sigmoid" }));
    });
    expect(now.every((value) => value > 0 && value < 1)).toBe(true);
  });

  test("a layer measured its data anew", async () => {
    const normalization = layers.normalization({ axis: -1 });
    normalization.adapt(x);
    const net = sequential([normalization, layers.dense({ units: 2 })]);
    net.build([null, 6]);
    await predicted(net, () => normalization.adapt(numbers([9, 6], 4)));
  });

  test("weights were given", async () => {
    const net = sequential([layers.dense({ units: 2, inputShape: [6] })]);
    const now = await predicted(net, () => net.setWeights([numbers([6, 2], 8), numbers([2], 9)]));
    expect(new Set(now).size).toBe(8);
  });

  test("bad labels come: the error is that of a plain step, and nothing has changed", async () => {
    const net = sequential([layers.dense({ units: 3, activation: "softmax", inputShape: [6] })]);
    net.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy" });
    const good = classes(4, 3);
    for (let times = 0; times < 5; times++) await net.trainOnBatch(x, good);
    const state = () => [...net.weights, ...(net.optimizer?.variables ?? [])].map(({ value }) => [...value.dataSync()]);
    const before = state();
    const bad = tensor(Int32Array.of(0, 1, 2, 3), [4]);
    await expect(net.trainOnBatch(x, bad)).rejects.toThrow(/Sequential "sequential.*": trainOnBatch: .*3/);
    expect(state()).toEqual(before);
    await net.trainOnBatch(x, good);
    net.dispose();
  });

  test("somebody holds a weight: theirs stays what it was", async () => {
    const net = sequential([layers.dense({ units: 1, inputShape: [6] })]);
    net.compile({ optimizer: "sgd", loss: "mse" });
    for (let times = 0; times < 5; times++) await net.trainOnBatch(x, y);
    const [kernel] = net.weights;
    const held = kernel?.snapshot();
    const before = [...(held?.dataSync() ?? [])];
    for (let times = 0; times < 3; times++) await net.trainOnBatch(x, y);
    expect([...(held?.dataSync() ?? [])]).toEqual(before);
    expect([...(kernel?.value.dataSync() ?? [])]).not.toEqual(before);
    const stale = kernel?.value;
    await net.trainOnBatch(x, y);
    expect(() => stale?.dataSync()).toThrow("was used after it was disposed");
    held?.release();
    net.dispose();
  });
});
