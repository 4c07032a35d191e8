import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { Subtract, subtract } from "./subtract.ts";

await layerContract(Subtract, subtract, {
  refuses: {
    "three inputs": () =>
      subtract().computeOutputShape([
        [2, 3],
        [2, 3],
        [2, 3],
      ]),
  },
});
