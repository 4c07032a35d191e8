import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { GRUCell, gruCell } from "./gru-cell.ts";

await layerContract(GRUCell, gruCell);
