import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { shapesOnly } from "../../../test/contracts/shapes-only.ts";
import { Conv3D, conv3d } from "./conv3d.ts";

const options = { filters: 4, kernelSize: 3 };

await layerContract(Conv3D, conv3d, {
  refuses: {
    "no filters": () => conv3d({ kernelSize: 3 } as never),
    "windows of another rank": () => conv3d({ filters: 4, kernelSize: [1, 2, 3, 4] }),
    "strides of 0": () => conv3d({ ...options, strides: 0 }),
    "strides with dilation": () => conv3d({ ...options, strides: 2, dilationRate: 2 }),
    "causal windows in space": () => conv3d({ filters: 2, kernelSize: 3, padding: "causal" }),
    "filters that form no groups": () => conv3d({ ...options, groups: 3 }),
    "channels that form no groups": () => conv3d({ ...options, groups: 2 }).build([null, 4, 4, 4, 3]),
    "channels that are not known": () => conv3d(options).build([null, 4, 4, 4, null]),
    "an input of another rank": () => conv3d(options).computeOutputShape([2, 4, 4, 4]),
    "a data format it has not": () => conv3d({ ...options, dataFormat: "NCHW" as never }),
    "a window that does not fit": () => shapesOnly(conv3d({ ...options, name: "edge" }), [1, 4, 4, 2, 3]),
  },
});
