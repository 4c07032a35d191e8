import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { ConvLSTM2D, convLstm2d } from "./conv-lstm2d.ts";

await layerContract(ConvLSTM2D, convLstm2d);
