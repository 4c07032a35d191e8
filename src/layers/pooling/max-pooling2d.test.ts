import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { shapesOnly } from "../../../test/contracts/shapes-only.ts";
import { MaxPooling2D, maxPooling2d } from "./max-pooling2d.ts";

await layerContract(MaxPooling2D, maxPooling2d, {
  refuses: {
    "a window that does not fit": () => shapesOnly(maxPooling2d({ poolSize: [1, 4] }), [null, 3, 3, 2]),
    "another rank": () => shapesOnly(maxPooling2d(), [null, 3, 2]),
    "causal windows": () => maxPooling2d({ padding: "causal" as never }),
    "strides for another rank": () => maxPooling2d({ strides: [1, 2, 3] }),
  },
});
