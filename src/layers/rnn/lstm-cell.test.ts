import { layerContract, tidied } from "../../../test/contracts/layer-contract.ts";
import { zeros } from "../../ops/tensor.ts";
import { LSTMCell, lstmCell } from "./lstm-cell.ts";

await layerContract(LSTMCell, lstmCell, {
  refuses: tidied({
    "no units": () => lstmCell({ units: 0 }),
    "an unknown activation": () => lstmCell({ units: 3, activation: "tahn" }),
    "a rate above 1": () => lstmCell({ units: 3, dropout: 1.5 }),
    "an input without states": () => lstmCell({ units: 3, name: "cell" }).apply(zeros([2, 4])),
    "states of another batch": () =>
      lstmCell({ units: 3, name: "cell" }).apply([zeros([2, 4]), zeros([4, 3]), zeros([4, 3])]),
    "states of another width": () =>
      lstmCell({ units: 3, name: "cell" }).apply([zeros([2, 4]), zeros([2, 3]), zeros([2, 5])]),
    "a whole sequence": () =>
      lstmCell({ units: 3, name: "cell" }).apply([zeros([2, 4, 5]), zeros([2, 3]), zeros([2, 3])]),
    "an unknown width": () => lstmCell({ units: 3, name: "cell" }).build([null, null]),
  }),
});
