import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { Bidirectional, bidirectional } from "./bidirectional.ts";

await layerContract(Bidirectional, bidirectional);
