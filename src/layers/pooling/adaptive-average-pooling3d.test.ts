import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { AdaptiveAveragePooling3D, adaptiveAveragePooling3d } from "./adaptive-average-pooling3d.ts";

await layerContract(AdaptiveAveragePooling3D, adaptiveAveragePooling3d, {
  refuses: {
    "no size": () => adaptiveAveragePooling3d({} as never),
    "a size of 0": () => adaptiveAveragePooling3d({ outputSize: 0 }),
    "sizes for another rank": () => adaptiveAveragePooling3d({ outputSize: [2, 2] }),
    "inputs of another rank": () => adaptiveAveragePooling3d({ outputSize: 2 }).computeOutputShape([null, 4]),
  },
});
