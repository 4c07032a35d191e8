/** What reading and writing files promises beyond the zoo: resuming, classes of one's own, and everything that is refused. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { strToU8, unzipSync, zipSync } from "fflate";
import {
  FileError,
  type FileProgress,
  info,
  input,
  layer,
  layers,
  loadModel,
  losses,
  Model,
  model,
  ops,
  optimizers,
  options,
  resetNames,
  sequential,
  setRandomSeed,
  type Tensor,
  tensor,
} from "varve";
import { afterAll, describe, expect, it } from "vitest";
import type { Structure } from "../../src/core/tree.ts";
import { fileOf } from "./zoo.ts";

class Scale extends layer("Scale", { factor: options.number({ default: 2 }) }) {
  override call(x: Tensor): Tensor {
    return ops.multiply(x, this.factor);
  }
}

const x = tensor([
  [0.5, -1, 2],
  [1, 0.25, -0.5],
]);
const y = tensor([
  [1, 0],
  [0, 1],
]);

/** A file of the zoo with some entries changed. */
function changed(name: string, change: (entries: Record<string, Uint8Array>) => void): Uint8Array {
  const entries = unzipSync(fileOf(name));
  change(entries);
  return zipSync(entries);
}

/** The same with its config changed. */
function reconfigured(name: string, change: (config: string) => string): Uint8Array {
  return changed(name, (entries) => {
    entries["config.json"] = strToU8(change(new TextDecoder().decode(entries["config.json"])));
  });
}

async function message(file: unknown, given = {}): Promise<string> {
  const before = info().memory.storages;
  const error = await loadModel(file as Uint8Array, given).then(
    () => expect.unreachable("loaded"),
    (error: Error) => error,
  );
  expect(error).toBeInstanceOf(FileError);
  expect(info().memory.storages).toBe(before);
  return error.message;
}

describe("resuming", () => {
  it.each(["sgd", "adam", "nadam", "adafactor", "lamb", "scheduleFreeAdamW"] as const)(
    "%s goes on exactly where it stopped, dropout included",
    async (name) => {
      setRandomSeed(3);
      const make = () => {
        const made = sequential([
          layers.dense({ units: 8, activation: "tanh", inputShape: [3] }),
          layers.dropout({ rate: 0.5 }),
          layers.batchNormalization(),
          layers.dense({ units: 2 }),
        ]);
        made.compile({ optimizer: optimizers[name]({ learningRate: 0.01 }), loss: "mse", metrics: ["mae"] });
        return made;
      };
      const whole = make();
      for (let step = 0; step < 3; step++) await whole.trainOnBatch(x, y);
      const resumed = await loadModel(await whole.toKeras());
      for (let step = 0; step < 3; step++) {
        expect(await resumed.trainOnBatch(x, y)).toEqual(await whole.trainOnBatch(x, y));
      }
      expect(resumed.weights.map(({ value }) => value.arraySync())).toEqual(
        whole.weights.map(({ value }) => value.arraySync()),
      );
    },
  );

  it("leaves nothing in memory", async () => {
    const before = info().memory.storages;
    const loaded = await loadModel(fileOf("graph"));
    loaded.dispose();
    loaded.optimizer?.dispose();
    for (const metric of loaded.metrics) metric.dispose();
    expect(info().memory.storages).toBe(before);
  });
});

