import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { Masking, masking } from "./masking.ts";

await layerContract(Masking, masking);
