import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { shapesOnly } from "../../../test/contracts/shapes-only.ts";
import { Softmax, softmax } from "./softmax.ts";

await layerContract(Softmax, softmax, {
  refuses: {
    "axes that repeat": () => softmax({ axis: [1, 1] }),
    "an axis that does not exist": () => shapesOnly(softmax({ axis: 3 }), [2, 3]),
  },
});
