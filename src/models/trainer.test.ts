import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Callback } from "../callbacks/callback.ts";
import { resetNames } from "../core/names.ts";
import type { SymbolicTensor } from "../core/symbolic.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Variable } from "../core/variable.ts";
import { info, setDevice } from "../devices/current.ts";
import { input } from "../layers/core/input-layer.ts";
import * as layers from "../layers/index.ts";
import { type CallContext, layer } from "../layers/layer.ts";
import { resolveLoss } from "../losses/resolve.ts";
import { Precision } from "../metrics/confusion.ts";
import { add } from "../ops/elementwise/binary.ts";
import * as ops from "../ops/index.ts";
import { setRandomSeed } from "../ops/random/seed.ts";
import { tensor } from "../ops/tensor.ts";
import { SGD } from "../optimizers/sgd.ts";
import { shuffled } from "./data.ts";
import { type Functional, model } from "./functional.ts";
import { Model } from "./model.ts";
import { type Sequential, sequential } from "./sequential.ts";

const quiet = { verbose: 0 } as const;

/** Numbers that look random and are the same everywhere. */
function numbers(count: number, phase = 0): Float32Array {
  return Float32Array.from({ length: count }, (_, index) => Math.sin(12.9898 * (index + 1) + phase));
}

/** y = w · x, from w = 0. */
function line(name = "line"): Sequential {
  return sequential(
    [layers.dense({ units: 1, useBias: false, kernelInitializer: "zeros", inputShape: [1], name: "d" })],
    {
      name,
    },
  );
}

/** The same, compiled with SGD at rate 0.1 and the squared error: one step on [1] → [2] makes w = 0.4. */
function compiledLine(): Sequential {
  const net = line();
  net.compile({ optimizer: new SGD({ learningRate: 0.1 }), loss: "mse" });
  return net;
}

const weightOf = async (net: Model) => (await (net.weights[0] as Variable).value.data())[0] as number;

let log: ReturnType<typeof vi.spyOn>;
beforeEach(() => {
  resetNames();
  log = vi.spyOn(console, "log").mockImplementation(() => {});
});
afterEach(() => {
  log.mockRestore();
});

