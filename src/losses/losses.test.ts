/**
 * The losses against real Keras: values and gradients for every reduction, weight and mask; their names; what they
 * refuse.
 */
import { describe, expect, test } from "vitest";
import { type GoldenTensor, readGoldenSubject } from "../../test/golden/golden.ts";
import type { Configurable } from "../core/configurable.ts";
import type { DType } from "../core/dtype.ts";
import { inScope } from "../core/scope.ts";
import type { Tensor } from "../core/tensor.ts";
import { info, setDevice } from "../devices/current.ts";
import { multiply } from "../ops/elementwise/binary.ts";
import { grad } from "../ops/grad.ts";
import { sum } from "../ops/reduce/sum.ts";
import { tensor } from "../ops/tensor.ts";
import * as losses from "./index.ts";
import { resolveLoss } from "./resolve.ts";

const golden = await readGoldenSubject("losses");

type LossClass = (new (options?: object) => losses.Loss) & typeof Configurable;
const classes = Object.entries(losses).filter(([name]) => /^[A-Z]/.test(name) && name !== "Loss") as unknown as [
  string,
  LossClass,
][];
const classOf = (name: string) => (losses as unknown as Record<string, LossClass>)[name] as LossClass;

const made = ({ values, shape, dtype }: GoldenTensor) => tensor([...values], shape, dtype as DType);

type Case = (typeof golden.cases)[number];

/** Options that Keras takes but leaves out of its configs; the cases have them in their names. */
function unlistedOptions({ class: kind, name }: Case): Record<string, number> {
  const read = (option: string) => name.match(new RegExp(`${option} (-?[0-9.]+)`))?.[1];
  const [delta, axis] = [read("delta"), read("axis")];
  if (kind === "Huber" && delta) return { delta: Number(delta) };
  return (kind === "CosineSimilarity" || kind === "SparseCategoricalCrossentropy") && axis
    ? { axis: Number(axis) }
    : {};
}

/** Where |e| has no slope: any between −1 and 1 will do, and Keras and Varve take different ones. */
const kinks = ({ class: kind, yTrue, yPred }: Case): ((index: number) => boolean) =>
  kind === "MeanAbsoluteError" ? (index) => yTrue.values[index] === yPred.values[index] : () => false;

function near(actual: Tensor, expected: GoldenTensor, tolerance: number, skip = (_index: number) => false) {
  expect(actual.shape).toEqual(expected.shape);
  const values = actual.dataSync();
  expected.values.forEach((value, index) => {
    if (skip(index)) return;
    const difference = Math.abs((values[index] as number) - value);
    expect(difference, `element ${index}: ${values[index]} instead of ${value}`).toBeLessThanOrEqual(
      tolerance * Math.max(1, Math.abs(value)),
    );
  });
}

test("every loss has golden cases", () => {
  const covered = new Set(golden.cases.map((each) => each.class));
  expect(classes.map(([name]) => name).filter((name) => !covered.has(name))).toEqual([]);
});

describe.each(["wasm", "reference"] as const)("on %s", (device) => {
  test.each(golden.cases.map((each) => [`${each.class}: ${each.name}`, each] as const))("%s", (_title, each) => {
    setDevice(device);
    const before = info().memory.storages;
    inScope(() => {
      const unlisted = unlistedOptions(each);
      const config = { ...each.config, ...unlisted };
      const loss = classOf(each.class).fromConfig(config as never) as unknown as losses.Loss;
      expect(loss.getConfig()).toEqual(config);
      const yTrue = made(each.yTrue);
      const yPred = made(each.yPred);
      const context = {
        ...(each.sampleWeight ? { sampleWeight: made(each.sampleWeight) } : {}),
        ...(each.mask ? { mask: made(each.mask) } : {}),
      };
      near(loss.apply(yTrue, yPred, context), each.output, 2e-6);
      const cotangent = made(each.cotangent);
      const slope = grad((p: Tensor) => sum(multiply(loss.apply(yTrue, p, context), cotangent)))(yPred);
      near(slope, each.predictionGradient, 1e-5, kinks(each));
    });
    expect(info().memory.storages).toBe(before);
    setDevice("wasm");
  });
});

