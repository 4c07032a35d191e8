import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { SpatialDropout3D, spatialDropout3d } from "./spatial-dropout3d.ts";

await layerContract(SpatialDropout3D, spatialDropout3d, {
  refuses: {
    "no rate": () => spatialDropout3d({} as never),
  },
});
