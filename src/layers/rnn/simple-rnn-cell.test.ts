import { layerContract, tidied } from "../../../test/contracts/layer-contract.ts";
import { zeros } from "../../ops/tensor.ts";
import { SimpleRNNCell, simpleRNNCell } from "./simple-rnn-cell.ts";

await layerContract(SimpleRNNCell, simpleRNNCell, {
  refuses: tidied({
    "no units": () => simpleRNNCell({ units: 0 }),
    "an unknown activation": () => simpleRNNCell({ units: 3, activation: "tahn" }),
    "a rate above 1": () => simpleRNNCell({ units: 3, dropout: 1.5 }),
    "an input without states": () => simpleRNNCell({ units: 3, name: "cell" }).apply(zeros([2, 4])),
    "states of another batch": () => simpleRNNCell({ units: 3, name: "cell" }).apply([zeros([2, 4]), zeros([4, 3])]),
    "states of another width": () => simpleRNNCell({ units: 3, name: "cell" }).apply([zeros([2, 4]), zeros([2, 5])]),
    "a whole sequence": () => simpleRNNCell({ units: 3, name: "cell" }).apply([zeros([2, 4, 5]), zeros([2, 3])]),
    "an unknown width": () => simpleRNNCell({ units: 3, name: "cell" }).build([null, null]),
  }),
});