describe("names", () => {
  test("every class can be named", () => {
    for (const [name, Class] of classes) {
      const found = resolveLoss({ class_name: name, config: {} });
      expect(found).toBeInstanceOf(Class);
    }
  });

  const known = Object.entries(golden.names).filter(([name]) => name !== "Loss" && name !== "LossFunctionWrapper");

  test.each(known)("%s is %s", (name, meant) => {
    const loss = resolveLoss(name);
    const { className } = loss.constructor as typeof losses.Loss;
    expect(className.toLowerCase()).toBe(meant.replaceAll("_", "").toLowerCase());
    // Keras names the object after its class, but one that is given by a function's name by that name.
    if (meant !== meant.toLowerCase()) expect(loss.name).toBe(new (classOf(className) as new () => losses.Loss)().name);
    else expect(loss.name).toBe(name);
  });

  test("camelCase, configs, functions, and objects themselves", () => {
    expect(resolveLoss("sparseCategoricalCrossentropy").name).toBe("sparse_categorical_crossentropy");
    const config = { class_name: "Huber", config: { name: "mine", reduction: "sum", delta: 2 } };
    expect(resolveLoss(config).getConfig()).toEqual(config.config);
    const own = losses.huber();
    expect(resolveLoss(own)).toBe(own);
    const half = resolveLoss(function halfOf(yTrue: Tensor, yPred: Tensor) {
      return multiply(multiply(yTrue, yPred), 0.5);
    });
    expect(half.name).toBe("half_of");
    expect(inScope(() => half.apply([2, 4], [1, 1]).arraySync())).toBe(1.5);
  });

  test("crossentropy is what the shapes call for", () => {
    const of = (yTrue: number[], yPred: number[]) => {
      const loss = resolveLoss("crossentropy", { yTrue, yPred });
      return [(loss.constructor as typeof losses.Loss).className, loss.name];
    };
    expect(of([4, 1], [4, 1])).toEqual(["BinaryCrossentropy", "crossentropy"]);
    expect(of([4], [4, 10])).toEqual(["SparseCategoricalCrossentropy", "crossentropy"]);
    expect(of([4, 1], [4, 10])).toEqual(["SparseCategoricalCrossentropy", "crossentropy"]);
    expect(of([4, 10], [4, 10])).toEqual(["CategoricalCrossentropy", "crossentropy"]);
  });

  test.each([["mean_squared_eror"], ["crossentropy"], [3], [null]])("%j is refused", (given) => {
    expect(() => resolveLoss(given)).toThrowErrorMatchingSnapshot();
  });
});

describe("refused", () => {
  const sparse = losses.sparseCategoricalCrossentropy;
  test.each([
    ["shapes that differ", () => losses.meanSquaredError().apply([[1, 2]], [[1, 2, 3]])],
    [
      "shapes that would broadcast",
      () =>
        losses.meanSquaredError().apply(
          [[1], [2]],
          [
            [1, 2, 3],
            [4, 5, 6],
          ],
        ),
    ],
    [
      "labels for one-hot targets",
      () =>
        losses.categoricalCrossentropy().apply(
          [0, 1],
          [
            [0.5, 0.5],
            [0.5, 0.5],
          ],
        ),
    ],
    ["one-hot targets for labels", () => sparse().apply([[0, 1]], [[0.5, 0.5]])],
    [
      "a label too large",
      () =>
        sparse().apply(
          [0, 2],
          [
            [0.5, 0.5],
            [0.5, 0.5],
          ],
        ),
    ],
    [
      "a negative label",
      () =>
        sparse().apply(
          [0, -1],
          [
            [0.5, 0.5],
            [0.5, 0.5],
          ],
        ),
    ],
    ["a fractional label", () => sparse().apply([0.5], [[0.5, 0.5]])],
    [
      "a label beside ignoreClass",
      () =>
        sparse({ ignoreClass: -1 }).apply(
          [-1, 5],
          [
            [0.5, 0.5],
            [0.5, 0.5],
          ],
        ),
    ],
    ["an axis that does not exist", () => losses.categoricalCrossentropy({ axis: 3 }).apply([[1, 0]], [[0.5, 0.5]])],
    [
      "weights that do not fit",
      () => losses.meanSquaredError().apply([[1], [2]], [[1], [2]], { sampleWeight: [1, 2, 3] }),
    ],
    ["weights of too high a rank", () => losses.meanSquaredError().apply([[1]], [[1]], { sampleWeight: [[[1]]] })],
    [
      "alphas that do not fit",
      () => losses.categoricalFocalCrossentropy({ alpha: [1, 2, 3] }).apply([[1, 0]], [[0.5, 0.5]]),
    ],
    ["CTC on a matrix", () => losses.ctc().apply([[1, 2]], [[1, 2]])],
    ["CTC of a label too large", () => losses.ctc().apply([[2]], [[[0, 0]]])],
    ["circle without labels for all", () => losses.circle().apply([1, 2], [[1, 0]])],
    ["a reduction that is none", () => losses.meanSquaredError({ reduction: "max" as never })],
    ["a negative delta", () => losses.huber({ delta: -1 })],
    ["smoothing beyond 1", () => losses.binaryCrossentropy({ labelSmoothing: 1.5 })],
    ["q of 1", () => losses.categoricalGeneralizedCrossEntropy({ q: 1 })],
    ["an unknown option", () => losses.categoricalCrossentropy({ logits: true } as never)],
  ])("%s", (_title, run) => {
    const before = info().memory.storages;
    expect(() => run()).toThrowErrorMatchingSnapshot();
    expect(info().memory.storages).toBe(before);
  });
});