describe("fit", () => {
  test("takes arrays, typed arrays and tensors alike", async () => {
    for (const [x, y] of [
      [
        [[1], [2]],
        [[2], [4]],
      ],
      [tensor([[1], [2]]), tensor([[2], [4]])],
      [Float32Array.of(1, 2), Int32Array.of(2, 4)],
      [[[[1], [2]]], [[2], [4]]].map((each, index) => (index === 0 ? each[0] : each)),
      [{ d_in: [[1], [2]] }, [2, 4]],
    ] as never[][]) {
      const net = sequential([
        input({ shape: [1], name: "d_in" }),
        layers.dense({ units: 1, kernelInitializer: "zeros" }),
      ]);
      net.compile({ optimizer: new SGD({ learningRate: 0.1 }), loss: "mse" });
      const { history } = await net.fit(x as never, y as never, quiet);
      expect(history.loss).toEqual([10]);
    }
  });

  test("averages the loss over samples, not over batches", async () => {
    const net = compiledLine();
    (net.optimizer as SGD).learningRate = 0;
    const { history } = await net.fit([[1], [2], [3]], [[0], [0], [3]], { ...quiet, batchSize: 2 });
    expect(history.loss).toEqual([3]);
  });

  test("takes batches from iterables, generators, functions and asynchronous sources", async () => {
    const batches = [
      [[[1]], [[2]]],
      [[[2]], [[4]]],
    ] as [number[][], number[][]][];
    async function* later() {
      for (const [xs, ys] of batches) yield { xs, ys };
    }
    const results: number[] = [];
    for (const source of [batches.values(), new Set(batches), later(), later, () => batches, () => batches.values()]) {
      const net = compiledLine();
      await net.fit(source as never, { ...quiet, shuffle: false });
      results.push(await weightOf(net));
    }
    // w = 0 → 0.4 → 0.4 + 0.1 · 2 · 2 · 3.2
    for (const weight of results) expect(weight).toBeCloseTo(1.68, 5);
  });

  test("begins a function anew for every epoch, and goes on with one source over steps", async () => {
    let calls = 0;
    const make = function* () {
      calls++;
      for (let index = 0; index < 3; index++) yield [[[1]], [[2]]] as [number[][], number[][]];
    };
    const net = compiledLine();
    await net.fit(make, { ...quiet, epochs: 2 });
    expect(calls).toBe(2);
    const endless = (function* () {
      for (;;) yield [[[1]], [[2]]] as [number[][], number[][]];
    })();
    const { history } = await compiledLine().fit(endless, { ...quiet, epochs: 3, stepsPerEpoch: 2 });
    expect(history.loss).toHaveLength(3);
  });

  test("cuts validation off the end before shuffling", async () => {
    const net = compiledLine();
    (net.optimizer as SGD).learningRate = 0;
    const x = [[1], [2], [3], [4]];
    const { history } = await net.fit(x, [[1], [2], [3], [4]], { ...quiet, validationSplit: 0.25, epochs: 2 });
    expect(history.val_loss).toEqual([16, 16]);
    expect(history.loss?.[0]).toBeCloseTo(14 / 3, 5);
  });

  test("validates as often as it is told", async () => {
    const net = compiledLine();
    const data = [[[1]], [[2]]] as const;
    const { history } = await net.fit(...data, { ...quiet, epochs: 5, validationData: data, validationFreq: [2, 5] });
    expect([history.loss?.length, history.val_loss?.length]).toEqual([5, 2]);
  });

  test("shuffles reproducibly, the same on every device", async () => {
    const order: number[][] = [];
    for (const device of ["wasm", "reference"] as const) {
      setDevice(device);
      setRandomSeed(7);
      const seen: number[] = [];
      class Watch extends layer("Watch", {}) {
        override call(x: Tensor, { training }: CallContext) {
          if (training && x.device.concrete) seen.push(...x.dataSync());
          return x;
        }
      }
      const net = sequential([new Watch({ inputShape: [1] }), layers.dense({ units: 1 })]);
      net.compile({ optimizer: "sgd", loss: "mse" });
      await net.fit(numbers(10), numbers(10), { ...quiet, batchSize: 4, epochs: 2 });
      order.push(seen);
    }
    setDevice("wasm");
    expect(order[0]).toEqual(order[1]);
    const [first, second] = [order[0]?.slice(0, 10), order[0]?.slice(10)];
    expect(first).not.toEqual([...numbers(10)]);
    expect(first).not.toEqual(second);
    expect(first?.toSorted()).toEqual([...numbers(10)].toSorted());
  });

  test("repeats its orders with a seed of its own", async () => {
    const weights: number[] = [];
    for (let run = 0; run < 2; run++) {
      const net = compiledLine();
      await net.fit(numbers(20), numbers(20, 1), { ...quiet, batchSize: 3, epochs: 2, shuffleSeed: 3 });
      weights.push(await weightOf(net));
    }
    expect(weights[0]).toBe(weights[1]);
  });

  test("builds a model that waits for its first data", async () => {
    const net = sequential([
      layers.dense({ units: 4 }),
      layers.groupNormalization({ groups: 2 }),
      layers.dense({ units: 1 }),
    ]);
    net.compile({ optimizer: "adam", loss: "mse" });
    await net.fit(tensor(numbers(40), [10, 4]), numbers(10), quiet);
    expect(net.weights.map(({ shape }) => shape)).toEqual([[4, 4], [4], [4], [4], [4, 1], [1]]);
    expect(net.inputs[0]?.shape).toEqual([null, 4]);
  });

  test("trains a model with a call of its own", async () => {
    class Twice extends Model {
      dense = layers.dense({ units: 2, kernelInitializer: "ones" });
      dropout = layers.dropout({ rate: 0.5 });
      trained: boolean[] = [];
      override call(x: Tensor, { training }: CallContext) {
        this.trained.push(training);
        return add(this.dropout.apply(this.dense.apply(x)), this.dense.apply(x));
      }
    }
    const net = new Twice();
    expect([net.name, net.layers.map(({ name }) => name)]).toEqual(["twice", ["dense", "dropout"]]);
    net.compile({ optimizer: "sgd", loss: "mse", metrics: ["mae"] });
    const { history } = await net.fit([[1, 2]], [[1, 1]], { ...quiet, epochs: 2 });
    expect(history.mae).toHaveLength(2);
    expect(net.trained).toContain(true);
    expect(net.computeOutputShape([5, 2])).toEqual([5, 2]);
    expect(net.summary({ print: false })).toContain("dense (Dense)");
    net.dispose();
  });

  test("makes real weights when a model with a call of its own is first called symbolically", async () => {
    class Inner extends Model {
      dense = layers.dense({ units: 2, kernelInitializer: "ones", name: "inside" });
      override call(x: Tensor) {
        return this.dense.apply(x);
      }
    }
    const x = input({ shape: [3] });
    const net = model({ inputs: x, outputs: new Inner().apply(x) });
    using y = net.apply([[1, 2, 3]]);
    expect(await y.array()).toEqual([[6, 6]]);
  });

  test("counts epochs from where it is told", async () => {
    const epochs: number[] = [];
    const history = await compiledLine().fit([[1]], [[2]], {
      ...quiet,
      initialEpoch: 3,
      epochs: 5,
      callbacks: { onEpochBegin: (epoch) => void epochs.push(epoch) },
    });
    expect([epochs, history.epoch]).toEqual([
      [3, 4],
      [3, 4],
    ]);
  });

  test("adds the penalties of regularizers and of addLoss to the loss, in evaluation too", async () => {
    class Penalty extends layer("Penalty", {}) {
      override call(x: Tensor) {
        this.addLoss(tensor(5));
        return x;
      }
    }
    const net = sequential([
      new Penalty({ inputShape: [1] }),
      layers.dense({ units: 1, kernelInitializer: "ones", kernelRegularizer: "l2" }),
    ]);
    net.compile({ optimizer: new SGD({ learningRate: 0 }), loss: "mse" });
    const { history } = await net.fit([[1]], [[3]], quiet);
    expect(history.loss?.[0]).toBeCloseTo(4 + 5 + 0.01, 5);
    expect(await net.evaluate([[1]], [[3]], quiet)).toBeCloseTo(9.01, 5);
  });

  test("weighs classes by number and by one-hot row", async () => {
    for (const y of [
      [0, 1],
      [[0], [1]],
      [
        [1, 0],
        [0, 1],
      ],
    ]) {
      const net = sequential([layers.dense({ units: 2, kernelInitializer: "zeros", inputShape: [1] })]);
      const oneHot = Array.isArray(y[0]) && (y[0] as number[]).length === 2;
      net.compile({
        optimizer: new SGD({ learningRate: 0 }),
        loss: oneHot ? "mse" : resolveLoss((t: Tensor) => t),
        weightedMetrics: [],
      });
      const { history } = await net.fit([[1], [1]], y as number[][], { ...quiet, classWeight: { 1: 3 } });
      // One-hot: (0.5 · 1 + 0.5 · 3) / 2; labels: (0 · 1 + 1 · 3) / 2.
      expect(history.loss?.[0]).toBeCloseTo(oneHot ? 1 : 1.5, 6);
    }
  });
});

