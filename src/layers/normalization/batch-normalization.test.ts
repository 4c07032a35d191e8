import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { BatchNormalization, batchNormalization } from "./batch-normalization.ts";

await layerContract(BatchNormalization, batchNormalization);
