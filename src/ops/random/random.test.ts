import { describe, expect, test } from "vitest";
import { type Device, onDevice } from "../../core/device.ts";
import type { DType } from "../../core/dtype.ts";
import { live } from "../../core/storage.ts";
import { SymbolicTensor } from "../../core/symbolic.ts";
import type { Tensor } from "../../core/tensor.ts";
import { referenceDevice } from "../../devices/reference/reference.ts";
import { createWasmDevice } from "../../devices/wasm/wasm.ts";
import { grad } from "../grad.ts";
import * as ops from "../index.ts";
import { ones, tensor } from "../tensor.ts";
import * as random from "./index.ts";

const size = 20_000;
const numbers = (x: Tensor) => Array.from(x.dataSync());

function moments(values: readonly number[]): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1) };
}

/** The largest distance between the share of values below x and the distribution function there (Kolmogorov). */
function distance(values: readonly number[], below: (x: number) => number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.max(
    ...sorted.map((value, index) => {
      const share = below(value);
      return Math.max(Math.abs(share - index / sorted.length), Math.abs(share - (index + 1) / sorted.length));
    }),
  );
}

/** Exceeded once in 10⁵ draws of that many (Massart 1990). */
const tolerated = (count: number) => Math.sqrt(Math.log(2e5) / (2 * count));

/** Φ by the series e^(−x²/2)/√2π · Σ x^(2k+1) / (1·3·5…(2k+1)). */
function normalBelow(x: number): number {
  let addend = x;
  let sum = x;
  for (let k = 1; k < 200; k++) {
    addend *= (x * x) / (2 * k + 1);
    sum += addend;
  }
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}

describe("values", () => {
  // Made by a Philox in Python with SciPy's ndtri: seed 7, first draw, and seed −3 for float64.
  const draws: readonly (readonly [name: string, draw: () => Tensor, values: readonly number[], dtype: DType])[] = [
    [
      "uniform",
      () => random.uniform([6], { seed: 7 }),
      [
        0.9545971155166626, 0.7501522302627563, 0.11417736113071442, 0.08565786480903625, 0.4069603979587555,
        0.7952840328216553,
      ],
      "float32",
    ],
    [
      "normal",
      () => random.normal([2, 3], { seed: 7 }),
      [
        1.6911625862121582, 0.6749688386917114, -1.2046078443527222, -1.3679883480072021, -0.23537097871303558,
        0.8248937129974365,
      ],
      "float32",
    ],
    [
      "truncated normal",
      () => random.truncatedNormal([6], { seed: 7, mean: 1, stddev: 0.5 }),
      [
        1.752791404724121, 1.319779396057129, 0.44088032841682434, 0.37186911702156067, 0.8877623081207275,
        1.389225721359253,
      ],
      "float32",
    ],
    [
      "uniform in float64",
      () => random.uniform([4], { seed: -3, dtype: "float64" }),
      [0.36614644081706793, 0.2370738078001543, 0.5373236076447344, 0.2834646563728095],
      "float64",
    ],
    [
      "normal in float64",
      () => random.normal([4], { seed: -3, dtype: "float64" }),
      [-0.34207708530847214, -0.7157469485459093, 0.09369331004602632, -0.5725796927092246],
      "float64",
    ],
    ["whole numbers", () => random.randint([6], -5, 20, { seed: 7 }), [18, -3, 5, -1, -5, 15], "int32"],
  ];
  test.each(draws)("%s are those of an independent Philox", (_name, draw, values, dtype) => {
    const x = draw();
    expect(x.dtype).toBe(dtype);
    numbers(x).forEach((value, index) => {
      expect(Math.abs(value - (values[index] as number))).toBeLessThanOrEqual(dtype === "float32" ? 0 : 1e-15);
    });
  });

  test("of every device are the same, to the bit", () => {
    const devices: Device[] = [
      referenceDevice,
      createWasmDevice({ relaxed: false, poison: true }),
      createWasmDevice({ relaxed: true, poison: true }),
    ];
    const x = Array.from({ length: 6 * 7 * 3 }, (_, index) => index / 3 - 20);
    const results = devices.map((device) =>
      onDevice(device, () => {
        const given = tensor(x, [6, 7, 3]);
        return [
          random.uniform([2051], { seed: 3, minval: -1, maxval: 5 }),
          random.uniform([2051], { seed: 3, dtype: "float64" }),
          random.normal([5003], { seed: 4, mean: 2, stddev: 3 }),
          random.normal([5003], { seed: 4, dtype: "float64" }),
          random.truncatedNormal([1025], { seed: 4 }),
          random.truncatedNormal([1025], { seed: 4, dtype: "float64" }),
          random.dropout(given, 0.4, { seed: 5 }),
          random.dropout(given, 0.4, { seed: 5, noiseShape: [null, 1, null] }),
          random.dropout(given, 1, { seed: 5 }),
          random.categorical(ops.reshape(given, [18, 7]), 5, { seed: 6 }),
          random.gamma([300], 0.4, { seed: 7 }),
          random.beta([300], 2, 0.3, { seed: 7 }),
          random.binomial([300], 9, 0.3, { seed: 7 }),
          random.shuffle(given, { axis: 1, seed: 8 }),
        ].map(numbers);
      }),
    );
    for (const other of results.slice(1)) {
      other.forEach((values, draw) => {
        values.forEach((value, index) => {
          if (!Object.is(value, results[0]?.[draw]?.[index])) {
            expect.fail(`draw ${draw}, element ${index}: ${value}, not ${results[0]?.[draw]?.[index]}`);
          }
        });
      });
    }
  });

  test("of an element depend on nothing but the seed, the draw and its place", () => {
    for (const dtype of ["float32", "float64"] as const) {
      const many = numbers(random.normal([1100], { seed: 9, dtype }));
      for (const count of [1, 2, 3, 5, 1025]) {
        expect(numbers(random.normal([count], { seed: 9, dtype }))).toEqual(many.slice(0, count));
      }
    }
  });
});

