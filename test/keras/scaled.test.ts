/**
 * The last third of docs/scaling.md: a model that was saved here and trained by Keras over several devices goes on here.
 * `interop.py` leaves it, and what Keras goes on with, in the folder that VARVE_INTEROP names; without that there is
 * nothing to do.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadModel, type Tensor } from "varve";
import { expect, test } from "vitest";

const folder = process.env.VARVE_INTEROP;

test.runIf(folder)("trained over four devices, it predicts the same and goes on the same", async () => {
  const place = (ending: string) => join(folder as string, `trained-4.${ending}`);
  const { x, y, predictions, losses } = JSON.parse(readFileSync(place("json"), "utf8"));
  const model = await loadModel(place("keras"));
  const found = (await model.predict(x, { verbose: 0 })) as Tensor;
  const values = await found.data();
  const wanted: number[] = predictions.flat();
  expect(values.length).toBe(wanted.length);
  for (const [index, value] of wanted.entries()) expect(Math.abs((values[index] as number) - value)).toBeLessThan(1e-5);
  for (const loss of losses as number[]) {
    const [own] = [await model.trainOnBatch(x, y)].flat() as [number];
    expect(Math.abs(own - loss)).toBeLessThanOrEqual(1e-5 * Math.max(1, loss));
  }
  found.dispose();
  model.dispose();
});
