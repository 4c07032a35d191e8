import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { GRU, gru } from "./gru.ts";

await layerContract(GRU, gru);
