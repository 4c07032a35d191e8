/**
 * The callbacks by themselves: decisions as real Keras's on the same numbers, files, and what is shown.
 * Inside of trainings they are tested with the models.
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { readGoldenSubject } from "../../test/golden/golden.ts";
import type { Tensor } from "../core/tensor.ts";
import { info } from "../devices/current.ts";
import { loadModel } from "../keras/index.ts";
import * as layers from "../layers/index.ts";
import { sequential } from "../models/sequential.ts";
import type { TensorLike } from "../ops/op.ts";
import { tensor } from "../ops/tensor.ts";
import { SGD } from "../optimizers/sgd.ts";
import type { CallbackModel } from "./callback.ts";
import { Callbacks, callbackList } from "./callback.ts";
import * as callbacks from "./index.ts";
import { formatNumber } from "./progbar-logger.ts";

const golden = await readGoldenSubject("models");

/** A model whose only weight is the number of its epoch. */
class FakeModel implements CallbackModel {
  readonly name = "fake";
  readonly optimizer: SGD | undefined = new SGD({ learningRate: 1 });
  stopTraining = false;
  epoch = -1;
  restored: number | null = null;
  getWeights(): Tensor[] {
    return [tensor(this.epoch)];
  }
  setWeights([value]: readonly TensorLike[]): void {
    this.restored = (value as Tensor).dataSync()[0] as number;
  }
  betterIs(metric: string): "min" | "max" | undefined {
    return metric === "accuracy" ? "max" : undefined;
  }
  readonly saved: string[] = [];
  async save(path: string): Promise<void> {
    this.saved.push(path);
  }
  async saveWeights(path: string): Promise<void> {
    this.saved.push(`weights ${path}`);
  }
}

const camel = (options: object) =>
  Object.fromEntries(
    Object.entries(options).map(([key, value]) => [
      key.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase()),
      value,
    ]),
  );

let log: ReturnType<typeof vi.spyOn>;
beforeEach(() => {
  log = vi.spyOn(console, "log").mockImplementation(() => {});
});
afterEach(() => {
  log.mockRestore();
});
const lines = () => log.mock.calls.map(([text]: unknown[]) => String(text));

describe("EarlyStopping", () => {
  test.each(golden.earlyStopping)("as Keras: $options", (expected) => {
    const before = info().memory.storages;
    const model = new FakeModel();
    const callback = callbacks.earlyStopping(camel(expected.options));
    callback.setModel(model);
    callback.onTrainBegin();
    for (const [epoch, value] of expected.values.entries()) {
      model.epoch = epoch;
      callback.onEpochEnd(epoch, { val_loss: value });
      if (model.stopTraining) break;
    }
    callback.onTrainEnd();
    expect({
      stopped: model.stopTraining,
      epochs: model.epoch + 1,
      stoppedEpoch: callback.stoppedEpoch,
      restored: model.restored,
    }).toEqual({
      stopped: expected.stopped,
      epochs: expected.epochs,
      stoppedEpoch: expected.stoppedEpoch,
      restored: expected.restored,
    });
    model.optimizer?.dispose();
    expect(info().memory.storages).toBe(before);
  });

  test("knows of metrics whether more is better, and says what it does", () => {
    const model = new FakeModel();
    const callback = callbacks.earlyStopping({ monitor: "val_accuracy", verbose: 1, restoreBestWeights: true });
    callback.setModel(model);
    callback.onTrainBegin();
    for (const [epoch, value] of [0.5, 0.7, 0.6].entries()) {
      model.epoch = epoch;
      callback.onEpochEnd(epoch, { val_accuracy: value });
    }
    callback.onTrainEnd();
    expect([callback.best, callback.bestEpoch, model.restored]).toEqual([0.7, 1, 1]);
    expect(lines()).toEqual(["Epoch 3: early stopping", "Weights are put back to those of the best epoch, 2"]);
  });
});

