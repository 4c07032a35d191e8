import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { ZeroPadding3D, zeroPadding3d } from "./zero-padding3d.ts";

await layerContract(ZeroPadding3D, zeroPadding3d, {
  refuses: {
    "pairs for another rank": () =>
      zeroPadding3d({
        padding: [
          [1, 1],
          [1, 1],
        ],
      }),
  },
});
