import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { shapesOnly } from "../../../test/contracts/shapes-only.ts";
import { GlobalAveragePooling1D, globalAveragePooling1d } from "./global-average-pooling1d.ts";

await layerContract(GlobalAveragePooling1D, globalAveragePooling1d, {
  refuses: {
    "another rank": () => shapesOnly(globalAveragePooling1d(), [2, 3]),
  },
});
