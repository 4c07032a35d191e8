import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { shapesOnly } from "../../../test/contracts/shapes-only.ts";
import { SeparableConv1D, separableConv1d } from "./separable-conv1d.ts";

const options = { filters: 4, kernelSize: 3 };

await layerContract(SeparableConv1D, separableConv1d, {
  refuses: {
    "causal windows": () => separableConv1d({ ...options, padding: "causal" as never }),
    "strides with dilation": () => separableConv1d({ ...options, strides: 2, dilationRate: 2 }),
    "channels that are not known": () => separableConv1d(options).build([null, 4, null]),
    "an input of another rank": () => separableConv1d(options).computeOutputShape([2, 4]),
    "a multiplier of 0": () => separableConv1d({ ...options, depthMultiplier: 0 }),
    "a window that does not fit": () => shapesOnly(separableConv1d(options), [1, 2, 3]),
  },
});
