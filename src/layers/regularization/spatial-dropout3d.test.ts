import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { shapesOnly } from "../../../test/contracts/shapes-only.ts";
import { SpatialDropout3D, spatialDropout3d } from "./spatial-dropout3d.ts";

await layerContract(SpatialDropout3D, spatialDropout3d, {
  refuses: {
    "another rank": () => shapesOnly(spatialDropout3d({ rate: 0.5 }), [null, 3, 2, 2]),
    "no rate": () => spatialDropout3d({} as never),
  },
});
