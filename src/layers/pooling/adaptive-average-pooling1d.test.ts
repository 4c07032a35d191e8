import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { AdaptiveAveragePooling1D, adaptiveAveragePooling1d } from "./adaptive-average-pooling1d.ts";

await layerContract(AdaptiveAveragePooling1D, adaptiveAveragePooling1d, {
  refuses: {
    "no size": () => adaptiveAveragePooling1d({} as never),
    "a size of 0": () => adaptiveAveragePooling1d({ outputSize: 0 }),
    "sizes for another rank": () => adaptiveAveragePooling1d({ outputSize: [2, 2] }),
    "inputs of another rank": () => adaptiveAveragePooling1d({ outputSize: 2 }).computeOutputShape([null, 4]),
  },
});
