import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { tidy } from "../../core/scope.ts";
import { ones } from "../../ops/tensor.ts";
import { AdditiveAttention, additiveAttention } from "./additive-attention.ts";

const x = () => ones([2, 3, 4]);

await layerContract(AdditiveAttention, additiveAttention, {
  refuses: {
    "a score mode": () => additiveAttention({ scoreMode: "dot" } as never),
    "a dropout below 0": () => additiveAttention({ dropout: -0.1 }),
    "one tensor": () => tidy(() => additiveAttention().apply(x())),
    "sizes that differ": () => tidy(() => additiveAttention().apply([x(), ones([2, 3, 5])])),
    "an unknown size": () =>
      additiveAttention().build([
        [null, 3, null],
        [null, 3, null],
      ]),
    "a mask of another shape": () =>
      tidy(() => additiveAttention().apply([x(), x()], { mask: [ones([2, 4]), undefined] })),
  },
});
