import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { shapesOnly } from "../../../test/contracts/shapes-only.ts";
import { Add, add } from "./add.ts";

await layerContract(Add, add, {
  refuses: {
    "one tensor": () => shapesOnly(add(), [2, 3]),
    "shapes that do not broadcast": () =>
      add().computeOutputShape([
        [2, 3],
        [2, 4],
      ]),
    "batches that differ": () =>
      add().computeOutputShape([
        [2, 3],
        [1, 3],
      ]),
  },
});
