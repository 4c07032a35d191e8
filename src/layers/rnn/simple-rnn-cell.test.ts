import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { SimpleRNNCell, simpleRNNCell } from "./simple-rnn-cell.ts";

await layerContract(SimpleRNNCell, simpleRNNCell);