describe("ending early", () => {
  const endless = () => ({
    *[Symbol.iterator]() {
      for (;;) yield [[[1]], [[2]]] as [number[][], number[][]];
    },
  });

  test("a signal ends fit between steps, with the weights of the last finished one", async () => {
    const net = compiledLine();
    const controller = new AbortController();
    const heard: unknown[] = [];
    const running = net.fit(endless(), {
      ...quiet,
      signal: controller.signal,
      callbacks: {
        onTrainBatchEnd: (batch) => {
          if (batch === 1) controller.abort(new Error("enough"));
        },
        onAbort: (error) => void heard.push(error),
        onTrainEnd: () => void heard.push("end"),
      },
    });
    await expect(running).rejects.toThrow("enough");
    expect((heard[0] as Error).message).toBe("enough");
    expect(heard).toHaveLength(1);
    // Two steps from 0: 0.4, then 0.4 + 0.2 · 1.6.
    expect(await weightOf(net)).toBeCloseTo(0.72, 6);
    await net.fit([[1]], [[2]], quiet);
    expect(await weightOf(net)).toBeCloseTo(0.976, 5);
  });

  test("a signal that is aborted already changes nothing", async () => {
    const net = compiledLine();
    await expect(net.fit([[1]], [[2]], { ...quiet, signal: AbortSignal.abort() })).rejects.toThrow("abort");
    expect(await weightOf(net)).toBe(0);
  });

  test("the page stays alive meanwhile: a timer ends a long training", async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("time is up")), 50);
    await expect(compiledLine().fit(endless(), { ...quiet, signal: controller.signal })).rejects.toThrow("time is up");
  });

  test("stopTraining ends after the step", async () => {
    const net = compiledLine();
    const history = await net.fit(endless(), {
      ...quiet,
      epochs: 5,
      callbacks: {
        onTrainBatchEnd(batch) {
          if (batch === 2) net.stopTraining = true;
        },
      },
    });
    expect(history.history.loss).toHaveLength(1);
  });

  test("a step that fails changes nothing: weights, moving statistics, optimizer and metrics", async () => {
    let fail = false;
    class Fragile extends layer("Fragile", {}) {
      override call(x: Tensor) {
        if (fail) throw new Error("broken");
        return x;
      }
    }
    const net = sequential([layers.batchNormalization({ inputShape: [2] }), layers.dense({ units: 1 }), new Fragile()]);
    net.compile({ optimizer: "adam", loss: "mse" });
    await net.fit(
      [
        [1, 2],
        [3, 5],
      ],
      [[1], [2]],
      quiet,
    );
    const state = async () =>
      Promise.all(
        [
          ...net.weights,
          ...(net.optimizer?.variables ?? []),
          ...net.metrics.flatMap(({ variables }) => [...variables]),
        ].map(async ({ value }) => [...(await value.data())]),
      );
    const before = await state();
    const storages = info().memory.storages;
    fail = true;
    await expect(net.fit([[1, 2]], [[1]], quiet)).rejects.toThrow("broken");
    const after = await state();
    // The metrics were reset for the new epoch.
    expect(after.slice(0, -2)).toEqual(before.slice(0, -2));
    expect(info().memory.storages).toBe(storages);
    fail = false;
    await net.fit([[1, 2]], [[1]], quiet);
  });
});

