/**
 * The half of `interop.py` that runs here: opens every file of the zoo and saves it again, and saves models that are made
 * here with what they predict and how their training goes on, into the folder that VARVE_INTEROP names; what it writes
 * is checked by real Keras. Without that folder there is nothing to do.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "vitest";
import { leaves } from "../../src/core/tree.ts";
import { loadModel, type Tensor } from "../../src/index.ts";
import { type MadeModel, made } from "./made.ts";
import { fileOf, objects, zoo } from "./zoo.ts";

const folder = process.env.VARVE_INTEROP as string;

/** Tensors by their names or numbers, as the records of the zoo have them. */
const arrays = (tensors: Readonly<Record<string, Tensor>> | readonly Tensor[]) =>
  Object.fromEntries(
    Object.entries(tensors).map(([key, tensor]: [string, Tensor]) => [
      key,
      { shape: tensor.shape, dtype: tensor.dtype, values: Array.from(tensor.dataSync()) },
    ]),
  );

describe.runIf(folder)("saved again for Keras", () => {
  it.each(zoo)("%s", async (name) => {
    const model = await loadModel(fileOf(name), objects as object);
    await model.save(join(folder, `${name}.keras`));
    model.dispose();
  });
});

describe.runIf(folder)("made here for Keras", () => {
  it.each(Object.entries(made))("%s", async (name, make) => {
    const { net, inputs, targets }: MadeModel = make();
    await net.save(join(folder, `${name}.keras`));
    const predict = async () => arrays(leaves(await net.predict<never>(inputs as never, { verbose: 0 })) as Tensor[]);
    const record: Record<string, unknown> = { inputs: arrays(inputs), predictions: await predict() };
    if (targets) {
      const losses: number[] = [];
      for (let step = 0; step < 3; step++) losses.push((await net.trainOnBatch(inputs as never, targets)) as number);
      Object.assign(record, { targets: arrays([targets]), losses, after: await predict() });
    }
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(record));
  });
});
