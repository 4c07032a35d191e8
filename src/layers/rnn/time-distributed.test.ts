import { layerContract, tidied } from "../../../test/contracts/layer-contract.ts";
import { ones, zeros } from "../../ops/tensor.ts";
import { dense } from "../core/dense.ts";
import { lstm } from "./lstm.ts";
import { TimeDistributed, timeDistributed } from "./time-distributed.ts";

await layerContract(TimeDistributed, timeDistributed, {
  refuses: tidied({
    "no layer": () => timeDistributed({} as never),
    "an input without features": () =>
      timeDistributed({ layer: dense({ units: 2 }), name: "each" }).apply(zeros([2, 3])),
    "no step at all": () => timeDistributed({ layer: dense({ units: 2 }), name: "each" }).apply(zeros([2, 0, 3])),
    "a mask of other steps": () =>
      timeDistributed({ layer: dense({ units: 2 }), name: "each" }).apply(zeros([2, 3, 4]), {
        mask: ones([2, 4], "bool"),
      }),
    "an inner layer with several outputs": () =>
      timeDistributed({ layer: lstm({ units: 2, returnState: true, name: "inner" }), name: "each" }).apply(
        zeros([1, 2, 3, 4]),
      ),
  }),
});
