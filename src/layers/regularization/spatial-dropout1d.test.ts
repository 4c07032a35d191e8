import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { shapesOnly } from "../../../test/contracts/shapes-only.ts";
import { SpatialDropout1D, spatialDropout1d } from "./spatial-dropout1d.ts";

await layerContract(SpatialDropout1D, spatialDropout1d, {
  refuses: {
    "another rank": () => shapesOnly(spatialDropout1d({ rate: 0.5 }), [2, 3]),
  },
});
