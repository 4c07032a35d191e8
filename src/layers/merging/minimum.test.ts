import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { shapesOnly } from "../../../test/contracts/shapes-only.ts";
import { Minimum, minimum } from "./minimum.ts";

await layerContract(Minimum, minimum, {
  refuses: {
    "one tensor": () => shapesOnly(minimum(), [2, 3]),
  },
});
