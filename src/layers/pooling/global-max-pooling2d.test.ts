import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { shapesOnly } from "../../../test/contracts/shapes-only.ts";
import { GlobalMaxPooling2D, globalMaxPooling2d } from "./global-max-pooling2d.ts";

await layerContract(GlobalMaxPooling2D, globalMaxPooling2d, {
  refuses: {
    "another rank": () => shapesOnly(globalMaxPooling2d(), [2, 3, 4]),
  },
});
