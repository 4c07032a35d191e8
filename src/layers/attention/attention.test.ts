import { expect, test } from "vitest";
import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { tidy } from "../../core/scope.ts";
import { ones, tensor } from "../../ops/tensor.ts";
import { Attention, attention } from "./attention.ts";

const x = () => ones([2, 3, 4]);

await layerContract(Attention, attention, {
  refuses: {
    "an unknown score mode": () => attention({ scoreMode: "dots" as never }),
    "a dropout above 1": () => attention({ dropout: 1.5 }),
    "one tensor": () => tidy(() => attention().apply(x())),
    "four tensors": () => tidy(() => attention().apply([x(), x(), x(), x()])),
    "inputs of another rank": () => tidy(() => attention().apply([ones([2, 3]), ones([2, 3])])),
    "batches that differ": () => tidy(() => attention().apply([x(), ones([1, 3, 4])])),
    "sizes that differ": () => tidy(() => attention().apply([x(), ones([2, 3, 5])])),
    "more values than keys": () => tidy(() => attention().apply([x(), x(), ones([2, 2, 4])])),
    "a mask of another shape": () => tidy(() => attention().apply([x(), x()], { mask: [undefined, ones([2, 4])] })),
    "an unknown call option": () => tidy(() => attention().apply([x(), x()], { causal: true } as never)),
    "a call option of another kind": () => tidy(() => attention().apply([x(), x()], { useCausalMask: 1 as never })),
  },
});

test("dropout drops weights while training, and scales the others", () => {
  using layer = new Attention({ dropout: 0.5, seed: 3 });
  using value = ones([1, 200, 1]);
  const [y, weights] = layer.apply([tensor([[[0]]]), value], { training: true, returnAttentionScores: true });
  const values = weights.dataSync();
  expect(values.every((weight) => weight === 0 || Math.abs(weight - 2 / 200) < 1e-8)).toBe(true);
  const kept = values.filter((weight) => weight > 0).length;
  expect(kept).toBeGreaterThan(60);
  expect(kept).toBeLessThan(140);
  expect(y.dataSync()[0]).toBeCloseTo((kept * 2) / 200, 5);
  y.dispose();
  weights.dispose();
});
