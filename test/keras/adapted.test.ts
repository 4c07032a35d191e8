/** What Keras reads of adapted matrices: the one that the frozen and the thin ones come to. */
import { loadModel } from "varve";
import { expect, test } from "vitest";
import { inMemory } from "../../src/keras/content.ts";
import { openHdf5 } from "../../src/keras/hdf5.ts";
import { valuesOf } from "../../src/keras/stored-array.ts";
import { openZip } from "../../src/keras/zip.ts";
import { fileOf, given, recordOf } from "./zoo.ts";

test("the matrix in a file has the thin ones in it", async () => {
  const { inputs, predictions } = recordOf("adapted");
  const model = await loadModel(fileOf("adapted"));
  // What it is to predict only has to differ from what it predicts.
  const targets = { 0: { ...predictions[0], values: predictions[0]?.values.map((value) => value + 1) } } as never;
  for (let step = 0; step < 3; step++) await model.trainOnBatch(given(inputs), given(targets));
  const [kernel, , a, b] = (model.layers.at(-1)?.weights ?? []).map(({ value }) => value.arraySync() as number[][]);
  if (!kernel || !a || !b) throw new Error("the last layer is not adapted");
  expect(Math.max(...b.flat().map(Math.abs))).toBeGreaterThan(0);
  const wanted = kernel.flatMap((row, i) => row.map((value, j) => value + (a[i]?.[0] ?? 0) * (b[0]?.[j] ?? 0)));
  const bytes = await model.toKeras();
  const weights = await openZip(inMemory(bytes), 1e8, "saved").open("model.weights.h5");
  const file = await openHdf5(weights as never, "saved");
  const array = file.array("layers/dense/vars/0");
  const found = array ? [...valuesOf(array)] : [];
  file.close();
  expect(found.length).toBe(wanted.length);
  found.forEach((value, index) => {
    expect(Math.abs(value - (wanted[index] as number))).toBeLessThan(1e-6);
  });
  model.dispose();
});
