import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { RMSNormalization, rmsNormalization } from "./rms-normalization.ts";

await layerContract(RMSNormalization, rmsNormalization);
