import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { SimpleRNN, simpleRNN } from "./simple-rnn.ts";

await layerContract(SimpleRNN, simpleRNN);
