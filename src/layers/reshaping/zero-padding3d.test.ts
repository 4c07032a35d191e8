import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { shapesOnly } from "../../../test/contracts/shapes-only.ts";
import { ZeroPadding3D, zeroPadding3d } from "./zero-padding3d.ts";

await layerContract(ZeroPadding3D, zeroPadding3d, {
  refuses: {
    "another rank": () => shapesOnly(zeroPadding3d(), [null, 3, 2, 2]),
    "pairs for another rank": () =>
      zeroPadding3d({
        padding: [
          [1, 1],
          [1, 1],
        ],
      }),
  },
});
