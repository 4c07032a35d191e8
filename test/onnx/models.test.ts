/**
 * Whole models in ONNX Runtime: those that real Keras trained (the composed ones, the zoo), models with sizes that are
 * not known, and what the file says of itself; and what is refused, with the words for it.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { resetNames } from "../../src/core/names.ts";
import type { SymbolicTensor } from "../../src/core/symbolic.ts";
import type { Tensor } from "../../src/core/tensor.ts";
import { leaves } from "../../src/core/tree.ts";
import { info } from "../../src/devices/current.ts";
import { layerClasses, modelFromConfig } from "../../src/keras/config.ts";
import { loadModel } from "../../src/keras/index.ts";
import { messages } from "../../src/keras/onnx/schema.ts";
import { producer } from "../../src/keras/onnx/write-onnx.ts";
import { input } from "../../src/layers/core/input-layer.ts";
import * as layers from "../../src/layers/index.ts";
import { layer } from "../../src/layers/layer.ts";
import { model } from "../../src/models/functional.ts";
import { Model } from "../../src/models/model.ts";
import { sequential } from "../../src/models/sequential.ts";
import * as ops from "../../src/ops/index.ts";
import { uniform } from "../../src/ops/random/random.ts";
import { tensor } from "../../src/ops/tensor.ts";
import { readGoldenSubject } from "../golden/golden.ts";
import { fileOf, objects, recordOf, zoo } from "../keras/zoo.ts";
import { type Plain, runOnnx } from "./runtime.ts";

/** The largest difference, as a part of the largest value or of 1. */
function difference(found: ArrayLike<number>, wanted: ArrayLike<number>): number {
  expect(found.length).toBe(wanted.length);
  const values = Array.from(wanted, Number);
  const apart = values.map((value, index) => Math.abs(value - Number(found[index])));
  return Math.max(...apart) / Math.max(1, ...values.map(Math.abs));
}

const plainOf = (x: Tensor): Plain => ({ shape: x.shape, dtype: x.dtype, data: x.dataSync() });

/** The difference between what a file and its model give for inputs by name. */
async function apart(net: Model, inputs: Readonly<Record<string, Tensor>>, opset?: number): Promise<number> {
  const names = Object.keys(inputs);
  const given = names.length === 1 ? inputs[names[0] as string] : inputs;
  const wanted = leaves(net.apply<never>(given as never)) as Tensor[];
  const plain = Object.fromEntries(Object.entries(inputs).map(([name, x]) => [name, plainOf(x)]));
  const found = Object.values(await runOnnx(await net.toOnnx(opset === undefined ? {} : { opset }), plain));
  expect(found.map(({ shape }) => shape)).toEqual(wanted.map(({ shape }) => shape));
  return Math.max(...wanted.map((each, index) => difference(found[index]?.data as never, each.dataSync())));
}

const { cases } = await readGoldenSubject("composed");

describe("models of real Keras", () => {
  test.each(cases)("$name", async ({ name, config, initialWeights, x, predictions }) => {
    resetNames();
    const net = modelFromConfig(config, layerClasses({ layers, ops }), {}, name);
    net.setWeights(initialWeights.map(({ values, shape }) => tensor(values as number[], shape)));
    const before = info().memory.storages;
    for (const opset of [17, 21]) {
      const file = await net.toOnnx({ opset });
      const given = { shape: x.shape, dtype: x.dtype === "int64" ? "int32" : x.dtype, data: x.values };
      const [found] = Object.values(await runOnnx(file, { [net.inputNames[0] as string]: given })) as [Plain];
      expect(found.shape).toEqual(predictions.shape);
      expect(difference(found.data, predictions.values)).toBeLessThan(1e-5);
    }
    expect(info().memory.storages, "nothing is left in memory").toBe(before);
    net.dispose();
  });

  // Single operations, some of which ONNX has nothing for; and a model whose inputs have no names before it is called.
  const apart = ["counting", "operations", "subclassed"];
  test.each(zoo.filter((name) => !apart.includes(name)))("zoo: %s", async (name) => {
    const { inputs, predictions } = recordOf(name);
    const net = await loadModel(fileOf(name), { ...(objects as object), compile: false });
    if (name.includes("stateful")) {
      await expect(net.toOnnx()).rejects.toThrow("from call to call");
      return;
    }
    const byName = Object.keys(inputs).some((each) => !/^\d+$/.test(each));
    const given = Object.entries(inputs).map(([key, { values, shape, dtype }], index) => [
      byName ? key : net.inputNames[index],
      { shape, dtype, data: values },
    ]);
    const found = await runOnnx(await net.toOnnx(), Object.fromEntries(given));
    const inOrder = Object.values(found);
    expect(inOrder.length).toBe(Object.keys(predictions).length);
    // Keras computed it in half precision.
    const tolerance = name.startsWith("mixed") ? 2e-3 : 1e-5;
    for (const [index, [key, { shape, values }]] of Object.entries(predictions).entries()) {
      const output = (/^\d+$/.test(key) ? inOrder[index] : found[key]) as Plain;
      expect(output.shape).toEqual(shape);
      expect(difference(output.data, values)).toBeLessThan(tolerance);
    }
    net.dispose();
  });
});

