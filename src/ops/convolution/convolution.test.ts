import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Given, given, randomGiven, randomIntegers, seeds } from "../../../test/contracts/given.ts";
import { opContract } from "../../../test/contracts/op-contract.ts";
import { onDevice } from "../../core/device.ts";
import { tidy } from "../../core/scope.ts";
import { sizeOf } from "../../core/shape.ts";
import { Tensor } from "../../core/tensor.ts";
import { info } from "../../devices/current.ts";
import { referenceDevice } from "../../devices/reference/reference.ts";
import { createWasmDevice } from "../../devices/wasm/wasm.ts";
import { relu } from "../elementwise/activations.ts";
import { square } from "../elementwise/unary.ts";
import { grad } from "../grad.ts";
import { sum } from "../reduce/sum.ts";
import { ones, tensor, zeros } from "../tensor.ts";
import { conv, convolve, convolveTransposed, convTranspose, depthwiseConv, separableConv } from "./convolution.ts";
import { correlate, correlateInputGradient, correlateKernelGradient } from "./correlation.ts";
import type { Correlation } from "./geometry.ts";

// sums that may cancel
const float32 = { relative: 1e-6, scale: 1e-6 };

/** Spatial axes: their size, the window on it and how it moves. */
const axes = fc.array(
  fc.record({
    extra: fc.integer({ min: 0, max: 3 }),
    window: fc.integer({ min: 1, max: 3 }),
    step: fc.integer({ min: 1, max: 3 }),
  }),
  { minLength: 1, maxLength: 3 },
);

const layout = fc.record({
  axes,
  padding: fc.constantFrom("valid", "same"),
  format: fc.constantFrom("channels_last", "channels_first"),
  dilated: fc.boolean(),
  groups: fc.integer({ min: 1, max: 3 }),
  channels: fc.integer({ min: 1, max: 3 }),
  filters: fc.integer({ min: 1, max: 4 }),
  seed: seeds,
});

type Layout = typeof layout extends fc.Arbitrary<infer T> ? T : never;

/** The arguments that follow the kernel. */
function optionsOf({ axes, padding, format, dilated }: Layout) {
  const steps = axes.map(({ step }) => step);
  return [dilated ? 1 : steps, padding, format, dilated ? steps : 1];
}

function imageShape({ axes, format, dilated, padding }: Layout, channels: number): number[] {
  const sizes = axes.map(({ extra, window, step }) =>
    padding === "same" ? extra + 1 : (window - 1) * (dilated ? step : 1) + 1 + extra,
  );
  return format === "channels_last" ? [2, ...sizes, channels] : [2, channels, ...sizes];
}

const windowOf = ({ axes }: Layout) => axes.map(({ window }) => window);

opContract("conv", conv, {
  cases: layout.map((each) => {
    const x = randomGiven(imageShape(each, each.channels * each.groups), each.seed);
    const kernel = randomGiven([...windowOf(each), each.channels, each.filters * each.groups], each.seed + 1);
    return { args: [x, kernel, ...optionsOf(each)], batch: [0] };
  }),
  runs: 30,
  examples: [
    { args: [randomGiven([3, 7, 2], 1), randomGiven([3, 2, 5], 2), 1, "causal"], batch: [0] },
    { args: [randomGiven([2, 7, 2], 1), randomGiven([3, 2, 5], 2), 2, "causal"], batch: [0] },
    [randomGiven([1, 2, 7], 1), randomGiven([2, 2, 3], 2), 1, "causal", "channels_first", 3],
    { args: [randomGiven([3, 5, 6, 3], 3), randomGiven([1, 1, 3, 9], 4)], batch: [0] },
    { args: [randomGiven([2, 5, 6, 1], 3), randomGiven([3, 3, 1, 8], 4), 1, "same"], batch: [0] },
    // Winograd's way, its gradient for x of overlapping parts and of a convolution
    { args: [randomGiven([2, 14, 13, 32], 1), randomGiven([3, 3, 32, 20], 2)], batch: [0] },
    { args: [randomGiven([2, 12, 13, 32], 1), randomGiven([3, 3, 32, 20], 2), 1, "same"], batch: [0] },
    [given([0, 5, 2], []), randomGiven([3, 2, 4], 5)],
    [randomGiven([2, 5, 2], 5), given([3, 2, 0], [])],
    [randomIntegers([1, 4, 1], 1, -3, 3), randomIntegers([2, 1, 1], 2, -3, 3), 1, "valid"],
    [randomGiven([1, 4, 4, 1], 6), randomGiven([9, 7, 1, 2], 7), 3, "same"],
  ],
  float32,
});

