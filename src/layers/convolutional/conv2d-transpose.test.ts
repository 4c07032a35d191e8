import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { Conv2DTranspose, conv2dTranspose } from "./conv2d-transpose.ts";

const options = { filters: 4, kernelSize: 3 };

await layerContract(Conv2DTranspose, conv2dTranspose, {
  refuses: {
    "causal windows": () => conv2dTranspose({ ...options, padding: "causal" as never }),
    "strides with dilation": () => conv2dTranspose({ ...options, strides: 2, dilationRate: 2 }),
    "channels that are not known": () => conv2dTranspose(options).build([null, 4, 4, null]),
    "an input of another rank": () => conv2dTranspose(options).computeOutputShape([2, 4, 4]),
    "an output padding that is no less than the strides": () =>
      conv2dTranspose({ ...options, strides: 2, outputPadding: 2 }),
  },
});
