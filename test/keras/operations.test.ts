/** Operations between layers that were called here: saved, and opened again; `interop.py` opens the same files in Keras. */

import { expect, it } from "vitest";
import { leaves } from "../../src/core/tree.ts";
import { loadModel } from "../../src/index.ts";
import { operations } from "../../src/keras/operations.ts";
import { made, used } from "./made.ts";

it("all operations that files can hold are made", () => {
  // How much `nonzero` and `bincount` give hangs on values; `sparsemax` of Keras 3.15.1 is not that of its paper.
  const missing = operations.map(({ op }) => op).filter((op) => !used().includes(op));
  expect(missing).toEqual(["nonzero", "bincount", "sparsemax"]);
});

it.each(Object.keys(made))("%s comes back", async (name) => {
  const { net, inputs } = (made[name] as (typeof made)[string])();
  const outputs = (model: typeof net) =>
    (leaves(model.apply<never>(inputs as never)) as { shape: unknown; dataSync(): unknown }[]).map((each) => [
      each.shape,
      each.dataSync(),
    ]);
  const copy = await loadModel(await net.toKeras());
  expect(outputs(copy)).toEqual(outputs(net));
});
