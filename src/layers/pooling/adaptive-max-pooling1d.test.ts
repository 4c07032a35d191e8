import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { AdaptiveMaxPooling1D, adaptiveMaxPooling1d } from "./adaptive-max-pooling1d.ts";

await layerContract(AdaptiveMaxPooling1D, adaptiveMaxPooling1d, {
  refuses: {
    "no size": () => adaptiveMaxPooling1d({} as never),
    "a size of 0": () => adaptiveMaxPooling1d({ outputSize: 0 }),
    "sizes for another rank": () => adaptiveMaxPooling1d({ outputSize: [2, 2] }),
    "inputs of another rank": () => adaptiveMaxPooling1d({ outputSize: 2 }).computeOutputShape([null, 4]),
  },
});
