import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { UpSampling1D, upSampling1d } from "./up-sampling1d.ts";

await layerContract(UpSampling1D, upSampling1d, {
  refuses: {
    "a factor of 0": () => upSampling1d({ size: 0 }),
  },
});
