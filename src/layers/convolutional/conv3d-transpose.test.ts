import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { Conv3DTranspose, conv3dTranspose } from "./conv3d-transpose.ts";

const options = { filters: 4, kernelSize: 3 };

await layerContract(Conv3DTranspose, conv3dTranspose, {
  refuses: {
    "causal windows": () => conv3dTranspose({ ...options, padding: "causal" as never }),
    "strides with dilation": () => conv3dTranspose({ ...options, strides: 2, dilationRate: 2 }),
    "channels that are not known": () => conv3dTranspose(options).build([null, 4, 4, 4, null]),
    "an input of another rank": () => conv3dTranspose(options).computeOutputShape([2, 4, 4, 4]),
    "an output padding that is no less than the strides": () =>
      conv3dTranspose({ ...options, strides: 2, outputPadding: 2 }),
  },
});