describe("callbacks in a training", () => {
  test("hooks come in Keras's order", async () => {
    const seen: string[] = [];
    const net = compiledLine();
    const hooks = Object.getOwnPropertyNames(Callback.prototype).filter((name) => name.startsWith("on"));
    const all = Object.fromEntries(hooks.map((name) => [name, () => void seen.push(name)]));
    await net.fit([[1], [2]], [[1], [2]], { ...quiet, batchSize: 1, callbacks: [all], validationData: [[[1]], [[1]]] });
    expect(seen).toEqual([
      "onTrainBegin",
      "onEpochBegin",
      ...["onTrainBatchBegin", "onTrainBatchEnd", "onTrainBatchBegin", "onTrainBatchEnd"],
      ...["onTestBegin", "onTestBatchBegin", "onTestBatchEnd", "onTestEnd"],
      "onEpochEnd",
      "onTrainEnd",
    ]);
    seen.length = 0;
    await net.evaluate([[1]], [[1]], { ...quiet, callbacks: all });
    (await net.predict([[1]], { ...quiet, callbacks: all })).dispose();
    expect(seen).toEqual([
      ...["onTestBegin", "onTestBatchBegin", "onTestBatchEnd", "onTestEnd"],
      ...["onPredictBegin", "onPredictBatchBegin", "onPredictBatchEnd", "onPredictEnd"],
    ]);
  });

  test("batches come with the averages of the epoch so far", async () => {
    const losses: number[] = [];
    const net = compiledLine();
    (net.optimizer as SGD).learningRate = 0;
    await net.fit([[1], [1]], [[1], [3]], {
      ...quiet,
      batchSize: 1,
      shuffle: false,
      callbacks: { onTrainBatchEnd: (_batch, { loss }) => void losses.push(loss as number) },
    });
    expect(losses).toEqual([1, 5]);
  });

  test("may evaluate and predict in between, without a trace in the epoch's metrics", async () => {
    const net = compiledLine();
    (net.optimizer as SGD).learningRate = 0;
    const results: unknown[] = [];
    const { history } = await net.fit([[1], [1]], [[1], [3]], {
      ...quiet,
      batchSize: 1,
      shuffle: false,
      callbacks: {
        async onTrainBatchEnd() {
          results.push(await net.evaluate([[1]], [[10]], quiet));
          (await net.predict([[1]], quiet)).dispose();
        },
      },
    });
    expect([results, history.loss]).toEqual([[100, 100], [5]]);
  });

  test("a second fit at the same time is refused", async () => {
    const net = compiledLine();
    const first = net.fit([[1]], [[2]], quiet);
    await expect(net.fit([[1]], [[2]], quiet)).rejects.toThrowErrorMatchingSnapshot();
    await first;
  });
});

