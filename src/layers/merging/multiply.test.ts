import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { Multiply, multiply } from "./multiply.ts";

await layerContract(Multiply, multiply, {
  refuses: {
    "batches that differ": () =>
      multiply().computeOutputShape([
        [2, 3],
        [4, 3],
      ]),
    "shapes that do not broadcast": () =>
      multiply().computeOutputShape([
        [2, 3, 1],
        [2, 4, 1],
      ]),
  },
});
