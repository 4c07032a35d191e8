import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { GlobalMaxPooling1D, globalMaxPooling1d } from "./global-max-pooling1d.ts";

await layerContract(GlobalMaxPooling1D, globalMaxPooling1d, {
  refuses: {
    "keepdims that is no boolean": () => globalMaxPooling1d({ keepdims: 1 as never }),
  },
});
