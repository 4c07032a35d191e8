/**
 * The metrics against real Keras, batch by batch; their names; what they refuse; and that long epochs lose nothing.
 */
import { describe, expect, test } from "vitest";
import { type GoldenTensor, readGoldenSubject } from "../../test/golden/golden.ts";
import type { Configurable } from "../core/configurable.ts";
import type { DType } from "../core/dtype.ts";
import { resetNames } from "../core/names.ts";
import { inScope } from "../core/scope.ts";
import type { Tensor } from "../core/tensor.ts";
import { info, setDevice } from "../devices/current.ts";
import { tensor } from "../ops/tensor.ts";
import * as metrics from "./index.ts";
import { loadRareMetrics, mustBeLoaded, rareNames, resolveMetric } from "./resolve.ts";

test("metrics that few models name are known once they are loaded", async () => {
  for (const named of ["auc", "f1_score", { class_name: "MeanIoU", config: { num_classes: 2 } }]) {
    expect(mustBeLoaded(named)).toBe(true);
  }
  expect(["mse", "accuracy", "acuracy", () => {}, null].some(mustBeLoaded)).toBe(false);
  expect(() => resolveMetric("precison")).toThrow('did you mean "Precision"');
  await loadRareMetrics();
  expect(rareNames.some(mustBeLoaded)).toBe(false);
});

const golden = await readGoldenSubject("metrics");

type MetricClass = (new (options?: object) => metrics.Metric) & typeof Configurable;
const classes = Object.entries(metrics).filter(
  ([name]) => /^[A-Z]/.test(name) && name !== "Metric" && name !== "MeanMetricWrapper",
) as unknown as [string, MetricClass][];
const classOf = (name: string) => (metrics as unknown as Record<string, MetricClass>)[name] as MetricClass;

const made = ({ values, shape, dtype }: GoldenTensor) => tensor([...values], shape, dtype as DType);

function near(actual: Tensor, expected: GoldenTensor, tolerance = 2e-6) {
  expect(actual.shape).toEqual(expected.shape);
  const values = actual.dataSync();
  expected.values.forEach((value, index) => {
    if (Object.is(values[index], value)) return;
    const difference = Math.abs((values[index] as number) - value);
    expect(difference, `element ${index}: ${values[index]} instead of ${value}`).toBeLessThanOrEqual(
      tolerance * Math.max(1, Math.abs(value)),
    );
  });
}

test("every metric has golden cases", () => {
  const covered = new Set(golden.cases.map((each) => each.class));
  expect(classes.map(([name]) => name).filter((name) => !covered.has(name))).toEqual([]);
});

/** The axis of a cosine similarity, which Keras leaves out of its config; the cases have it in their names. */
function unlistedOptions({ class: kind, name }: (typeof golden.cases)[number]): Record<string, number> {
  const axis = kind === "CosineSimilarity" ? name.match(/axis (-?\d+)/)?.[1] : undefined;
  return axis === undefined ? {} : { axis: Number(axis) };
}

test("an area's thresholds may be given in any order", () => {
  const { updates } = golden.cases.find(
    ({ name }) => name === "thresholds given, uneven",
  ) as (typeof golden.cases)[number];
  const metric = metrics.auc({ thresholds: [0.8, 0.1, 0.15] });
  for (const { yTrue, yPred, result } of updates) {
    metric.updateState(made(yTrue as GoldenTensor), made(yPred as GoldenTensor));
    near(metric.result(), result);
  }
});

describe.each(["wasm", "reference"] as const)("on %s", (device) => {
  test.each(golden.cases.map((each) => [`${each.class}: ${each.name}`, each] as const))("%s", (_title, each) => {
    setDevice(device);
    resetNames();
    const before = info().memory.storages;
    inScope(() => {
      const config = { ...each.config, ...unlistedOptions(each) };
      const metric = classOf(each.class).fromConfig(config as never) as unknown as metrics.Metric;
      expect(metric.getConfig()).toEqual(config);
      for (const { yTrue, yPred, values, sampleWeight, result } of each.updates) {
        const weight = sampleWeight ? made(sampleWeight) : undefined;
        if (values) (metric as metrics.Mean).updateState(made(values), weight);
        else metric.updateState(made(yTrue as GoldenTensor), made(yPred as GoldenTensor), weight);
        near(metric.result(), result);
      }
      expect(metric.variables.map(({ name }) => name)).toEqual(each.variables.map(({ name }) => name));
      metric.variables.forEach((variable, index) => {
        near(variable.value, each.variables[index] as GoldenTensor, 1e-5);
      });
      metric.reset();
      near(metric.result(), each.resultAfterReset);
      metric.dispose();
    });
    expect(info().memory.storages).toBe(before);
    setDevice("wasm");
  });
});

