import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { shapesOnly } from "../../../test/contracts/shapes-only.ts";
import { MaxPooling3D, maxPooling3d } from "./max-pooling3d.ts";

await layerContract(MaxPooling3D, maxPooling3d, {
  refuses: {
    "a window that does not fit": () => shapesOnly(maxPooling3d({ poolSize: [1, 1, 3] }), [null, 2, 2, 2, 1]),
  },
});
