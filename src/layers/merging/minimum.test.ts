import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { shapesOnly } from "../../../test/contracts/shapes-only.ts";
import { Minimum, minimum } from "./minimum.ts";

await layerContract(Minimum, minimum, {
  refuses: {
    "shapes that do not broadcast": () =>
      minimum().computeOutputShape([
        [2, 3, 4],
        [2, 5, 4],
      ]),
    "batches that differ": () =>
      minimum().computeOutputShape([
        [2, 3],
        [4, 3],
      ]),
    "one tensor": () => shapesOnly(minimum(), [2, 3]),
  },
});
