import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { shapesOnly } from "../../../test/contracts/shapes-only.ts";
import { GlobalAveragePooling3D, globalAveragePooling3d } from "./global-average-pooling3d.ts";

await layerContract(GlobalAveragePooling3D, globalAveragePooling3d, {
  refuses: {
    "another rank": () => shapesOnly(globalAveragePooling3d(), [2, 3, 4]),
  },
});
