import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { shapesOnly } from "../../../test/contracts/shapes-only.ts";
import { Cropping2D, cropping2d } from "./cropping2d.ts";

await layerContract(Cropping2D, cropping2d, {
  refuses: {
    "another rank": () => shapesOnly(cropping2d(), [null, 3, 4]),
    "pairs of another length": () =>
      cropping2d({
        cropping: [
          [1, 2, 3],
          [1, 2, 3],
        ],
      }),
    "cropping that leaves nothing": () =>
      shapesOnly(
        cropping2d({
          cropping: [
            [0, 0],
            [4, 0],
          ],
        }),
        [null, 3, 4, 2],
      ),
  },
});
