import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Given, given, randomGiven, seeds, shapes } from "../../../test/contracts/given.ts";
import { opContract } from "../../../test/contracts/op-contract.ts";
import { onDevice } from "../../core/device.ts";
import type { TypedArray } from "../../core/dtype.ts";
import type { OpRecord } from "../../core/op.ts";
import { tidy } from "../../core/scope.ts";
import { type Shape, sizeOf, stridesOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { referenceDevice } from "../../devices/reference/reference.ts";
import { createWasmDevice } from "../../devices/wasm/wasm.ts";
import { gelu, relu, silu } from "../elementwise/activations.ts";
import { multiply } from "../elementwise/binary.ts";
import { cast } from "../elementwise/cast.ts";
import { abs } from "../elementwise/unary.ts";
import { grad } from "../grad.ts";
import { sum } from "../reduce/sum.ts";
import { tensor } from "../tensor.ts";
import { fusableActivation } from "./activation.ts";
import { type Normalization, normalize } from "./normalize.ts";

const numbers = { over: [1], epsilon: 1e-3, kind: "standard" } as const;

/** All outputs but `residual`, which is what rounding leaves and so differs between dtypes. */
function everything(x: Tensor, gamma: Tensor | null, beta: Tensor | null, attributes: Normalization): Tensor[] {
  const { y, mean, variance, rstd } = normalize(
    { x, gamma: gamma ?? undefined, beta: beta ?? undefined },
    { ...numbers, ...attributes },
  );
  return [y, mean, variance, rstd];
}

/** A case by what the kernels distinguish: the shape, the axes, and the shapes of gamma and beta. */
function example(shape: Shape, over: readonly number[], gamma?: Shape, beta: Shape | undefined = gamma, options = {}) {
  const parameter = (of: Shape | undefined, seed: number) =>
    of ? randomGiven(of, seed, { min: 0.5, max: 2 }) : (null as Given | null);
  const args = [randomGiven(shape, 7), parameter(gamma, 8), parameter(beta, 9), { ...numbers, over, ...options }];
  // parameters that span the batch would have to be cut with it
  const spansBatch = [gamma, beta].some((each) => each?.length === shape.length && each[0] !== 1);
  return { args, batch: over.includes(0) || spansBatch ? [] : [0] };
}

const random = fc
  .tuple(shapes({ minRank: 1, maxRank: 6, max: 5 }), seeds, fc.nat(), fc.nat(), fc.nat(), fc.boolean())
  .map(([shape, seed, axes, gammaMask, betaMask, isRms]) => {
    const over = shape.map((_, axis) => axis).filter((axis) => (axes >> axis) & 1);
    const parameter = (mask: number, at: number): Given | null =>
      mask % 5 === 0
        ? null
        : randomGiven(
            shape.map((size, axis) => ((mask >> axis) & 1 ? size : 1)).slice(mask % (shape.length + 1)),
            seed + at,
          );
    const kind = isRms ? "rms" : "standard";
    return [randomGiven(shape, seed), parameter(gammaMask, 1), parameter(betaMask, 2), { over, epsilon: 0.01, kind }];
  });

opContract("normalize over any axes", everything, {
  cases: random,
  runs: 40,
  examples: [
    // rows of columns: groups of width 2, 3 and 16, more columns than one table, rows taken together
    example([2, 70, 4, 2], [1, 3], [4, 2]),
    example([2, 70, 5, 3], [1, 3], [5, 3], [1]),
    example([2, 9, 4, 16], [1, 3], [4, 16]),
    example([2, 20, 1, 40], [1, 3], [40]),
    example([9, 3], [0], [3]),
    example([150, 3], [0], [3], undefined),
    example([5, 600], [0], [600]),
    example([2, 2, 300, 3], [0, 1, 3], [300, 1]),
    // lines: contiguous groups, with and without parameters along them
    example([3, 300], [1], [300]),
    example([3, 300], [1], undefined, [300]),
    example([3, 1100], [1]),
    example([66, 17], [1], [17], [1]),
    example([2, 3, 4, 70], [2, 3], [3, 4, 1]),
    example([5, 4, 300], [0, 2], [4, 1]),
    // means along the line
    example([3, 5, 33], [1], [5, 1]),
    example([3, 5, 33], [1], [5, 33]),
    example([2, 3, 5, 37], [1, 2], [3, 5, 1], [3, 1, 1]),
    example([2, 70, 19], [1], [70, 1], undefined, { kind: "rms" }),
    example([2, 3, 4, 5, 3, 7], [0, 2, 4], [3, 1, 5, 1, 7]),
    example([2, 3, 2, 5, 3, 20], [1, 3, 5], [3, 2, 1, 3, 20]),
    example([2, 40, 20], [1, 2], [40, 20], undefined, { kind: "rms" }),
    example([4, 5], [], [5]),
    example([1, 1, 6], [0, 1], [6]),
    example([3, 1], [1], [1]),
    example([0, 4], [1], [4]),
    { ...example([3, 0], [1]), gradient: false },
    { ...example([0, 4], [0]), gradient: false },
    { args: [given([2, 3], [1, 2, Number.NaN, 4, 5, 6]), null, null, { ...numbers, over: [1] }], gradient: false },
    {
      args: [given([2, 3], [4, 5, 6, 1, Number.POSITIVE_INFINITY, 2]), null, null, { ...numbers, over: [1] }],
      gradient: false,
    },
  ],
  float32: { relative: 4e-6, absolute: 2e-6 },
  float64: { relative: 1e-11, absolute: 1e-11 },
  gradient32: { relative: 2e-5, scale: 2e-5, absolute: 2e-5 },
  gradient64: { relative: 1e-9, scale: 1e-9, absolute: 1e-9 },
});

/** The definition, in float64 throughout; written without anything that it judges. */
function truth(x: ArrayLike<number>, shape: Shape, over: readonly number[], epsilon: number): Float64Array {
  const strides = stridesOf(shape);
  const groups = new Map<number, number[]>();
  for (let index = 0; index < x.length; index++) {
    let group = 0;
    shape.forEach((size, axis) => {
      if (over.includes(axis)) return;
      group = group * size + (Math.floor(index / (strides[axis] as number)) % size);
    });
    const members = groups.get(group);
    if (members) members.push(index);
    else groups.set(group, [index]);
  }
  const y = new Float64Array(x.length);
  for (const members of groups.values()) {
    const origin = x[members[0] as number] as number;
    const mean = members.reduce((sum, index) => sum + ((x[index] as number) - origin), 0) / members.length;
    const centred = members.map((index) => (x[index] as number) - origin - mean);
    const variance = centred.reduce((sum, value) => sum + value * value, 0) / members.length;
    members.forEach((index, place) => {
      y[index] = (centred[place] as number) / Math.sqrt(variance + epsilon);
    });
  }
  return y;
}

/** The gradients of Σ y · dz, in float64 throughout; written without anything that it judges. */
function trueGradients(
  x: Float32Array,
  dz: Float32Array,
  gamma: Float32Array,
  shape: Shape,
  over: readonly number[],
  parameters: Shape,
  epsilon: number,
) {
  const strides = stridesOf(shape);
  const own = stridesOf(parameters);
  const [dx, dgamma, dbeta] = [x, gamma, gamma].map((each) => new Float64Array(each.length)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const normal = truth(x, shape, over, epsilon);
  const position = (index: number, axis: number) =>
    Math.floor(index / (strides[axis] as number)) % (shape[axis] as number);
  const parameterAt = (index: number) =>
    parameters.reduce((sum, size, axis) => {
      const along = axis + shape.length - parameters.length;
      return sum + (size === 1 ? 0 : position(index, along) * (own[axis] as number));
    }, 0);
  const groups = new Map<number, number[]>();
  for (let index = 0; index < x.length; index++) {
    const group = shape.reduce(
      (sum, size, axis) => (over.includes(axis) ? sum : sum * size + position(index, axis)),
      0,
    );
    const members = groups.get(group);
    if (members) members.push(index);
    else groups.set(group, [index]);
    const at = parameterAt(index);
    dgamma[at] = (dgamma[at] as number) + (dz[index] as number) * (normal[index] as number);
    dbeta[at] = (dbeta[at] as number) + (dz[index] as number);
  }
  for (const members of groups.values()) {
    const origin = x[members[0] as number] as number;
    const mean = members.reduce((sum, index) => sum + ((x[index] as number) - origin), 0) / members.length;
    const variance =
      members.reduce((sum, index) => sum + ((x[index] as number) - origin - mean) ** 2, 0) / members.length;
    const g = members.map((index) => (dz[index] as number) * (gamma[parameterAt(index)] as number));
    const a = g.reduce((sum, value) => sum + value, 0) / members.length;
    const b = g.reduce((sum, value, at) => sum + value * (normal[members[at] as number] as number), 0) / members.length;
    members.forEach((index, at) => {
      dx[index] = ((g[at] as number) - a - (normal[index] as number) * b) / Math.sqrt(variance + epsilon);
    });
  }
  return { dx, dgamma, dbeta };
}

const wasm = createWasmDevice({ relaxed: false, poison: true });
const devices = [
  ["reference", referenceDevice],
  ["wasm", wasm],
  ["wasm with relaxed SIMD", createWasmDevice({ poison: true })],
] as const;

/** The layouts that networks have: layer, group (channels last and first), instance and batch normalization. */
const layouts: [string, Shape, readonly number[]][] = [
  ["layer", [4, 4096], [1]],
  ["group, channels last", [2, 32, 32, 4, 2], [1, 2, 4]],
  ["group, channels first", [2, 4, 2, 32, 32], [2, 3, 4]],
  ["instance, channels last", [2, 32, 32, 3], [1, 2]],
  ["batch", [16, 16, 16, 6], [0, 1, 2]],
];
/** The same, so large that a block is measured in parts. */
const largeLayouts: typeof layouts = [
  ["layer, long", [2, 150_001], [1]],
  ["group, channels last, large", [2, 187, 91, 4, 2], [1, 2, 4]],
  ["group, channels first, large", [1, 2, 2, 187, 191], [2, 3, 4]],
  ["batch, large", [40, 29, 41, 3], [0, 1, 2]],
  ["batch, channels first, large", [5, 3, 187, 191], [0, 2, 3]],
];

/** Numbers around a mean with a standard deviation of 0.5, the same each time. */
function sample(size: number, mean: number): Float32Array {
  const next = ((state) => () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  })(99);
  const gauss = () => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
  return Float32Array.from({ length: size }, () => mean + 0.5 * gauss());
}

function normalized(x: TypedArray, shape: Shape, over: readonly number[], epsilon = 1e-3, beta?: number): TypedArray {
  return tidy(() =>
    normalize(
      { x: tensor(x, shape), beta: beta === undefined ? undefined : tensor([beta]) },
      { over, epsilon, kind: "standard" },
    ).y.dataSync(),
  ) as never;
}

function worstError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let worst = 0;
  for (let index = 0; index < expected.length; index++) {
    const error = Math.abs((found[index] as number) - (expected[index] as number));
    if (!(error <= worst)) worst = error;
  }
  return worst;
}

