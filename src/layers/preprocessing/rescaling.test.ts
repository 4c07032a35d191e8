import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { Rescaling, rescaling } from "./rescaling.ts";

await layerContract(Rescaling, rescaling);
