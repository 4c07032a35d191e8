import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { shapesOnly } from "../../../test/contracts/shapes-only.ts";
import { Permute, permute } from "./permute.ts";

await layerContract(Permute, permute, {
  refuses: {
    "axes that are no permutation": () => permute({ dims: [1, 3] }),
    "the batch": () => permute({ dims: [0, 1] }),
    "another rank": () => shapesOnly(permute({ dims: [2, 1] }), [2, 3]),
  },
});