describe.each(devices)("accuracy on %s", (_name, device) => {
  const means = [0, 1, 100, 1e3, 1e4, 1e5, 3e5];
  test.each(layouts)("%s: within 1e-5 of the truth at any mean up to 3e5", (_layout, shape, over) => {
    for (const mean of means) {
      const x = sample(sizeOf(shape), mean);
      const y = onDevice(device, () => normalized(x, shape, over));
      expect(worstError(y, truth(x, shape, over, 1e-3)), `mean ${mean}`).toBeLessThan(1e-5);
    }
  });

  test.skipIf(device === referenceDevice).each(largeLayouts)("%s: the same", (_layout, shape, over) => {
    for (const [mean, outlier] of [
      [3e5, 3e5],
      [0, 1e5],
    ] as const) {
      const x = sample(sizeOf(shape), mean);
      x[0] = outlier;
      const y = onDevice(device, () => normalized(x, shape, over));
      const expected = truth(x, shape, over, 1e-3);
      const allowed = 1e-5 * Math.max(1, Math.abs(expected[0] as number));
      expect(worstError(y, expected), `mean ${mean}, first ${outlier}`).toBeLessThan(allowed);
    }
  });

  test.each(layouts)("%s: an outlier at the beginning costs no digits", (_layout, shape, over) => {
    const x = sample(sizeOf(shape), 0);
    x[0] = 1e5;
    const y = onDevice(device, () => normalized(x, shape, over));
    const expected = truth(x, shape, over, 1e-3);
    expect(worstError(y, expected)).toBeLessThan(1e-5 * Math.abs(expected[0] as number));
  });

  test.each(layouts)("%s: a constant gives exactly beta", (_layout, shape, over) => {
    for (const value of [0, 1449.1, 3e5 + 0.03125, -6e4, 1e-40, 1e30]) {
      const x = new Float32Array(sizeOf(shape)).fill(value);
      const y = onDevice(device, () => normalized(x, shape, over, 1e-12, 0.3));
      expect(new Set(y), `of ${value}`).toEqual(new Set([Math.fround(0.3)]));
    }
  });

  test.each(layouts)("%s: large, tiny and hardly different values stay finite and right", (_layout, shape, over) => {
    const signs = sample(sizeOf(shape), 0);
    const cases = [
      signs.map((value) => 6.5e4 + 2e3 * value),
      signs.map((value) => (value > 0 ? 7e4 : -7e4)),
      signs.map((value) => (value > 0 ? 1450 : 1448)),
      signs.map((value) => value * 1e-42),
      signs.map((value) => value * 1e15),
    ];
    for (const [index, x] of cases.entries()) {
      const y = onDevice(device, () => normalized(x, shape, over, 1e-12));
      expect(worstError(y, truth(x, shape, over, 1e-12)), `case ${index}`).toBeLessThan(1e-5);
    }
  });

  test.skipIf(device === referenceDevice).each([...layouts, ...largeLayouts])(
    "%s: values near the largest there are, whose squares are beyond them",
    (_layout, shape, over) => {
      const values = sample(sizeOf(shape), 0);
      const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      for (const scale of [1e25, 3e38]) {
        const x = values.map((value) => (value / largest) * scale);
        const y = onDevice(device, () => normalized(x, shape, over, 1e-12));
        // rstd is so small there that it has fewer digits
        expect(worstError(y, truth(x, shape, over, 1e-12)), `${scale}`).toBeLessThan(1e-5);
      }
    },
  );

  test("a NaN and an infinity stay in their groups", () => {
    const shape = [3, 40, 4, 2];
    const over = [1, 3];
    const x = sample(sizeOf(shape), 5);
    const clean = onDevice(device, () => normalized(x, shape, over));
    x[320 + 8 * 7 + 2] = Number.NaN; // sample 1, group 1
    x[640 + 8 * 39 + 7] = Number.POSITIVE_INFINITY; // sample 2, group 3
    const y = onDevice(device, () => normalized(x, shape, over));
    y.forEach((value, index) => {
      const group = 4 * Math.floor(index / 320) + Math.floor((index % 8) / 2);
      if (group === 5 || group === 11) expect(value).toBeNaN();
      else expect(value).toBe(clean[index]);
    });
  });
});

