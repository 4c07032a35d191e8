import { describe, expect, test, vi } from "vitest";
import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { tensor } from "../../ops/tensor.ts";
import { input } from "../core/input-layer.ts";
import { GroupNormalization, groupNormalization } from "./group-normalization.ts";
import { LayerNormalization } from "./layer-normalization.ts";

await layerContract(GroupNormalization, groupNormalization, {
  refuses: {
    "groups that do not divide": () => new GroupNormalization({ name: "gn", groups: 12 }).build([null, 8, 8, 64]),
    "more groups than channels": () => new GroupNormalization({ name: "gn" }).build([null, 8]),
    "no groups": () => new GroupNormalization({ name: "gn", groups: 0 }),
    "minus two groups": () => new GroupNormalization({ name: "gn", groups: -2 }),
    "half a group": () => new GroupNormalization({ name: "gn", groups: 0.5 }),
    "several axes": () => new GroupNormalization({ name: "gn", axis: [1, 2] as never }),
    "an epsilon that is NaN": () => new GroupNormalization({ name: "gn", epsilon: Number.NaN }),
    "a negative epsilon": () => new GroupNormalization({ name: "gn", epsilon: -1 }),
    "channels of unknown size": () => new GroupNormalization({ name: "gn" }).build([null, 8, null]),
    "the batch as channels": () => new GroupNormalization({ name: "gn", axis: 0 }).build([4, 8]),
    "the batch as channels, counted from the back": () =>
      new GroupNormalization({ name: "gn", axis: -2 }).build([4, 8]),
    "an axis that does not exist": () => new GroupNormalization({ name: "gn", axis: 4 }).build([null, 8, 8, 64]),
    "an unknown initializer": () => new GroupNormalization({ name: "gn", gammaInitializer: "glorot" }),
    "a misspelt option": () => new GroupNormalization({ name: "gn", group: 2 } as never),
  },
});

/** Numbers without a pattern, the same each time. */
function sample(...shape: number[]) {
  const size = shape.reduce((a, b) => a * b);
  return tensor(
    Float32Array.from({ length: size }, (_, index) => 3 + 2 * Math.sin(index * index + 0.7)),
    shape,
  );
}

/** Mean and variance of the elements that `belongs` names, in float64. */
function moments(values: ArrayLike<number>, belongs: (index: number) => boolean): [number, number] {
  const chosen = Array.from(values).filter((_, index) => belongs(index));
  const mean = chosen.reduce((sum, value) => sum + value, 0) / chosen.length;
  return [mean, chosen.reduce((sum, value) => sum + (value - mean) ** 2, 0) / chosen.length];
}

