import { layerContract, tidied } from "../../../test/contracts/layer-contract.ts";
import { ones, zeros } from "../../ops/tensor.ts";
import { ConvLSTM2D, convLstm2d } from "./conv-lstm2d.ts";

await layerContract(ConvLSTM2D, convLstm2d, {
  refuses: tidied({
    "no kernel size": () => convLstm2d({ filters: 2 } as never),
    "strides and dilation": () => convLstm2d({ filters: 2, kernelSize: 2, strides: 2, dilationRate: 2, name: "maps" }),
    "another rank": () => convLstm2d({ filters: 2, kernelSize: 2, name: "maps" }).apply(zeros([1, 4, 4, 1])),
    "a window that fits nowhere": () =>
      convLstm2d({ filters: 2, kernelSize: 5, name: "maps" }).apply(zeros([1, 2, 4, 4, 1])),
    "states of another size": () =>
      convLstm2d({ filters: 2, kernelSize: 2, name: "maps" }).apply(zeros([1, 2, 4, 4, 1]), {
        initialState: [zeros([1, 4, 4, 2]), zeros([1, 4, 4, 2])],
      }),
    "a mask of other steps": () =>
      convLstm2d({ filters: 2, kernelSize: 2, name: "maps" }).apply(zeros([1, 2, 4, 4, 1]), {
        mask: ones([1, 3], "bool"),
      }),
    "unknown channels": () => convLstm2d({ filters: 2, kernelSize: 2, name: "maps" }).build([null, 2, 4, 4, null]),
  }),
});
