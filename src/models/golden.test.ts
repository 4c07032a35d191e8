/**
 * Whole models against real Keras: the same weights, data and options give the same training, evaluation, predictions,
 * summary and config.
 */
import { describe, expect, test } from "vitest";
import { type GoldenStructure, type GoldenTensor, readGoldenSubject } from "../../test/golden/golden.ts";
import type { DType } from "../core/dtype.ts";
import { resetNames } from "../core/names.ts";
import { snakeCase } from "../core/options.ts";
import { Tensor } from "../core/tensor.ts";
import { sortedLeaves } from "../core/tree.ts";
import { info } from "../devices/current.ts";
import { input } from "../layers/core/input-layer.ts";
import * as layers from "../layers/index.ts";
import { tensor } from "../ops/tensor.ts";
import { resolveOptimizer } from "../optimizers/resolve.ts";
import type { Arrays } from "./data.ts";
import { Functional, model } from "./functional.ts";
import { Model } from "./model.ts";
import { Sequential } from "./sequential.ts";

const golden = await readGoldenSubject("models");
const classes = { Functional, Sequential };

const toTensor = ({ values, shape, dtype }: GoldenTensor): Tensor =>
  tensor(Float64Array.from(values), shape, dtype as DType);

function toStructure(structure: GoldenStructure): Arrays {
  if (Array.isArray(structure)) return structure.map(toTensor);
  if ("values" in structure) return toTensor(structure as GoldenTensor);
  return Object.fromEntries(Object.entries(structure).map(([key, item]) => [key, toTensor(item as GoldenTensor)]));
}

function goldenTensors(structure: GoldenStructure): GoldenTensor[] {
  if ("values" in structure && Array.isArray(structure.values)) return [structure as GoldenTensor];
  return Object.keys(structure)
    .sort()
    .map((key) => (structure as Record<string, GoldenTensor>)[key] as GoldenTensor);
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string): void {
  expect(actual.length, what).toBe(expected.length);
  for (let index = 0; index < expected.length; index++) {
    const [a, b] = [actual[index] as number, expected[index] as number];
    if (!(Math.abs(a - b) <= tolerance * (1 + Math.abs(b)))) {
      expect(a, `${what}, element ${index}`).toBeCloseTo(b, 5);
    }
  }
}

/** Option names in camelCase; the values stay as Keras writes them. */
function camel(options: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options).map(([key, value]) => [
      key.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase()),
      value,
    ]),
  );
}

async function expectWeights(model: Model, weights: readonly GoldenTensor[], what: string): Promise<void> {
  expect(model.weights.length).toBe(weights.length);
  for (const [index, weight] of model.weights.entries()) {
    expectClose(await weight.value.data(), (weights[index] as GoldenTensor).values, 2e-5, `${what} ${weight.path}`);
  }
}

/**
 * Models that are not made from Keras's config: with masks, Keras has the ops that make them in its graph, while here
 * masks travel with the tensors.
 */
const byHand: Record<string, () => Model> = {
  "padded sequences"() {
    const ids = input({ shape: [null], dtype: "int32", name: "ids" });
    const words = layers.embedding({ inputDim: 6, outputDim: 3, maskZero: true }).apply(ids);
    const mixed = layers.dense({ units: 3, activation: "tanh" }).apply(words);
    const tag = layers.dense({ units: 1, name: "tag" }).apply(mixed);
    const average = layers.globalAveragePooling1d().apply(mixed);
    const mood = layers.dense({ units: 1, activation: "sigmoid", name: "mood" }).apply(average);
    return model({ inputs: ids, outputs: [tag, mood] });
  },
};

function rebuild({ name, class: className, config }: (typeof golden.cases)[number]): Model {
  resetNames();
  const make = byHand[name];
  if (make) return make();
  return classes[className].fromConfig(config as never, { ...layers, ...classes });
}

/**
 * Without arguments that were left out and what files hold beside the config proper: build_config is written for
 * every layer here, in Keras for those that need it.
 */
function essential(config: unknown): unknown {
  if (Array.isArray(config)) return config.map(essential);
  if (typeof config !== "object" || config === null) return config;
  const beside = ["build_config", "compile_config", "quantization_config"];
  const entries = Object.entries(config).filter(([key]) => !beside.includes(key));
  return Object.fromEntries(
    entries.map(([key, value]) => {
      if (key !== "kwargs") return [key, essential(value)];
      return [key, Object.fromEntries(Object.entries(value as object).filter(([, given]) => given !== null))];
    }),
  );
}