test("a training with moving averages ends with them as weights", async () => {
  const net = sequential([layers.dense({ units: 1, useBias: false, kernelInitializer: "zeros", inputShape: [1] })]);
  net.compile({ optimizer: new SGD({ learningRate: 0.25, useEma: true, emaMomentum: 0.5 }), loss: "mse" });
  await net.fit([[1]], [[1]], { ...quiet, epochs: 2 });
  // w: 0, 0.5, 0.75 by w ← w + 0.5 (1 − w); the average: 0.5, which begins with the first, and (0.5 + 0.75) / 2
  const [kernel] = net.getWeights() as [Tensor];
  expect(kernel.arraySync()).toEqual([[0.625]]);
  kernel.dispose();
  net.dispose();
});

test("every order of the samples is drawn", () => {
  const orders = new Set(Array.from({ length: 100 }, (_, round) => shuffled(3, [1, round]).join("")));
  expect([...orders].sort()).toEqual(["012", "021", "102", "120", "201", "210"]);
});

test("a mask of a graph may be handed to another layer, and lives as long as anybody needs it", async () => {
  const x = input({ shape: [3, 1] });
  const masked = layers.masking().apply(x);
  const given = layers.globalAveragePooling1d().apply(x, { mask: masked.mask as SymbolicTensor });
  const both = layers.add([given, layers.globalAveragePooling1d().apply(masked)]);
  for (const outputs of [given, both]) {
    const y = await model({ inputs: x, outputs }).predict([[[2], [4], [0]]], quiet);
    // the mean of 2 and 4; twice
    expect(y.arraySync()).toEqual([[outputs === given ? 3 : 6]]);
    y.dispose();
  }
});

test("batches come with sample weights, and classes are weighed in them", async () => {
  const net = compiledLine();
  (net.optimizer as SGD).learningRate = 0;
  const weighed = await net.fit(() => [{ xs: [[1], [1]], ys: [[1], [2]], sampleWeight: [0, 1] }], quiet);
  expect(weighed.history.loss).toEqual([2]);
  const classes = await net.fit(
    () => [
      [
        [[1], [1]],
        [[1], [2]],
      ] as never,
    ],
    { ...quiet, classWeight: { 1: 5, 2: 0 } },
  );
  expect(classes.history.loss).toEqual([2.5]);
});

test("factories add to a sequential model", async () => {
  const net = sequential([input({ shape: [2] })]);
  const same = layers.dense(layers.dense(net, { units: 3, kernelInitializer: "ones" }), {
    units: 1,
    kernelInitializer: "ones",
  });
  expect(same).toBe(net);
  expect(await net.apply([[1, 2]]).array()).toEqual([[9]]);
});

