import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { GoldenTensor } from "../../../test/golden/golden.ts";
import type { DType } from "../../core/dtype.ts";
import { inScope } from "../../core/scope.ts";
import type { SymbolicTensor } from "../../core/symbolic.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Variable } from "../../core/variable.ts";
import { info, setDevice } from "../../devices/current.ts";
import { input } from "../../layers/core/input-layer.ts";
import { Layer } from "../../layers/layer.ts";
import { GroupNormalization } from "../../layers/normalization/group-normalization.ts";
import { LayerNormalization } from "../../layers/normalization/layer-normalization.ts";
import { model } from "../../models/functional.ts";
import { add, multiply, squaredDifference, subtract } from "../../ops/elementwise/binary.ts";
import { grad, valueAndGrad } from "../../ops/grad.ts";
import { normal } from "../../ops/random/random.ts";
import { mean } from "../../ops/reduce/reduce.ts";
import { sum } from "../../ops/reduce/sum.ts";
import { tensor } from "../../ops/tensor.ts";
import {
  AUTO_REUSE,
  argScope,
  Graph,
  GraphKeys,
  getCollection,
  getVariableScope,
  getVariablesByName,
  groupNorm,
  instanceNorm,
  layerNorm,
  placeholder,
  variableScope,
} from "./index.ts";

interface Case {
  readonly function: "groupNorm" | "instanceNorm" | "layerNorm";
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly inputs: GoldenTensor;
  readonly cotangent: GoldenTensor;
  readonly gamma: GoldenTensor;
  readonly beta: GoldenTensor;
  readonly outputs: GoldenTensor;
  readonly inputGradient: GoldenTensor;
  readonly gammaGradient: GoldenTensor;
  readonly betaGradient: GoldenTensor;
}

const golden: { cases: readonly Case[] } = JSON.parse(
  readFileSync(new URL("../../../test/golden/contrib.json", import.meta.url), "utf8"),
);
const functions: Readonly<Record<Case["function"], (x: Tensor, options: object) => Tensor>> = {
  groupNorm,
  instanceNorm,
  layerNorm,
};

/** Runs a test in a graph of its own, and sees that it leaves no memory behind. */
function clean(run: () => void): () => void {
  return () => {
    const before = info().memory.storages;
    using graph = new Graph();
    graph.asDefault(() => inScope(run));
    graph.dispose();
    expect(info().memory.storages).toBe(before);
  };
}

function put(name: string, values: Tensor): void {
  for (const variable of getVariablesByName(name)) variable.assign(values);
}

/** The largest difference, in parts of the largest value, which counts as 1 at least. */
function difference(actual: Tensor, { values, shape }: GoldenTensor): number {
  expect(actual.shape).toEqual(shape);
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  return Array.from(actual.dataSync()).reduce(
    (most, value, index) => Math.max(most, Math.abs(value - (values[index] as number)) / largest),
    0,
  );
}

describe.each([
  ["wasm", "float32", 1e-5],
  ["wasm", "float64", 1e-12],
  ["reference", "float32", 1e-5],
] as const)("the formula in float64, on %s in %s", (device, dtype, tolerance) => {
  test.each(golden.cases.map((each) => [each.function, each.name, each] as const))("%s: %s", (name, _, golden) => {
    setDevice(device);
    try {
      clean(() => {
        const fn = functions[name];
        // What is given was written as float32: the shortest digits that mean one.
        const as = ({ values, shape }: GoldenTensor) => tensor(Float32Array.from(values), shape, dtype);
        const x = as(golden.inputs);
        fn(x, { ...golden.options, scope: "N" });
        put("gamma", as(golden.gamma));
        put("beta", as(golden.beta));
        const again = { ...golden.options, scope: "N", reuse: true };
        expect(difference(fn(x, again), golden.outputs)).toBeLessThan(tolerance);
        const loss = (x: Tensor) => sum(multiply(fn(x, again), as(golden.cotangent)));
        expect(difference(grad(loss)(x), golden.inputGradient)).toBeLessThan(tolerance);
        const variables = getCollection(GraphKeys.TRAINABLE_VARIABLES);
        const { gradients } = valueAndGrad(loss, variables)(x);
        variables.forEach(({ path }, index) => {
          const truth = path === "N/gamma" ? golden.gammaGradient : golden.betaGradient;
          expect(difference(gradients[index] as Tensor, truth)).toBeLessThan(tolerance);
        });
      })();
    } finally {
      setDevice("wasm");
    }
  });
});

