import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { shapesOnly } from "../../../test/contracts/shapes-only.ts";
import { MaxPooling1D, maxPooling1d } from "./max-pooling1d.ts";

await layerContract(MaxPooling1D, maxPooling1d, {
  refuses: {
    "a window that does not fit": () => shapesOnly(maxPooling1d({ poolSize: 5 }), [null, 4, 1]),
    "a window of 0": () => maxPooling1d({ poolSize: 0 }),
    "another rank": () => shapesOnly(maxPooling1d(), [null, 4, 4, 1]),
  },
});
