import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { RMSNormalization, rmsNormalization } from "./rms-normalization.ts";

await layerContract(RMSNormalization, rmsNormalization, {
  refuses: {
    "an axis twice": () => new RMSNormalization({ name: "rms", axis: [0, 0] }),
    "an axis that does not exist": () => new RMSNormalization({ name: "rms", axis: -3 }).build([null, 4]),
    "an unknown size": () => new RMSNormalization({ name: "rms" }).build([3, null]),
    "a negative epsilon": () => new RMSNormalization({ name: "rms", epsilon: -1 }),
    "an option of other normalizations": () => new RMSNormalization({ name: "rms", center: true } as never),
  },
});