opContract("depthwiseConv", depthwiseConv, {
  cases: layout.map((each) => {
    const channels = each.channels * each.groups;
    const x = randomGiven(imageShape(each, channels), each.seed);
    const kernel = randomGiven([...windowOf(each), channels, (each.filters % 2) + 1], each.seed + 1);
    return { args: [x, kernel, ...optionsOf(each)], batch: [0] };
  }),
  examples: [
    { args: [randomGiven([2, 6, 5, 8], 1), randomGiven([3, 3, 8, 1], 2), 1, "same"], batch: [0] },
    { args: [randomGiven([2, 6, 5, 11], 1), randomGiven([3, 3, 11, 1], 2), 2], batch: [0] },
    // so many channels that Winograd's way would pay, were they mixed
    { args: [randomGiven([2, 12, 13, 40], 1), randomGiven([3, 3, 40, 1], 2), 1, "same"], batch: [0] },
    { args: [randomGiven([2, 9, 10, 16], 1), randomGiven([2, 3, 16, 1], 2), 1, "same", null, [1, 2]], batch: [0] },
  ],
  float32,
});

opContract("separableConv", separableConv, {
  cases: layout.map((each) => {
    const x = randomGiven(imageShape(each, each.channels), each.seed);
    const depthwise = randomGiven([...windowOf(each), each.channels, each.groups], each.seed + 1);
    const pointwise = randomGiven(
      [...each.axes.map(() => 1), each.channels * each.groups, each.filters],
      each.seed + 2,
    );
    return { args: [x, depthwise, pointwise, ...optionsOf(each)], batch: [0] };
  }),
  float32,
});

opContract("convTranspose", convTranspose, {
  cases: fc.tuple(layout, fc.constantFrom(null, 0, 1)).map(([each, outputPadding]) => {
    const [strides, padding, format, dilation] = optionsOf(each);
    const x = randomGiven(imageShape({ ...each, padding: "same" }, each.channels), each.seed);
    const kernel = randomGiven([...windowOf(each), each.filters, each.channels], each.seed + 1);
    return { args: [x, kernel, strides, padding, outputPadding, format, dilation], batch: [0] };
  }),
  runs: 30,
  float32,
});

/** A convolution without padding as its definition says it, in float64: sums over a window, written out. */
function direct(x: Given, kernel: Given, { strides, dilation, before, count, groups }: Correlation): Float64Array {
  const at = ({ shape, values }: Given, index: readonly number[]): number => {
    let offset = 0;
    for (let axis = 0; axis < shape.length; axis++) {
      const i = index[axis] as number;
      if (i < 0 || i >= (shape[axis] as number)) return 0;
      offset = offset * (shape[axis] as number) + i;
    }
    return values[offset] as number;
  };
  const indices = (sizes: readonly number[]): number[][] =>
    sizes.reduce<number[][]>(
      (all, size) => all.flatMap((one) => Array.from({ length: size }, (_, i) => [...one, i])),
      [[]],
    );
  const [groupChannels, filters] = kernel.shape.slice(-2) as [number, number];
  const window = kernel.shape.slice(0, -2);
  const y: number[] = [];
  for (const [n, ...rest] of indices([x.shape[0] as number, ...count, filters])) {
    const q = rest.pop() as number;
    let total = 0;
    for (const [...t] of indices([...window, groupChannels])) {
      const c = t.pop() as number;
      const i = t.map(
        (tap, axis) =>
          (rest[axis] as number) * (strides[axis] as number) +
          tap * (dilation[axis] as number) -
          (before[axis] as number),
      );
      const channel = Math.floor(q / (filters / groups)) * groupChannels + c;
      total += at(x, [n as number, ...i, channel]) * at(kernel, [...t, c, q]);
    }
    y.push(total);
  }
  return Float64Array.from(y);
}

