import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { LSTMCell, lstmCell } from "./lstm-cell.ts";

await layerContract(LSTMCell, lstmCell);
