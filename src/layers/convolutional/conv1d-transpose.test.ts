import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { Conv1DTranspose, conv1dTranspose } from "./conv1d-transpose.ts";

const options = { filters: 4, kernelSize: 3 };

await layerContract(Conv1DTranspose, conv1dTranspose, {
  refuses: {
    "causal windows": () => conv1dTranspose({ ...options, padding: "causal" as never }),
    "strides with dilation": () => conv1dTranspose({ ...options, strides: 2, dilationRate: 2 }),
    "channels that are not known": () => conv1dTranspose(options).build([null, 4, null]),
    "an input of another rank": () => conv1dTranspose(options).computeOutputShape([2, 4]),
    "an output padding that is no less than the strides": () =>
      conv1dTranspose({ ...options, strides: 2, outputPadding: 2 }),
  },
});
