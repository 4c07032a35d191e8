import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { shapesOnly } from "../../../test/contracts/shapes-only.ts";
import { Cropping1D, cropping1d } from "./cropping1d.ts";

await layerContract(Cropping1D, cropping1d, {
  refuses: {
    "another rank": () => shapesOnly(cropping1d(), [null, 3]),
    "negative cropping": () => cropping1d({ cropping: -1 }),
    "cropping that leaves nothing": () => shapesOnly(cropping1d({ cropping: [2, 1] }), [null, 3, 2]),
  },
});