describe("several inputs and outputs", () => {
  function two(): Functional {
    const a = input({ shape: [1], name: "a" });
    const b = input({ shape: [1], name: "b" });
    const make = (name: string) => layers.dense({ units: 1, useBias: false, kernelInitializer: "ones", name });
    return model({ inputs: [a, b], outputs: [make("left").apply(a), make("right").apply(b)], name: "two" });
  }
  const x = { a: [[1], [2]], b: [[3], [4]] };

  test("an output may go without loss", async () => {
    const net = two();
    net.compile({ optimizer: new SGD({ learningRate: 0 }), loss: { left: "mse" } });
    const { history } = await net.fit(x, [[[1], [1]]], quiet);
    expect(history).toEqual({ loss: [0.5] });
  });

  test("losses are weighed, and named after their outputs", async () => {
    const net = two();
    net.compile({
      optimizer: new SGD({ learningRate: 0 }),
      loss: ["mse", "mae"],
      lossWeights: [1, 10],
      metrics: [null, ["mse"]],
    });
    const y = [
      [[1], [1]],
      [[2], [2]],
    ];
    const logs = await net.evaluate(x, y, { ...quiet, returnDict: true });
    expect(logs).toEqual({ loss: 15.5, left_loss: 0.5, right_loss: 1.5, right_mse: 2.5 });
    const byName = await net.evaluate(x, { left: [[1], [1]], right: [[2], [2]] }, { ...quiet, sampleWeight: [2, 0] });
    expect(byName).toEqual([10, 0, 1, 2.5]);
    const outputs = await net.predict<Tensor[]>(x, quiet);
    expect(await Promise.all(outputs.map((each) => each.array()))).toEqual([
      [[1], [2]],
      [[3], [4]],
    ]);
  });
});

test("predict puts batches together, and takes batches too", async () => {
  const net = compiledLine();
  net.setWeights([[[2]]]);
  const x = [[1], [2], [3], [4], [5]];
  const whole = await net.predict(x, { ...quiet, batchSize: 2 });
  expect(await whole.array()).toEqual([[2], [4], [6], [8], [10]]);
  const fromBatches = await net.predict(() => [tensor([[1], [2]]), tensor([[3]])], quiet);
  expect(await fromBatches.array()).toEqual([[2], [4], [6]]);
  const two = await net.predict(x, { ...quiet, batchSize: 2, steps: 1 });
  expect(two.shape).toEqual([2, 1]);
  expect(await (await net.predictOnBatch(x)).array()).toEqual(await whole.array());
});

test("metrics may be objects and functions", async () => {
  const net = line();
  const error = (yTrue: Tensor, yPred: Tensor) => add(yTrue, yPred);
  net.compile({ loss: "mse", metrics: [new Precision({ name: "p" }), error] });
  const logs = await net.evaluate([[1], [1]], [[1], [0]], { ...quiet, returnDict: true });
  expect(logs).toEqual({ loss: 0.5, p: 0, error: 0.5 });
});

describe("what is shown", () => {
  const lines = () => log.mock.calls.map(([text]: unknown[]) => String(text).replace(/[\d.]+(s|ms|us)\b/g, "#"));

  test("a line for each epoch where there is no terminal", async () => {
    const net = compiledLine();
    await net.fit([[1], [2], [3]], [[1], [2], [3]], {
      batchSize: 2,
      epochs: 2,
      validationData: [[[1]], [[1]]],
      shuffle: false,
    });
    expect(lines()).toMatchSnapshot();
  });

  test("a line for an evaluation, none for a prediction, and nothing with verbose 0", async () => {
    const net = compiledLine();
    await net.evaluate([[1]], [[0.001]]);
    (await net.predict([[1]])).dispose();
    await net.fit([[1]], [[1]], quiet);
    expect(lines()).toMatchSnapshot();
  });
});