const small = fc.integer({ min: 1, max: 3 });

/** Correlations of every kind, also those that no padding by name gives. */
const correlations = fc
  .record({
    axes: fc.array(
      fc.record({
        size: fc.integer({ min: 1, max: 9 }),
        window: small,
        count: fc.integer({ min: 1, max: 9 }),
        stride: small,
        dilation: small,
        before: fc.integer({ min: 0, max: 3 }),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    // lanes, groups, one group
    channels: fc.oneof(
      fc.tuple(fc.integer({ min: 2, max: 19 }), fc.constant(1), fc.constant(1)),
      fc.tuple(small, fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })),
      fc.tuple(fc.constant(1), fc.integer({ min: 1, max: 17 }), fc.integer({ min: 1, max: 17 })),
    ),
    batch: fc.nat({ max: 2 }),
    seed: seeds,
  })
  .map(({ axes, channels: [groups, groupChannels, groupFilters], batch, seed }) => {
    const correlation: Correlation = {
      size: axes.map(({ size }) => size),
      window: axes.map(({ window }) => window),
      count: axes.map(({ count }) => (axes.length === 3 ? Math.min(count, 4) : count)),
      strides: axes.map(({ stride }) => stride),
      dilation: axes.map(({ dilation }) => dilation),
      before: axes.map(({ before }) => before),
      groups,
    };
    const range = { min: -1, max: 1 };
    return {
      correlation,
      x: randomGiven([batch, ...correlation.size, groups * groupChannels], seed, range),
      kernel: randomGiven([...correlation.window, groupChannels, groups * groupFilters], seed + 1, range),
      dy: randomGiven([batch, ...correlation.count, groups * groupFilters], seed + 2, range),
    };
  });

const total = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  let result = 0;
  for (let i = 0; i < a.length; i++) result += (a[i] as number) * (b[i] as number);
  return result;
};

const places = [
  ["reference", referenceDevice],
  ["wasm", createWasmDevice({ relaxed: false, poison: true })],
  ["wasm, relaxed where it can be", createWasmDevice({ relaxed: true, poison: true })],
] as const;

describe.each(places)("correlations on %s", (_name, device) => {
  const on = (each: Given, dtype: "float32" | "float64") =>
    Tensor.from(device, (dtype === "float32" ? Float32Array : Float64Array).from(each.values), each.shape, dtype);

  test.each(["float32", "float64"] as const)(
    "are their definition, and their gradients its adjoints, in %s",
    (dtype) => {
      const tolerance = dtype === "float32" ? 2e-6 : 1e-14;
      fc.assert(
        fc.property(correlations, ({ correlation, ...operands }) => {
          const want = direct(operands.x, operands.kernel, correlation);
          const x = on(operands.x, dtype);
          const kernel = on(operands.kernel, dtype);
          const dy = on(operands.dy, dtype);
          const { y } = correlate({ x, kernel }, correlation);
          const { dx } = correlateInputGradient({ dy, kernel }, correlation);
          const { dkernel } = correlateKernelGradient({ x, dy }, correlation);
          const products = sizeOf(correlation.window) * (operands.kernel.shape.at(-2) as number);
          y.dataSync().forEach((value, index) => {
            expect(Math.abs(value - (want[index] as number))).toBeLessThanOrEqual(tolerance * Math.sqrt(products));
          });
          // ⟨dy, y⟩ = ⟨dx, x⟩ = ⟨dw, w⟩: which adjoints are, whatever x, w and dy
          const inner = total(operands.dy.values, want);
          const bound = tolerance * Math.sqrt(products * operands.dy.values.length) * 4 + tolerance;
          expect(Math.abs(total(dx.dataSync(), operands.x.values) - inner)).toBeLessThanOrEqual(bound);
          expect(Math.abs(total(dkernel.dataSync(), operands.kernel.values) - inner)).toBeLessThanOrEqual(bound);
          for (const each of [x, kernel, dy, y, dx, dkernel]) each.dispose();
        }),
        { seed: 7, numRuns: 150 },
      );
    },
  );
});

