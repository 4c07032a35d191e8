import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { shapesOnly } from "../../../test/contracts/shapes-only.ts";
import { DepthwiseConv1D, depthwiseConv1d } from "./depthwise-conv1d.ts";

const options = { kernelSize: 3 };

await layerContract(DepthwiseConv1D, depthwiseConv1d, {
  refuses: {
    "causal windows": () => depthwiseConv1d({ ...options, padding: "causal" as never }),
    "strides with dilation": () => depthwiseConv1d({ ...options, strides: 2, dilationRate: 2 }),
    "channels that are not known": () => depthwiseConv1d(options).build([null, 4, null]),
    "an input of another rank": () => depthwiseConv1d(options).computeOutputShape([2, 4]),
    "a multiplier of 0": () => depthwiseConv1d({ ...options, depthMultiplier: 0 }),
    "a window that does not fit": () => shapesOnly(depthwiseConv1d(options), [1, 2, 3]),
  },
});
