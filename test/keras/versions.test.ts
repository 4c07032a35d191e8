/** Files that earlier versions of Keras wrote open here, predict the same, and go on training. */
import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { FileError, layers, loadModel, sequential } from "varve";
import { describe, expect, it, vi } from "vitest";
import { differenceOf, given, type Recorded } from "./zoo.ts";

const folder = new URL("versions/", import.meta.url);
const names = readdirSync(folder).filter((file) => !file.endsWith(".json"));

function fileOf(name: string): Uint8Array {
  const bytes = readFileSync(new URL(name, folder));
  return new Uint8Array(name.endsWith(".gz") ? gunzipSync(bytes) : bytes);
}

const recordOf = (name: string): Recorded & { readonly weights: number } =>
  JSON.parse(readFileSync(new URL(`${name.replace(/\.gz$/, "")}.json`, folder), "utf8"));

it("names what is quantized", async () => {
  await expect(loadModel(fileOf("quantized.keras"))).rejects.toThrow(
    'Dense "small" is quantized (Int8QuantizationConfig)',
  );
});

it("refuses texts, and more numbers than fit, before anything is read", async () => {
  const model = sequential([layers.dense({ units: 2, name: "dense", inputShape: [3] })]);
  const before = model.weights.map(({ value }) => value.arraySync());
  const refused = model.loadWeights(fileOf("absurd.weights.h5"));
  await expect(refused).rejects.toThrow(FileError);
  await expect(refused).rejects.toThrow('"dense/kernel" has shape [3, 2], the file has [1048576, 1048576]');
  await expect(refused).rejects.toThrow('"dense/bias" is float32, the file has other');
  expect(model.weights.map(({ value }) => value.arraySync())).toEqual(before);
  model.dispose();
});

it("says why the state of an optimizer starts anew", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const model = await loadModel(fileOf("tf.keras-2.15-legacy-Nadam.h5.gz"));
  expect(String(warn.mock.calls)).toMatch(
    /the state of Nadam "\w+" starts anew: up to tf\.keras 2\.10 its momentum grew more slowly/,
  );
  expect(model.optimizer?.iterations).toBe(0);
  warn.mockRestore();
});

const refusedFiles = ["quantized.keras", "absurd.weights.h5"];

describe.each(names.filter((name) => !refusedFiles.includes(name)))("%s", (name) => {
  it("predicts as Keras, and goes on training", async () => {
    const { inputs, predictions, weights, targets, losses, after } = recordOf(name);
    const model = await loadModel(fileOf(name));
    expect(model.weights.length).toBe(weights);
    expect(await differenceOf(model, inputs, predictions)).toBeLessThan(1e-5);
    for (const wanted of losses ?? []) {
      const { loss } = await model.trainOnBatch(given(inputs), given(targets as never), { returnDict: true });
      expect(Math.abs((loss as number) - wanted) / Math.max(1, wanted)).toBeLessThan(2e-5);
    }
    if (after) expect(await differenceOf(model, inputs, after)).toBeLessThan(1e-4);
    model.dispose();
  });

  it.runIf(/functions|operations/.test(name))("is saved as Keras 3 has it, and opened again", async () => {
    const { inputs, predictions } = recordOf(name);
    const model = await loadModel(fileOf(name), { compile: false });
    const copy = await loadModel(await model.toKeras());
    expect(await differenceOf(copy, inputs, predictions)).toBeLessThan(1e-5);
    expect(copy.getConfig()).toEqual(model.getConfig());
    for (const each of [model, copy]) each.dispose();
  });
});