/** 1, 2, 3, … in that shape, moved. */
const counting = (shape: readonly number[], moved = 0) =>
  tensor(
    Array.from({ length: sizeOf(shape) }, (_, index) => index + 1 + moved),
    shape,
  );

const flat = (y: Tensor) => Array.from(y.dataSync());

// What keras.ops of Keras 3.15 on JAX gives for small whole numbers.
describe("as real Keras has it", () => {
  const x = counting([1, 5, 2]);
  const kernel = counting([3, 2, 2], -6);
  test.each([
    ["same, strides 2", () => conv(x, kernel, 2, "same"), [30, 40, 35, 68, -58, -24]],
    ["same, strides 3", () => conv(x, kernel, 3, "same"), [35, 56, -58, -24]],
    ["dilation 2", () => conv(x, kernel, 1, "valid", "channels_last", 2), [67, 100]],
    ["same, strides 2, even size", () => conv(counting([1, 6, 2]), kernel, 2, "same"), [35, 56, 35, 80, -74, -32]],
    [
      "same, even kernel",
      () => conv(counting([1, 6, 2]), counting([2, 2, 2], -6), 1, "same"),
      [-10, 0, -26, -8, -42, -16, -58, -24, -74, -32, -91, -68],
    ],
  ])("conv: %s", (_what, run, want) => expect(flat(run())).toEqual(want));

  const image = counting([1, 3, 4, 2]);
  const values = Array.from({ length: 24 }, (_, index) => ((index + 1) % 5) - 2);
  const window = tensor(values, [2, 3, 2, 2]);
  const first = tensor(
    values.filter((_, index) => index % 4 < 2),
    [2, 3, 1, 2],
  );
  test.each([
    [
      "conv, two dimensions, same, strides (2, 1)",
      () => conv(image, window, [2, 1], "same"),
      [21, 8, 13, 18, 13, 22, 4, 8, -16, -37, -17, -5, -19, -5, -45, 45],
    ],
    ["conv in two groups", () => conv(image, first), [-1, 16, -3, 16, -9, 16, -11, 16]],
    [
      "depthwiseConv, multiplier 2",
      () => depthwiseConv(image, window),
      [-1, 16, 14, 2, -3, 16, 16, 6, -9, 16, 22, 18, -11, 16, 24, 22],
    ],
    [
      "separableConv",
      () => separableConv(image, window, counting([1, 1, 4, 2], -4)),
      [7, 38, 27, 62, 87, 134, 107, 158],
    ],
  ])("%s", (_what, run, want) => expect(flat(run())).toEqual(want));

  const y = counting([1, 2, 2]);
  const [none, one] = [
    [-13, -7, -1, 5, -20, 0, -3, 11],
    [-13, -7, -1, 5, 11, 17, -31, -17, -3, 11, 25, 39],
  ];
  test.each([
    [1, "valid", null, [-13, -7, -32, -12, 8, 28, 25, 39]],
    [2, "valid", null, [...none, 25, 39]],
    [2, "same", null, none],
    [3, "same", null, one],
    [4, "valid", null, [...one.slice(0, 6), 0, 0, ...one.slice(6), 0, 0]],
    [2, "same", 1, none],
    [2, "valid", 1, [...none, 25, 39, 0, 0]],
    [3, "same", 0, [-1, 5, 11, 17, -31, -17, -3, 11]],
    [3, "same", 2, one],
  ] as const)("convTranspose, strides %i, %s, outputPadding %s", (strides, padding, outputPadding, want) => {
    expect(flat(convTranspose(y, kernel, strides, padding, outputPadding))).toEqual(want);
  });
  test("convTranspose, even kernels and dilation", () => {
    expect(flat(convTranspose(y, counting([4, 2, 2], -8), 2, "same"))).toEqual([-7, -1, -40, -20, 0, 20, 11, 25]);
    expect(flat(convTranspose(y, counting([4, 2, 2], -8), 1, "same"))).toEqual([-52, -32, -12, 8]);
    expect(flat(convTranspose(y, kernel, 1, "same", null, null, 2))).toEqual([-1, 5, -3, 11]);
  });
});

