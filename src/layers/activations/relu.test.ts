import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { ReLU, reLU } from "./relu.ts";

await layerContract(ReLU, reLU, {
  refuses: {
    "a negative slope": () => reLU({ negativeSlope: -1 }),
    "a ceiling of NaN": () => reLU({ maxValue: Number.NaN }),
  },
});
