import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { shapesOnly } from "../../../test/contracts/shapes-only.ts";
import { Concatenate, concatenate } from "./concatenate.ts";

await layerContract(Concatenate, concatenate, {
  refuses: {
    "other sizes that differ": () =>
      concatenate({ axis: 1 }).computeOutputShape([
        [2, 3, 4],
        [2, 5, 6],
      ]),
    "ranks that differ": () =>
      concatenate().computeOutputShape([
        [2, 3, 4],
        [2, 4],
      ]),
    "an axis that does not exist": () =>
      concatenate({ axis: 2 }).computeOutputShape([
        [2, 3],
        [2, 3],
      ]),
    "one tensor": () => shapesOnly(concatenate(), [2, 3]),
  },
});
