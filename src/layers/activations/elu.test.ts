import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { ELU, elu } from "./elu.ts";

await layerContract(ELU, elu, {
  refuses: {
    "an infinite alpha": () => elu({ alpha: Number.POSITIVE_INFINITY }),
  },
});
