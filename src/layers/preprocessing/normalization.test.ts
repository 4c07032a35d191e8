import { describe, expect, test } from "vitest";
import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { type GoldenTensor, readGolden } from "../../../test/golden/golden.ts";
import { info } from "../../devices/current.ts";
import { tensor } from "../../ops/tensor.ts";
import { type AdaptData, Normalization, normalization } from "./normalization.ts";

await layerContract(Normalization, normalization, {
  refuses: {
    "mean alone": () => new Normalization({ name: "n", mean: 1 }),
    "variance alone": () => new Normalization({ name: "n", variance: 1 }),
    "mean and variance of two shapes": () => new Normalization({ name: "n", mean: [1, 2], variance: 1 }),
    "more axes than are kept": () => new Normalization({ name: "n", mean: [[1], [2]], variance: [[1], [2]] }),
    "a mean that does not fit": () => new Normalization({ name: "n", mean: [1, 2], variance: [1, 2] }).build([null, 3]),
    "a negative variance": () => new Normalization({ mean: 0, variance: -1 }),
    "a mean that is no number": () => new Normalization({ mean: Number.NaN, variance: 1 }),
    "ragged means": () => new Normalization({ axis: [0, 1], mean: [[1, 2], [3]], variance: 1 }),
    "an axis twice": () => new Normalization({ axis: [1, 1] }),
    "an axis that does not exist": () => new Normalization({ name: "n", axis: 3 }).build([null, 2]),
    "an unknown size": () => new Normalization({ name: "n" }).build([null, null]),
    "the same axis in two ways": () => new Normalization({ name: "n", axis: [1, -1] }).build([null, 2]),
  },
});

const golden = await readGolden("Normalization");
const adapted = golden.cases.filter(({ adaptedOn }) => adaptedOn !== undefined);
const toTensor = ({ values, shape }: GoldenTensor) => tensor(values as number[], shape);

async function statisticsAfter(data: AdaptData, options = {}): Promise<number[][]> {
  using layer = new Normalization(options);
  await layer.adapt(data);
  return [layer.adaptMean, layer.adaptVariance].map((weight) => [...(weight?.value.dataSync() ?? [])]);
}

describe("adapt", () => {
  test.each(adapted)("as Keras: $name", async ({ config, adaptedOn, weights }) => {
    const before = info().memory.storages;
    const layer = Normalization.fromConfig(config as never);
    const batches = (adaptedOn as readonly GoldenTensor[]).map(toTensor);
    await layer.adapt(batches.length === 1 ? (batches[0] as (typeof batches)[0]) : batches);
    const found = [layer.adaptMean, layer.adaptVariance];
    found.forEach((weight, index) => {
      [...(weight?.value.dataSync() ?? [])].forEach((value, place) => {
        const expected = weights[index]?.values[place] as number;
        expect(Math.abs(value - expected)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(expected)));
      });
    });
    layer.dispose();
    for (const batch of batches) batch.dispose();
    expect(info().memory.storages).toBe(before);
  });

  const rows = [
    [1, 10],
    [2, 30],
    [6, 20],
  ];
  // mean 3 and 20; variance (4 + 1 + 9) / 3 and 200 / 3
  const expected = [
    [3, 20],
    [Math.fround(14 / 3), Math.fround(200 / 3)],
  ];

  function* generator() {
    for (const row of rows) yield Float32Array.from(row);
  }
  async function* stream() {
    for (const row of rows) yield { x: [row] };
  }

  test("takes arrays, tensors, lists, generators and streams of batches", async () => {
    expect(await statisticsAfter(rows)).toEqual(expected);
    expect(await statisticsAfter(tensor(rows))).toEqual(expected);
    const batches = rows.map((row) => tensor([row]));
    expect(await statisticsAfter(batches)).toEqual(expected);
    expect(await statisticsAfter(batches.map((x) => [x, tensor([1])] as const))).toEqual(expected);
    expect(await statisticsAfter(stream())).toEqual(expected);
    // rank 1: all axes but the kept one, which is the only one, are none
    expect(await statisticsAfter(generator(), { axis: null })).toEqual([[11.5], [expect.closeTo(647.5 / 6, 4)]]);
  });

  test("a mean far from 0 costs no digits", async () => {
    const data = Float64Array.from({ length: 1000 }, (_, index) => 3e5 + 0.5 * Math.sin(index));
    const [, [variance]] = (await statisticsAfter(tensor(data, [1000, 1]))) as [number[], [number]];
    const mean = data.reduce((sum, value) => sum + (value - 3e5), 0) / 1000;
    const truth = data.reduce((sum, value) => sum + (value - 3e5 - mean) ** 2, 0) / 1000;
    expect(Math.abs(variance - truth)).toBeLessThan(1e-7);
  });

  test("replaces what was found before", async () => {
    using layer = new Normalization();
    await layer.adapt([[5], [5]]);
    await layer.adapt([[0], [2]]);
    expect(await layer.adaptMean?.value.array()).toEqual([1]);
  });

  test.each([
    ["no data", () => new Normalization({ name: "n" }).adapt([])],
    ["an empty stream", () => new Normalization({ name: "n" }).adapt((function* (): Generator<Float32Array> {})())],
    ["a layer with a mean", () => new Normalization({ name: "n", mean: 0, variance: 1 }).adapt([[1]])],
    ["a batch of another width", () => new Normalization({ name: "n" }).adapt([tensor([[1, 2]]), tensor([[1]])])],
    ["a batch of another rank", () => new Normalization({ name: "n" }).adapt([tensor([[1, 2]]), tensor([1, 2])])],
  ])("refuses %s", async (_name, act) => {
    await expect(act()).rejects.toThrowErrorMatchingSnapshot();
  });

  test("no data leaves the layer as it was; an empty batch among others counts for nothing", async () => {
    const layer = new Normalization();
    await expect(layer.adapt([])).rejects.toThrow("no data");
    expect(layer.built).toBe(false);
    await layer.adapt([tensor([], [0, 2]), tensor([[1, 10]]), tensor([[3, 30]])]);
    expect(await layer.apply(tensor([[3, 10]])).array()).toEqual([[1, -1]]);
  });
});