describe.each(golden.cases)("as Keras: $name", (golden) => {
  test("training, evaluation, prediction", async () => {
    const before = info().memory.storages;
    const net = rebuild(golden);
    net.setWeights(golden.initialWeights.map(({ values, shape }) => tensor(Float32Array.from(values), shape)));
    const optimizer = resolveOptimizer(golden.optimizer);
    net.compile({ ...camel(golden.compile), optimizer });
    const [x, y] = [toStructure(golden.x), toStructure(golden.y)];
    const { history } = await net.fit(x, y, {
      ...camel(golden.fit),
      ...(golden.sampleWeight ? { sampleWeight: toStructure(golden.sampleWeight) } : {}),
      ...(golden.validationData ? { validationData: golden.validationData.map(toTensor) as never } : {}),
      shuffle: false,
      verbose: 0,
    });
    expect(Object.keys(history).sort()).toEqual(Object.keys(golden.history).sort());
    for (const [name, values] of Object.entries(golden.history)) {
      expectClose(history[name] as number[], values, 2e-5, name);
    }
    await expectWeights(net, golden.weights, "after fit");

    const list = await net.evaluate(x, y, { batchSize: 3, verbose: 0 });
    const byName = await net.evaluate(x, y, { batchSize: 3, verbose: 0, returnDict: true });
    expect(Object.keys(byName).sort()).toEqual(Object.keys(golden.evaluationByName).sort());
    for (const [name, value] of Object.entries(golden.evaluationByName)) {
      expectClose([byName[name] as number], [value], 2e-5, name);
    }
    // Keras repeats a metric that is there weighted and unweighted, and lists losses given by name in the order given.
    const otherwise = Object.keys(byName).some((name) => name.startsWith("weighted_")) || "value" in golden.predictions;
    if (!otherwise) expectClose([list].flat(), golden.evaluation, 2e-5, "evaluation");

    const predicted = await net.predict<Tensor | Tensor[] | Record<string, Tensor>>(x, { batchSize: 3, verbose: 0 });
    const expected = goldenTensors(golden.predictions);
    for (const [index, output] of (sortedLeaves(predicted) as Tensor[]).entries()) {
      const { shape, values } = expected[index] as GoldenTensor;
      expect(output.shape).toEqual(shape);
      expectClose(await output.data(), values, 2e-5, `prediction ${index}`);
      output.dispose();
    }

    const logs = await net.trainOnBatch(x, y, { returnDict: true });
    for (const [name, value] of Object.entries(golden.trainOnBatch)) {
      expectClose([logs[name] as number], [value], 2e-5, `trainOnBatch ${name}`);
    }
    await expectWeights(net, golden.weightsAfterTrainOnBatch, "after trainOnBatch");

    net.dispose();
    for (const structure of [x, y]) {
      for (const each of structure instanceof Tensor ? [structure] : Object.values(structure))
        (each as Tensor).dispose();
    }
    expect(info().memory.storages - before).toBeLessThanOrEqual(
      golden.initialWeights.length + 3 + (golden.sampleWeight ? 1 : 0),
    );
  });

  test.skipIf(golden.name in byHand)("config, there and back", () => {
    const net = rebuild(golden);
    expect(essential(net.getConfig())).toEqual(essential(golden.config));
    expect(net.trainableWeights.map(({ name }) => name)).toEqual(
      golden.trainable.map((path) => path.split("/").at(-1)),
    );
    net.dispose();
  });

  test.skipIf(golden.name in byHand)("summary", async () => {
    const net = rebuild(golden);
    expect(net.summary({ print: false, lineLength: 76 }).split("\n")).toEqual(golden.summary);
    expect(net.summary({ print: false, lineLength: 110, showTrainable: true, expandNested: true }).split("\n")).toEqual(
      golden.wideSummary,
    );
    net.compile({ ...camel(golden.compile), optimizer: resolveOptimizer(golden.optimizer) });
    await net.trainOnBatch(toStructure(golden.x), toStructure(golden.y));
    // The learning rate is float64 here: more bytes than Keras counts.
    const withoutBytes = (lines: readonly string[]) =>
      lines.map((line) => line.replace(/^( (?:Total|Optimizer) params: [\d,]+) .*/, "$1"));
    expect(withoutBytes(net.summary({ print: false, lineLength: 76 }).split("\n"))).toEqual(
      withoutBytes(golden.compiledSummary),
    );
    net.dispose();
  });
});

describe("summaries as Keras's", () => {
  const text = (net: Model, options = {}) => net.summary({ print: false, lineLength: 76, ...options }).split("\n");

  test("of a sequential model that waits for data", () => {
    const net = new Sequential([layers.dense({ units: 3, name: "hidden" }), layers.dense({ units: 1, name: "out" })], {
      name: "waiting",
    });
    expect(text(net)).toEqual(golden.summaries.waiting);
  });

  test("of a model with a call of its own", () => {
    class Branches extends Model {
      first = layers.dense({ units: 4, name: "first" });
      norm = layers.batchNormalization({ name: "norm" });
      head = layers.dense({ units: 2, name: "head", trainable: false });
      override call(x: Tensor) {
        return this.head.apply(this.norm.apply(this.first.apply(x)));
      }
    }
    const net = new Branches({ name: "branches" });
    expect(text(net)).toEqual(golden.summaries.branchesBefore);
    net.apply(tensor(new Float32Array(10), [2, 5]));
    expect(text(net, { showTrainable: true })).toEqual(golden.summaries.branches);
  });
});

test("option names of the fixtures are Keras's", () => {
  expect(Object.keys(golden.cases[0]?.fit ?? {}).every((key) => snakeCase(key) === key)).toBe(true);
});
