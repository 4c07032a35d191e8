import { layerContract, tidied } from "../../../test/contracts/layer-contract.ts";
import { ones, zeros } from "../../ops/tensor.ts";
import { GRU, gru } from "./gru.ts";

const built = gru({ units: 3, name: "memory" });
built.build([null, 5, 4]);

await layerContract(GRU, gru, {
  refuses: tidied({
    "no units": () => gru({} as never),
    "an unknown activation": () => gru({ units: 3, activation: "tahn" }),
    cuDNN: () => gru({ units: 3, useCudnn: true as never }),
    "an unknown gate": () => gru({ units: 3, recurrentActivation: "sigmoidd" }),
    "an input without steps": () => gru({ units: 3, name: "memory" }).apply(zeros([2, 4])),
    "no step at all": () => gru({ units: 3, name: "memory" }).apply(zeros([2, 0, 4])),
    "a state of another batch": () =>
      gru({ units: 3, name: "memory" }).apply(zeros([2, 5, 4]), { initialState: [zeros([1, 3])] }),
    "states that are too many": () =>
      gru({ units: 3, name: "memory" }).apply([zeros([2, 5, 4]), zeros([2, 3]), zeros([2, 3]), zeros([2, 3])]),
    "states given twice": () =>
      gru({ units: 3, name: "memory" }).apply([zeros([2, 5, 4]), zeros([2, 3])], { initialState: zeros([2, 3]) }),
    "a state that is no tensor": () =>
      gru({ units: 3, name: "memory" }).apply(zeros([2, 5, 4]), { initialState: "zeros" as never }),
    "a mask of other steps": () =>
      gru({ units: 3, name: "memory" }).apply(zeros([2, 5, 4]), { mask: ones([2, 4], "bool") }),
    "a mask of features": () =>
      gru({ units: 3, name: "memory" }).apply(zeros([2, 5, 4]), { mask: ones([2, 5, 4], "bool") }),
    "another width than it was built for": () => built.apply(zeros([2, 5, 3])),
  }),
});