describe("distributions", () => {
  test("uniform fills its interval evenly and never reaches its end", () => {
    for (const dtype of ["float32", "float64"] as const) {
      const values = numbers(random.uniform([size], { seed: 1, minval: 2, maxval: 6, dtype }));
      expect(Math.min(...values)).toBeGreaterThanOrEqual(2);
      expect(Math.max(...values)).toBeLessThan(6);
      expect(distance(values, (x) => (x - 2) / 4)).toBeLessThan(tolerated(size));
    }
    const narrow = numbers(random.uniform([size], { seed: 1, minval: 1, maxval: 1 + 2 ** -23 }));
    expect(narrow.every((value) => value === 1)).toBe(true);
  });

  test("normal follows the normal distribution", () => {
    const values = numbers(random.normal([size], { seed: 2, mean: 5, stddev: 2 }));
    expect(distance(values, (x) => normalBelow((x - 5) / 2))).toBeLessThan(tolerated(size));
    const truncated = numbers(random.truncatedNormal([size], { seed: 2 }));
    const low = normalBelow(-2);
    expect(distance(truncated, (x) => (normalBelow(x) - low) / (1 - 2 * low))).toBeLessThan(tolerated(size));
  });

  test("whole numbers come equally often", () => {
    const counts = numbers(ops.bincount(random.randint([60_000], 0, 6, { seed: 3 })));
    // Pearson's χ² with 5 degrees of freedom exceeds 30.9 once in 10⁵.
    expect(counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)).toBeLessThan(30.9);
  });

  test("gamma, beta and binomial have their means and variances", () => {
    const near = (values: readonly number[], mean: number, variance: number) => {
      const found = moments(values);
      expect(Math.abs(found.mean - mean)).toBeLessThan(5 * Math.sqrt(variance / values.length));
      expect(Math.abs(found.variance / variance - 1)).toBeLessThan(0.1);
    };
    for (const alpha of [0.3, 1, 4.5]) near(numbers(random.gamma([size], alpha, { seed: 4 })), alpha, alpha);
    // gamma(1) is the exponential distribution
    expect(distance(numbers(random.gamma([size], 1, { seed: 5 })), (x) => 1 - Math.exp(-x))).toBeLessThan(
      tolerated(size),
    );
    for (const [a, b] of [
      [2, 3],
      [0.5, 0.5],
    ] as const) {
      const total = a + b;
      near(numbers(random.beta([size], a, b, { seed: 6 })), a / total, (a * b) / (total ** 2 * (total + 1)));
    }
    near(numbers(random.binomial([size], 12, 0.3, { seed: 7 })), 3.6, 2.52);
  });

  test("small beta parameters give the ends, not NaN", () => {
    const values = numbers(random.beta([200], 1e-4, 1e-4, { seed: 8 }));
    expect(values.every((value) => value >= 0 && value <= 1)).toBe(true);
    expect(values.some((value) => value > 0.5) && values.some((value) => value < 0.5)).toBe(true);
  });

  test("categorical draws classes with their probabilities", () => {
    const logits = tensor([[Math.log(1), Math.log(2), Math.log(5), Number.NEGATIVE_INFINITY]]);
    const counts = numbers(ops.bincount(ops.ravel(random.categorical(logits, 8000, { seed: 9 })), null, 4));
    const wanted = [1000, 2000, 5000];
    expect(counts[3]).toBe(0);
    // χ² with 2 degrees of freedom exceeds 23 once in 10⁵.
    expect(wanted.reduce((sum, want, index) => sum + ((counts[index] as number) - want) ** 2 / want, 0)).toBeLessThan(
      23,
    );
  });

  test("shuffle keeps every slice, and every order comes equally often", () => {
    const orders = new Map<string, number>();
    const seed = new random.SeedGenerator(1);
    for (let round = 0; round < 1200; round++) {
      const order = random.shuffle([1, 2, 3], { seed }).arraySync().join("");
      orders.set(order, (orders.get(order) ?? 0) + 1);
    }
    seed.dispose();
    expect([...orders.keys()].sort()).toEqual(["123", "132", "213", "231", "312", "321"]);
    expect([...orders.values()].reduce((sum, count) => sum + (count - 200) ** 2 / 200, 0)).toBeLessThan(30.9);
  });
});

