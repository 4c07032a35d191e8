/** Files that real Keras wrote open here, predict the same, and go on training the same; what is saved opens again. */

import { FileError, Functional, layers, loadModel, type Model, Sequential, type Tensor } from "varve";
import { describe, expect, it, test } from "vitest";
import { leaves } from "../../src/core/tree.ts";
import { inMemory } from "../../src/keras/content.ts";
import { openZip } from "../../src/keras/zip.ts";
import * as everyLayer from "../../src/layers/index.ts";
import { Layer } from "../../src/layers/layer.ts";
import { differenceOf, fileOf, given, objects, recordOf, zoo } from "./zoo.ts";

/** Computed in half precision by Keras, in single precision here. */
const precision = (name: string) => (name.startsWith("mixed") ? 3e-2 : 1e-5);

async function classesIn(bytes: Uint8Array): Promise<string[]> {
  const config = new TextDecoder().decode(await openZip(inMemory(bytes), 1e8, "zoo").read("config.json"));
  return [...config.matchAll(/"module": "keras\.layers", "class_name": "(\w+)"/g)].map(([, name]) => name as string);
}

async function nextSteps(model: Model, { inputs, targets, losses }: ReturnType<typeof recordOf>): Promise<number[]> {
  const found: number[] = [];
  for (const _ of losses ?? []) {
    const logs = await model.trainOnBatch(given(inputs), given(targets as never), { returnDict: true });
    found.push(logs.loss as number);
  }
  return found;
}

/** Everything a model predicts, as plain numbers. */
async function valuesOf(model: Model, inputs: ReturnType<typeof recordOf>["inputs"]): Promise<number[][]> {
  const outputs = leaves(await model.predict<never>(given(inputs), { verbose: 0 })) as Tensor[];
  return Promise.all(outputs.map(async (output) => [...(await output.data())]));
}

test("the zoo has every layer there is", async () => {
  const held = new Set((await Promise.all(zoo.map((name) => classesIn(fileOf(name))))).flat());
  const classes = Object.values(everyLayer).filter(
    (each) => typeof each === "function" && each.prototype instanceof Layer,
  ) as (typeof Layer)[];
  expect(classes.length).toBeGreaterThan(80);
  // Wrapper is only there to be extended; Keras 3.15.1, which writes the zoo, has no TernaryDense yet.
  expect(
    classes
      .map(({ className }) => className)
      .filter((name) => !held.has(name))
      .sort(),
  ).toEqual(["TernaryDense", "Wrapper"]);
});

describe.each(zoo)("%s", async (name) => {
  const missing = (await classesIn(fileOf(name))).filter(
    (each) => !Object.hasOwn({ ...layers, Sequential, Functional }, each),
  );
  if (missing.length > 0) {
    it("names the layers that are not here", async () => {
      const refused = loadModel(fileOf(name), objects);
      await expect(refused).rejects.toThrow(FileError);
      for (const each of new Set(missing)) await expect(refused).rejects.toThrow(each);
    });
    return;
  }

  it("predicts as Keras", async () => {
    const { inputs, predictions } = recordOf(name);
    const model = await loadModel(fileOf(name), objects);
    expect(await differenceOf(model, inputs, predictions)).toBeLessThan(precision(name));
    model.dispose();
  });

  it.runIf(recordOf(name).losses)("goes on training as Keras", async () => {
    const record = recordOf(name);
    const model = await loadModel(fileOf(name), objects);
    const losses = await nextSteps(model, record);
    losses.forEach((loss, step) => {
      const wanted = record.losses?.[step] as number;
      expect(Math.abs(loss - wanted) / Math.max(1, wanted)).toBeLessThan(2e-5);
    });
    expect(await differenceOf(model, record.inputs, record.after as never)).toBeLessThan(1e-4);
    model.dispose();
  });

  it("is saved and opened again, bit for bit", async () => {
    const { inputs } = recordOf(name);
    const model = await loadModel(fileOf(name), objects);
    const copy = await loadModel(await model.toKeras(), objects);
    expect(copy.getConfig()).toEqual(model.getConfig());
    const [a, b] = [model, copy].map(({ weights, optimizer }) =>
      [...weights, ...(optimizer?.variables ?? [])].map(({ value }) => value.arraySync()),
    );
    expect(b).toEqual(a);
    const [x, y] = await Promise.all([model, copy].map((each) => valuesOf(each, inputs)));
    expect(y).toEqual(x);
    model.dispose();
    copy.dispose();
  });
});
