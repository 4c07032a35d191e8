import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { TernaryDense, ternaryDense } from "./ternary-dense.ts";

await layerContract(TernaryDense, ternaryDense, {
  refuses: {
    "units that are no count": () => ternaryDense({ units: 1.5 }),
    "a threshold below 0": () => ternaryDense({ units: 2, threshold: -0.1 }),
    "an unknown activation": () => ternaryDense({ units: 2, activation: "rellu" }),
    "vectors without a batch": () => ternaryDense({ units: 2 }).apply([1, 2, 3]),
    "an unknown number of inputs": () => ternaryDense({ units: 2 }).build([null, null]),
  },
});
