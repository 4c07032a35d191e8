import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { shapesOnly } from "../../../test/contracts/shapes-only.ts";
import { Reshape, reshape } from "./reshape.ts";

await layerContract(Reshape, reshape, {
  refuses: {
    "two unknown sizes": () => reshape({ targetShape: [-1, -1] }),
    "no shape": () => reshape({} as never),
    "another number of elements": () => shapesOnly(reshape({ targetShape: [5, 2] }), [null, 4, 3]),
    "a size that does not come out even": () => shapesOnly(reshape({ targetShape: [5, -1] }), [null, 4, 3]),
  },
});
