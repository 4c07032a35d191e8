/**
 * TensorFlow.js layers models, written: read again here they are the same bit for bit. Where VARVE_TFJS names a folder
 * they are left there, with an input and what they predict, for check.mjs.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layers, loadModel, type Model, resetNames, sequential, type Tensor, tensor } from "varve";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { leaves } from "../../src/core/tree.ts";
import { lacking, opened } from "./tfjs-models.ts";

const left = process.env.VARVE_TFJS;
const folder = left ?? mkdtempSync(join(tmpdir(), "varve-"));
afterAll(() => left ?? rmSync(folder, { recursive: true }));
afterEach(() => void vi.restoreAllMocks());

/** Numbers between −1 and 1 that do not repeat soon; small whole ones for what counts. */
function samplesFor(model: Model): Tensor[] {
  return model.inputs.map(({ shape }, index) => {
    const sizes = shape.map((size) => size ?? 3);
    const length = sizes.reduce((product, size) => product * size, 1);
    const isCount = model.layers.some((layer) => layer instanceof layers.Embedding);
    const values = Float32Array.from({ length }, (_, place) =>
      isCount ? (place * 5 + index) % 7 : Math.sin(place * 1.7 + index),
    );
    return tensor(values, sizes);
  });
}

/** Weights that are not those of a fresh layer, where zeros and ones would hide what is mixed up. */
function scramble(model: Model): void {
  model.weights.forEach((weight, index) => {
    if (weight.dtype !== "float32") return;
    const values = Float32Array.from({ length: weight.value.size }, (_, place) => {
      const value = Math.sin(place * 0.7 + index);
      return /variance/.test(weight.name) ? 1 + value * value : value / 2;
    });
    weight.assign(tensor(values, weight.shape));
  });
}

const given = (samples: Tensor[]) => (samples.length === 1 ? samples[0] : samples) as never;

async function facts(tensors: readonly Tensor[]) {
  return Promise.all(
    tensors.map(async (each) => ({ values: [...(await each.data())], shape: each.shape, dtype: each.dtype })),
  );
}

async function written(name: string, make: () => Model): Promise<{ said: string; model: Model; copy: Model }> {
  const warnings: string[] = [];
  vi.spyOn(console, "warn").mockImplementation((text) => void warnings.push(text));
  resetNames();
  const model = make();
  scramble(model);
  const samples = samplesFor(model);
  const outputs = await facts(leaves(await model.predict<never>(given(samples), { verbose: 0 })) as Tensor[]);
  mkdirSync(join(folder, name), { recursive: true });
  const path = join(folder, name, "model.json");
  await model.save(path);
  const copy = await loadModel(path);
  const again = await facts(leaves(await copy.predict<never>(given(samples), { verbose: 0 })) as Tensor[]);
  expect(again).toEqual(outputs);
  if (left)
    writeFileSync(join(folder, name, "expected.json"), JSON.stringify({ inputs: await facts(samples), outputs }));
  return { said: warnings.join(), model, copy };
}

describe("what TensorFlow.js has comes back the same", () => {
  it.each(Object.entries(opened))("%s", async (name, make) => {
    const { said } = await written(name, make);
    expect(said).toBe("");
  });
});

describe("what it lacks comes back too, and is named", () => {
  it.each(Object.entries(lacking))("%s", async (name, [make, names]) => {
    const { said } = await written(`lacking ${name}`, make);
    expect(said).toMatch(/TensorFlow\.js 4\.22 cannot open this model/);
    expect(said).toMatch(names);
  });
});

it("weights are in shards of 4 MiB, and those of the model before are gone", async () => {
  const at = mkdtempSync(join(tmpdir(), "varve-"));
  const make = (units: number) => sequential([layers.dense({ units, inputShape: [1100] })]);
  const files = () => readdirSync(at).sort();
  await make(1000).save(join(at, "model.json"));
  const sizes = files().map((name) => readFileSync(join(at, name)).length);
  expect(files()).toEqual([
    expect.stringMatching(/^group1-shard1of2-[0-9a-f]{8}\.bin$/),
    expect.stringMatching(/^group1-shard2of2-/),
    "model.json",
  ]);
  expect(sizes.slice(0, 2)).toEqual([4 * 1024 * 1024, 1101 * 1000 * 4 - 4 * 1024 * 1024]);
  const other = make(2);
  await other.save(join(at, "model.json"));
  expect(files().length).toBe(2);
  const bytes = await other.toTfjs();
  expect(Object.keys(bytes)).toEqual([files()[0], "model.json"]);
  expect(Buffer.from(bytes["model.json"] as Uint8Array)).toEqual(readFileSync(join(at, "model.json")));
  rmSync(at, { recursive: true });
});

it("refuses weights that its files cannot hold, and models without any", async () => {
  const double = sequential([layers.dense({ units: 1, inputShape: [2], dtype: "float64", name: "d" })]);
  await expect(double.toTfjs()).rejects.toThrow(/"d\/kernel" is float64, which no TensorFlow\.js model holds/);
  await expect(sequential([layers.dense({ units: 1 })]).toTfjs()).rejects.toThrow(/no weights yet/);
});
