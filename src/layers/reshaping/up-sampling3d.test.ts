import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { shapesOnly } from "../../../test/contracts/shapes-only.ts";
import { UpSampling3D, upSampling3d } from "./up-sampling3d.ts";

await layerContract(UpSampling3D, upSampling3d, {
  refuses: {
    "another rank": () => shapesOnly(upSampling3d(), [null, 3, 2, 2]),
    "factors for another rank": () => upSampling3d({ size: [2, 2] }),
  },
});