const random = (shape: readonly number[], seed: number, least = -1, most = 1) =>
  uniform([...shape], { minval: least, maxval: most, seed });

describe("sizes that are not known", () => {
  test("images of any size: strides, pooling over edges, upsampling, joining", async () => {
    const x = input({ shape: [null, null, 3], name: "image" });
    const down = layers.conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: "same", activation: "relu" }).apply(x);
    const pooled = layers.maxPooling2d({ poolSize: 2, padding: "same" }).apply(down);
    const normalized = layers.groupNormalization({ groups: 2 }).apply(pooled);
    const spread = layers.globalAveragePooling2d().apply(normalized);
    const up = layers.upSampling2d({ size: 2 }).apply(normalized);
    const net = model({ inputs: x, outputs: [up, spread] });
    for (const [height, width] of [
      [8, 8],
      [9, 12],
      [31, 17],
    ] as const) {
      expect(await apart(net, { image: random([2, height, width, 3], height) })).toBeLessThan(1e-5);
      expect(await apart(net, { image: random([2, height, width, 3], height) }, 21)).toBeLessThan(1e-5);
    }
  });

  test("sequences of any length: both directions, masks, attention from one to another", async () => {
    const source = input({ shape: [null], dtype: "int32", name: "source" });
    const target = input({ shape: [null], dtype: "int32", name: "target" });
    const words = layers.embedding({ inputDim: 9, outputDim: 6, maskZero: true });
    const [a, b] = [words.apply(source), words.apply(target)];
    const both = layers.bidirectional({ layer: layers.lstm({ units: 3, returnSequences: true }) }).apply(a);
    const last = layers.gru({ units: 4 }).apply(b);
    const attended = layers.multiHeadAttention({ numHeads: 2, keyDim: 3 }).apply([b, both], { useCausalMask: true });
    const net = model({ inputs: [source, target], outputs: [attended, last] });
    for (const [m, n] of [
      [5, 7],
      [3, 3],
      [1, 4],
    ] as const) {
      const ids = (length: number, from: number) =>
        tensor(
          Int32Array.from({ length: 2 * length }, (_, index) => ((index * from) % 9 === 4 ? 0 : (index * from) % 9)),
          [2, length],
        );
      expect(await apart(net, { source: ids(m, 4), target: ids(n, 5) })).toBeLessThan(1e-5);
    }
  });

  test("several inputs that must agree", async () => {
    const [a, b] = ["a", "b"].map((name) => input({ shape: [null, 3], name })) as [SymbolicTensor, SymbolicTensor];
    const sum = layers.add().apply([a, b]);
    const net = model({ inputs: [a, b], outputs: [sum, layers.dot({ axes: [2, 2] }).apply([a, b])] });
    for (const length of [4, 9]) {
      expect(await apart(net, { a: random([2, length, 3], 1), b: random([2, length, 3], 2) })).toBeLessThan(1e-5);
    }
  });

  test("parts of an axis of any length", async () => {
    const x = input({ shape: [null, 3], name: "x" });
    const parts = [
      layers.cropping1d({ cropping: [1, 2] }).apply(x),
      layers.zeroPadding1d({ padding: [2, 1] }).apply(x),
      ops.flip(x, 1),
      ops.flip(layers.cropping1d({ cropping: [2, 1] }).apply(x), [1, 2]),
      ops.subtract(layers.cropping1d({ cropping: [1, 0] }).apply(x), layers.cropping1d({ cropping: [0, 1] }).apply(x)),
      ops.cumsum(x, 1),
      layers.averagePooling1d({ poolSize: 3, padding: "same" }).apply(x),
    ];
    const net = model({ inputs: x, outputs: parts });
    for (const length of [4, 5, 12]) expect(await apart(net, { x: random([2, length, 3], length) })).toBeLessThan(1e-5);
  });

  test("what has as many steps as the input is refused, with the way out", async () => {
    const net = sequential([layers.simpleRNN({ units: 2, activation: "relu", inputShape: [null, 3] })]);
    await expect(net.toOnnx()).rejects.toThrow(
      /how many steps it takes hangs on a size that is not known .*; fix it in the shape of the input/,
    );
    const fixed = sequential([layers.simpleRNN({ units: 2, activation: "relu", inputShape: [4, 3] })]);
    expect(await apart(fixed, { [fixed.inputNames[0] as string]: random([3, 4, 3], 1) })).toBeLessThan(1e-5);
  });
});

