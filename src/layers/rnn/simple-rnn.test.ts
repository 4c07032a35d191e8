import { layerContract, tidied } from "../../../test/contracts/layer-contract.ts";
import { ones, zeros } from "../../ops/tensor.ts";
import { SimpleRNN, simpleRNN } from "./simple-rnn.ts";

const built = simpleRNN({ units: 3, name: "memory" });
built.build([null, 5, 4]);

await layerContract(SimpleRNN, simpleRNN, {
  refuses: tidied({
    "no units": () => simpleRNN({} as never),
    "an unknown activation": () => simpleRNN({ units: 3, activation: "tahn" }),
    "an input without steps": () => simpleRNN({ units: 3, name: "memory" }).apply(zeros([2, 4])),
    "no step at all": () => simpleRNN({ units: 3, name: "memory" }).apply(zeros([2, 0, 4])),
    "a state of another batch": () =>
      simpleRNN({ units: 3, name: "memory" }).apply(zeros([2, 5, 4]), { initialState: [zeros([1, 3])] }),
    "states that are too many": () =>
      simpleRNN({ units: 3, name: "memory" }).apply([zeros([2, 5, 4]), zeros([2, 3]), zeros([2, 3]), zeros([2, 3])]),
    "states given twice": () =>
      simpleRNN({ units: 3, name: "memory" }).apply([zeros([2, 5, 4]), zeros([2, 3])], { initialState: zeros([2, 3]) }),
    "a state that is no tensor": () =>
      simpleRNN({ units: 3, name: "memory" }).apply(zeros([2, 5, 4]), { initialState: "zeros" as never }),
    "a mask of other steps": () =>
      simpleRNN({ units: 3, name: "memory" }).apply(zeros([2, 5, 4]), { mask: ones([2, 4], "bool") }),
    "a mask of features": () =>
      simpleRNN({ units: 3, name: "memory" }).apply(zeros([2, 5, 4]), { mask: ones([2, 5, 4], "bool") }),
    "another width than it was built for": () => built.apply(zeros([2, 5, 3])),
  }),
});
