import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { shapesOnly } from "../../../test/contracts/shapes-only.ts";
import { Flatten, flatten } from "./flatten.ts";

await layerContract(Flatten, flatten, {
  refuses: {
    "a scalar": () => shapesOnly(flatten(), []),
  },
});