describe("group normalization", () => {
  const net = sequential([layers.groupNormalization({ groups: 4, inputShape: [6, 6, 8] })]);
  const name = net.inputNames[0] as string;
  const has = (file: Uint8Array, operator: string) => new TextDecoder("latin1").decode(file).includes(operator);

  test("is an operator of its own from opset 21 on", async () => {
    expect(has(await net.toOnnx({ opset: 20 }), "GroupNormalization")).toBe(false);
    expect(has(await net.toOnnx({ opset: 21 }), "GroupNormalization")).toBe(true);
    expect(await apart(net, { [name]: random([3, 6, 6, 8], 1) }, 21)).toBeLessThan(1e-5);
  });

  test.each([0, 1e3, 1e5])("keeps its digits around %d", async (mean) => {
    const x = ops.add(random([3, 6, 6, 8], 2), mean);
    expect(await apart(net, { [name]: x })).toBeLessThan(1e-5);
    expect(await apart(net, { [name]: x }, 21)).toBeLessThan(1e-5);
  });

  test("layer normalization keeps its digits, too", async () => {
    const other = sequential([layers.layerNormalization({ inputShape: [64] })]);
    const x = ops.add(random([3, 64], 2), 1e5);
    expect(await apart(other, { [other.inputNames[0] as string]: x })).toBeLessThan(1e-5);
    expect(has(await other.toOnnx(), "LayerNormalization")).toBe(true);
  });
});

