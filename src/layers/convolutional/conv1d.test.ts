import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { shapesOnly } from "../../../test/contracts/shapes-only.ts";
import { Conv1D, conv1d } from "./conv1d.ts";

const options = { filters: 4, kernelSize: 3 };

await layerContract(Conv1D, conv1d, {
  // A constraint makes a bias 0, where JAX takes 1 as the slope of |x| in the L1 penalty; here it is 0, as in TensorFlow.
  comparableSteps: ({ name }) => !name.startsWith("first set"),
  refuses: {
    "no filters": () => conv1d({ kernelSize: 3 } as never),
    "windows of another rank": () => conv1d({ filters: 4, kernelSize: [1, 2, 3, 4] }),
    "strides of 0": () => conv1d({ ...options, strides: 0 }),
    "strides with dilation": () => conv1d({ ...options, strides: 2, dilationRate: 2 }),
    "filters that form no groups": () => conv1d({ ...options, groups: 3 }),
    "channels that form no groups": () => conv1d({ ...options, groups: 2 }).build([null, 4, 3]),
    "channels that are not known": () => conv1d(options).build([null, 4, null]),
    "an input of another rank": () => conv1d(options).computeOutputShape([2, 4]),
    "a data format it has not": () => conv1d({ ...options, dataFormat: "NCHW" as never }),
    "a window that does not fit": () => shapesOnly(conv1d({ ...options, name: "edge" }), [1, 2, 3]),
  },
});
