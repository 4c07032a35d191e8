import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { UpSampling3D, upSampling3d } from "./up-sampling3d.ts";

await layerContract(UpSampling3D, upSampling3d, {
  refuses: {
    "factors for another rank": () => upSampling3d({ size: [2, 2] }),
  },
});
