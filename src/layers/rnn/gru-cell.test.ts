import { layerContract, tidied } from "../../../test/contracts/layer-contract.ts";
import { zeros } from "../../ops/tensor.ts";
import { GRUCell, gruCell } from "./gru-cell.ts";

await layerContract(GRUCell, gruCell, {
  refuses: tidied({
    "no units": () => gruCell({ units: 0 }),
    "an unknown activation": () => gruCell({ units: 3, activation: "tahn" }),
    "a rate above 1": () => gruCell({ units: 3, dropout: 1.5 }),
    "an input without states": () => gruCell({ units: 3, name: "cell" }).apply(zeros([2, 4])),
    "states of another batch": () => gruCell({ units: 3, name: "cell" }).apply([zeros([2, 4]), zeros([4, 3])]),
    "states of another width": () => gruCell({ units: 3, name: "cell" }).apply([zeros([2, 4]), zeros([2, 5])]),
    "a whole sequence": () => gruCell({ units: 3, name: "cell" }).apply([zeros([2, 4, 5]), zeros([2, 3])]),
    "an unknown width": () => gruCell({ units: 3, name: "cell" }).build([null, null]),
  }),
});
