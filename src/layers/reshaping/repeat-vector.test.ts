import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { shapesOnly } from "../../../test/contracts/shapes-only.ts";
import { RepeatVector, repeatVector } from "./repeat-vector.ts";

await layerContract(RepeatVector, repeatVector, {
  refuses: {
    "no times": () => repeatVector({ n: 0 }),
    "another rank": () => shapesOnly(repeatVector({ n: 2 }), [1, 2, 3]),
  },
});