describe("dropout", () => {
  test("keeps a part, scaled so that the mean stays", () => {
    const values = numbers(random.dropout(ones([size]), 0.3, { seed: 1 }));
    const kept = values.filter((value) => value !== 0);
    expect(new Set(kept)).toEqual(new Set([Math.fround(1 / Math.fround(0.7))]));
    expect(Math.abs(kept.length / size - 0.7)).toBeLessThan(5 * Math.sqrt(0.21 / size));
  });

  test("passes its own mask to the gradient, and to the gradient of that", () => {
    const f = (x: Tensor) => ops.sum(ops.square(random.dropout(x, 0.5, { seed: 2 })));
    const x = tensor(new Float64Array(40).fill(3));
    const mask = numbers(random.dropout(ones([40], "float64"), 0.5, { seed: 2 }));
    expect(numbers(grad(f)(x))).toEqual(mask.map((scale) => 2 * 3 * scale ** 2));
    expect(numbers(grad((at) => ops.sum(grad(f)(at)))(x))).toEqual(mask.map((scale) => 2 * scale ** 2));
  });

  test("drops what is infinite too", () => {
    const x = tensor(new Float32Array(64).fill(Number.POSITIVE_INFINITY));
    expect(new Set(numbers(random.dropout(x, 0.5, { seed: 3 })))).toEqual(new Set([0, Number.POSITIVE_INFINITY]));
  });

  test("shares its draw along axes of size 1 of the noise shape", () => {
    const y = random.dropout(ones([4, 5, 6]), 0.5, { seed: 4, noiseShape: [null, 1, null] }).arraySync();
    for (const sample of y) for (const row of sample) expect(row).toEqual(sample[0]);
    expect(new Set(y.map(String)).size).toBeGreaterThan(1);
  });

  test("gives the input at rate 0 and zeros at rate 1", () => {
    expect(random.dropout([1, 2], 0).arraySync()).toEqual([1, 2]);
    expect(random.dropout([1, 2], 1).arraySync()).toEqual([0, 0]);
  });

  test("takes symbolic tensors", () => {
    const y = random.dropout(new SymbolicTensor([null, 3], "float32"), 0.5);
    expect(y.shape).toEqual([null, 3]);
  });
});

test("nothing is left in memory", () => {
  const before = live.storages;
  for (const made of [
    random.uniform([3]),
    random.shuffle([1, 2, 3]),
    random.gamma([3], [1, 2, 3]),
    random.beta([3], 1, 2),
    random.categorical([[0, 1]], 3),
    random.dropout([1, 2, 3], 0.5),
  ]) {
    made.dispose();
  }
  expect(live.storages).toBe(before);
});

test("refusals say what was wrong", () => {
  expect(() => random.uniform([2], 0 as never)).toThrow("uniform: options are an object like { minval: … }, got 0");
  expect(() => random.normal([2], { std: 2 } as never)).toThrow(
    'normal: option "std" is unknown; known are "mean", "stddev"',
  );
  expect(() => random.uniform([2], { minval: Number.NaN })).toThrow("uniform: minval must be a finite number, got NaN");
  expect(() => random.normal([2], { dtype: "bool" })).toThrow("normal: needs float32 or float64, got bool");
  expect(() => random.normal([-1])).toThrow("normal: a shape is an array of whole numbers ≥ 0");
  expect(() => random.normal([1], { seed: 0.5 })).toThrow(
    "normal: a seed is a whole number, a SeedGenerator or null, got 0.5",
  );
  expect(() => random.randint([1], 3, 3)).toThrow("randint: maxval must be a whole number ≥ 4, got 3");
  expect(() => random.dropout([1], 1.5)).toThrow("dropout: rate must be from 0 to 1, got 1.5");
  expect(() => random.dropout([1, 2], 0.5, { noiseShape: [3] })).toThrow("dropout: noiseShape [3] does not broadcast");
  expect(() => random.categorical([0, 1], 1)).toThrow("categorical: needs rank 2, got rank 1");
  expect(() => random.gamma([2], [-1, 1])).toThrow("gamma: alpha must be ≥ 0, got -1");
  expect(() => random.gamma([2], [1, 1, 1])).toThrow("gamma: alpha of shape [3] does not broadcast to [2]");
  expect(() => random.binomial([2], 3, 1.5)).toThrow("binomial: probabilities must be ≥ 0 and ≤ 1, got 1.5");
});
