import { expect, test } from "vitest";
import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { Dense, dense } from "./dense.ts";

await layerContract(Dense, dense, {
  // Keras forgets a loraAlpha given to the constructor when it builds; here it counts as documented.
  comparable: ({ name }) => name !== "low-rank adaptation with alpha",
  // A constraint makes a bias 0, where JAX takes 1 as the slope of |x| in the L1 penalty; here it is 0, as in TensorFlow.
  comparableSteps: ({ name }) => !name.startsWith("first set"),
  refuses: {
    "no units": () => dense({} as { units: number }),
    "units that are no count": () => dense({ units: 0 }),
    "an unknown activation": () => dense({ units: 2, activation: "rellu" }),
    "an unknown initializer": () => dense({ units: 2, kernelInitializer: "glorot" }),
    "an unknown option": () => dense({ units: 2, unit: 3 } as never),
    quantization: () => dense({ units: 2, quantizationConfig: {} as never }),
    "adaptation of a constrained kernel": () => dense({ units: 2, loraRank: 1, kernelConstraint: "non_neg" }),
    "vectors without a batch": () => dense({ units: 2 }).apply([1, 2, 3]),
    "an unknown number of inputs": () => dense({ units: 2 }).build([null, null]),
  },
});

test("loraAlpha scales what the thin matrices add", () => {
  const layer = new Dense({ units: 1, loraRank: 2, loraAlpha: 6, kernelInitializer: "ones" });
  layer.build([null, 1]);
  layer.setWeights([[[1]], [0], [[1, 1]], [[1], [10]]]);
  const y = layer.apply([[2]]);
  expect(y.arraySync()).toEqual([[2 * (1 + 3 * 11)]]);
  layer.dispose();
  y.dispose();
});
