import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { LSTM, lstm } from "./lstm.ts";

await layerContract(LSTM, lstm);
