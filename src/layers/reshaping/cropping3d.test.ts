import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { shapesOnly } from "../../../test/contracts/shapes-only.ts";
import { Cropping3D, cropping3d } from "./cropping3d.ts";

await layerContract(Cropping3D, cropping3d, {
  refuses: {
    "pairs for another rank": () => cropping3d({ cropping: [1, 2] }),
    "another rank": () => shapesOnly(cropping3d(), [null, 3, 3, 1]),
  },
});