describe("what group normalization is", () => {
  test("it starts as normalizing alone: every group has mean 0 and variance 1", () => {
    const y = new GroupNormalization({ groups: 3, epsilon: 1e-7 }).apply(sample(2, 5, 4, 6)).dataSync();
    for (let batch = 0; batch < 2; batch++) {
      for (let group = 0; group < 3; group++) {
        const inGroup = (index: number) => Math.floor(index / 120) === batch && Math.floor((index % 6) / 2) === group;
        const [mean, variance] = moments(y, inGroup);
        expect(mean).toBeCloseTo(0, 5);
        expect(variance).toBeCloseTo(1, 4);
      }
    }
  });

  test("as many groups as channels is instance normalization: statistics for each sample and channel", () => {
    const y = new GroupNormalization({ groups: 4, epsilon: 1e-7 }).apply(sample(2, 3, 5, 4)).dataSync();
    for (let batch = 0; batch < 2; batch++) {
      for (let channel = 0; channel < 4; channel++) {
        const [mean, variance] = moments(y, (index) => Math.floor(index / 60) === batch && index % 4 === channel);
        expect(mean).toBeCloseTo(0, 5);
        expect(variance).toBeCloseTo(1, 4);
      }
    }
    const asked = new GroupNormalization({ groups: -1, epsilon: 1e-7 });
    expect(asked.apply(sample(2, 3, 5, 4)).dataSync()).toEqual(y);
    expect(asked.groups).toBe(-1);
    expect(asked.getConfig().groups).toBe(-1);
  });

  test("one group is layer normalization over all but the batch, with parameters for channels only", () => {
    const x = sample(3, 4, 5, 6);
    const group = new GroupNormalization({ groups: 1 });
    const layer = new LayerNormalization({ axis: [1, 2, 3] });
    const expected = layer.apply(x).dataSync();
    group
      .apply(x)
      .dataSync()
      .forEach((value, index) => {
        expect(value).toBeCloseTo(expected[index] as number, 5);
      });
    expect(group.gamma?.shape).toEqual([6]);
    expect(layer.gamma?.shape).toEqual([4, 5, 6]);
  });

  test("a sample gives the same alone and in any batch", () => {
    const layer = new GroupNormalization({ groups: 2 });
    const x = sample(5, 7, 3, 4);
    const whole = layer.apply(x).dataSync();
    const size = 7 * 3 * 4;
    const values = x.dataSync();
    for (let index = 0; index < 5; index++) {
      const alone = tensor(values.slice(index * size, (index + 1) * size), [1, 7, 3, 4]);
      expect(layer.apply(alone).dataSync()).toEqual(whole.slice(index * size, (index + 1) * size));
    }
  });

  test("channels first is channels last, transposed", () => {
    const last = new GroupNormalization({ groups: 2 }).apply(sample(2, 9, 4)).dataSync();
    const values = sample(2, 9, 4).dataSync();
    const transposed = Float32Array.from(values, (_, index) => {
      const [batch, channel, place] = [Math.floor(index / 36), Math.floor(index / 9) % 4, index % 9];
      return values[batch * 36 + place * 4 + channel] as number;
    });
    const first = new GroupNormalization({ groups: 2, axis: 1 }).apply(tensor(transposed, [2, 4, 9])).dataSync();
    first.forEach((value, index) => {
      const [batch, channel, place] = [Math.floor(index / 36), Math.floor(index / 9) % 4, index % 9];
      expect(value).toBeCloseTo(last[batch * 36 + place * 4 + channel] as number, 5);
    });
  });
});

describe("sizes that are not known", () => {
  test("the batch and all positions may be unknown", () => {
    const layer = new GroupNormalization({ groups: 4 });
    expect(layer.apply(input({ shape: [null, null, 64] })).shape).toEqual([null, null, null, 64]);
    expect(layer.computeOutputShape([null, null, 7, 64])).toEqual([null, null, 7, 64]);
    expect(layer.apply(sample(2, 3, 5, 64)).shape).toEqual([2, 3, 5, 64]);
  });

  test("an input of another number of channels than it was built for is refused", () => {
    const layer = new GroupNormalization({ name: "gn", groups: 2 });
    layer.build([null, 8]);
    expect(() => layer.apply(sample(2, 4))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: GroupNormalization "gn": was built for size 8 on axis 1, got an input of shape [2, 4]]`,
    );
    expect(() => layer.apply(sample(2, 3, 8))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: GroupNormalization "gn": needs an input of rank 2, got shape [2, 3, 8]]`,
    );
  });
});

test("groups of one value are warned of, once", () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  for (let time = 0; time < 2; time++) {
    new GroupNormalization({ name: "narrow", groups: 8 }).build([null, 1, 1, 8]);
    new GroupNormalization({ name: "wide", groups: 8 }).build([null, 2, 1, 8]);
    new GroupNormalization({ name: "unknown", groups: 8 }).build([null, null, 1, 8]);
  }
  expect(warn.mock.calls).toMatchInlineSnapshot(`
    [
      [
        "varve: GroupNormalization "narrow": with 8 groups of [?, 1, 1, 8] every group has one value, so the output is beta whatever comes in; take fewer groups",
      ],
    ]
  `);
  warn.mockRestore();
});
