import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { ConvLSTM3D, convLstm3d } from "./conv-lstm3d.ts";

await layerContract(ConvLSTM3D, convLstm3d);
