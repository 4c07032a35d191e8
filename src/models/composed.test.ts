/**
 * Models of layers of several families together against real Keras: rebuilt from Keras's config with its weights, they
 * predict the same, and after five optimizer steps the weights are the same. Single layers are tested beside each.
 */
import { describe, expect, test } from "vitest";
import { type GoldenTensor, readGoldenSubject } from "../../test/golden/golden.ts";
import type { DType } from "../core/dtype.ts";
import { resetNames } from "../core/names.ts";
import type { Tensor } from "../core/tensor.ts";
import { info } from "../devices/current.ts";
import { layerClasses, modelFromConfig } from "../keras/config.ts";
import * as layers from "../layers/index.ts";
import { resolveLoss } from "../losses/resolve.ts";
import * as ops from "../ops/index.ts";
import { tensor } from "../ops/tensor.ts";
import { resolveOptimizer } from "../optimizers/resolve.ts";
import type { Model } from "./model.ts";

const { cases } = await readGoldenSubject("composed");
type Case = (typeof cases)[number];

/** Recurrences repeat a sum's rounding at every step. */
const recurrent = ["bidirectional LSTM tagger", "ConvLSTM predictor"];

/**
 * Of a tensor's largest value. Both sides add in float32, in other orders; five steps feed the last digits back through
 * the whole model, and Adam divides by the gradient's own size, so that the rounding of small gradients counts in full.
 */
const afterSteps = 1e-4;

/** The softmax of attention does not feel what is added to all keys alike. */
const withoutGradient = ["attention/key/bias"];

const toTensor = ({ values, shape, dtype }: GoldenTensor): Tensor =>
  tensor(Float64Array.from(values), shape, dtype as DType);

/** The largest difference, as a part of the largest value. */
function difference(found: ArrayLike<number>, wanted: readonly number[]): number {
  expect(found.length).toBe(wanted.length);
  const apart = wanted.map((value, index) => Math.abs(value - (found[index] as number)));
  return Math.max(...apart) / Math.max(...wanted.map(Math.abs));
}

function rebuild({ name, config, initialWeights }: Case): Model {
  resetNames();
  const model = modelFromConfig(config, layerClasses({ layers, ops }), {}, name);
  const weights = initialWeights.map(toTensor);
  model.setWeights(weights);
  for (const each of weights) each.dispose();
  return model;
}

async function expectPredictions(model: Model, x: Tensor, wanted: GoldenTensor, tolerance: number): Promise<void> {
  const found = await model.predict<Tensor>(x, { verbose: 0 });
  expect(found.shape).toEqual(wanted.shape);
  expect(difference(await found.data(), wanted.values)).toBeLessThan(tolerance);
  found.dispose();
}

describe.each(cases)("$name as in Keras", (golden) => {
  const precision = recurrent.includes(golden.name) ? 1e-4 : 1e-5;

  test("the weights are the same, in the same order", () => {
    const model = rebuild(golden);
    expect(model.weights.map(({ name }) => name)).toEqual(golden.weightPaths.map((path) => path.split("/").at(-1)));
    expect(model.weights.map(({ shape }) => shape)).toEqual(golden.initialWeights.map(({ shape }) => shape));
    model.dispose();
  });

  test("predictions, five steps, predictions", async () => {
    const before = info().memory.storages;
    const model = rebuild(golden);
    const [x, y] = [toTensor(golden.x), toTensor(golden.y)];
    await expectPredictions(model, x, golden.predictions, precision);

    model.compile({ optimizer: resolveOptimizer(golden.optimizer), loss: resolveLoss(golden.loss) });
    for (const [step, wanted] of golden.losses.entries()) {
      const { loss } = await model.trainOnBatch(x, y, { returnDict: true });
      expect(difference([loss as number], [wanted]), `loss of step ${step + 1}`).toBeLessThan(2e-5);
    }
    for (const [index, weight] of model.weights.entries()) {
      const path = golden.weightPaths[index] as string;
      const { values } = golden.weights[index] as GoldenTensor;
      const found = await weight.value.data();
      expect(difference(found, values), path).toBeLessThan(afterSteps);
      const start = golden.initialWeights[index] as GoldenTensor;
      const moved = difference(found, start.values);
      if (withoutGradient.includes(path)) expect(moved, path).toBeLessThan(1e-6);
      else expect(moved, path).toBeGreaterThan(10 * afterSteps);
    }
    await expectPredictions(model, x, golden.predictionsAfter, afterSteps);

    model.dispose();
    x.dispose();
    y.dispose();
    expect(info().memory.storages).toBe(before);
  });
});