describe("ReduceLROnPlateau", () => {
  test.each(golden.reduceLROnPlateau)("as Keras: $options", ({ options, values, rates }) => {
    const model = new FakeModel();
    const callback = callbacks.reduceLROnPlateau(camel(options));
    callback.setModel(model);
    callback.onTrainBegin();
    for (const [epoch, value] of values.entries()) {
      const before = model.optimizer?.learningRate;
      const logs = { val_loss: value } as Record<string, number>;
      callback.onEpochEnd(epoch, logs);
      expect(logs.learning_rate).toBe(before);
      expect(model.optimizer?.learningRate).toBeCloseTo(rates[epoch] as number, 12);
    }
  });
});

test("LearningRateScheduler sets the rate of every epoch", () => {
  const model = new FakeModel();
  const callback = callbacks.learningRateScheduler({ schedule: (epoch, rate) => rate / (epoch + 1), verbose: 1 });
  callback.setModel(model);
  const rates = [0, 1, 2].map((epoch) => {
    const logs: Record<string, number> = {};
    callback.onEpochBegin(epoch);
    callback.onEpochEnd(epoch, logs);
    return logs.learning_rate;
  });
  expect(rates).toEqual([1, 0.5, 0.5 / 3]);
  expect(lines()[1]).toBe("Epoch 2: learning rate 0.5");
});

describe("TerminateOnNaN", () => {
  test.each([Number.NaN, Number.POSITIVE_INFINITY])("ends the training at %s", (loss) => {
    const model = new FakeModel();
    const callback = callbacks.terminateOnNaN();
    callback.setModel(model);
    callback.onTrainBatchEnd(3, { loss: 1 });
    expect(model.stopTraining).toBe(false);
    callback.onTrainBatchEnd(4, { loss });
    expect(model.stopTraining).toBe(true);
    expect(lines()).toEqual([`Batch 4: the loss is ${loss}, training ends`]);
  });
});

describe("CSVLogger", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "csv-logger-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test.each(golden.csvLogger)("as Keras: $options after $before", async ({ before, options, after }) => {
    const filename = join(folder, "log.csv");
    if (before !== null) await writeFile(filename, before);
    const callback = callbacks.csvLogger({ filename, ...camel(options) });
    await callback.onTrainBegin();
    await callback.onEpochEnd(0, { loss: 0.5, accuracy: 0.25 });
    await callback.onEpochEnd(1, { loss: 0.125, accuracy: 0.75 });
    expect(await readFile(filename, "utf8")).toBe(after);
  });

  test("names with separators, quotes and line ends stay one cell", async () => {
    const filename = join(folder, "log.csv");
    const callback = callbacks.csvLogger({ filename });
    await callback.onTrainBegin();
    await callback.onEpochEnd(0, { 'a"b': 1, "c\nd": 2, "e,f": 3, val_loss: 4 });
    // As Python's csv.writer quotes them
    expect(await readFile(filename, "utf8")).toBe('epoch,"a""b","c\nd","e,f",val_loss\n0,1,2,3,4\n');
  });

  test("leaves the old file as it was until the first epoch has ended, and ends a line that was left open", async () => {
    const filename = join(folder, "log.csv");
    await writeFile(filename, "epoch,loss\n0,1");
    await callbacks.csvLogger({ filename }).onTrainBegin();
    expect(await readFile(filename, "utf8")).toBe("epoch,loss\n0,1");
    const adding = callbacks.csvLogger({ filename, append: true });
    await adding.onTrainBegin();
    await adding.onEpochEnd(1, { loss: 0.5, val_loss: 1 });
    expect(await readFile(filename, "utf8")).toBe("epoch,loss\n0,1\n1,0.5,1\n");
  });
});

