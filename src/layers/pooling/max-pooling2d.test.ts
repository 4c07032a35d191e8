import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { MaxPooling2D, maxPooling2d } from "./max-pooling2d.ts";

await layerContract(MaxPooling2D, maxPooling2d, {
  refuses: {
    "causal windows": () => maxPooling2d({ padding: "causal" as never }),
    "strides for another rank": () => maxPooling2d({ strides: [1, 2, 3] }),
  },
});
