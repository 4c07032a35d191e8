import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { UpSampling2D, upSampling2d } from "./up-sampling2d.ts";

await layerContract(UpSampling2D, upSampling2d, {
  refuses: {
    "an interpolation it has not": () => upSampling2d({ interpolation: "area" as never }),
    "a factor that is not whole": () => upSampling2d({ size: 1.5 }),
  },
});
