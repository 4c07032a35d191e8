import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { AdaptiveMaxPooling2D, adaptiveMaxPooling2d } from "./adaptive-max-pooling2d.ts";

await layerContract(AdaptiveMaxPooling2D, adaptiveMaxPooling2d, {
  refuses: {
    "no size": () => adaptiveMaxPooling2d({} as never),
    "a size of 0": () => adaptiveMaxPooling2d({ outputSize: 0 }),
    "sizes for another rank": () => adaptiveMaxPooling2d({ outputSize: [2, 2, 2] }),
    "inputs of another rank": () => adaptiveMaxPooling2d({ outputSize: 2 }).computeOutputShape([null, 4]),
  },
});
