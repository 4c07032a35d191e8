import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { Multiply, multiply } from "./multiply.ts";

await layerContract(Multiply, multiply, {
  refuses: {
    "shapes that do not broadcast": () =>
      multiply().computeOutputShape([
        [2, 3, 1],
        [2, 4, 1],
      ]),
  },
});
