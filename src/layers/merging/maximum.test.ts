import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { Maximum, maximum } from "./maximum.ts";

await layerContract(Maximum, maximum, {
  refuses: {
    "batches that differ": () =>
      maximum().computeOutputShape([
        [2, 3],
        [4, 3],
      ]),
    "shapes that do not broadcast": () =>
      maximum().computeOutputShape([
        [2, 3],
        [2, 4],
      ]),
  },
});
