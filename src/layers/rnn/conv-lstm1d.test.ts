import { layerContract, tidied } from "../../../test/contracts/layer-contract.ts";
import { ones, zeros } from "../../ops/tensor.ts";
import { ConvLSTM1D, convLstm1d } from "./conv-lstm1d.ts";

await layerContract(ConvLSTM1D, convLstm1d, {
  refuses: tidied({
    "no kernel size": () => convLstm1d({ filters: 2 } as never),
    "strides and dilation": () => convLstm1d({ filters: 2, kernelSize: 2, strides: 2, dilationRate: 2, name: "maps" }),
    "another rank": () => convLstm1d({ filters: 2, kernelSize: 2, name: "maps" }).apply(zeros([1, 4, 1])),
    "a window that fits nowhere": () =>
      convLstm1d({ filters: 2, kernelSize: 5, name: "maps" }).apply(zeros([1, 2, 4, 1])),
    "states of another size": () =>
      convLstm1d({ filters: 2, kernelSize: 2, name: "maps" }).apply(zeros([1, 2, 4, 1]), {
        initialState: [zeros([1, 4, 2]), zeros([1, 4, 2])],
      }),
    "a mask of other steps": () =>
      convLstm1d({ filters: 2, kernelSize: 2, name: "maps" }).apply(zeros([1, 2, 4, 1]), {
        mask: ones([1, 3], "bool"),
      }),
    "unknown channels": () => convLstm1d({ filters: 2, kernelSize: 2, name: "maps" }).build([null, 2, 4, null]),
  }),
});
