import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { AveragePooling3D, averagePooling3d } from "./average-pooling3d.ts";

await layerContract(AveragePooling3D, averagePooling3d, {
  refuses: {
    "no window": () => averagePooling3d({} as never),
  },
});
