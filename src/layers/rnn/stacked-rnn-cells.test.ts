import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { StackedRNNCells, stackedRNNCells } from "./stacked-rnn-cells.ts";

await layerContract(StackedRNNCells, stackedRNNCells);
