import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { shapesOnly } from "../../../test/contracts/shapes-only.ts";
import { AveragePooling2D, averagePooling2d } from "./average-pooling2d.ts";

await layerContract(AveragePooling2D, averagePooling2d, {
  refuses: {
    "no window": () => averagePooling2d({} as never),
    "a window that does not fit": () => shapesOnly(averagePooling2d({ poolSize: 3 }), [null, 2, 4, 1]),
  },
});