describe("ModelCheckpoint", () => {
  test.each(golden.modelCheckpoint)("as Keras: $options", async ({ options, epochs, saved }) => {
    const model = new FakeModel();
    const callback = callbacks.modelCheckpoint(camel(options) as { filepath: string });
    callback.setModel(model);
    callback.onTrainBegin();
    for (const [epoch, [accuracy, loss]] of epochs.entries()) {
      callback.onEpochBegin(epoch);
      for (let batch = 0; batch < 3; batch++) await callback.onTrainBatchEnd(batch, { accuracy, loss });
      await callback.onEpochEnd(epoch, { accuracy, loss, val_loss: loss });
    }
    expect(model.saved).toEqual(saved);
    await rm("checkpoints", { recursive: true, force: true });
  });

  test("asks for the logs of those batches only that it saves after", () => {
    const asked = (saveFreq: "epoch" | number) => {
      const callback = callbacks.modelCheckpoint({ filepath: "x.keras", saveFreq });
      callback.setModel(new FakeModel());
      return Array.from({ length: 4 }, (_, batch) => {
        const wants = callback.wantsBatchLogs();
        void callback.onTrainBatchEnd(batch, {});
        return wants;
      });
    };
    expect([asked("epoch"), asked(1)]).toEqual([
      [false, false, false, false],
      [true, true, true, true],
    ]);
  });

  test("refuses what cannot be, and says what there is", async () => {
    const weights = callbacks.modelCheckpoint({ filepath: "x.keras", saveWeightsOnly: true });
    expect(() => weights.onTrainBegin()).toThrow(
      'with saveWeightsOnly, filepath must end in .weights.h5 or .safetensors, got "x.keras"',
    );
    expect(() => callbacks.modelCheckpoint({ filepath: "x.keras", saveFreq: 0 })).toThrow('"epoch", or after how many');
    const named = callbacks.modelCheckpoint({ filepath: "{val_los:.2f}.keras" });
    named.setModel(new FakeModel());
    await expect(named.onEpochEnd(0, { val_loss: 1 })).rejects.toThrow(
      'names "val_los", which is not there; did you mean "val_loss"?',
    );
  });

  test("what is saved goes on to the same weights", async () => {
    const folder = await mkdtemp(join(tmpdir(), "checkpoint-"));
    const x = Array.from({ length: 12 }, (_, row) => [Math.sin(row), Math.cos(3 * row)]);
    const y = x.map(([a, b]) => [(a as number) * (b as number)]);
    const net = sequential([
      layers.dense({ units: 4, activation: "tanh", inputShape: [2] }),
      layers.dropout({ rate: 0.25, seed: 3 }),
      layers.dense({ units: 1 }),
    ]);
    net.compile({ optimizer: "adam", loss: "mse" });
    const options = { epochs: 4, batchSize: 5, shuffle: false, verbose: 0 } as const;
    const filepath = join(folder, "runs", "{epoch}-{batch}.keras");
    await net.fit(x, y, { ...options, callbacks: callbacks.modelCheckpoint({ filepath, saveFreq: 3 }) });
    expect((await readdir(join(folder, "runs"))).sort()).toEqual(["1-3.keras", "2-3.keras", "3-3.keras", "4-3.keras"]);
    const again = await loadModel(join(folder, "runs", "2-3.keras"));
    await again.fit(x, y, { ...options, initialEpoch: 2 });
    expect(again.getWeights().map((each) => each.dataSync())).toEqual(net.getWeights().map((each) => each.dataSync()));
    net.dispose();
    again.dispose();
    await rm(folder, { recursive: true });
  });

  test("says what it saves", async () => {
    const callback = callbacks.modelCheckpoint({ filepath: "x.keras", verbose: 1, saveBestOnly: true });
    callback.setModel(new FakeModel());
    for (const [epoch, value] of [2, 1, 3].entries()) {
      callback.onEpochBegin(epoch);
      await callback.onEpochEnd(epoch, { val_loss: value });
    }
    expect(lines()).toEqual([
      "Epoch 1: val_loss is 2, saved to x.keras",
      "Epoch 2: val_loss went from 2 to 1, saved to x.keras",
    ]);
  });
});

test("hooks may have their older names; a slip is refused", () => {
  const seen: number[] = [];
  const callback = callbacks.lambdaCallback({ onBatchEnd: (batch: number) => void seen.push(batch) } as object);
  callback.onTrainBatchEnd(3, {});
  expect(seen).toEqual([3]);
  expect(() => callbacks.lambdaCallback({ onEpochend() {} } as object)).toThrow(
    'LambdaCallback: there is no hook "onEpochend"; did you mean "onEpochEnd"?',
  );
});

