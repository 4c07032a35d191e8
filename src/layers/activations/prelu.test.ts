import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { PReLU, prelu } from "./prelu.ts";

await layerContract(PReLU, prelu, {
  refuses: {
    "the batch as a shared axis": () => prelu({ sharedAxes: [0] }),
    "a shared axis that does not exist": () => prelu({ sharedAxes: [3] }).build([null, 4, 4]),
    "a size that is not known": () => prelu().build([null, null]),
  },
});
