import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { shapesOnly } from "../../../test/contracts/shapes-only.ts";
import { ZeroPadding2D, zeroPadding2d } from "./zero-padding2d.ts";

await layerContract(ZeroPadding2D, zeroPadding2d, {
  refuses: {
    "another rank": () => shapesOnly(zeroPadding2d(), [null, 3, 3]),
  },
});
