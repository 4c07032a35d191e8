import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { GroupNormalization, groupNormalization } from "./group-normalization.ts";

await layerContract(GroupNormalization, groupNormalization, {});
