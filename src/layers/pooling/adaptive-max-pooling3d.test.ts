import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { AdaptiveMaxPooling3D, adaptiveMaxPooling3d } from "./adaptive-max-pooling3d.ts";

await layerContract(AdaptiveMaxPooling3D, adaptiveMaxPooling3d, {
  refuses: {
    "no size": () => adaptiveMaxPooling3d({} as never),
    "a size of 0": () => adaptiveMaxPooling3d({ outputSize: 0 }),
    "sizes for another rank": () => adaptiveMaxPooling3d({ outputSize: [2, 2] }),
    "inputs of another rank": () => adaptiveMaxPooling3d({ outputSize: 2 }).computeOutputShape([null, 4]),
  },
});
