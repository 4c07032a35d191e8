import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { TimeDistributed, timeDistributed } from "./time-distributed.ts";

await layerContract(TimeDistributed, timeDistributed);
