import { layerContract, tidied } from "../../../test/contracts/layer-contract.ts";
import { zeros } from "../../ops/tensor.ts";
import { dense } from "../core/dense.ts";
import { Bidirectional, bidirectional } from "./bidirectional.ts";
import { lstm } from "./lstm.ts";

await layerContract(Bidirectional, bidirectional, {
  refuses: tidied({
    "states of another batch": () =>
      bidirectional({ layer: lstm({ units: 2 }), name: "both" }).apply([
        zeros([1, 2, 2]),
        ...[1, 2, 3, 4].map(() => zeros([3, 2])),
      ]),
    "a mask of other steps": () =>
      bidirectional({ layer: lstm({ units: 2 }), name: "both" }).apply(zeros([1, 2, 2]), {
        mask: zeros([1, 3], "bool"),
      }),
    "no layer": () => bidirectional({} as never),
    "a layer that is not recurrent": () => bidirectional({ layer: dense({ units: 2, name: "dense" }) as never }),
    "an unknown merge": () => bidirectional({ layer: lstm({ units: 2 }), mergeMode: "max" as never }),
    "two layers that go the same way": () =>
      bidirectional({ layer: lstm({ units: 2 }), backwardLayer: lstm({ units: 2 }), name: "both" }),
    "layers that give something else": () =>
      bidirectional({
        layer: lstm({ units: 2 }),
        backwardLayer: lstm({ units: 2, goBackwards: true, returnSequences: true }),
        name: "both",
      }),
    "a state for one direction": () =>
      bidirectional({ layer: lstm({ units: 2 }), name: "both" }).apply([zeros([1, 2, 2]), zeros([1, 2])]),
    "outputs of different widths": () =>
      bidirectional({
        layer: lstm({ units: 2 }),
        backwardLayer: lstm({ units: 3, goBackwards: true }),
        mergeMode: "sum",
        name: "both",
      }).apply(zeros([1, 2, 2])),
  }),
});
