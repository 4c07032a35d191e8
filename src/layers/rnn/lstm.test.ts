import { layerContract, tidied } from "../../../test/contracts/layer-contract.ts";
import { ones, zeros } from "../../ops/tensor.ts";
import { LSTM, lstm } from "./lstm.ts";

const built = lstm({ units: 3, name: "memory" });
built.build([null, 5, 4]);

await layerContract(LSTM, lstm, {
  refuses: tidied({
    "no units": () => lstm({} as never),
    "an unknown activation": () => lstm({ units: 3, activation: "tahn" }),
    cuDNN: () => lstm({ units: 3, useCudnn: true as never }),
    "an unknown gate": () => lstm({ units: 3, recurrentActivation: "sigmoidd" }),
    "an input without steps": () => lstm({ units: 3, name: "memory" }).apply(zeros([2, 4])),
    "no step at all": () => lstm({ units: 3, name: "memory" }).apply(zeros([2, 0, 4])),
    "a state of another batch": () =>
      lstm({ units: 3, name: "memory" }).apply(zeros([2, 5, 4]), { initialState: [zeros([1, 3]), zeros([1, 3])] }),
    "states that are too many": () =>
      lstm({ units: 3, name: "memory" }).apply([zeros([2, 5, 4]), zeros([2, 3]), zeros([2, 3]), zeros([2, 3])]),
    "states given twice": () =>
      lstm({ units: 3, name: "memory" }).apply([zeros([2, 5, 4]), zeros([2, 3])], { initialState: zeros([2, 3]) }),
    "a state that is no tensor": () =>
      lstm({ units: 3, name: "memory" }).apply(zeros([2, 5, 4]), { initialState: "zeros" as never }),
    "a mask of other steps": () =>
      lstm({ units: 3, name: "memory" }).apply(zeros([2, 5, 4]), { mask: ones([2, 4], "bool") }),
    "a mask of features": () =>
      lstm({ units: 3, name: "memory" }).apply(zeros([2, 5, 4]), { mask: ones([2, 5, 4], "bool") }),
    "another width than it was built for": () => built.apply(zeros([2, 5, 3])),
  }),
});
