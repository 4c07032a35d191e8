/**
 * What the layers that disturb their input draw, against what real Keras drew: the numbers differ, their distribution
 * must not.
 */
import { describe, expect, test } from "vitest";
import { readGolden } from "../../../test/golden/golden.ts";
import { info } from "../../devices/current.ts";
import { grad } from "../../ops/grad.ts";
import { setRandomSeed } from "../../ops/random/seed.ts";
import { sum } from "../../ops/reduce/sum.ts";
import { full, ones } from "../../ops/tensor.ts";
import type { Layer } from "../layer.ts";
import { AlphaDropout } from "./alpha-dropout.ts";
import { Dropout } from "./dropout.ts";
import { GaussianDropout } from "./gaussian-dropout.ts";
import { GaussianNoise } from "./gaussian-noise.ts";
import { SpatialDropout1D } from "./spatial-dropout1d.ts";
import { SpatialDropout2D } from "./spatial-dropout2d.ts";
import { SpatialDropout3D } from "./spatial-dropout3d.ts";

const classes: Readonly<Record<string, { fromConfig(config: object): Layer }>> = {
  Dropout,
  AlphaDropout,
  GaussianDropout,
  GaussianNoise,
  SpatialDropout1D,
  SpatialDropout2D,
  SpatialDropout3D,
};

/** What the golden files say of 40,000 values, give or take. */
interface Drawn {
  readonly inputShape: readonly number[];
  readonly inputFill: number;
  readonly mean: number;
  readonly standardDeviation: number;
  readonly least: number;
  readonly greatest: number;
  readonly leastFraction: number;
  readonly constantAxes: readonly number[];
}

/** The axes along which all values are the same. */
function constantAxes(values: ArrayLike<number>, shape: readonly number[]): number[] {
  let inner = values.length;
  return shape.flatMap((size, axis) => {
    inner /= size;
    const same = Array.from(values).every(
      (value, index) => value === values[index - (Math.floor(index / inner) % size) * inner],
    );
    return same ? [axis] : [];
  });
}

describe.each(Object.entries(classes))("%s", async (className, layerClass) => {
  const { cases } = await readGolden(className);

  test.each(cases.map((golden) => [golden.name, golden] as const))("draws as Keras does: %s", (_name, golden) => {
    setRandomSeed(1);
    const drawn = (golden as unknown as { drawn: Drawn }).drawn;
    const layer = layerClass.fromConfig(golden.config);
    const x = full(drawn.inputShape, drawn.inputFill);
    const y = layer.apply(x, { training: true });
    const values = Array.from(y.dataSync());
    const count = values.length;
    const mean = values.reduce((total, value) => total + value, 0) / count;
    const deviation = Math.sqrt(values.reduce((total, value) => total + (value - mean) ** 2, 0) / count);
    // What is shared along an axis is drawn once.
    const draws = drawn.constantAxes.reduce((left, axis) => left / (drawn.inputShape[axis] as number), count);
    // Both means are estimates: five of their standard deviations is certain enough.
    const allowed = (5 * Math.SQRT2 * drawn.standardDeviation) / Math.sqrt(draws);
    expect(Math.abs(mean - drawn.mean)).toBeLessThanOrEqual(allowed + 1e-6);
    expect(Math.abs(deviation - drawn.standardDeviation)).toBeLessThanOrEqual(3 * allowed + 1e-6);
    expect(constantAxes(values, drawn.inputShape)).toEqual(drawn.constantAxes);
    if (!className.startsWith("Gaussian")) {
      const [least, greatest] = [Math.min(...values), Math.max(...values)];
      expect(least).toBeCloseTo(drawn.least, 5);
      expect(greatest).toBeCloseTo(drawn.greatest, 5);
      const fraction = values.filter((value) => value === least).length / count;
      // A fraction deviates by ½ / √draws at most, and there are two.
      expect(Math.abs(fraction - drawn.leastFraction)).toBeLessThanOrEqual(3.6 / Math.sqrt(draws));
    }
    for (const each of [layer, x, y]) each.dispose();
  });

  test("the same seed gives the same draws, the next call new ones, and nothing stays in memory", () => {
    const before = info().memory.storages;
    const golden = cases.find(({ name }) => name === "seed") as (typeof cases)[number];
    const shape = (golden as unknown as { drawn: Drawn }).drawn.inputShape;
    const x = full(shape, 1);
    const [first, second] = [layerClass.fromConfig(golden.config), layerClass.fromConfig(golden.config)];
    const calls = [first, second, first].map((layer) => layer.apply(x, { training: true }));
    const [a, b, c] = calls.map((y) => y.dataSync());
    expect(b).toEqual(a);
    expect(c).not.toEqual(a);
    for (const each of [first, second, x, ...calls]) each.dispose();
    expect(info().memory.storages).toBe(before);
  });
});

test("without a seed, setRandomSeed decides", () => {
  const draw = () => {
    setRandomSeed(3);
    const [layer, x] = [new Dropout({ rate: 0.5 }), ones([2, 50])];
    const y = layer.apply(x, { training: true });
    const values = y.dataSync();
    for (const each of [layer, x, y]) each.dispose();
    return values;
  };
  expect(draw()).toEqual(draw());
});

test.each([
  ["Dropout", () => new Dropout({ rate: 0.4, seed: 5 })],
  ["AlphaDropout", () => new AlphaDropout({ rate: 0.4, seed: 5 })],
])("the gradient of %s passes where the input passed, scaled alike", (_name, make) => {
  const x = full([10, 20], 2);
  const [forward, backward] = [make(), make()];
  const y = forward.apply(x, { training: true });
  const dx = grad((each) => sum(backward.apply(each, { training: true })))(x);
  const least = Math.min(...y.dataSync());
  const slopes = dx.dataSync();
  const scale = Math.max(...slopes);
  y.dataSync().forEach((value, index) => {
    expect(slopes[index]).toBe(value === least ? 0 : scale);
  });
  for (const each of [forward, backward, x, y, dx]) each.dispose();
});
