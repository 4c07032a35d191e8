import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { Activation, activation } from "./activation.ts";

await layerContract(Activation, activation, {
  refuses: {
    "an unknown activation": () => activation({ activation: "rulu" }),
    "no activation": () => activation({} as never),
  },
});
