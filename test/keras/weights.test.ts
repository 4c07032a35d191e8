/** Older whole-model files, files of weights alone, and safetensors. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileError, model as functional, input, layers, loadModel, ops, sequential, type Tensor, tensor } from "varve";
import { afterAll, describe, expect, it } from "vitest";
import { layerClasses, modelFromConfig } from "../../src/keras/config.ts";
import { inMemory } from "../../src/keras/content.ts";
import { modernized } from "../../src/keras/legacy-config.ts";
import { readSafetensors } from "../../src/keras/safetensors.ts";
import { type StoredArray, valuesOf } from "../../src/keras/stored-array.ts";
import * as sourceLayers from "../../src/layers/index.ts";
import * as sourceOps from "../../src/ops/index.ts";
import { differenceOf, fileOf, given, recordOf } from "./zoo.ts";

const known = layerClasses({ layers: sourceLayers, ops: sourceOps });
const written = (name: string) => new URL(`zoo/${name}`, import.meta.url);

describe.each(["deferred", "merging", "optimizer-Adam"])("%s as real Keras wrote it", (name) => {
  const record = recordOf(name);

  it("opens from .h5, predicts the same and goes on training the same", async () => {
    const model = await loadModel(written(`${name}.h5`));
    expect(await differenceOf(model, record.inputs, record.predictions)).toBeLessThan(1e-5);
    for (const wanted of record.losses as number[]) {
      const { loss } = (await model.trainOnBatch(given(record.inputs), given(record.targets as never), {
        returnDict: true,
      })) as { loss: number };
      expect(Math.abs(loss - wanted)).toBeLessThan(2e-5 * Math.max(1, wanted));
    }
  });

  it.each([".weights.h5", ".h5", ".keras"])("takes the weights of %s", async (end) => {
    const model = await loadModel(fileOf(name), { compile: false });
    for (const weight of model.weights) weight.assign(ops.zerosLike(weight.value));
    await model.loadWeights(written(`${name}${end}`));
    expect(await differenceOf(model, record.inputs, record.predictions)).toBeLessThan(1e-5);
  });
});

describe("the optimizer's state beside weights", () => {
  const name = "optimizer-Adam";
  const record = recordOf(name);
  const losses = async (model: Awaited<ReturnType<typeof loadModel>>) => {
    const found: number[] = [];
    for (const _ of record.losses as number[]) {
      const { loss } = (await model.trainOnBatch(given(record.inputs), given(record.targets as never), {
        returnDict: true,
      })) as { loss: number };
      found.push(loss);
    }
    return found;
  };
  const compiled = async (optimizer?: string) => {
    const model = await loadModel(fileOf(name), { compile: optimizer === undefined });
    if (optimizer) model.compile({ optimizer, loss: "mse" });
    for (const variable of [...model.weights, ...(model.optimizer?.variables ?? [])]) {
      variable.assign(ops.zerosLike(variable.value));
    }
    return model;
  };

  it("as real Keras writes it: training goes on the same", async () => {
    const model = await compiled();
    await model.loadWeights(written(`${name}.weights.h5`));
    for (const [step, loss] of (await losses(model)).entries()) {
      const wanted = (record.losses as number[])[step] as number;
      expect(Math.abs(loss - wanted)).toBeLessThan(2e-5 * Math.max(1, wanted));
    }
  });

  it("comes back bit for bit from what is written here", async () => {
    const folder = mkdtempSync(join(tmpdir(), "varve-"));
    const path = join(folder, "net.weights.h5");
    const one = await loadModel(fileOf(name));
    await one.saveWeights(path);
    const other = await compiled();
    await other.loadWeights(path);
    expect(await losses(other)).toEqual(await losses(one));
    rmSync(folder, { recursive: true });
  });

  it("is left out where another optimizer is", async () => {
    const model = await compiled("sgd");
    await model.loadWeights(written(`${name}.weights.h5`));
    expect(await differenceOf(model, record.inputs, record.predictions)).toBeLessThan(1e-5);
    expect(model.optimizer?.iterations).toBe(0);
  });
});

describe("weights alone", () => {
  const make = (units = 2) =>
    sequential([
      layers.dense({ units: 3, inputShape: [2], name: "first" }),
      layers.batchNormalization({ name: "norm" }),
      layers.dense({ units, name: "last" }),
    ]);
  const x = tensor([[1, 2]]);

  it.each([".weights.h5", ".safetensors"])("go to %s and back, all or none", async (end) => {
    const folder = mkdtempSync(join(tmpdir(), "varve-"));
    const path = join(folder, `net${end}`);
    const [one, other, wider] = [make(), make(), make(5)];
    await one.saveWeights(path);
    await other.loadWeights(path);
    expect(await other.apply(x).array()).toEqual(await one.apply(x).array());
    const before = await wider.apply(x).array();
    await expect(wider.loadWeights(readFileSync(path))).rejects.toThrow(
      /last\/kernel" has shape \[3, 5\].*\[3, 2\].*bias/,
    );
    await expect(wider.loadWeights(readFileSync(path).subarray(0, 300))).rejects.toThrow(FileError);
    if (end === ".weights.h5") {
      await expect(wider.loadWeights(readFileSync(path).subarray(0, 900))).rejects.toThrow(/damaged: truncated file/);
    }
    expect(await wider.apply(x).array()).toEqual(before);
    await expect(one.saveWeights(join(folder, "net.txt"))).rejects.toThrow(/\.safetensors/);
    rmSync(folder, { recursive: true });
  });

  it("in safetensors are what its format says", () => {
    const header =
      '{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"BF16","shape":[1],"data_offsets":[4,6]}}';
    const bytes = new Uint8Array(8 + header.length + 6);
    bytes[0] = header.length;
    bytes.set(new TextEncoder().encode(header), 8);
    // 1.5 and -0.25 in half precision, 3 in bfloat16, by their bits.
    bytes.set([0x00, 0x3e, 0x00, 0xb4, 0x40, 0x40], 8 + header.length);
    const arrays = readSafetensors(inMemory(bytes), "file");
    expect([...valuesOf(arrays.get("a") as StoredArray)]).toEqual([1.5, -0.25]);
    expect([...valuesOf(arrays.get("b") as StoredArray)]).toEqual([3]);
    expect(() => readSafetensors(inMemory(bytes.subarray(0, bytes.length - 1)), "file")).toThrow(
      /"b" does not have the size/,
    );
  });

  it("that are whole numbers are no kernel", async () => {
    const net = sequential([layers.dense({ units: 1, useBias: false, inputShape: [2], name: "d" })]);
    const before = await net.weights[0]?.value.array();
    const header = '{"d/kernel":{"dtype":"I32","shape":[2,1],"data_offsets":[0,8]}}';
    const bytes = new Uint8Array(8 + header.length + 8);
    bytes[0] = header.length;
    bytes.set(new TextEncoder().encode(header), 8);
    await expect(net.loadWeights(bytes)).rejects.toThrow('"d/kernel" is float32, the file has int32');
    expect(await net.weights[0]?.value.array()).toEqual(before);
    net.dispose();
  });
});

describe("configs of older versions", () => {
  const read = (config: unknown) => modelFromConfig(modernized(config) as never, known, {}, "file");

  it("a Sequential whose first layer has the shape", async () => {
    const dense = {
      class_name: "Dense",
      config: { name: "d", units: 2, batch_input_shape: [null, 3], dtype: "float32", kernel_initializer: "ones" },
    };
    const norm = { class_name: "BatchNormalizationV1", config: { name: "n", axis: [1], momentum: 0.9, fused: true } };
    const model = read({ class_name: "Sequential", config: [dense, { ...norm, config: { ...norm.config, axis: 1 } }] });
    expect(model.inputs[0]?.shape).toEqual([null, 3]);
    expect(model.layers.map((layer) => (layer.constructor as never as { className: string }).className)).toEqual([
      "Dense",
      "BatchNormalization",
    ]);
  });

  it("a graph whose calls are lists, with two inputs and a shared layer", async () => {
    const entry = (name: string) => ({
      class_name: "InputLayer",
      name,
      inbound_nodes: [],
      config: { name, batch_input_shape: [null, 2], dtype: "float32", sparse: false },
    });
    const model = read({
      class_name: "Model",
      config: {
        name: "old",
        layers: [
          entry("a"),
          entry("b"),
          {
            class_name: "Dense",
            name: "d",
            config: { name: "d", units: 1, kernel_initializer: "ones" },
            inbound_nodes: [[["a", 0, 0, {}]], [["b", 0, 0, {}]]],
          },
          {
            class_name: "Subtract",
            name: "s",
            config: { name: "s" },
            inbound_nodes: [
              [
                ["d", 0, 0, {}],
                ["d", 1, 0, {}],
              ],
            ],
          },
        ],
        input_layers: [
          ["a", 0, 0],
          ["b", 0, 0],
        ],
        output_layers: [["s", 0, 0]],
      },
    });
    const a = tensor([[1, 2]]);
    const b = tensor([[5, 7]]);
    expect((model.apply({ a, b } as never) as unknown as Tensor).arraySync()).toEqual([[-9]]);
  });

  it.each([
    ["Addons>GroupNormalization", { groups: 2, axis: -1, epsilon: 0.01 }, { groups: 2, epsilon: 0.01 }],
    ["Addons>InstanceNormalization", { groups: -1, axis: -1 }, { groups: -1 }],
    ["InstanceNormalization", { axis: 3, epsilon: 0.001 }, { groups: -1, axis: 3 }],
    ["Custom>LeakyReLU", { alpha: 0.3 }, { negativeSlope: 0.3 }],
  ])("%s", (name, config, wanted) => {
    const image = { class_name: "InputLayer", config: { name: "i", batch_input_shape: [null, 4, 4, 4] } };
    const model = read({
      class_name: "Sequential",
      config: [image, { class_name: name, config: { name: "n", ...config } }],
    });
    expect(model.layers[0]).toMatchObject(wanted);
  });

  it("instance normalization with one weight for all is refused", () => {
    const layer = { class_name: "InstanceNormalization", config: { name: "n", axis: null } };
    expect(() => read({ class_name: "Sequential", config: [layer] })).toThrow(/axis null means one weight/);
  });

  it("graphs that run in circles are refused", () => {
    const a = input({ shape: [1], name: "a" });
    const config = functional({ inputs: a, outputs: layers.dense({ units: 1, name: "d" }).apply(a) }).getConfig();
    const text = JSON.stringify({ class_name: "Functional", config }).replace(
      '"keras_history":["a",0,0]',
      '"keras_history":["d",0,0]',
    );
    expect(() => read(JSON.parse(text))).toThrow(/not connected; never reached: "d"/);
  });
});

describe("TensorFlow.js", () => {
  const folder = mkdtempSync(join(tmpdir(), "varve-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** A file as its converter writes it: a dense layer of 2 × 1 in two shards, the bias in eight bits. */
  const write = (
    change: (json: { weightsManifest: { paths: string[]; weights: { shape: number[] }[] }[] }) => void,
  ) => {
    const config = (dense: object) => ({ name: "net", layers: [{ class_name: "Dense", config: dense }] });
    const json = {
      format: "layers-model",
      modelTopology: {
        keras_version: "2.15.0",
        model_config: {
          class_name: "Sequential",
          config: config({ name: "d", units: 1, activation: "linear", batch_input_shape: [null, 2], dtype: "float32" }),
        },
      },
      weightsManifest: [
        {
          paths: ["group1-shard1of2.bin", "group1-shard2of2.bin"],
          weights: [
            { name: "d/kernel", shape: [2, 1], dtype: "float32" },
            { name: "d/bias", shape: [1], dtype: "float32", quantization: { dtype: "uint8", scale: 0.5, min: -1 } },
          ],
        },
      ],
    };
    change(json);
    const data = Buffer.from(Uint8Array.of(...new Uint8Array(Float32Array.of(2, 3).buffer), 4));
    writeFileSync(join(folder, "group1-shard1of2.bin"), data.subarray(0, 3));
    writeFileSync(join(folder, "group1-shard2of2.bin"), data.subarray(3));
    writeFileSync(join(folder, "model.json"), JSON.stringify(json));
    return join(folder, "model.json");
  };

  it("layers models open with their shards, quantized weights too", async () => {
    const model = await loadModel(write(() => {}));
    // 10 · 2 + 100 · 3 + (4 · 0.5 − 1)
    expect(await model.apply([[10, 100]]).array()).toEqual([[321]]);
  });

  it("are refused with shards elsewhere, missing, or of another size", async () => {
    const paths = (name: string) => write(({ weightsManifest: [group] }) => group?.paths.splice(0, 2, name));
    await expect(loadModel(paths("../x.bin"))).rejects.toThrow(/leads elsewhere/);
    await expect(loadModel(paths("none.bin"))).rejects.toThrow(FileError);
    await expect(loadModel(paths("group1-shard1of2.bin"))).rejects.toThrow(/shards end before "d\/kernel"/);
    const wide = write(({ weightsManifest: [group] }) => group?.weights[1]?.shape.push(2));
    await expect(loadModel(wide)).rejects.toThrow(/shards end before "d\/bias"/);
    await expect(loadModel(readFileSync(wide))).rejects.toThrow(/give its path or address/);
    writeFileSync(join(folder, "model.json"), "{}");
    await expect(loadModel(join(folder, "model.json"))).rejects.toThrow(/no TensorFlow\.js layers model/);
  });
});
