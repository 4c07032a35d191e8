import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { Average, average } from "./average.ts";

await layerContract(Average, average, {
  refuses: {
    scalars: () => average().computeOutputShape([[], []]),
  },
});