test("a kernel's gradient is summed in parts, to the digits of float64", () => {
  // 16 · 50 · 50 products for each of 9 · 3 · 4 elements
  const x = randomGiven([16, 50, 50, 3], 1, { min: 0, max: 1 });
  const correlation = {
    size: [50, 50],
    window: [3, 3],
    count: [50, 50],
    strides: [1, 1],
    dilation: [1, 1],
    before: [1, 1],
    groups: 1,
  };
  const dy = randomGiven([16, 50, 50, 4], 2, { min: 0, max: 1 });
  const sums = ([_name, device]: (typeof places)[number], dtype: "float32" | "float64") =>
    onDevice(device, () =>
      correlateKernelGradient(
        { x: tensor([...x.values], x.shape, dtype), dy: tensor([...dy.values], dy.shape, dtype) },
        correlation,
      ).dkernel.dataSync(),
    );
  const exact = sums(places[0], "float64");
  for (const place of places.slice(1)) {
    sums(place, "float32").forEach((value, index) => {
      expect(Math.abs(value / (exact[index] as number) - 1)).toBeLessThan(1e-6);
    });
  }
});

describe("3 × 3 with many channels, which goes Winograd's way", () => {
  const range = { min: -1, max: 1 };
  const sizes = fc.record({
    batch: fc.integer({ min: 2, max: 3 }),
    // so many that it pays; tiles of 4 × 4 are cut at the edges
    size: fc.tuple(fc.integer({ min: 11, max: 18 }), fc.integer({ min: 11, max: 18 })),
    channels: fc.constantFrom(32, 36, 40),
    filters: fc.constantFrom(32, 44),
    before: fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 2 })),
    after: fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 3 })),
    seed: seeds,
  });

  const results = (
    device: (typeof places)[number][1],
    dtype: "float32" | "float64",
    [x, kernel, dy, bias]: readonly [Given, Given, Given, Given],
    correlation: Correlation,
  ) =>
    onDevice(device, () =>
      tidy(() => {
        const [images, weights, slopes, b] = [x, kernel, dy, bias].map((each) =>
          tensor(each.values as number[], each.shape, dtype),
        ) as [Tensor, Tensor, Tensor, Tensor];
        return [
          correlate({ x: images, kernel: weights, bias: b }, correlation).y,
          correlateInputGradient({ dy: slopes, kernel: weights }, correlation).dx,
          correlateKernelGradient({ x: images, dy: slopes }, correlation).dkernel,
        ].map((each) => each.dataSync());
      }),
    );

  test("is within 4e-6 of the largest result of the definition in float64, and a batch of one is a slice", () => {
    fc.assert(
      fc.property(sizes, ({ batch, size, channels, filters, before, after, seed }) => {
        const count = size.map((length, axis) => length + (before[axis] as number) + (after[axis] as number) - 2);
        const ones = [1, 1];
        const correlation = { size, window: [3, 3], count, strides: ones, dilation: ones, before, groups: 1 };
        const operands = [
          randomGiven([batch, ...size, channels], seed, range),
          randomGiven([3, 3, channels, filters], seed + 1, range),
          randomGiven([batch, ...count, filters], seed + 2, range),
          randomGiven([filters], seed + 3, range),
        ] as const;
        const exact = results(referenceDevice, "float64", operands, correlation);
        const one = operands.map((each, index) => {
          if (index % 2 === 1) return each;
          const length = each.values.length / batch;
          return given([1, ...each.shape.slice(1)], [...each.values].slice((batch - 1) * length) as number[]);
        }) as unknown as typeof operands;
        for (const [_name, device] of places.slice(1)) {
          const got = results(device, "float32", operands, correlation);
          exact.forEach((want, index) => {
            const largest = Math.max(...Array.from(want, Math.abs));
            want.forEach((value, element) => {
              const error = Math.abs(((got[index] as typeof want)[element] as number) - (value as number));
              if (!(error <= 4e-6 * largest)) throw new Error(`result ${index}, element ${element}: off by ${error}`);
            });
          });
          const alone = results(device, "float32", one, correlation);
          for (const index of [0, 1]) {
            const all = got[index] as Float32Array;
            expect(alone[index]).toEqual(all.slice(((batch - 1) * all.length) / batch));
          }
        }
      }),
      { seed: 11, numRuns: 8 },
    );
  });
});

