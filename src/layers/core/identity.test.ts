import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { Identity, identity } from "./identity.ts";

await layerContract(Identity, identity);
