import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { GaussianNoise, gaussianNoise } from "./gaussian-noise.ts";

await layerContract(GaussianNoise, gaussianNoise, {
  refuses: {
    "a negative deviation": () => gaussianNoise({ stddev: -1 }),
    "a seed that is not whole": () => gaussianNoise({ stddev: 1, seed: 0.5 }),
  },
});
