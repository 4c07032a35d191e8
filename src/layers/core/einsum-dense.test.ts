import { expect, test } from "vitest";
import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { variance } from "../../ops/reduce/reduce.ts";
import { EinsumDense, einsumDense } from "./einsum-dense.ts";

const matrix = { equation: "ab,bc->ac", outputShape: 3 };

await layerContract(EinsumDense, einsumDense, {
  refuses: {
    "no equation": () => einsumDense({ outputShape: 3 } as never),
    "no output shape": () => einsumDense({ equation: "ab,bc->ac" } as never),
    "an equation without a kernel": () => einsumDense({ equation: "ab->a", outputShape: 3 }),
    "dots on one side only": () => einsumDense({ equation: "...ab,bc->ac", outputShape: 3 }),
    "an axis of the output that comes from nowhere": () => einsumDense({ equation: "ab,bc->ad", outputShape: 3 }),
    "an axis of the kernel that goes nowhere": () => einsumDense({ equation: "ab,bcd->ac", outputShape: 3 }),
    "a bias on an axis that is not there": () => einsumDense({ ...matrix, biasAxes: "b" }),
    "a size of nothing": () => einsumDense({ ...matrix, outputShape: [0] }),
    "too few sizes": () => einsumDense({ equation: "abc,cd->abd", outputShape: 3 }).build([null, 2, 4]),
    "another rank": () => einsumDense(matrix).apply([[[1, 2]]]),
    "a size that differs from the input's": () =>
      einsumDense({ equation: "abc,cd->abd", outputShape: [3, 2] }).build([null, 4, 5]),
    "an unknown number of inputs": () => einsumDense(matrix).build([null, null]),
    "adaptation of a constrained kernel": () => einsumDense({ ...matrix, loraRank: 1, kernelConstraint: "non_neg" }),
    quantization: () => einsumDense({ ...matrix, quantizationConfig: {} as never }),
  },
});

test("the variance of the kernel counts the axes that are summed over as inputs, and the others as outputs", () => {
  using layer = new EinsumDense({
    equation: "abc,cde->abde",
    outputShape: [null, 8, 16],
    kernelInitializer: "he_normal",
  });
  layer.build([null, null, 64]);
  using found = variance(layer.kernel?.value ?? []);
  expect(Math.abs((found.dataSync()[0] as number) * (64 / 2) - 1)).toBeLessThan(0.05);
});