describe("exactness and corners", () => {
  const scalar = (run: () => Tensor): number => inScope(() => run().arraySync());

  test("cross-entropy from logits does not saturate", () => {
    const binary = losses.binaryCrossentropy({ fromLogits: true });
    expect(scalar(() => binary.apply([[1]], [[-1000]]))).toBe(1000);
    expect(scalar(() => binary.apply([[1]], [[20]]))).toBeCloseTo(Math.log1p(Math.exp(-20)), 14);
    const slope = inScope(() => grad((p: Tensor) => binary.apply([[1]], p))(tensor([[20]])).dataSync()[0]);
    expect(slope).toBeCloseTo(-1 / (1 + Math.exp(20)), 14);
    const categorical = losses.categoricalCrossentropy({ fromLogits: true });
    expect(scalar(() => categorical.apply([[1, 0]], [[-1000, 1000]]))).toBe(2000);
  });

  test("log-cosh is exact near 0 and far from it", () => {
    const loss = losses.logCosh({ dtype: "float64" });
    for (const error of [1e-8, 1e-4, 0.5, 0.999, 1, 1.001, 5, 700, -700]) {
      const truth =
        Math.abs(error) < 1e-2
          ? error ** 2 / 2 - error ** 4 / 12
          : Math.abs(error) + Math.log1p(Math.exp(-2 * Math.abs(error))) - Math.LN2;
      const value = scalar(() => loss.apply([[0]], tensor([[error]], undefined, "float64")));
      expect(Math.abs(value - truth)).toBeLessThanOrEqual(1e-14 * truth + 1e-16 * Math.abs(error));
      const slope = inScope(
        () => grad((p: Tensor) => loss.apply([[0]], p))(tensor([[error]], undefined, "float64")).dataSync()[0],
      );
      expect(slope).toBeCloseTo(Math.tanh(error), 12);
    }
  });

  test("what ignoreClass leaves out may be anything", () => {
    const loss = losses.sparseCategoricalCrossentropy({ ignoreClass: -1 });
    const yPred = tensor([
      [0.5, 0.5],
      [Number.NaN, Number.NaN],
    ]);
    expect(scalar(() => loss.apply([0, -1], yPred))).toBeCloseTo(Math.LN2, 6);
    const slope = inScope(() => grad((p: Tensor) => loss.apply([0, -1], p))(yPred).arraySync());
    expect(slope[1]).toEqual([0, 0]);
    yPred.dispose();
  });

  test("CTC of labels that the frames cannot hold is infinite, with no slope", () => {
    const yPred = tensor([[[0, 0, 0]]]);
    expect(scalar(() => losses.ctc().apply([[1, 2]], yPred))).toBe(Number.POSITIVE_INFINITY);
    expect(inScope(() => grad((p: Tensor) => losses.ctc().apply([[1, 2]], p))(yPred).dataSync())).toEqual(
      new Float32Array(3),
    );
    yPred.dispose();
  });

  test("weights of a sample reach all of its steps", () => {
    const loss = losses.meanSquaredError({ reduction: "none" });
    const values = inScope(() =>
      loss
        .apply(
          [
            [[0], [0]],
            [[0], [0]],
          ],
          [
            [[1], [2]],
            [[3], [4]],
          ],
          { sampleWeight: [1, 10] },
        )
        .arraySync(),
    );
    expect(values).toEqual([
      [1, 4],
      [90, 160],
    ]);
  });

  test("no samples, no loss", () => {
    expect(scalar(() => losses.meanSquaredError().apply(tensor([], [0, 2]), tensor([], [0, 2])))).toBe(0);
    expect(scalar(() => losses.meanSquaredError().apply([[1]], [[5]], { sampleWeight: [0] }))).toBe(0);
  });

  test("functions must give a tensor", () => {
    const mine = resolveLoss(function halfError() {});
    expect(() => mine.apply([[1]], [[2]])).toThrow(
      "loss function halfError: must give a tensor with the value of each sample, got undefined; did it forget to return?",
    );
    expect(() => resolveLoss(() => 3).apply([[1]], [[2]])).toThrow("got 3");
  });
});