describe("refusals", () => {
  const data = [[[1]], [[2]]] as const;
  const fit = (options: object) => async () => compiledLine().fit(...data, { ...quiet, ...options } as never);
  const compile = (options: object) => async () => line().compile(options);
  const compileTwo = (options: object) => async () => {
    const x = input({ shape: [1], name: "x" });
    const make = (name: string) => layers.dense({ units: 1, name }).apply(x);
    model({ inputs: x, outputs: [make("left"), make("right")], name: "two" }).compile(options);
  };
  const once = function* () {
    yield [[[1]], [[2]]] as [number[][], number[][]];
  };

  test.each<[string, () => Promise<unknown>]>([
    ["fit before compile", async () => line().fit(...data)],
    ["evaluate before compile", async () => line().evaluate(...data)],
    [
      "training without a loss",
      async () => {
        const net = line();
        net.compile({ optimizer: "sgd" });
        await net.fit(...data, quiet);
      },
    ],
    ["no data", async () => compiledLine().fit(undefined as never)],
    ["empty data", async () => compiledLine().fit(tensor([], [0, 1]), tensor([], [0, 1]))],
    ["different counts", async () => compiledLine().fit([[1], [2]], [[1]])],
    ["different counts of weights", fit({ sampleWeight: [1, 2] })],
    ["another shape", async () => compiledLine().fit([[1, 2]], [[1]])],
    ["ragged rows", async () => compiledLine().fit([[1], [1, 2]], [[1], [1]])],
    ["a single number", async () => compiledLine().fit(3, 4)],
    ["no targets", async () => compiledLine().fit([[1]], undefined, quiet)],
    ["another shape in a batch", async () => compiledLine().fit(() => [[[[1, 2]], [[1]]]] as never, quiet)],
    ["different counts in a batch", async () => compiledLine().fit(() => [[[[1], [2]], [[1]]]] as never, quiet)],
    ["batches of another kind", async () => compiledLine().fit((() => ["batch"]) as never, quiet)],
    [
      "batches with other names",
      async () => compiledLine().fit((() => [{ image: [[1]], label: [[1]] }]) as never, quiet),
    ],
    ["a function without batches", async () => compiledLine().fit((() => 3) as never, quiet)],
    ["a source that gives nothing", async () => compiledLine().fit(() => [], quiet)],
    ["a generator for two epochs", async () => compiledLine().fit(once(), { ...quiet, epochs: 2 })],
    ["batchSize with batches", async () => compiledLine().fit(once, { ...quiet, batchSize: 2 })],
    ["y with batches", async () => compiledLine().fit(once, [[1]], quiet)],
    ["validationSplit with batches", async () => compiledLine().fit(once, { ...quiet, validationSplit: 0.5 })],
    ["batchSize 0", fit({ batchSize: 0 })],
    ["NaN epochs", fit({ epochs: Number.NaN })],
    ["validationSplit 1", fit({ validationSplit: 1 })],
    ["validationSplit below 0", fit({ validationSplit: -0.1 })],
    ["a validationSplit that leaves nothing", fit({ validationSplit: 0.5 })],
    ["validationData of another kind", fit({ validationData: 3 })],
    ["validationFreq 0", fit({ validationFreq: 0 })],
    ["a misspelt option", fit({ batchsize: 2 })],
    ["verbose 3", fit({ verbose: 3 })],
    ["callbacks of another kind", fit({ callbacks: ["earlyStopping"] })],
    ["hooks of other names", fit({ callbacks: { onEpochDone: () => {} } })],
    ["a signal of another kind", fit({ signal: "stop" })],
    ["class weights and sample weights", fit({ classWeight: { 0: 1 }, sampleWeight: [1] })],
    ["class weights by name", fit({ classWeight: { cat: 1 } })],
    ["class weights in a list", fit({ classWeight: [1, 2] })],
    ["an unknown loss", compile({ loss: "mean_square_error" })],
    ["an unknown optimizer", compile({ optimizer: "adm", loss: "mse" })],
    ["an unknown metric", compile({ loss: "mse", metrics: ["accurracy"] })],
    ["an unknown option of compile", compile({ losses: "mse" })],
    ["more losses than outputs", compile({ loss: ["mse", "mae"] })],
    ["fewer losses than outputs", compileTwo({ loss: ["mse"] })],
    ["losses of other outputs", compileTwo({ loss: { lft: "mse" } })],
    ["a flat list of metrics for two outputs", compileTwo({ loss: "mse", metrics: ["mse"] })],
    ["a single metric for two outputs", compileTwo({ loss: "mse", metrics: "mse" })],
    ["loss weights that are no numbers", compile({ loss: "mse", lossWeights: [Number.NaN] })],
    [
      "a loss without reduction",
      async () => {
        const net = line();
        net.compile({ loss: resolveLoss({ class_name: "MeanSquaredError", config: { reduction: "none" } }) });
        await net.fit([[1], [2]], [[1], [2]], quiet);
      },
    ],
    [
      "one array of targets for two outputs",
      async () => {
        const x = input({ shape: [1], name: "x" });
        const make = (name: string) => layers.dense({ units: 1, name }).apply(x);
        const net = model({ inputs: x, outputs: [make("left"), make("right")], name: "two" });
        net.compile({ loss: "mse" });
        await net.fit([[1]], tensor([[1]]), quiet);
      },
    ],
    [
      "use after dispose",
      async () => {
        const net = compiledLine();
        net.dispose();
        await net.predict([[1]], quiet);
      },
    ],
  ])("%s", async (_name, act) => {
    await expect(act()).rejects.toThrowErrorMatchingSnapshot();
  });

  const labelled = (name = "labelled") => {
    const net = sequential([layers.dense({ units: 3, inputShape: [1], name: "d" })], { name });
    net.compile({ optimizer: "sgd", loss: "sparseCategoricalCrossentropy" });
    return net;
  };
  const samples = Array.from({ length: 10 }, (_, index) => [index]);
  const right = samples.map(([index = 0]) => index % 3);
  const wrong = right.with(7, 5);
  const wide = samples.map(() => [0, 1]);

  test.each<[string, (net: Sequential) => Promise<unknown>]>([
    ["labels of a later batch", (net) => net.fit(samples, wrong, quiet)],
    ["labels that are split off", (net) => net.fit(samples, wrong, { ...quiet, validationSplit: 0.5 })],
    ["labels to validate on", (net) => net.fit(samples, right, { ...quiet, validationData: [samples, wrong] })],
    ["shapes to validate on", (net) => net.fit(samples, right, { ...quiet, validationData: [samples, wide] })],
    ["weights to validate on", (net) => net.fit(samples, right, { ...quiet, validationData: [samples, right, wide] })],
    ["labels to evaluate on", (net) => net.evaluate(samples, wrong, { ...quiet, batchSize: 2 })],
  ])("%s are looked at before the first step", async (_name, act) => {
    const net = labelled();
    const before = await net.weights[0]?.value.array();
    const { storages } = info().memory;
    await expect(act(net)).rejects.toThrowErrorMatchingSnapshot();
    expect(await net.weights[0]?.value.array()).toEqual(before);
    expect(info().memory.storages).toBe(storages);
    expect(net.optimizer?.built).toBe(false);
    net.dispose();
  });

  test("a model that is not built yet is not built for data that do not fit", async () => {
    const net = sequential([layers.dense({ units: 1 }), layers.reshape({ targetShape: [] })]);
    net.compile({ optimizer: "sgd", loss: "mse" });
    const { storages } = info().memory;
    await expect(net.fit([[1, 2]], [[1, 2]], quiet)).rejects.toThrow("must have the same shape");
    expect(net.built).toBe(false);
    expect(info().memory.storages).toBe(storages);
    expect((await net.fit([[1, 2, 3]], [1], quiet)).history.loss).toHaveLength(1);
    net.dispose();
  });

  test("models and losses that cannot be tried without values train all the same", async () => {
    class Reads extends Model {
      dense = layers.dense({ units: 1 });
      override call(x: Tensor): Tensor {
        if (!(x.dataSync().length > 0)) throw new Error("no values");
        return this.dense.apply(x);
      }
    }
    const net = new Reads();
    net.compile({
      optimizer: "sgd",
      loss: (yTrue, yPred) => ops.mean(ops.multiply(ops.subtract(yTrue, yPred), yTrue.dataSync()[0] as number), -1),
    });
    const { history } = await net.fit(samples, samples, { ...quiet, validationData: [samples, samples] });
    expect(history.val_loss).toHaveLength(1);
    net.dispose();
  });
});
