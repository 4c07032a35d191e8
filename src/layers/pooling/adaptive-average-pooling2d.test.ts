import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { AdaptiveAveragePooling2D, adaptiveAveragePooling2d } from "./adaptive-average-pooling2d.ts";

await layerContract(AdaptiveAveragePooling2D, adaptiveAveragePooling2d, {
  refuses: {
    "no size": () => adaptiveAveragePooling2d({} as never),
    "a size of 0": () => adaptiveAveragePooling2d({ outputSize: 0 }),
    "sizes for another rank": () => adaptiveAveragePooling2d({ outputSize: [2, 2, 2] }),
    "inputs of another rank": () => adaptiveAveragePooling2d({ outputSize: 2 }).computeOutputShape([null, 4]),
  },
});