describe("what a file cannot hold", () => {
  it("takes layers of one's own by their names", async () => {
    const made = sequential([layers.inputLayer({ shape: [3] }), new Scale({ factor: 3 })]);
    const file = await made.toKeras();
    expect(await message(file)).toMatch(/Scale \("scale.*customObjects: \{ Scale \}/);
    const loaded = await loadModel(file, { customObjects: { Scale } });
    expect(await loaded.apply(x).array()).toEqual(await made.apply(x).array());
  });

  it("takes models of one's own", async () => {
    class Twin extends Model {
      static override readonly className = "Twin";
      left = layers.dense({ units: 2 });
      right = layers.dense({ units: 2 });
      override call(given: Structure<Tensor>): Tensor {
        return ops.add(this.left.apply(given as Tensor), this.right.apply(given as Tensor));
      }
    }
    const made = new Twin();
    const wanted = await made.apply(x).array();
    const loaded = await loadModel(await made.toKeras(), { customObjects: { Twin } });
    expect(await loaded.apply(x).array()).toEqual(wanted);
  });

  it("takes losses that are functions", async () => {
    const cubic = (a: Tensor, b: Tensor) => ops.abs(ops.power(ops.subtract(a, b), 3));
    const made = sequential([layers.dense({ units: 2, inputShape: [3] })]);
    made.compile({ loss: cubic, optimizer: "sgd" });
    await expect(loadModel(await made.toKeras())).rejects.toThrow(/cubic/);
    const loaded = await loadModel(await made.toKeras(), { customObjects: { cubic } });
    expect(await loaded.evaluate(x, y, { verbose: 0 })).toEqual(await made.evaluate(x, y, { verbose: 0 }));
    expect((await loadModel(await made.toKeras(), { compile: false })).compiled).toBe(false);
  });

  it("never runs a Lambda's code, and takes its function", async () => {
    const held = '{"class_name": "__lambda__", "config": {"code": "4wEAAAA=", "defaults": null, "closure": null}}';
    const file = reconfigured("deferred", (config) =>
      config.replace(
        /\{"module": "keras\.layers", "class_name": "Dense", "config": \{"name": "dense"/,
        `{"module": "keras.layers", "class_name": "Lambda", "config": {"name": "mine", "trainable": true, "dtype": "float32", "function": ${held}, "arguments": {}}, "registered_name": null}, $&`,
      ),
    );
    expect(await message(file)).toMatch(/Lambda "mine" holds Python code.*lambdas: \{ mine/);
    const loaded = await loadModel(file, { lambdas: { mine: (given) => ops.multiply(given, 0) } });
    const plain = await loadModel(fileOf("deferred"));
    expect(await loaded.apply(x).array()).toEqual(await plain.apply(ops.multiply(x, 0)).array());
  });
});

describe("refused", () => {
  it("all unknown layers at once, with near names", async () => {
    const file = reconfigured("images", (config) =>
      config
        .replace('"class_name": "Conv2D"', '"class_name": "Conv2DD"')
        .replace('"class_name": "MaxPooling2D"', '"class_name": "WhatPool"'),
    );
    const text = await message(file);
    expect(text).toMatch(/Conv2DD \("conv2d"\): did you mean "Conv2D"/);
    expect(text).toMatch(/WhatPool \("max_pooling2d"\)/);
  });

  it("weights that do not fit, all of them", async () => {
    const text = await message(reconfigured("deferred", (config) => config.replaceAll('"units": 4', '"units": 5')));
    expect(text).toMatch(/do not fit.*has shape \[3, 5\], the file has \[3, 4\].*\[5\], the file has \[4\].*\[5, 2\]/s);
  });

  it.each([
    ["no file at all", new Uint8Array(), /empty/],
    ["text", strToU8("hello"), /no zip/],
    ["a zip of other things", zipSync({ "a.txt": strToU8("a") }), /no config\.json/],
    [
      "a zip without weights",
      changed("deferred", (entries) => delete entries["model.weights.h5"]),
      /no model\.weights\.h5/,
    ],
    ["a path out of the zip", changed("deferred", (entries) => (entries["../evil"] = strToU8("x"))), /leads out/],
    ["JSON that is none", reconfigured("deferred", (config) => config.slice(0, -3)), /no JSON/],
    ["NaN", reconfigured("deferred", (config) => config.replace('"units": 4', '"units": NaN')), /NaN where a number/],
    ["no model", reconfigured("deferred", () => "[1, 2]"), /not an object/],
    [
      "a layer in place of a model",
      reconfigured("deferred", () => '{"class_name": "Identity", "config": {}}'),
      /not a model/,
    ],
    ["a bad option", reconfigured("deferred", (config) => config.replace('"units": 4', '"units": -4')), /units.*-4/],
    [
      "too deep",
      reconfigured(
        "deferred",
        () => `${'{"class_name": "Sequential", "config": {"layers": ['.repeat(200)}${"]}}".repeat(200)}`,
      ),
      /nests deeper/,
    ],
    ["no HDF5", changed("deferred", (entries) => (entries["model.weights.h5"] = strToU8("nothing"))), /no HDF5/],
    [
      "half of the HDF5",
      changed(
        "deferred",
        (entries) => (entries["model.weights.h5"] = (entries["model.weights.h5"] as Uint8Array).slice(0, 5000)),
      ),
      /HDF5|weights/,
    ],
  ])("%s", async (_, file, pattern) => {
    expect(await message(file)).toMatch(pattern);
  });

  it("absurd sizes, before they take memory", async () => {
    const wide = reconfigured("deferred", (config) => config.replace('"units": 4', '"units": 100000000'));
    expect(await message(wide)).toMatch(
      /Dense "dense": "kernel" of shape \[3, 100000000\] makes 300000000 numbers, far more than the \d+ bytes of the file/,
    );
  });

  it("an image enlarged beyond reason", async () => {
    const image = reconfigured("deferred", (config) => {
      const { config: own, ...rest } = JSON.parse(config);
      const layer = (class_name: string, given: object) => ({
        module: "keras.layers",
        class_name,
        config: given,
        registered_name: null,
      });
      const large = layer("UpSampling2D", { name: "up", size: [1e8, 1e8], interpolation: "bilinear" });
      own.layers = [layer("InputLayer", { name: "in", batch_shape: [null, 4, 4, 1], dtype: "float32" }), large];
      return JSON.stringify({ ...rest, config: own });
    });
    expect(await message(image)).toMatch(
      /UpSampling2D "up": an axis of 4 places, 100000000 times longer, has more than 1048576/,
    );
  });

  it("graphs far too deep", async () => {
    const deep = `${'{"a": ['.repeat(100_000)}1${"]}".repeat(100_000)}`;
    expect(await message(reconfigured("deferred", () => deep))).toMatch(/nests deeper than 256/);
  });

  it("a zip that was cut off or changed", async () => {
    const file = fileOf("images");
    for (const length of [5, 100, 2000, file.length - 30, file.length - 1]) await message(file.slice(0, length));
    const other = Uint8Array.from(file);
    other[file.length >> 1] = (other[file.length >> 1] as number) ^ 1;
    expect(await message(other)).toMatch(/checksum/);
  });

  it("more than the limit, before unpacking it", async () => {
    const bomb = changed("deferred", (entries) => (entries.zeros = new Uint8Array(50_000_000)));
    expect(bomb.length).toBeLessThan(200_000);
    expect(await message(bomb, { maxBytes: 1_000_000 })).toMatch(/take 50.* bytes, more than the 1000000.*maxBytes/);
    expect((await loadModel(bomb)).built).toBe(true);
  });

  it("sizes that lie", async () => {
    const file = changed("deferred", (entries) => (entries["config.json"] = strToU8(" ".repeat(100_000))));
    const view = new DataView(file.buffer);
    for (let at = 0; at + 46 < file.length; at++) {
      if (view.getUint32(at, true) === 0x02014b50) view.setUint32(at + 24, 10, true);
    }
    expect(await message(file)).toMatch(/damaged/);
  });
});

describe("saving", () => {
  const folder = mkdtempSync(join(tmpdir(), "varve-"));

  it("replaces a file in one piece", async () => {
    const path = join(folder, "net.keras");
    const made = sequential([layers.dense({ units: 1, inputShape: [3] })]);
    await made.save(path);
    const first = readFileSync(path);
    await expect(made.save(join(folder, "missing", "net.keras"))).rejects.toThrow();
    await expect(made.save(join(folder, "net.h5"))).rejects.toThrow(/ends in ".keras"/);
    await made.save(path);
    expect(readdirSync(folder)).toEqual(["net.keras"]);
    expect(readFileSync(path).length).toBe(first.length);
    expect(await (await loadModel(path)).apply(x).array()).toEqual(await made.apply(x).array());
    writeFileSync(path, "");
    await expect(loadModel(path)).rejects.toThrow(/net\.keras: this is empty/);
    await expect(loadModel(join(folder, "none.keras"))).rejects.toThrow(FileError);
    rmSync(folder, { recursive: true });
  });

  describe("large arrays, which the HDF5 library only finds places for", () => {
    const place = mkdtempSync(join(tmpdir(), "varve-"));
    afterAll(() => rmSync(place, { recursive: true }));

    /** Arrays above and below the size from which on they are placed, of several dtypes, with an optimizer's. */
    const make = async () => {
      resetNames();
      const words = input({ shape: [3], dtype: "int32" });
      const wide = layers.embedding({ inputDim: 50, outputDim: 1200 }).apply(words);
      const net = model({
        inputs: words,
        outputs: [
          layers.dense({ units: 200 }).apply(layers.dense({ units: 90, dtype: "float64" }).apply(wide)),
          layers.dense({ units: 3 }).apply(wide),
        ],
      });
      net.compile({ optimizer: "adam", loss: ["mse", "mse"] });
      const targets = [ops.ones([2, 3, 200]), ops.ones([2, 3, 3])];
      await net.trainOnBatch(ops.cast(ops.ones([2, 3]), "int32"), targets);
      return net;
    };
    const valuesOf = (net: Model) =>
      [...net.weights, ...(net.optimizer?.variables ?? [])].map(({ value }) => value.dataSync());

    it("come back bit for bit, from bytes and from files", async () => {
      const net = await make();
      const wanted = valuesOf(net);
      const path = join(place, "net.keras");
      await net.save(path);
      const bytes = await net.toKeras();
      expect(bytes.buffer.byteLength).toBe(bytes.length);
      expect(bytes.length).toBe(readFileSync(path).length);
      expect(Object.keys(unzipSync(bytes))).toEqual(["metadata.json", "config.json", "model.weights.h5"]);
      for (const source of [path, bytes]) {
        const copy = await loadModel(source);
        expect(valuesOf(copy)).toEqual(wanted);
        copy.dispose();
      }
      for (const end of [".weights.h5", ".safetensors"]) {
        await net.saveWeights(join(place, `net${end}`));
        const other = await make();
        await other.loadWeights(join(place, `net${end}`));
        expect(valuesOf(other).slice(0, 7)).toEqual(wanted.slice(0, 7));
        other.dispose();
      }
      net.dispose();
    });

    it("are those of the moment when saving began, and are let go of", async () => {
      const net = await make();
      await net.toKeras();
      const wanted = valuesOf(net);
      const { storages } = info().memory;
      const path = join(place, "moment.keras");
      const saved = net.save(path, {
        onProgress({ fraction }) {
          if (fraction === 0) for (const weight of net.weights) weight.assign(ops.zerosLike(weight.value));
        },
      });
      await saved;
      expect(net.weights[0]?.value.dataSync().every((value) => value === 0)).toBe(true);
      expect(info().memory.storages).toBe(storages);
      expect(valuesOf(await loadModel(path))).toEqual(wanted);
      net.dispose();
    });

    it("are told of as they are written; whoever ends it keeps the old file", async () => {
      const net = sequential([layers.dense({ units: 300, inputShape: [200] })]);
      const path = join(place, "told.keras");
      const steps: FileProgress[] = [];
      await net.save(path, { onProgress: (step) => void steps.push(step) });
      const before = readFileSync(path);
      expect(steps[0]).toEqual({ fraction: 0, stage: "write", done: 0, total: before.length });
      expect(steps.at(-1)).toEqual({ fraction: 1, stage: "write", done: before.length, total: before.length });
      const names = readdirSync(place);
      for (const name of ["told.keras", "told.weights.h5", "told.safetensors", "told.json", "told.onnx"]) {
        const controller = new AbortController();
        const options = { signal: controller.signal, onProgress: () => controller.abort(new Error("enough")) };
        const how = /weights|safetensors/.test(name) ? "saveWeights" : "save";
        await expect(net[how](join(place, name), options), name).rejects.toThrow("enough");
      }
      expect(readdirSync(place).filter((name) => !name.startsWith("group1-"))).toEqual(names);
      expect(readFileSync(path)).toEqual(before);
      await expect(net.save(path, { progress: true } as never)).rejects.toThrow(/"progress" is unknown/);
      net.dispose();
    });
  });

  it("opens Blobs and URLs, and tells of progress", async () => {
    const steps: FileProgress[] = [];
    const bytes = fileOf("images");
    await loadModel(new Blob([bytes as never]), { onProgress: (step) => void steps.push(step) });
    expect(steps[0]).toEqual({ fraction: 0, stage: "fetch", done: 0, total: bytes.length });
    expect(steps.at(-1)).toMatchObject({ fraction: 1, stage: "read" });
    expect(steps.at(-1)?.done).toBe(steps.at(-1)?.total);
    expect(steps.map(({ fraction }) => fraction)).toEqual(steps.map(({ fraction }) => fraction).sort((a, b) => a - b));
    expect((await loadModel(new URL("zoo/images.keras", import.meta.url))).layers.length).toBe(6);
  });

  it("refuses a model without weights, and functions without names", async () => {
    await expect(sequential([layers.dense({ units: 1 })]).toKeras()).rejects.toThrow(/no weights yet/);
    const made = sequential([layers.dense({ units: 2, inputShape: [3] })]);
    made.compile({ loss: [(a: Tensor) => a][0] as never });
    await expect(made.toKeras()).rejects.toThrow(/without a name/);
    const a = input({ shape: [2] });
    const outputs = [ops.mish(ops.add(a, 1)), ops.squaredDifference(a, 1), ops.clip(a, 0, ops.square(a))];
    await expect(model({ inputs: a, outputs }).toKeras()).rejects.toThrow(
      /ops\.mish \("mish.*no operation.*ops\.squaredDifference.*ops\.clip.*x_max as numbers, not from a tensor.*layer of your own/,
    );
    expect(losses.huber().name).toBe("huber_loss");
  });
});
