import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { shapesOnly } from "../../../test/contracts/shapes-only.ts";
import { ZeroPadding1D, zeroPadding1d } from "./zero-padding1d.ts";

await layerContract(ZeroPadding1D, zeroPadding1d, {
  refuses: {
    "another rank": () => shapesOnly(zeroPadding1d(), [null, 3]),
    "three sides": () => zeroPadding1d({ padding: [1, 2, 3] }),
    fractions: () => zeroPadding1d({ padding: 0.5 }),
  },
});