describe("bit for bit what the Keras layers give", () => {
  const image = (shape: number[]) => normal(shape, { mean: 3, stddev: 2, seed: 5 });
  const same = (actual: Tensor, expected: Tensor) => expect(actual.dataSync()).toEqual(expected.dataSync());
  const given = (layer: Layer, x: Tensor): Tensor => {
    layer.build(x.shape);
    const [gamma, beta] = layer.weights as [Variable, Variable];
    gamma.assign(normal(gamma.shape, { seed: 6 }));
    beta.assign(normal(beta.shape, { seed: 7 }));
    put("gamma", gamma.value);
    put("beta", beta.value);
    const y = layer.apply(x);
    layer.dispose();
    return y;
  };

  test.each([
    { shape: [2, 7, 5, 12], groups: 3, channelsAxis: -1, reductionAxes: [-3, -2] },
    { shape: [2, 12, 7, 5], groups: 4, channelsAxis: -3, reductionAxes: [-2, -1] },
    { shape: [2, 7, 12, 5], groups: 2, channelsAxis: 2, reductionAxes: [3, 1] },
    { shape: [9, 16], groups: 4, channelsAxis: -1, reductionAxes: [] },
  ])("groupNorm on $shape, channels $channelsAxis", ({ shape, ...options }) =>
    clean(() => {
      const x = image(shape);
      groupNorm(x, { ...options, scope: "N" });
      const layer = new GroupNormalization({ groups: options.groups, axis: options.channelsAxis, epsilon: 1e-6 });
      const expected = given(layer, x);
      same(groupNorm(x, { ...options, scope: "N", reuse: true }), expected);
    })(),
  );

  test.each([
    ["NHWC", [2, 6, 5, 4], -1],
    ["NCHW", [2, 4, 6, 5], 1],
  ] as const)("instanceNorm, %s", (dataFormat, shape, axis) =>
    clean(() => {
      const x = image([...shape]);
      instanceNorm(x, { dataFormat, scope: "N" });
      const expected = given(new GroupNormalization({ groups: -1, axis, epsilon: 1e-6 }), x);
      same(instanceNorm(x, { dataFormat, scope: "N", reuse: true }), expected);
    })(),
  );

  test("layerNorm", () =>
    clean(() => {
      const x = image([4, 3, 20]);
      layerNorm(x, { beginNormAxis: -1, scope: "N" });
      const expected = given(new LayerNormalization({ axis: -1, epsilon: 1e-12 }), x);
      same(layerNorm(x, { beginNormAxis: -1, scope: "N", reuse: true }), expected);
    })());
});

describe("meanCloseToZero", () => {
  test.each([1e-4, 1e-2, 1, 1e2, 1e5])("changes no bit at mean %d, where both are exact", (location) =>
    clean(() => {
      for (const stddev of [1e-2, 0.1, 1]) {
        const x = normal([2, 28, 28, 8], { mean: location, stddev, seed: 3 });
        const options = { groups: 2, center: false, scale: false };
        const y = groupNorm(x, options).dataSync();
        expect(groupNorm(x, { ...options, meanCloseToZero: true }).dataSync()).toEqual(y);
        const values = x.dataSync();
        for (const first of [0, 4, 28 * 28 * 8, 28 * 28 * 8 + 4]) {
          const group = Array.from(
            { length: 28 * 28 * 4 },
            (_, index) => first + 8 * Math.floor(index / 4) + (index % 4),
          );
          const average = (of: (index: number) => number) =>
            group.reduce((total, index) => total + of(index), 0) / group.length;
          const centre = location + average((index) => (values[index] as number) - location);
          const variance = average((index) => ((values[index] as number) - centre) ** 2);
          const worst = group.reduce((most, index) => {
            const truth = ((values[index] as number) - centre) / Math.sqrt(variance + 1e-6);
            return Math.max(most, Math.abs((y[index] as number) - truth));
          }, 0);
          expect(worst).toBeLessThan(1.5e-6);
        }
      }
    })(),
  );
});

