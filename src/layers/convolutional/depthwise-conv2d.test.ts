import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { shapesOnly } from "../../../test/contracts/shapes-only.ts";
import { DepthwiseConv2D, depthwiseConv2d } from "./depthwise-conv2d.ts";

const options = { kernelSize: 3 };

await layerContract(DepthwiseConv2D, depthwiseConv2d, {
  refuses: {
    "causal windows": () => depthwiseConv2d({ ...options, padding: "causal" as never }),
    "strides with dilation": () => depthwiseConv2d({ ...options, strides: 2, dilationRate: 2 }),
    "channels that are not known": () => depthwiseConv2d(options).build([null, 4, 4, null]),
    "an input of another rank": () => depthwiseConv2d(options).computeOutputShape([2, 4, 4]),
    "a multiplier of 0": () => depthwiseConv2d({ ...options, depthMultiplier: 0 }),
    "a window that does not fit": () => shapesOnly(depthwiseConv2d(options), [1, 2, 2, 3]),
  },
});