describe("blocks in parts", () => {
  /** What a sample is among others and alone, and the gradients, where few and where many blocks share the work. */
  const shapes: [string, Shape, readonly number[], Shape][] = [
    ["layer, long", [2, 131_077], [1], [131_077]],
    ["group, channels last", [1, 129, 127, 4, 2], [1, 2, 4], [4, 2]],
    ["group, channels first", [1, 2, 2, 257, 259], [2, 3, 4], [2, 2, 1, 1]],
    ["batch", [40, 29, 41, 3], [0, 1, 2], [3]],
    ["batch, channels first", [5, 3, 187, 191], [0, 2, 3], [3, 1, 1]],
    ["layer, channels first", [2, 67, 1333], [1], [67, 1]],
  ];
  const attributes = (over: readonly number[]) => ({ over, epsilon: 1e-3, kind: "standard" }) as const;

  test.each(shapes)("%s: the gradients are those of the definition in float64", (_name, shape, over, parameters) => {
    const [x, gamma, beta, dz] = [shape, parameters, parameters, shape].map((each, index) =>
      sample(sizeOf(each), index === 1 ? 1 : index).map((value) => (index === 3 ? value + 0.1 : value)),
    ) as [Float32Array, Float32Array, Float32Array, Float32Array];
    const { dx, dgamma, dbeta } = trueGradients(x, dz, gamma, shape, over, parameters, 1e-3);
    for (const [name, device] of devices.slice(1)) {
      const found = onDevice(device, () => {
        const loss = (x: Tensor, gamma: Tensor, beta: Tensor) =>
          sum(multiply(normalize({ x, gamma, beta }, attributes(over)).y, tensor(dz, shape)));
        return grad(loss)(tensor(x, shape), tensor(gamma, parameters), tensor(beta, parameters)).map((each) =>
          each.dataSync(),
        );
      });
      const scale = (of: Float64Array) => 2e-5 * of.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
      expect(worstError(found[0] as never, dx), `dx on ${name}`).toBeLessThan(scale(dx));
      expect(worstError(found[1] as never, dgamma), `dgamma on ${name}`).toBeLessThan(scale(dgamma));
      expect(worstError(found[2] as never, dbeta), `dbeta on ${name}`).toBeLessThan(scale(dbeta));
    }
  });

  test.each(shapes.slice(0, 3))(
    "%s: a sample alone is what it is among others, bit for bit",
    (_name, [, ...rest], over) => {
      const shape = [9, ...rest];
      const x = sample(sizeOf(shape), 3);
      const one = sizeOf(shape.slice(1));
      for (const [name, device] of devices.slice(1)) {
        const all = onDevice(device, () => normalized(x, shape, over));
        const alone = onDevice(device, () => normalized(x.slice(one, 2 * one), [1, ...shape.slice(1)], over));
        expect(all.slice(one, 2 * one), name).toEqual(alone);
      }
    },
  );
});

