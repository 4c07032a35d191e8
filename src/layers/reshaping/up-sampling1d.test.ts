import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { shapesOnly } from "../../../test/contracts/shapes-only.ts";
import { UpSampling1D, upSampling1d } from "./up-sampling1d.ts";

await layerContract(UpSampling1D, upSampling1d, {
  refuses: {
    "another rank": () => shapesOnly(upSampling1d(), [null, 3]),
    "a factor of 0": () => upSampling1d({ size: 0 }),
  },
});
