import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { shapesOnly } from "../../../test/contracts/shapes-only.ts";
import { SpatialDropout2D, spatialDropout2d } from "./spatial-dropout2d.ts";

await layerContract(SpatialDropout2D, spatialDropout2d, {
  refuses: {
    "another rank": () => shapesOnly(spatialDropout2d({ rate: 0.5 }), [2, 3, 4]),
  },
});