/** The message with which it fails. */
function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
  throw new Error("it did not fail");
}

describe("refusals", () => {
  const images = (shape?: (number | null)[]) => placeholder("float32", shape, "images");
  test.each([
    ["undefined rank", () => groupNorm(images())],
    ["undefined rank, instance", () => instanceNorm(images())],
    ["undefined rank, layer", () => layerNorm(images())],
    ["undefined channels", () => groupNorm(images([1, 3, 4, null]), { channelsAxis: -1, reductionAxes: [-3, -2] })],
    ["undefined channels NCHW", () => instanceNorm(images([3, null, 4]), { dataFormat: "NCHW" })],
    ["undefined channels NHWC", () => instanceNorm(images([3, 4, null]))],
    ["undefined reduction axis", () => groupNorm(images([1, 32, null, 4]))],
    ["undefined parameters", () => layerNorm(images([1, null, 4]), { beginParamsAxis: 1 })],
    [
      "too many groups",
      () => groupNorm(images([5, 2, 10, 10]), { groups: 10, reductionAxes: [-2, -1], channelsAxis: -3 }),
    ],
    [
      "not commensurate",
      () => groupNorm(images([5, 4, 10, 10]), { groups: 3, reductionAxes: [-2, -1], channelsAxis: -3 }),
    ],
    ["the default of 32 groups", () => groupNorm(images([5, 10, 10, 48]))],
    ["no channels", () => groupNorm(images([5, 10, 10, 0]))],
    ["channels axis too large", () => groupNorm(images([1, 2, 4, 5]), { channelsAxis: 5 })],
    ["channels axis too small", () => groupNorm(images([1, 2, 4, 5]), { channelsAxis: -5 })],
    ["reduction axis too large", () => groupNorm(images([1, 2, 4, 5]), { reductionAxes: [1, 5] })],
    ["reduction axis of the rank", () => groupNorm(images([1, 2, 4, 5]), { reductionAxes: [4] })],
    ["the default axes on rank 2", () => groupNorm(tensor([[1, 2]]), { groups: 1 })],
    ["axes of layers", () => layerNorm(images([1, 2]), { beginNormAxis: 2 })],
    ["parameters of layers", () => layerNorm(images([1, 2]), { beginParamsAxis: -3 })],
    ["not exclusive, negative", () => groupNorm(images([10, 32, 32, 32]), { channelsAxis: -2, reductionAxes: [-2] })],
    ["not exclusive, positive", () => groupNorm(images([10, 32, 32, 32]), { channelsAxis: 1, reductionAxes: [1, 3] })],
    ["not exclusive, mixed", () => groupNorm(images([10, 32, 32, 32]), { channelsAxis: -2, reductionAxes: [2] })],
    ["an axis twice", () => groupNorm(images([1, 2, 4, 32]), { reductionAxes: [1, -3] })],
    ["rank 1", () => instanceNorm(tensor([1, 2]))],
    ["whole numbers", () => groupNorm(placeholder("int32", [1, 2, 2, 32], "images"))],
    ["data format", () => instanceNorm(images([2, 5, 5]), { dataFormat: "NHCW" as never })],
    ["groups", () => groupNorm(images([1, 2, 2, 32]), { groups: 0 })],
    ["reduction axes", () => groupNorm(images([1, 2, 2, 32]), { reductionAxes: 1 as never })],
    ["an unknown option", () => groupNorm(images([1, 2, 2, 32]), { reductionAxis: [1] } as never)],
    [
      "an option of another",
      () => argScope([groupNorm, instanceNorm], { groups: 2 }, () => instanceNorm(images([1, 2, 2]))),
    ],
    ["an activation", () => groupNorm(images([1, 2, 2, 32]), { activationFn: "rellu" })],
    ["a parameter", () => groupNorm(images([1, 2, 2, 32]), { paramInitializers: { gama: "ones" } as never })],
    ["an initializer", () => groupNorm(images([1, 2, 2, 32]), { paramInitializers: { gamma: "onez" } })],
    [
      "what an initializer gives",
      () => groupNorm(images([1, 2, 2, 32]), { paramInitializers: { gamma: () => tensor([1]) } }),
    ],
    ["collections", () => groupNorm(images([1, 2, 2, 32]), { variablesCollections: { gamma: 1 } as never })],
    ["outputs", () => groupNorm(images([1, 2, 2, 32]), { outputsCollections: [1] as never })],
    ["scope", () => groupNorm(images([1, 2, 2, 32]), { scope: 1 as never })],
    ["reuse", () => groupNorm(images([1, 2, 2, 32]), { reuse: "yes" as never })],
    ["reuse without a scope", () => groupNorm(images([1, 2, 2, 32]), { reuse: true })],
  ])("%s", (_, run) =>
    clean(() => {
      expect(messageOf(run)).toMatchSnapshot();
      // Nothing is half-changed: the next call has the first name.
      expect(getCollection(GraphKeys.GLOBAL_VARIABLES)).toEqual([]);
      groupNorm(tensor([[1, 2]]), { groups: 1, reductionAxes: [] });
      expect(getVariablesByName("beta").map(({ path }) => path)).toEqual(["GroupNorm/beta"]);
    })(),
  );
});

