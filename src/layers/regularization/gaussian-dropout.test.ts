import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { GaussianDropout, gaussianDropout } from "./gaussian-dropout.ts";

await layerContract(GaussianDropout, gaussianDropout, {
  refuses: {
    "a rate of 1": () => gaussianDropout({ rate: 1 }),
  },
});
