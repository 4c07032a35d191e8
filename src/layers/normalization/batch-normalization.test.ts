import { describe, expect, test } from "vitest";
import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { ones, tensor } from "../../ops/tensor.ts";
import { BatchNormalization, batchNormalization } from "./batch-normalization.ts";

const withMask = (mask: ReturnType<typeof tensor>) => () => {
  using layer = new BatchNormalization({ name: "bn" });
  layer.apply(tensor([[1, 2]]), { training: true, mask });
};

await layerContract(BatchNormalization, batchNormalization, {
  refuses: {
    "an axis that does not exist": () => new BatchNormalization({ name: "bn", axis: 2 }).build([null, 4]),
    "several axes": () => new BatchNormalization({ name: "bn", axis: [1, 2] as never }),
    "channels of unknown size": () => new BatchNormalization({ name: "bn", axis: 1 }).build([null, null, 4]),
    "a momentum above 1": () => new BatchNormalization({ name: "bn", momentum: 1.1 }),
    "a momentum that is NaN": () => new BatchNormalization({ name: "bn", momentum: Number.NaN }),
    "a negative epsilon": () => new BatchNormalization({ name: "bn", epsilon: -1 }),
    "statistics of several devices": () => new BatchNormalization({ name: "bn", synchronized: true as never }),
    "bounds without renorm": () => new BatchNormalization({ name: "bn", renormClipping: { rmax: 2 } }),
    "bounds that cross": () =>
      new BatchNormalization({ name: "bn", renorm: true, renormClipping: { rmin: 2, rmax: 1 } }),
    "an unknown bound": () =>
      new BatchNormalization({ name: "bn", renorm: true, renormClipping: { rmean: 2 } as never }),
    "a negative shift": () => new BatchNormalization({ name: "bn", renorm: true, renormClipping: { dmax: -1 } }),
  },
});

describe("moving statistics", () => {
  const x = tensor([
    [1, 10],
    [3, 30],
  ]);

  test("each training call moves them by 1 − momentum towards mean and biased variance", async () => {
    using layer = new BatchNormalization({ momentum: 0.5 });
    layer.apply(x, { training: true });
    expect(await layer.movingMean?.value.array()).toEqual([1, 10]);
    expect(await layer.movingVariance?.value.array()).toEqual([1, 50.5]);
    layer.apply(x, { training: true });
    expect(await layer.movingMean?.value.array()).toEqual([1.5, 15]);
  });

  test("inference uses and keeps them", async () => {
    using layer = new BatchNormalization({ epsilon: 0 });
    layer.build([null, 2]);
    layer.setWeights([ones([2]), [0, 1], [2, 20], [1, 4]]);
    expect(await layer.apply(x).array()).toEqual([
      [-1, -4],
      [1, 6],
    ]);
    expect(await layer.movingMean?.value.array()).toEqual([2, 20]);
  });

  test("a frozen layer infers, whatever the call says", async () => {
    using layer = new BatchNormalization({ epsilon: 0, trainable: false });
    expect(await layer.apply(x, { training: true }).array()).toEqual(await x.array());
    expect(await layer.movingMean?.value.array()).toEqual([0, 0]);
    layer.trainable = true;
    layer.apply(x, { training: true });
    expect(await layer.movingMean?.value.array()).not.toEqual([0, 0]);
  });

  test("working out shapes and empty batches leave them as they are", async () => {
    using layer = new BatchNormalization();
    expect(layer.computeOutputShape([null, 2])).toEqual([null, 2]);
    layer.apply(tensor(new Float32Array(0), [0, 2]), { training: true });
    expect(await layer.movingMean?.value.array()).toEqual([0, 0]);
    expect(await layer.movingVariance?.value.array()).toEqual([1, 1]);
  });
});

test("a padded batch gives the statistics of what is not padding", async () => {
  const padded = tensor([
    [[1], [3], [99]],
    [[5], [99], [99]],
  ]);
  const mask = tensor([
    [true, true, false],
    [true, false, false],
  ]);
  using layer = new BatchNormalization({ momentum: 0 });
  layer.apply(padded, { training: true, mask });
  using alone = new BatchNormalization({ momentum: 0 });
  alone.apply(tensor([[1], [3], [5]]), { training: true });
  // 1e-7 more than the number of steps is divided by, as in Keras
  const statistics = [layer, alone].map(({ movingMean, movingVariance }) =>
    [movingMean, movingVariance].map((weight) => weight?.value.dataSync()[0] as number),
  );
  expect(statistics[0]).toEqual(statistics[1]?.map((value) => expect.closeTo(value, 5)));
});

test("refuses a mask of another rank", () => {
  expect(withMask(tensor([[true, true]]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: BatchNormalization "bn": a mask has one axis less than the input of shape [1, 2], got shape [1, 2]]`,
  );
});