describe("variables", () => {
  const x = () => tensor([[[1, 2, 3, 4]]]);

  test("are beta and gamma of the channels, made in that order", () =>
    clean(() => {
      groupNorm(placeholder("float32", [5, 3, 3, 8]), { groups: 4 });
      layerNorm(placeholder("float64", [5, 3, 8]), { beginParamsAxis: -2 });
      const found = getCollection(GraphKeys.MODEL_VARIABLES).map(({ path, shape, dtype }) => [path, shape, dtype]);
      expect(found).toEqual([
        ["GroupNorm/beta", [8], "float32"],
        ["GroupNorm/gamma", [8], "float32"],
        ["LayerNorm/beta", [3, 8], "float64"],
        ["LayerNorm/gamma", [3, 8], "float64"],
      ]);
    })());

  test("are none without center and scale", () =>
    clean(() => {
      instanceNorm(x(), { center: false, scale: false });
      expect([...getVariablesByName("beta"), ...getVariablesByName("gamma")]).toEqual([]);
    })());

  test("begin as paramInitializers say", () =>
    clean(() => {
      const paramInitializers = {
        beta: (shape: readonly number[], dtype: DType) => normal(shape, { dtype, seed: 1 }),
        gamma: "zeros",
        movingMean: "ones",
      };
      instanceNorm(x(), { paramInitializers });
      expect(getVariablesByName("beta")[0]?.value.dataSync()).toEqual(normal([4], { seed: 1 }).dataSync());
      expect([...(getVariablesByName("gamma")[0]?.value.dataSync() ?? [])]).toEqual([0, 0, 0, 0]);
    })());

  test("train unless told otherwise", () =>
    clean(() => {
      groupNorm(x(), { groups: 2, reductionAxes: [-2], trainable: false });
      expect(getCollection(GraphKeys.TRAINABLE_VARIABLES)).toEqual([]);
      expect(getCollection(GraphKeys.GLOBAL_VARIABLES).map(({ trainable }) => trainable)).toEqual([false, false]);
      groupNorm(x(), { groups: 2, reductionAxes: [-2] });
      expect(getCollection(GraphKeys.TRAINABLE_VARIABLES).map(({ path }) => path)).toEqual([
        "GroupNorm_1/beta",
        "GroupNorm_1/gamma",
      ]);
    })());

  test("go into one collection, several, or some for each", () =>
    clean(() => {
      const paths = (name: string) => (getCollection(name) as Variable[]).map(({ path }) => path);
      instanceNorm(x(), { scope: "a", variablesCollections: "one" });
      instanceNorm(x(), { scope: "b", variablesCollections: ["one", "two"] });
      instanceNorm(x(), { scope: "c", variablesCollections: { gamma: ["two", "three"] } });
      expect(paths("one")).toEqual(["a/beta", "a/gamma", "b/beta", "b/gamma"]);
      expect(paths("two")).toEqual(["b/beta", "b/gamma", "c/gamma"]);
      expect(paths("three")).toEqual(["c/gamma"]);
      expect(paths(GraphKeys.GLOBAL_VARIABLES)).toHaveLength(6);
      // Sharing puts nothing anywhere a second time.
      instanceNorm(x(), { scope: "a", reuse: true, variablesCollections: "one" });
      expect(paths("one")).toHaveLength(4);
    })());
});