test("hooks run one after another, and promises are awaited", async () => {
  const seen: string[] = [];
  const wait = () => new Promise((resolve) => setTimeout(resolve, 5));
  const list = callbackList(
    [
      {
        async onTrainBegin() {
          await wait();
          seen.push("slow");
        },
      },
      callbacks.lambdaCallback({ onTrainBegin: () => void seen.push("fast") }),
    ],
    "test",
  );
  await new Callbacks(list, new FakeModel()).run("onTrainBegin");
  expect(seen).toEqual(["slow", "fast"]);
});

test.each([
  [0.123456, "0.1235"],
  [12.3456, "12.35"],
  [1, "1.000"],
  [0, "0.000"],
  [0.00001234, "1.234e-5"],
  [123456.7, "123457"],
  [Number.NaN, "NaN"],
  [[0.5, 2], "[0.5000, 2.000]"],
])("%s is shown as %s", (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

describe("ProgbarLogger", () => {
  const shown = () => lines().map((line: string) => line.replace(/[\d.]+(s|ms|us)\b/g, "#"));

  test("says a line for each epoch where there is no terminal", async () => {
    const callback = new callbacks.ProgbarLogger();
    callback.setParams({ epochs: 2, steps: undefined });
    callback.onTrainBegin();
    await callback.onEpochBegin(0);
    callback.onTrainBatchEnd(0, { loss: 1 });
    callback.onTrainBatchEnd(1, { loss: 0.5 });
    callback.onEpochEnd(0, { loss: 0.5, val_loss: 0.25 });
    expect(shown()).toEqual(["Epoch 1/2 - 2 steps - # - #/step - loss: 0.5000 - val_loss: 0.2500"]);
  });

  test("draws a bar in a terminal, which ends with the last state", async () => {
    const terminal = { isTTY: process.stdout.isTTY, columns: process.stdout.columns };
    Object.assign(process.stdout, { isTTY: true, columns: 120, cursorTo: () => {}, clearLine: () => {} });
    const written: string[] = [];
    const write = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
      written.push(String(text));
      return true;
    });
    try {
      const callback = new callbacks.ProgbarLogger();
      callback.setParams({ epochs: 1, steps: 2 });
      callback.onTrainBegin();
      await callback.onEpochBegin(0);
      expect(callback.wantsBatchLogs()).toBe(true);
      callback.onTrainBatchEnd(0, { loss: 1 });
      expect(callback.wantsBatchLogs()).toBe(false);
      callback.onTrainBatchEnd(1, { loss: 0.5 });
      callback.onEpochEnd(0, { loss: 0.5, accuracy: 0.75 });
    } finally {
      write.mockRestore();
      Object.assign(process.stdout, terminal);
    }
    const text = written.join("");
    expect(lines()).toEqual(["Epoch 1/1"]);
    expect(text).toContain("2/2 ━━━━━━━━━━━━━━━━━━━━");
    expect(text).toMatch(/step - loss: 0\.5000 - accuracy: 0\.7500/);
  });
});

describe("refusals", () => {
  const onEpochEnd = (callback: InstanceType<typeof callbacks.EarlyStopping>) => {
    callback.setModel(new FakeModel());
    callback.onTrainBegin();
    callback.onEpochEnd(0, { val_error: 1 });
  };
  test.each<[string, () => unknown]>([
    ["a negative patience", () => callbacks.earlyStopping({ patience: -1 })],
    ["a mode that there is not", () => callbacks.earlyStopping({ mode: "best" as never })],
    ["a metric of unknown direction", () => onEpochEnd(callbacks.earlyStopping({ monitor: "val_error" }))],
    ["a factor of 1", () => callbacks.reduceLROnPlateau({ factor: 1 })],
    ["no schedule", () => callbacks.learningRateScheduler({} as never)],
    [
      "a schedule without a number",
      () => {
        const callback = callbacks.learningRateScheduler({ schedule: () => Number.NaN });
        callback.setModel(new FakeModel());
        callback.onEpochBegin(0);
      },
    ],
    ["no filename", () => callbacks.csvLogger({} as never)],
    [
      "a loss that is no number, where that was asked for",
      () => callbacks.terminateOnNaN({ raiseError: true }).onTrainBatchEnd(2, { loss: Number.NaN }),
    ],
  ])("%s", (_name, act) => {
    expect(act).toThrowErrorMatchingSnapshot();
  });
});