describe("with an activation", () => {
  const activations = ["relu", "silu", "gelu", "exactGelu"] as const;
  /** Shapes that end within vectors and tiles, of every way that the kernels go. */
  const shapes: [string, Shape, readonly number[], Shape][] = [
    ["layer", [9, 1100], [1], [1100]],
    ["narrow layer", [40, 5, 3], [2], [3]],
    ["group, channels last", [3, 21, 21, 4, 2], [1, 2, 4], [4, 2]],
    ["group, channels first", [2, 4, 2, 17, 19], [2, 3, 4], [4, 2, 1, 1]],
    ["instance, channels last", [2, 33, 35, 3], [1, 2], [3]],
    ["batch", [7, 13, 11, 6], [0, 1, 2], [6]],
    ["inner axis", [3, 5, 331], [1], [5, 1]],
  ];
  const alone: Record<(typeof activations)[number], (x: Tensor) => Tensor> = {
    relu,
    silu,
    gelu,
    exactGelu: (x) => gelu(x, false),
  };

  test.each(shapes)(
    "%s: the bits of the activation after it, and so the gradients",
    (_name, shape, over, parameters) => {
      for (const [name, device] of devices.slice(1)) {
        for (const dtype of ["float32", "float64"] as const) {
          for (const activation of activations) {
            const run = (isFused: boolean) =>
              onDevice(device, () => {
                const inputs = [shape, parameters, parameters, shape].map((each, index) =>
                  cast(
                    tensor(
                      sample(sizeOf(each), index === 1 ? 1 : 0).map((v) => v * (index + 1)),
                      each,
                    ),
                    dtype,
                  ),
                ) as [Tensor, Tensor, Tensor, Tensor];
                const [x, gamma, beta, dz] = inputs;
                const attributes = { over, epsilon: 1e-3, kind: "standard" } as const;
                const apply = (x: Tensor, gamma: Tensor, beta: Tensor) =>
                  isFused
                    ? normalize({ x, gamma, beta }, { ...attributes, activation }).y
                    : alone[activation](normalize({ x, gamma, beta }, attributes).y);
                const y = apply(x, gamma, beta);
                const loss = (...given: [Tensor, Tensor, Tensor]) => sum(multiply(apply(...given), dz));
                const gradients = grad(loss)(x, gamma, beta);
                expect(gradients).toHaveLength(3);
                return [y, ...gradients].map((each) => each.dataSync());
              });
            expect(run(true), `${activation} ${dtype} on ${name}`).toEqual(run(false));
          }
        }
      }
    },
  );

  opContract(
    "normalize and activate",
    (x: Tensor, gamma: Tensor | null, beta: Tensor | null, attributes: Normalization) =>
      everything(x, gamma, beta, attributes).slice(0, 1),
    {
      examples: [
        ...(["silu", "gelu", "exactGelu"] as const).flatMap((activation) => [
          example([2, 9, 4, 16], [1, 3], [4, 16], [4, 16], { activation }),
          example([3, 300], [1], [300], undefined, { activation }),
          example([3, 5, 33], [1], [5, 1], [5, 1], { activation, kind: "rms" }),
        ]),
        { ...example([3, 70], [1], [70], [70], { activation: "relu" }), gradient: false },
        example([0, 4], [1], [4], [4], { activation: "relu" }),
      ],
      float32: { relative: 1e-5, absolute: 4e-6 },
      float64: { relative: 1e-11, absolute: 1e-11 },
      gradient32: { relative: 4e-5, scale: 4e-5, absolute: 4e-5 },
      gradient64: { relative: 1e-9, scale: 1e-9, absolute: 1e-9 },
    },
  );

  test("what can be fused is found by its record, and so is its gradient", () => {
    const records = new Set<unknown>();
    const spy = {
      ...referenceDevice,
      execute: (...call: Parameters<typeof referenceDevice.execute>) => {
        records.add(call[0]);
        return referenceDevice.execute(...call);
      },
    };
    onDevice(spy, () => tidy(() => void grad((x: Tensor) => sum(gelu(silu(abs(x)))))(tensor([1, 2]))));
    const found = [...records].flatMap((record) => {
      const fusable = fusableActivation(record as OpRecord);
      return fusable ? [`${fusable.activation} ${fusable.role}`] : [];
    });
    expect(found.sort()).toEqual(["gelu gradient", "gelu value", "silu gradient", "silu value"]);
  });
});

