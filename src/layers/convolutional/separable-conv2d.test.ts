import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { shapesOnly } from "../../../test/contracts/shapes-only.ts";
import { SeparableConv2D, separableConv2d } from "./separable-conv2d.ts";

const options = { filters: 4, kernelSize: 3 };

await layerContract(SeparableConv2D, separableConv2d, {
  refuses: {
    "causal windows": () => separableConv2d({ ...options, padding: "causal" as never }),
    "strides with dilation": () => separableConv2d({ ...options, strides: 2, dilationRate: 2 }),
    "channels that are not known": () => separableConv2d(options).build([null, 4, 4, null]),
    "an input of another rank": () => separableConv2d(options).computeOutputShape([2, 4, 4]),
    "a multiplier of 0": () => separableConv2d({ ...options, depthMultiplier: 0 }),
    "a window that does not fit": () => shapesOnly(separableConv2d(options), [1, 2, 2, 3]),
  },
});