describe("outputs", () => {
  test("pass through the activation", () =>
    clean(() => {
      const options = { groups: 1, reductionAxes: [], epsilon: 0 };
      const x = tensor([[-1, 1]]);
      expect(groupNorm(x, { ...options, activationFn: "relu" }).arraySync()).toEqual([[0, 1]]);
      expect(groupNorm(x, { ...options, activationFn: (y) => multiply(y, 3) }).arraySync()).toEqual([[-3, 3]]);
    })());

  test("go into collections, which forget those that are freed", () =>
    clean(() => {
      const y = instanceNorm(tensor([[[1], [3]]]), { outputsCollections: ["ends", "more", "ends"] });
      const z = instanceNorm(y, { outputsCollections: "ends" });
      expect([getCollection("ends"), getCollection("more")]).toEqual([[y, z], [y]]);
      y.dispose();
      expect([getCollection("ends"), getCollection("more")]).toEqual([[z], []]);
    })());

  test("are what the activation makes of them, in a graph too", () =>
    clean(() => {
      const y = instanceNorm(placeholder("float32", [null, 3, 2]), {
        activationFn: "relu",
        outputsCollections: "ends",
      });
      expect(getCollection("ends")).toEqual([y]);
      expect(y.node?.operation.name).toMatch(/^relu/);
    })());
});

describe("training", () => {
  test("over the collection finds the scale and shift that made the data", () =>
    clean(() => {
      const x = normal([8, 16, 4], { seed: 1 });
      const [scale, shift] = [tensor([0.5, 2, -1, 3]), tensor([1, -1, 0, 0.25])];
      const options = { groups: 2, reductionAxes: [1] };
      const normalized = groupNorm(x, { ...options, center: false, scale: false });
      const target = add(multiply(normalized, scale), shift);
      const network = () => groupNorm(x, { ...options, activationFn: (y) => multiply(y, 2) });
      const loss = () => variableScope("net", () => mean(squaredDifference(network(), target)), { reuse: AUTO_REUSE });
      loss();
      const variables = getCollection(GraphKeys.TRAINABLE_VARIABLES);
      const step = valueAndGrad(loss, variables);
      for (let count = 0; count < 100; count++) {
        inScope(() => {
          const { gradients } = step();
          variables.forEach((variable, index) => {
            variable.assign(subtract(variable.value, multiply(gradients[index] as Tensor, 0.4)));
          });
        });
      }
      const found = (name: string) => [...(getVariablesByName(name)[0]?.value.dataSync() ?? [])];
      // The activation doubles, so half of each is left to learn.
      const truths = { gamma: [0.25, 1, -0.5, 1.5], beta: [0.5, -0.5, 0, 0.125] };
      for (const [name, truth] of Object.entries(truths)) {
        for (const [channel, value] of found(name).entries()) expect(value).toBeCloseTo(truth[channel] as number, 4);
      }
    })());
});

