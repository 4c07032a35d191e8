import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { shapesOnly } from "../../../test/contracts/shapes-only.ts";
import { GlobalMaxPooling3D, globalMaxPooling3d } from "./global-max-pooling3d.ts";

await layerContract(GlobalMaxPooling3D, globalMaxPooling3d, {
  refuses: {
    "another rank": () => shapesOnly(globalMaxPooling3d(), [2, 3, 4]),
  },
});
