import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { AveragePooling1D, averagePooling1d } from "./average-pooling1d.ts";

await layerContract(AveragePooling1D, averagePooling1d, {
  refuses: {
    "no window": () => averagePooling1d({} as never),
  },
});