describe("graphs", () => {
  test("sizes that are not needed may be unknown, and stay so", () =>
    clean(() => {
      const shapes = [
        groupNorm(placeholder("float32", [null, 3, 3, 4]), { groups: 2 }),
        groupNorm(placeholder("float32", [null, null, 3, 4]), { groups: 2, reductionAxes: [2] }),
        instanceNorm(placeholder("float64", [null, null, null, 4])),
        layerNorm(placeholder("float32", [null, null, 4])),
      ].map(({ shape, dtype }) => [shape, dtype]);
      expect(shapes).toEqual([
        [[null, 3, 3, 4], "float32"],
        [[null, null, 3, 4], "float32"],
        [[null, null, null, 4], "float64"],
        [[null, null, 4], "float32"],
      ]);
    })());

  test("become models with the variables as weights, that give what tensors give", () =>
    clean(() => {
      const network = <T extends Tensor | SymbolicTensor>(x: T): T =>
        variableScope(
          "net",
          () => {
            const y = groupNorm(x as Tensor, { groups: 2, activationFn: "relu" });
            return instanceNorm(layerNorm(y)) as T;
          },
          { reuse: AUTO_REUSE },
        );
      const images = placeholder("float32", [null, 3, 3, 4], "images");
      const net = model({ inputs: images, outputs: network(images) });
      const x = normal([2, 3, 3, 4], { seed: 1 });
      const variables = getCollection(GraphKeys.TRAINABLE_VARIABLES);
      expect(variables.map(({ path }) => path)).toEqual([
        "net/GroupNorm/beta",
        "net/GroupNorm/gamma",
        "net/LayerNorm/beta",
        "net/LayerNorm/gamma",
        "net/InstanceNorm/beta",
        "net/InstanceNorm/gamma",
      ]);
      for (const variable of variables) variable.assign(normal(variable.shape, { seed: variable.path.length }));
      expect(net.apply(x).dataSync()).toEqual(network(x).dataSync());
      expect(new Set(net.trainableWeights)).toEqual(new Set(variables));
      const computing = net.layers.filter(({ weights }) => weights.length > 0).map(({ name }) => name);
      expect(computing).toEqual(["net/GroupNorm", "net/LayerNorm", "net/InstanceNorm"]);
      // The variables are the graph's: a model that is done with leaves them.
      net.dispose();
      expect(variables.map(({ disposed }) => disposed)).toEqual(variables.map(() => false));
    })());

  test("a scope that is shared is two steps of a model with one set of weights", () =>
    clean(() => {
      const x = placeholder("float32", [null, 2]);
      const options = { groups: 1, reductionAxes: [] };
      const y = groupNorm(groupNorm(x, { ...options, scope: "N" }), { ...options, scope: "N", reuse: true });
      const net = model({ inputs: x, outputs: y });
      expect(net.layers.map(({ name }) => name)).toEqual(["Placeholder", "N", "N_1"]);
      expect(net.weights).toHaveLength(2);
    })());

  test("the scope around may hold the variables itself", () =>
    clean(() => {
      const x = placeholder("float32", [null, 2]);
      const y = variableScope("net", (scope) => instanceNorm(instanceNorm(x, { scope: "" }), { scope, reuse: true }));
      const net = model({ inputs: x, outputs: instanceNorm(y, { scope: getVariableScope() }) });
      expect(net.layers.map(({ name }) => name)).toEqual([
        "Placeholder",
        "net/InstanceNorm",
        "net/net",
        "InstanceNorm",
      ]);
      expect(getVariablesByName("beta").map(({ path }) => path)).toEqual(["net/beta", "beta"]);
    })());

  test("frozen variables and frozen models do not train", () =>
    clean(() => {
      const x = placeholder("float32", [null, 4]);
      const net = model({ inputs: x, outputs: instanceNorm(instanceNorm(x, { trainable: false })) });
      expect([net.weights.length, net.trainableWeights.length, net.nonTrainableWeights.length]).toEqual([4, 2, 2]);
      net.trainable = false;
      expect(net.trainableWeights).toEqual([]);
    })());

  test("have no Keras config", () =>
    clean(() => {
      const x = placeholder("float32", [null, 4]);
      const net = model({ inputs: x, outputs: instanceNorm(x) });
      expect(messageOf(() => net.getConfig())).toMatchSnapshot();
    })());

  test("of other symbolic tensors work as well", () =>
    clean(() => {
      const x = input({ shape: [4] });
      const y = instanceNorm(x);
      expect([y.shape, getVariablesByName("beta").length]).toEqual([[null, 4], 1]);
    })());

  test("a layer may use them, and then only needs to say which variables it shares", () =>
    clean(() => {
      class Block extends Layer {
        static override readonly className = "Block";
        override call(x: Tensor): Tensor {
          return variableScope("block", () => groupNorm(x, { groups: 2, reductionAxes: [-2] }), { reuse: AUTO_REUSE });
        }
      }
      const block = new Block();
      const y = block.apply(input({ shape: [3, 4] }));
      expect(y.shape).toEqual([null, 3, 4]);
      const z = block.apply(tensor([[[1, 2, 3, 4]]]));
      expect([z.shape, getVariablesByName("beta").length]).toEqual([[1, 1, 4], 1]);
      expect(() => new Block().apply(input({ shape: [null, 4] }))).toThrow("undefined dimensions");
    })());
});
