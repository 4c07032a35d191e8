/**
 * The half of `interop.py` that runs here: opens every file of the zoo and saves it again, into the folder that
 * VARVE_INTEROP names; what it writes is checked by real Keras. Without that folder there is nothing to do.
 */
import { join } from "node:path";
import { loadModel } from "varve";
import { describe, it } from "vitest";
import { fileOf, objects, zoo } from "./zoo.ts";

const folder = process.env.VARVE_INTEROP;

describe.runIf(folder)("saved again for Keras", () => {
  it.each(zoo)("%s", async (name) => {
    const model = await loadModel(fileOf(name), objects);
    await model.save(join(folder as string, `${name}.keras`));
    model.dispose();
  });
});