describe("the file", () => {
  test("has the schema's fields", () => {
    const text = readFileSync(new URL("onnx.proto", import.meta.url), "utf8").replaceAll(/\/\/.*/g, "");
    const snake = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const kinds: Readonly<Record<string, RegExp>> = {
      int: /^(int64|int32|AttributeType)$/,
      float: /^float$/,
      string: /^string$/,
      bytes: /^bytes$/,
    };
    for (const [name, fields] of Object.entries(messages)) {
      const start = text.indexOf(`message ${name} {`);
      expect(start, name).toBeGreaterThan(0);
      for (const [field, [number, kind]] of Object.entries(fields)) {
        const rule = new RegExp(`(\\w+)\\s+${snake(field)}\\s*=\\s*(\\d+)`, "g");
        rule.lastIndex = start;
        const [, type = "", found] = rule.exec(text) ?? [];
        expect(Number(found), `${name}.${field}`).toBe(number);
        expect(type, `${name}.${field}`).toMatch(kinds[kind] ?? new RegExp(`^${kind}$`));
      }
    }
  });

  test("says who wrote it, and names things as Keras does", async () => {
    resetNames();
    const net = sequential([
      layers.dense({ units: 2, inputShape: [3], name: "hidden" }),
      layers.activation({ activation: "relu" }),
    ]);
    const file = await net.toOnnx();
    const text = new TextDecoder("latin1").decode(file);
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    expect(producer).toEqual({ name: "varve", version });
    for (const each of ["varve", version, "hidden/kernel", "hidden/bias", "hidden/Gemm", "activation/Relu", "batch"]) {
      expect(text).toContain(each);
    }
    expect(await net.toOnnx(), "the same every time").toEqual(file);
  });

  test("is written for all versions of the operators", async () => {
    const net = sequential([
      layers.conv1d({ filters: 4, kernelSize: 3, padding: "causal", inputShape: [6, 2] }),
      layers.groupNormalization({ groups: 2 }),
      layers.globalMaxPooling1d(),
      layers.softmax(),
    ]);
    for (const opset of [17, 18, 19, 20, 21, 22]) {
      expect(await apart(net, { [net.inputNames[0] as string]: random([2, 6, 2], 3) }, opset)).toBeLessThan(1e-5);
    }
    expect((await net.toOnnx({ opset: 23 })).length).toBeGreaterThan(100);
  });

  test("holds float64 models, and inputs of whole numbers", async () => {
    const x = input({ shape: [3], dtype: "float64", name: "x" });
    const n = input({ shape: [2], dtype: "uint8", name: "n" });
    const y = layers.dense({ units: 2, dtype: "float64", activation: "tanh" }).apply(x);
    const net = model({ inputs: [x, n], outputs: [y, ops.add(n, 1)] });
    const given = {
      x: ops.cast(random([2, 3], 4), "float64"),
      n: tensor(
        [
          [1, 2],
          [3, 4],
        ],
        [2, 2],
        "uint8",
      ),
    };
    expect(await apart(net, given)).toBeLessThan(1e-12);
  });

  test("holds models with a call of their own, layers of one's own, and Lambda layers", async () => {
    class Scale extends layer("Scale", {}) {
      override call(x: Tensor): Tensor {
        return ops.multiply(x, ops.sum(x, -1, true));
      }
    }
    class Twice extends Model {
      readonly scale = new Scale();
      readonly dense = layers.dense({ units: 3 });
      readonly lambda = layers.lambda({ function: (x: Tensor) => ops.sin(x) });
      override call(x: Tensor): Tensor {
        return this.lambda.apply(this.dense.apply(this.scale.apply(this.dense.apply(x))));
      }
    }
    const net = new Twice();
    net.apply(random([2, 3], 5));
    expect(await apart(net, { input: random([4, 3], 6) })).toBeLessThan(1e-5);
  });
});

describe("refusals", () => {
  const dense = () => sequential([layers.dense({ units: 2, inputShape: [3] })]);

  test.each([16, 24, 17.5, "21", null])("opset %j", async (opset) => {
    await expect(dense().toOnnx({ opset: opset as never })).rejects.toThrow(
      /toOnnx: opset must be a whole number from 17 to 23, got/,
    );
  });

  test("options that are unknown", async () => {
    await expect(dense().toOnnx({ version: 3 } as never)).rejects.toThrow('"version" is unknown');
  });

  test("a model that is not built", async () => {
    await expect(sequential([layers.dense({ units: 2 })]).toOnnx()).rejects.toThrow(
      "it is not built yet, so nobody knows what it computes; call it on data, or say the shape of its input",
    );
  });

  test("everything that ONNX cannot say, at once", async () => {
    const x = input({ shape: [3], name: "x" });
    const net = model({ inputs: x, outputs: [ops.cumprod(x, 1), layers.dense({ units: 2 }).apply(ops.arctan2(x, 2))] });
    await expect(net.toOnnx()).rejects.toThrow(
      /cannot be written:\n {2}op "linearRecurrence": ONNX has running sums only.*\n {2}op "arctan2": ONNX has no "arctan2"\nuse other/,
    );
  });

  test("a layer that looks at values", async () => {
    class Peek extends layer("Peek", {}) {
      override call(x: Tensor): Tensor {
        return x.device.concrete && (x.dataSync()[0] as number) > 0 ? x : ops.negative(x);
      }
    }
    class Looks extends Model {
      readonly peek = new Peek();
      override call(x: Tensor): Tensor {
        return ops.add(this.peek.apply(x), x.dataSync()[0] as number);
      }
    }
    const net = new Looks();
    net.apply(random([2, 3], 5));
    await expect(net.toOnnx()).rejects.toThrow(/toOnnx: .*values/);
  });
});
