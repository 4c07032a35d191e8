import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { shapesOnly } from "../../../test/contracts/shapes-only.ts";
import { GlobalAveragePooling2D, globalAveragePooling2d } from "./global-average-pooling2d.ts";

await layerContract(GlobalAveragePooling2D, globalAveragePooling2d, {
  refuses: {
    "another rank": () => shapesOnly(globalAveragePooling2d(), [2, 3, 4]),
  },
});
