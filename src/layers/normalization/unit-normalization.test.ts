import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { UnitNormalization, unitNormalization } from "./unit-normalization.ts";

await layerContract(UnitNormalization, unitNormalization);