describe("names", () => {
  test("every class can be named", () => {
    const needs: Record<string, object> = {
      SensitivityAtSpecificity: { specificity: 0.5 },
      SpecificityAtSensitivity: { sensitivity: 0.5 },
      PrecisionAtRecall: { recall: 0.5 },
      RecallAtPrecision: { precision: 0.5 },
      IoU: { num_classes: 2, target_class_ids: [1] },
      MeanIoU: { num_classes: 2 },
      OneHotIoU: { num_classes: 2, target_class_ids: [1] },
      OneHotMeanIoU: { num_classes: 2 },
    };
    for (const [name, Class] of classes) {
      expect(resolveMetric({ class_name: name, config: needs[name] ?? {} })).toBeInstanceOf(Class);
    }
  });

  const known = Object.entries(golden.names).filter(
    ([, meant]) => !["Metric", "MeanMetricWrapper", "IoU", "MeanIoU", "OneHotIoU", "OneHotMeanIoU"].includes(meant),
  );
  const required: Record<string, boolean> = {
    SensitivityAtSpecificity: true,
    SpecificityAtSensitivity: true,
    PrecisionAtRecall: true,
    RecallAtPrecision: true,
  };

  test.each(known.filter(([, meant]) => !required[meant]))("%s is %s", (name, meant) => {
    const metric = resolveMetric(name);
    expect((metric.constructor as typeof metrics.Metric).className).toBe(meant);
    expect(metric.name).toBe(name);
  });

  test("configs, functions, and objects themselves", () => {
    expect(resolveMetric({ class_name: "IoU", config: { num_classes: 2, target_class_ids: [1] } })).toBeInstanceOf(
      metrics.IoU,
    );
    const own = metrics.auc();
    expect(resolveMetric(own)).toBe(own);
    expect(resolveMetric("sparseCategoricalAccuracy")).toBeInstanceOf(metrics.SparseCategoricalAccuracy);
    const mine = resolveMetric(function halfOf(_yTrue: Tensor, yPred: Tensor) {
      return yPred;
    });
    expect(mine.name).toBe("half_of");
    mine.updateState([0, 0], [1, 2]);
    expect(inScope(() => mine.result().arraySync())).toBe(1.5);
    mine.dispose();
  });

  test("accuracy and crossentropy are what the shapes call for", () => {
    const of = (name: string, yTrue: (number | null)[], yPred: (number | null)[]) => {
      const metric = resolveMetric(name, { yTrue, yPred });
      return [(metric.constructor as typeof metrics.Metric).className, metric.name];
    };
    expect(of("acc", [null, 1], [null, 1])).toEqual(["BinaryAccuracy", "acc"]);
    expect(of("accuracy", [null], [null, 10])).toEqual(["SparseCategoricalAccuracy", "accuracy"]);
    expect(of("accuracy", [null, 1], [null, 10])).toEqual(["SparseCategoricalAccuracy", "accuracy"]);
    expect(of("accuracy", [null, 10], [null, 10])).toEqual(["CategoricalAccuracy", "accuracy"]);
    expect(of("crossentropy", [null, 10], [null, 10])).toEqual(["CategoricalCrossentropy", "crossentropy"]);
  });

  test("are numbered where the class gives them", () => {
    resetNames();
    expect([metrics.auc().name, metrics.auc().name, metrics.falsePositives().name]).toEqual([
      "auc",
      "auc_1",
      "false_positives",
    ]);
  });
});

describe("refused", () => {
  const of = (metric: metrics.Metric, ...batch: Parameters<metrics.Metric["updateState"]>) =>
    metric.updateState(...batch);
  test.each([
    ["a name", () => resolveMetric("acuracy")],
    ["crossentropy without shapes", () => resolveMetric("crossentropy")],
    [
      "labels for one-hot targets",
      () =>
        of(
          metrics.categoricalAccuracy(),
          [0, 1],
          [
            [1, 0],
            [0, 1],
          ],
        ),
    ],
    ["one-hot targets for labels", () => of(metrics.sparseCategoricalAccuracy(), [[0, 1]], [[1, 0]])],
    ["different shapes", () => of(metrics.binaryAccuracy(), [1, 0], [1, 0, 1])],
    ["different shapes for counts", () => of(metrics.precision(), [1, 0], [1, 0, 1])],
    ["weights that do not fit", () => of(metrics.accuracy(), [1, 0], [1, 0], [1, 2, 3])],
    ["a class that is not there", () => of(metrics.recall({ classId: 3 }), [[1, 0]], [[1, 0]])],
    ["a class of a vector", () => of(metrics.recall({ classId: 0 }), [1, 0], [1, 0])],
    ["too large a k", () => of(metrics.recall({ topK: 3 }), [[1, 0]], [[1, 0]])],
    ["label weights that do not fit", () => of(metrics.auc({ labelWeights: [1, 2, 3] }), [[1, 0]], [[1, 0]])],
    ["multiLabel on a vector", () => of(metrics.auc({ multiLabel: true }), [1, 0], [1, 0])],
    ["an F-score of a vector", () => of(metrics.f1Score(), [1, 0], [1, 0])],
    ["an F-score before its first update", () => metrics.f1Score({ name: "f1" }).result()],
    ["R² of a vector", () => of(metrics.r2Score(), [1, 0], [1, 0])],
    ["a class beyond all", () => metrics.ioU({ numClasses: 2, targetClassIds: [2] })],
    ["numLabels without multiLabel", () => metrics.auc({ numLabels: 2, name: "auc" })],
    ["a threshold beyond 1", () => metrics.precision({ thresholds: [0.5, 1.5] })],
    ["one threshold only for an area", () => metrics.auc({ numThresholds: 1 })],
    ["a specificity beyond 1", () => metrics.sensitivityAtSpecificity({ specificity: 2 })],
    ["no specificity", () => metrics.sensitivityAtSpecificity({} as never)],
  ])("%s", (_title, run) => {
    resetNames();
    const before = info().memory.storages;
    expect(() => inScope(() => run())).toThrowErrorMatchingSnapshot();
    expect(info().memory.storages).toBe(before);
  });

  test("other shapes than before, leaving the sums as they are", () => {
    const score = metrics.f1Score({ name: "f1" });
    score.updateState([[1, 0]], [[1, 0]]);
    expect(() => score.updateState([[1, 0, 0]], [[1, 0, 0]])).toThrowErrorMatchingSnapshot();
    expect(
      inScope(() =>
        score
          .result()
          .arraySync()
          .map((value: number) => Math.round(value)),
      ),
    ).toEqual([1, 0]);
    score.dispose();
  });
});

