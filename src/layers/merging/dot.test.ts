import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { Dot, dot } from "./dot.ts";

await layerContract(Dot, dot, {
  refuses: {
    "batches that differ": () =>
      dot({ axes: 1 }).computeOutputShape([
        [2, 3],
        [4, 3],
      ]),
    "the batch": () => dot({ axes: 0 }),
    "no axes": () => dot({} as never),
    "sizes that differ": () =>
      dot({ axes: 1 }).computeOutputShape([
        [2, 3],
        [2, 4],
      ]),
    "three inputs": () =>
      dot({ axes: 1 }).computeOutputShape([
        [2, 3],
        [2, 3],
        [2, 3],
      ]),
    "an axis that does not exist": () =>
      dot({ axes: [1, 2] }).computeOutputShape([
        [2, 3],
        [2, 3],
      ]),
  },
});
