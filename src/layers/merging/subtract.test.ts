import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { Subtract, subtract } from "./subtract.ts";

await layerContract(Subtract, subtract, {
  refuses: {
    "shapes that do not broadcast": () =>
      subtract().computeOutputShape([
        [2, 3, 4],
        [2, 5, 4],
      ]),
    "batches that differ": () =>
      subtract().computeOutputShape([
        [2, 3],
        [4, 3],
      ]),
    "three inputs": () =>
      subtract().computeOutputShape([
        [2, 3],
        [2, 3],
        [2, 3],
      ]),
  },
});
