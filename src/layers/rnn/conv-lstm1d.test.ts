import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { ConvLSTM1D, convLstm1d } from "./conv-lstm1d.ts";

await layerContract(ConvLSTM1D, convLstm1d);
