import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { Average, average } from "./average.ts";

await layerContract(Average, average, {
  refuses: {
    "shapes that do not broadcast": () =>
      average().computeOutputShape([
        [2, 3, 4],
        [2, 5, 4],
      ]),
    "batches that differ": () =>
      average().computeOutputShape([
        [2, 3],
        [4, 3],
      ]),
    scalars: () => average().computeOutputShape([[], []]),
  },
});
