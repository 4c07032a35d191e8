import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { LeakyReLU, leakyReLU } from "./leaky-relu.ts";

await layerContract(LeakyReLU, leakyReLU, {
  refuses: {
    "a slope that is no number": () => leakyReLU({ negativeSlope: "steep" as never }),
  },
});