test.each([
  ["direct", [2, 7, 6, 3], [3, 2, 3, 5], 1],
  ["of single channels", [2, 7, 6, 11], [3, 3, 1, 11], 11],
  ["of single channels, many", [2, 7, 9, 16], [3, 3, 1, 16], 16],
  ["Winograd's", [1, 14, 13, 40], [3, 3, 40, 36], 1],
] as const)(
  "max(·, 0) where results are stored: the bits of both in turn, forward and back, %s",
  (_what, x, kernel, groups) => {
    const range = { min: -1, max: 1 };
    const [size, window] = [x.slice(1, 3), kernel.slice(0, 2)];
    const count = size.map((length, axis) => length - (window[axis] as number) + 1);
    const correlation = { size, window, count, strides: [1, 1], dilation: [1, 1], before: [0, 0], groups };
    const given = [
      randomGiven(x, 1, range),
      randomGiven(kernel, 2, range),
      randomGiven([kernel[3]], 3, range),
      randomGiven([x[0], ...count, kernel[3]], 4, range),
      randomGiven([x[3]], 5, range),
    ];
    for (const [_name, device] of places) {
      const results = (joined: boolean) =>
        onDevice(device, () =>
          tidy(() => {
            const [images, weights, bias, slopes, other] = given.map((each) =>
              tensor(each.values as number[], each.shape),
            ) as [Tensor, Tensor, Tensor, Tensor, Tensor];
            const attributes = { ...correlation, relu: joined };
            const after = joined ? (y: Tensor) => y : relu;
            const forward = (x: Tensor, kernel: Tensor, bias: Tensor) =>
              after(correlate({ x, kernel, bias }, attributes).y);
            const back = (dy: Tensor, kernel: Tensor, bias: Tensor) =>
              after(correlateInputGradient({ dy, kernel, bias }, attributes).dx);
            const gradients = (run: typeof forward, ...inputs: [Tensor, Tensor, Tensor]) =>
              grad((a: Tensor, b: Tensor, c: Tensor) => sum(square(run(a, b, c))))(...inputs);
            return [
              forward(images, weights, bias),
              back(slopes, weights, other),
              ...gradients(forward, images, weights, bias),
              ...gradients(back, slopes, weights, other),
            ].map((each) => each.dataSync());
          }),
        );
      expect(results(true)).toEqual(results(false));
    }
  },
);

