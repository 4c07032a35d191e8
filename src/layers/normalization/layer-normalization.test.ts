import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { LayerNormalization, layerNormalization } from "./layer-normalization.ts";

await layerContract(LayerNormalization, layerNormalization);
