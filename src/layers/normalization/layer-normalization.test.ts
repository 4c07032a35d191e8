import { describe, expect, test } from "vitest";
import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { tensor } from "../../ops/tensor.ts";
import { LayerNormalization, layerNormalization } from "./layer-normalization.ts";

await layerContract(LayerNormalization, layerNormalization, {
  refuses: {
    "an axis twice": () => new LayerNormalization({ name: "ln", axis: [1, 1] }),
    "the same axis in two ways": () => new LayerNormalization({ name: "ln", axis: [2, -1] }).build([null, 3, 4]),
    "an axis that does not exist": () => new LayerNormalization({ name: "ln", axis: 3 }).build([null, 3, 4]),
    "one of several axes that does not exist": () =>
      new LayerNormalization({ name: "ln", axis: [1, -4] }).build([null, 3, 4]),
    "no axes": () => new LayerNormalization({ name: "ln", axis: [] }),
    "an unknown size": () => new LayerNormalization({ name: "ln", axis: [1, 2] }).build([null, null, 4]),
    "a negative epsilon": () => new LayerNormalization({ name: "ln", epsilon: -1e-3 }),
    "a center that is no boolean": () => new LayerNormalization({ name: "ln", center: "yes" as never }),
  },
});

describe("what the documentation says", () => {
  test("over axes [1, 2, 3] of [5, 20, 30, 40], gamma and beta have shape [20, 30, 40]", () => {
    const layer = new LayerNormalization({ axis: [1, 2, 3] });
    expect(layer.computeOutputShape([5, 20, 30, 40])).toEqual([5, 20, 30, 40]);
    expect(layer.gamma?.shape).toEqual([20, 30, 40]);
    expect(layer.beta?.shape).toEqual([20, 30, 40]);
    expect(layer.countParams()).toBe(2 * 20 * 30 * 40);
  });

  test("it starts as normalizing alone", () => {
    const x = tensor(
      Float32Array.from({ length: 60 }, (_, index) => Math.sin(index * index)),
      [3, 20],
    );
    const y = new LayerNormalization({ epsilon: 1e-7 }).apply(x).dataSync();
    for (let row = 0; row < 3; row++) {
      const values = [...y.slice(20 * row, 20 * row + 20)];
      expect(values.reduce((sum, value) => sum + value)).toBeCloseTo(0, 4);
      expect(values.reduce((sum, value) => sum + value * value, 0) / 20).toBeCloseTo(1, 4);
    }
  });
});

test("without center it has no beta, without scale no gamma, and works", async () => {
  for (const [center, scale] of [
    [false, true],
    [true, false],
    [false, false],
  ] as const) {
    const layer = new LayerNormalization({ center, scale, epsilon: 1e-12 });
    expect(await layer.apply(tensor([[1, 3]])).array()).toEqual([[-1, 1]]);
    expect([layer.beta !== undefined, layer.gamma !== undefined]).toEqual([center, scale]);
  }
});