test("a bias is added once to each output, and its gradient is the sum over them", () => {
  for (const [_name, device] of places) {
    onDevice(device, () => {
      const x = ones([2, 3, 3, 2]);
      const kernel = ones([2, 2, 2, 3]);
      const bias = tensor([1, 2, 3]);
      const run = (b: Tensor) => convolve(x, kernel, b, {}, "conv");
      expect(flat(run(bias))).toEqual(Array.from({ length: 8 }, () => [9, 10, 11]).flat());
      expect(flat(grad((b) => sum(run(b)))(bias))).toEqual([8, 8, 8]);
      // each phase of the output by itself, one of which no kernel reaches
      const spread = convolveTransposed(ones([1, 2, 1]), ones([1, 3, 1]), bias, { strides: 2 }, "convTranspose");
      expect(flat(spread)).toEqual([2, 3, 4, 1, 2, 3, 2, 3, 4, 1, 2, 3]);
    });
  }
});

test("convolutions leave nothing behind", () => {
  const x = ones([1, 3, 5, 4]);
  const kernel = ones([2, 2, 3, 4]);
  const before = info().memory.storages;
  conv(x, kernel, 1, "same", "channels_first").dispose();
  convTranspose(x, ones([2, 2, 3, 3]), 2, "same", null, "channels_first").dispose();
  expect(info().memory.storages).toBe(before + 1);
});

test.each([
  ["a rank without space", () => conv(zeros([2, 3]), zeros([3, 2]))],
  ["a kernel of another rank", () => conv(zeros([2, 5, 3]), zeros([3, 3, 3, 2]))],
  ["channels that form no groups", () => conv(zeros([2, 5, 3]), zeros([3, 2, 4]))],
  ["channels under channels_first", () => conv(zeros([2, 5, 3]), zeros([3, 3, 4]), 1, "valid", "channels_first")],
  ["filters that groups cannot share", () => conv(zeros([2, 5, 4]), zeros([3, 2, 3]))],
  [
    "a kernel that does not fit",
    () => conv(zeros([2, 4, 9, 1]), zeros([3, 5, 1, 1]), 1, "valid", "channels_last", [2, 1]),
  ],
  ["an axis of size 0", () => conv(zeros([2, 0, 1]), zeros([1, 1, 1]))],
  ["a kernel of size 0", () => conv(zeros([2, 4, 1]), zeros([0, 1, 1]), 1, "same")],
  ["strides with dilation", () => conv(zeros([2, 5, 5, 1]), zeros([2, 2, 1, 1]), [2, 1], "valid", null, 2)],
  ["strides of 0", () => conv(zeros([2, 5, 1]), zeros([2, 1, 1]), 0)],
  ["too many strides", () => conv(zeros([2, 5, 1]), zeros([2, 1, 1]), [1, 1])],
  ["a padding it has not", () => conv(zeros([2, 5, 1]), zeros([2, 1, 1]), 1, "full" as "same")],
  ["causal images", () => conv(zeros([2, 5, 5, 1]), zeros([2, 2, 1, 1]), 1, "causal")],
  [
    "a data format it has not",
    () => conv(zeros([2, 5, 1]), zeros([2, 1, 1]), 1, "same", "channels" as "channels_last"),
  ],
  ["depthwise kernels for other channels", () => depthwiseConv(zeros([2, 5, 3]), zeros([2, 2, 1]))],
  ["pointwise kernels with a window", () => separableConv(zeros([2, 5, 3]), zeros([2, 3, 1]), zeros([2, 3, 1]))],
  ["transposed kernels for other channels", () => convTranspose(zeros([2, 5, 3]), zeros([2, 3, 2]))],
  ["negative output padding", () => convTranspose(zeros([2, 5, 3]), zeros([2, 2, 3]), 2, "same", -1)],
  ["causal transposed convolutions", () => convTranspose(zeros([2, 5, 3]), zeros([2, 2, 3]), 2, "causal" as "same")],
  ["a bias of a wrong size", () => convolve(zeros([2, 5, 3]), zeros([2, 3, 4]), zeros([3]), {}, 'Conv1D "conv"')],
])("refuses %s", (_what, act) => {
  expect(act).toThrowErrorMatchingSnapshot();
});
