/**
 * Training and prediction leave nothing behind. A file of its own: the models of other tests would be collected in
 * between.
 */
import { describe, expect, test } from "vitest";
import { info } from "../devices/current.ts";
import * as layers from "../layers/index.ts";
import { sequential } from "./sequential.ts";

const quiet = { verbose: 0 } as const;

/** Numbers that look random and are the same everywhere. */
function numbers(count: number, phase = 0): Float32Array {
  return Float32Array.from({ length: count }, (_, index) => Math.sin(12.9898 * (index + 1) + phase));
}

describe("memory", () => {
  test("stays flat over 1,000 steps and 1,000 predictions, and nothing is left after dispose", async () => {
    const {
      memory: before,
      recorded: { steps: recorded },
    } = info();
    const net = sequential([
      layers.dense({
        units: 6,
        activation: "relu",
        inputShape: [4],
        kernelRegularizer: "l2",
        activityRegularizer: "l1",
      }),
      layers.groupNormalization({ groups: 2 }),
      layers.batchNormalization(),
      layers.dropout({ rate: 0.2 }),
      layers.dense({ units: 2, activation: "softmax" }),
    ]);
    net.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
    const x = Array.from({ length: 40 }, (_, row) => [...numbers(4, row)]);
    const y = Array.from({ length: 40 }, (_, row) => row % 2);
    const run = (epochs: number) => net.fit(x, y, { ...quiet, epochs, batchSize: 4, validationSplit: 0.1 });
    const predict = async (times: number) => {
      for (let index = 0; index < times; index++) (await net.predict(x, quiet)).dispose();
    };
    const evaluate = () => net.evaluate(x, y, quiet);
    // Until every kind of step is recorded, with the memory that its program keeps.
    await run(5);
    await predict(5);
    for (let index = 0; index < 5; index++) await evaluate();
    expect(info().recorded.steps - recorded).toBeGreaterThan(4);
    expect(info().recorded.bytes).toBeLessThanOrEqual(1.2 * info().recorded.neededBytes);
    const after = info().memory;
    await run(111);
    expect(info().memory.storages).toBe(after.storages);
    expect(info().memory.bytes).toBe(after.bytes);
    await predict(1000);
    await evaluate();
    expect(info().memory.storages).toBe(after.storages);
    net.dispose();
    expect(info().memory.storages).toBe(before.storages);
    expect(info().memory.bytes).toBe(before.bytes);
  });

  test("compiling again lets go of the old optimizer and metrics", async () => {
    const before = info().memory.storages;
    const net = sequential([layers.dense({ units: 1, inputShape: [1] })]);
    for (let index = 0; index < 3; index++) {
      net.compile({ optimizer: "adam", loss: "mse", metrics: ["mae"] });
      await net.trainOnBatch([[1]], [[2]]);
    }
    net.dispose();
    expect(info().memory.storages).toBe(before);
  });
});
