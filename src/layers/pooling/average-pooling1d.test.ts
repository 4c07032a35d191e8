import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { shapesOnly } from "../../../test/contracts/shapes-only.ts";
import { AveragePooling1D, averagePooling1d } from "./average-pooling1d.ts";

await layerContract(AveragePooling1D, averagePooling1d, {
  refuses: {
    "a window that does not fit": () => shapesOnly(averagePooling1d({ poolSize: 4 }), [null, 3, 2]),
    "another rank": () => shapesOnly(averagePooling1d({ poolSize: 2 }), [null, 3, 2, 2]),
    "no window": () => averagePooling1d({} as never),
  },
});
