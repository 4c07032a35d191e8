import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { shapesOnly } from "../../../test/contracts/shapes-only.ts";
import { AveragePooling3D, averagePooling3d } from "./average-pooling3d.ts";

await layerContract(AveragePooling3D, averagePooling3d, {
  refuses: {
    "a window that does not fit": () => shapesOnly(averagePooling3d({ poolSize: [1, 1, 4] }), [null, 3, 3, 3, 2]),
    "another rank": () => shapesOnly(averagePooling3d({ poolSize: 2 }), [null, 3, 2]),
    "no window": () => averagePooling3d({} as never),
  },
});