test("the statistics are the mean, in two parts, and the biased variance", () => {
  const x = Float32Array.from([300000.03125, 300000.0625, 300000.125, 300001]);
  const [mean, residual, variance] = tidy(() => {
    const found = normalize({ x: tensor(x, [1, 4]) }, { over: [1], epsilon: 0, kind: "standard" });
    return [found.mean, found.residual, found.variance].map((each) => each.dataSync()[0] as number);
  }) as unknown as [number, number, number];
  const exact = (0.03125 + 0.0625 + 0.125 + 1) / 4;
  expect(mean).toBe(Math.fround(3e5 + exact));
  expect(mean - 3e5 + residual).toBeCloseTo(exact, 8);
  const squares = [0.03125, 0.0625, 0.125, 1].map((value) => (value - exact) ** 2);
  expect(variance).toBeCloseTo(squares.reduce((sum, each) => sum + each) / 4, 7);
});

describe("refuses", () => {
  const x = tensor([[1, 2, 3]]);
  test.each([
    ["an axis that does not exist", () => normalize({ x }, { ...numbers, over: [2] })],
    ["an axis twice", () => normalize({ x }, { ...numbers, over: [1, -1] })],
    ["a gamma that does not broadcast", () => normalize({ x, gamma: tensor([1, 2]) }, { ...numbers, over: [1] })],
    ["a beta of higher rank", () => normalize({ x, beta: tensor([[[1]]]) }, { ...numbers, over: [1] })],
    ["another dtype", () => normalize({ x, gamma: tensor([1], [1], "float64") }, { ...numbers, over: [1] })],
    ["integers", () => normalize({ x: tensor([1, 2], [2], "int32") }, { ...numbers, over: [0] })],
  ])("%s", (_name, act) => {
    expect(act).toThrowErrorMatchingSnapshot();
  });
});
