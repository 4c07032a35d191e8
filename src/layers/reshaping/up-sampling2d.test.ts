import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { shapesOnly } from "../../../test/contracts/shapes-only.ts";
import { UpSampling2D, upSampling2d } from "./up-sampling2d.ts";

await layerContract(UpSampling2D, upSampling2d, {
  refuses: {
    "an interpolation with a slip in its name": () => upSampling2d({ interpolation: "bilinaer" as never }),
    "another rank": () => shapesOnly(upSampling2d(), [null, 3, 2]),
    "an interpolation it has not": () => upSampling2d({ interpolation: "area" as never }),
    "a factor that is not whole": () => upSampling2d({ size: 1.5 }),
  },
});