describe("memory and exactness", () => {
  test("a long epoch keeps its sums exact, and the number of storages", () => {
    const metric = metrics.mean();
    const values = tensor(new Float32Array(1000).fill(0.1));
    metric.updateState(values);
    const before = info().memory.storages;
    for (let batch = 0; batch < 20_000; batch++) metric.updateState(values);
    expect(info().memory.storages).toBe(before);
    // float32 sums would stand still near 2²¹: 2,000,100 values of 0.1
    expect(inScope(() => metric.variables[0]?.value.dataSync()[0])).toBeCloseTo(20_001_000 * Math.fround(0.1), 3);
    metric.dispose();
    values.dispose();
    expect(info().memory.storages).toBe(before - 3);
  });

  test("every metric gives back what it took, also when it throws", () => {
    const before = info().memory.storages;
    for (const each of golden.cases) {
      const metric = classOf(each.class).fromConfig(each.config as never) as unknown as metrics.Metric;
      expect(() => metric.updateState([[1, 2]], [[[1], [2], [3]]], [[[[1]]]])).toThrow();
      metric.dispose();
    }
    expect(info().memory.storages).toBe(before);
  });

  test("masked predictions do not count", () => {
    inScope(() => {
      const metric = metrics.meanAbsoluteError();
      const yPred = tensor([[[1], [5]]]);
      yPred.mask = tensor([[true, false]]);
      metric.updateState(tensor([[[0], [0]]]), yPred);
      expect(metric.result().arraySync()).toBe(1);
      metric.dispose();
    });
  });

  test("what the predictions' mask and the metric itself leave out does not count twice", () => {
    // Keras 3.15.1: SparseCategoricalCrossentropy(ignore_class=2) with a Keras mask, and without
    const labels = tensor([
      [0, 1, 2],
      [1, 2, 0],
    ]);
    const probabilities = [
      [
        [0.2, 0.3, 0.5],
        [0.1, 0.8, 0.1],
        [0.4, 0.4, 0.2],
      ],
      [
        [0.3, 0.3, 0.4],
        [0.25, 0.25, 0.5],
        [0.6, 0.2, 0.2],
      ],
    ];
    const resultOf = (mask?: boolean[][]) =>
      inScope(() => {
        const metric = metrics.sparseCategoricalCrossentropy({ ignoreClass: 2 });
        const yPred = tensor(probabilities);
        if (mask) yPred.mask = tensor(mask);
        metric.updateState(labels, yPred);
        const result = metric.result().arraySync();
        metric.dispose();
        return result;
      });
    expect(
      resultOf([
        [false, true, true],
        [true, true, true],
      ]),
    ).toBeCloseTo(0.6459806561470032, 6);
    expect(resultOf()).toBeCloseTo(0.591230034828186, 6);
    labels.dispose();
  });

  test("functions must give a tensor", () => {
    const before = info().memory.storages;
    const metric = resolveMetric(() => {});
    expect(() => metric.updateState([1], [1])).toThrow(/must give a tensor .*got undefined; did it forget to return\?/);
    expect(info().memory.storages).toBe(before);
  });

  test("is used again after dispose", () => {
    const metric = metrics.sum();
    metric.updateState([1, 2]);
    metric.dispose();
    metric.updateState([5]);
    expect(inScope(() => metric.result().arraySync())).toBe(5);
    metric.dispose();
  });
});
