/**
 * The proof that every op owes, on every device. One line in the op's test file gives it:
 *
 *     opContract("softmax", softmax, {
 *       cases: tensors({ min: -5, max: 5 }, shapes({ minRank: 1 })).map((x) => [x]),   // random arguments
 *       examples: [[given([3], [1000, 0, -1000])], { args: [given([2, 3], …), 0], batch: [] }],
 *       float32: { relative: 1e-6 },
 *     });
 *
 * Arguments are those of the public function, with `given(shape, values)` wherever a tensor stands, in lists and
 * objects too (`given.ts` draws them). For every example and every random case it is proved that
 *  - every device gives the float64 result of the reference device, float32 and float64 within the stated bounds,
 *    integers and bools exactly, NaN and infinities where they belong, and does not touch its inputs;
 *  - the shapes device foretells shapes and dtypes;
 *  - the gradient at every argument of real numbers equals central differences in float64 to 1e-7, on every device
 *    within the stated bounds; and so does the second derivative, along random directions;
 *  - where `batch` names arguments whose first axis is a batch, one sample alone gives, bit for bit, what it gives
 *    among others;
 *  - nothing is left in memory.
 * Devices: reference, wasm with and (where the engine has it) without relaxed SIMD, their memory poisoned with NaN. With
 * VARVE_TEST_THREADS only this is proved: every result on so many threads is, bit for bit, that of one.
 * Nothing here needs Node, so that the same proofs run in a browser.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Device, onDevice } from "../../src/core/device.ts";
import { type DType, isFloat, type TypedArray } from "../../src/core/dtype.ts";
import { tidy } from "../../src/core/scope.ts";
import { formatShape, sizeOf } from "../../src/core/shape.ts";
import { shapesDevice } from "../../src/core/shapes-device.ts";
import { live } from "../../src/core/storage.ts";
import { Tensor } from "../../src/core/tensor.ts";
import { leaves, mapLeaves } from "../../src/core/tree.ts";
import { referenceDevice } from "../../src/devices/reference/reference.ts";
import { add, multiply } from "../../src/ops/elementwise/binary.ts";
import { grad } from "../../src/ops/grad.ts";
import { sum } from "../../src/ops/reduce/sum.ts";
import { tensor } from "../../src/ops/tensor.ts";
import { contractDevice, testThreads } from "./device.ts";
import { Given, given, numbersFrom } from "./given.ts";

/** How far a result may be from the truth: |got − want| ≤ absolute + relative · |want| + scale · largest |want|. */
export interface Bounds {
  readonly relative?: number;
  readonly scale?: number;
  readonly absolute?: number;
}

/** The arguments of one call, with what is particular about it. */
export interface OpCase {
  readonly args: readonly unknown[];
  /** Whether derivatives are checked here; false at kinks and infinities. Default true. */
  readonly gradient?: boolean;
  /** Which arguments have a batch as their first axis, as the result then has too. */
  readonly batch?: readonly number[];
}

export type CaseOrArguments = OpCase | readonly unknown[];

export interface OpContract {
  /** Cases that are always tried: the extremes. */
  readonly examples?: readonly CaseOrArguments[];
  /** Random cases. */
  readonly cases?: fc.Arbitrary<CaseOrArguments>;
  /** How many random cases. Default 25. */
  readonly runs?: number;
  /** Bounds of results; float32 defaults to { relative: 1e-6, absolute: 1e-44 }. */
  readonly float32?: Bounds;
  /** Defaults to { relative: 1e-12, scale: 1e-13 }. */
  readonly float64?: Bounds;
  /** Bounds of gradients; float32 defaults to { relative: 1e-5, scale: 2e-6, absolute: 1e-44 }. */
  readonly gradient32?: Bounds;
  /** Defaults to { relative: 1e-10, scale: 1e-11 }. */
  readonly gradient64?: Bounds;
  /** What is proved of derivatives: nothing, the first, or the first and second. Default "second". */
  readonly derivatives?: "none" | "first" | "second";
  /** Whether shapes are foretold without values; false for the few ops whose result is as large as values say. Default true. */
  readonly symbolic?: boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: functions of any arguments
type AnyFunction = (...args: any[]) => unknown;

interface Place {
  readonly name: string;
  readonly device: Device;
}

async function wasm(name: string, options: { relaxed: boolean; threads?: number }): Promise<Place> {
  return { name, device: await contractDevice(options) };
}

/** The devices that must agree with the reference device in float64; one of each for all contracts of a file. */
const places: readonly Place[] = [
  { name: "reference", device: referenceDevice },
  await wasm("wasm", { relaxed: false, threads: 1 }),
  ...[await wasm("wasm with relaxed SIMD", { relaxed: true, threads: 1 })].filter(
    ({ device }) => device.describe().relaxedSimd,
  ),
];

/** Where every result must be, bit for bit, that of one thread. */
const threaded: readonly (Place & { readonly alone: Device })[] = await Promise.all(
  testThreads.flatMap((threads) =>
    places.slice(1).map(async ({ name, device }) => ({
      ...(await wasm(`${name} on ${threads} threads`, { relaxed: device.describe().relaxedSimd === true, threads })),
      alone: device,
    })),
  ),
);

interface Result {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly values: TypedArray;
}

function caseOf(each: CaseOrArguments): OpCase {
  return Array.isArray(each) ? { args: each } : (each as OpCase);
}

function dtypeOf({ dtype }: Given, float: "float32" | "float64"): DType {
  return dtype === "float" ? float : dtype;
}

/** A leaf of the arguments as the op takes it, on the current device. */
function placed(leaf: unknown, float: "float32" | "float64"): unknown {
  return leaf instanceof Given ? tensor(leaf.values as number[], leaf.shape, dtypeOf(leaf, float)) : leaf;
}

/** The arguments as the op takes them, on the current device. */
function place(args: readonly unknown[], float: "float32" | "float64"): unknown[] {
  return mapLeaves(args, (leaf) => placed(leaf, float)) as unknown[];
}

function tensorsOf(result: unknown): Tensor[] {
  return leaves(result).filter((leaf): leaf is Tensor => leaf instanceof Tensor);
}

function resultOf(each: Tensor): Result {
  return { shape: each.shape, dtype: each.dtype, values: each.dataSync() };
}

/** What the function gives on a device. Inputs must be the same afterwards. */
function run(fn: AnyFunction, args: readonly unknown[], device: Device, float: "float32" | "float64"): Result[] {
  return onDevice(device, () => {
    let results: Result[] = [];
    tidy(() => {
      const inputs = place(args, float);
      results = tensorsOf(fn(...inputs)).map(resultOf);
      const before = leaves(args).filter((leaf): leaf is Given => leaf instanceof Given);
      for (const [index, input] of tensorsOf(inputs).entries()) {
        const { values } = before[index] as Given;
        input.dataSync().forEach((value, at) => {
          if (!Object.is(value, Number(values[at]))) throw new Error(`element ${at} of input ${index} was changed`);
        });
      }
    });
    return results;
  });
}

function largest(values: TypedArray): number {
  let most = 0;
  for (const value of values) if (Number.isFinite(value)) most = Math.max(most, Math.abs(value));
  return most;
}

/** Refuses the first element that is out of bounds. */
function compare(got: Result, want: Result, { relative = 0, scale = 0, absolute = 0 }: Bounds, where: string): void {
  if (formatShape(got.shape) !== formatShape(want.shape)) {
    throw new Error(`${where}: shape ${formatShape(got.shape)}, expected ${formatShape(want.shape)}`);
  }
  const floor = absolute + scale * largest(want.values);
  got.values.forEach((value, index) => {
    const exact = want.values[index] as number;
    const rounded = got.dtype === "float32" ? Math.fround(exact) : exact;
    if (value === rounded || (Number.isNaN(value) && Number.isNaN(rounded))) return;
    const bound = isFloat(got.dtype) ? floor + relative * Math.abs(exact) : 0;
    const error = Math.abs(value - exact);
    if (!(error <= bound) || !Number.isFinite(value)) {
      throw new Error(`${where}: element ${index} is ${value}, expected ${exact}, off by ${error}, allowed ${bound}`);
    }
  });
}

/** Refuses the first element whose bits are others. */
function compareBits(got: readonly Result[], want: readonly Result[], where: string): void {
  for (const [number, { values }] of got.entries()) {
    values.forEach((value, index) => {
      const alone = want[number]?.values[index];
      if (!Object.is(value, alone)) throw new Error(`${where}: element ${index} is ${value}, on one thread ${alone}`);
    });
  }
}

/** Fixed numbers to weigh results with, so that every element of a gradient is its own. */
function weights(count: number, seed: number): number[] {
  const next = numbersFrom(seed);
  return Array.from({ length: count }, () => Math.fround(0.5 + next()) * (next() < 0.5 ? -1 : 1));
}

/** Σ weight · element, over all results that are real numbers. */
function weighted(results: readonly Tensor[], seed: number): Tensor {
  return results
    .filter(({ dtype }) => isFloat(dtype))
    .map((each, index) => sum(multiply(each, tensor(weights(each.size, seed + index), each.shape, each.dtype))))
    .reduce((a, b) => add(a, b));
}

/** The arguments that derivatives are taken at. */
function variablesOf(args: readonly unknown[]): Given[] {
  return leaves(args).filter((leaf): leaf is Given => leaf instanceof Given && leaf.dtype.startsWith("float"));
}

/** The structure with some of its leaves replaced by others. */
function replaced(structure: unknown, from: readonly unknown[], to: readonly unknown[]): unknown[] {
  return mapLeaves(structure, (leaf) => {
    const index = from.indexOf(leaf);
    return index >= 0 ? to[index] : leaf;
  }) as unknown[];
}

function gradAt(f: (...xs: Tensor[]) => Tensor, xs: readonly Tensor[]): Tensor[] {
  return tensorsOf((grad as (f: (...xs: Tensor[]) => Tensor) => (...xs: readonly Tensor[]) => unknown)(f)(...xs));
}

/** The gradients of the weighted sum of all results. */
function gradients(fn: AnyFunction, args: readonly unknown[], device: Device, float: "float32" | "float64"): Result[] {
  const variables = variablesOf(args);
  return onDevice(device, () => {
    let results: Result[] = [];
    tidy(() => {
      const slopes = gradAt(
        (...xs) => weighted(tensorsOf(fn(...place(replaced(args, variables, xs), float))), 1),
        place(variables, float) as Tensor[],
      );
      results = slopes.map(resultOf);
    });
    return results;
  });
}

/** The directional derivative of `f` at 0 by central differences of fourth order. */
function difference(f: (step: number) => number, step = 1e-3): number {
  return (8 * (f(step) - f(-step)) - (f(2 * step) - f(-2 * step))) / (12 * step);
}

/** The arguments, moved by `step` along a direction. */
function moved(args: readonly unknown[], directions: readonly (readonly number[])[], step: number): unknown[] {
  const variables = variablesOf(args);
  const to = variables.map(({ shape, values }, index) =>
    given(
      shape,
      values.map((value, k) => value + step * (directions[index]?.[k] as number)),
      "float64",
    ),
  );
  return replaced(args, variables, to);
}

function dot(results: readonly Result[], seed: number): number {
  let total = 0;
  for (const [index, { values, dtype }] of results.entries()) {
    if (!isFloat(dtype)) continue;
    const factors = weights(values.length, seed + index);
    values.forEach((value, k) => {
      total += value * (factors[k] as number);
    });
  }
  return total;
}

/** At most that many positions, spread over all. */
function positions(size: number, count: number): number[] {
  if (size <= count) return Array.from({ length: size }, (_, index) => index);
  return Array.from({ length: count }, (_, index) => Math.floor((index * size) / count));
}

function checkDerivatives(fn: AnyFunction, args: readonly unknown[], order: "first" | "second"): void {
  const variables = variablesOf(args);
  const analytic = gradients(fn, args, referenceDevice, "float64");
  const zeros = variables.map(({ values }) => values.map(() => 0));
  for (const [index, variable] of variables.entries()) {
    for (const k of positions(variable.values.length, 12)) {
      const direction = zeros.map((zero, other) => (other === index ? zero.with(k, 1) : zero));
      const want = difference((step) => dot(run(fn, moved(args, direction, step), referenceDevice, "float64"), 1));
      const got = analytic[index]?.values[k] as number;
      if (!(Math.abs(got - want) <= 1e-7 * Math.max(1, Math.abs(want)))) {
        throw new Error(`gradient at element ${k} of input ${index} is ${got}, central differences give ${want}`);
      }
    }
  }
  if (order === "first" || variables.length === 0) return;
  // along one random direction u, with v as the weights of the gradient: ⟨u, Hv⟩ = d/dt ⟨v, ∇f(x + t u)⟩
  const directions = variables.map(({ values }, index) => weights(values.length, 50 + index));
  const want = difference((step) => dot(gradients(fn, moved(args, directions, step), referenceDevice, "float64"), 90));
  const hessian = gradients(
    (...call: unknown[]) => {
      const at = tensorsOf(call).filter(({ dtype }) => isFloat(dtype));
      const slopes = gradAt((...xs) => weighted(tensorsOf(fn(...replaced(call, at, xs))), 1), at);
      return weighted(tensorsOf(slopes), 90);
    },
    args,
    referenceDevice,
    "float64",
  );
  // `gradients` weighs its one result, the scalar, by the first weight of seed 1
  const factor = weights(1, 1)[0] as number;
  let got = 0;
  let size = 0;
  for (const [index, { values }] of hessian.entries()) {
    values.forEach((value, k) => {
      const addend = (value / factor) * (directions[index]?.[k] as number);
      got += addend;
      size += Math.abs(addend);
    });
  }
  if (!(Math.abs(got - want) <= 2e-7 * Math.max(1, size))) {
    throw new Error(`second derivative along a direction is ${got}, central differences of the gradient give ${want}`);
  }
}

/** Sample `index` of every argument that has a batch. */
function sample(args: readonly unknown[], batch: readonly number[], index: number): unknown[] {
  return args.map((arg, position) => {
    if (!(arg instanceof Given) || !batch.includes(position)) return arg;
    const size = sizeOf(arg.shape.slice(1));
    return given([1, ...arg.shape.slice(1)], arg.values.slice(index * size, (index + 1) * size), arg.dtype);
  });
}

function checkBatch(fn: AnyFunction, { args, batch = [] }: OpCase, { name, device }: Place): void {
  const count = (args[batch[0] as number] as Given).shape[0] as number;
  for (const float of ["float32", "float64"] as const) {
    const whole = run(fn, args, device, float);
    for (const index of positions(count, 4)) {
      for (const [number, alone] of run(fn, sample(args, batch, index), device, float).entries()) {
        const size = alone.values.length;
        const among = whole[number]?.values.slice(index * size, (index + 1) * size) as TypedArray;
        alone.values.forEach((value, k) => {
          if (!Object.is(value, among[k])) {
            throw new Error(`${name}, ${float}: sample ${index} gives ${value} alone and ${among[k]} in its batch`);
          }
        });
      }
    }
  }
}

const standard = {
  float32: { relative: 1e-6, absolute: 1e-44 },
  float64: { relative: 1e-12, scale: 1e-13 },
  gradient32: { relative: 1e-5, scale: 2e-6, absolute: 1e-44 },
  gradient64: { relative: 1e-10, scale: 1e-11 },
} as const satisfies Record<string, Bounds>;

/** Proves that results and gradients do not depend on the number of threads. */
function proveThreads(fn: AnyFunction, args: readonly unknown[], derivatives: boolean): void {
  for (const { name, device, alone } of threaded) {
    for (const float of ["float32", "float64"] as const) {
      compareBits(run(fn, args, device, float), run(fn, args, alone, float), `${name}, ${float}`);
      if (!derivatives || variablesOf(args).length === 0) continue;
      const slopes = gradients(fn, args, device, float);
      compareBits(slopes, gradients(fn, args, alone, float), `${name}, ${float}, gradients`);
    }
  }
}

/** Proves one case; throws what is wrong with it. */
export function proveCase(fn: AnyFunction, each: OpCase, contract: OpContract = {}): void {
  const { args } = each;
  const derivatives = each.gradient === false ? "none" : (contract.derivatives ?? "second");
  if (threaded.length > 0) {
    proveThreads(fn, args, derivatives !== "none");
    return;
  }
  const storages = live.storages;
  const truth = run(fn, args, referenceDevice, "float64");
  for (const float of ["float32", "float64"] as const) {
    const foretold = onDevice(shapesDevice, () =>
      tidy(() => {
        const make = (leaf: unknown) =>
          leaf instanceof Given ? Tensor.allocate(shapesDevice, leaf.shape, dtypeOf(leaf, float)) : leaf;
        if (contract.symbolic === false) return undefined;
        return tensorsOf(fn(...(mapLeaves(args, make) as unknown[]))).map(({ shape, dtype }) => ({ shape, dtype }));
      }),
    );
    for (const { name, device } of places) {
      const results = run(fn, args, device, float);
      expect(results.map(({ shape, dtype }) => ({ shape: [...shape], dtype }))).toEqual(
        (foretold ?? results).map(({ shape, dtype }) => ({ shape: [...shape], dtype })),
      );
      for (const [index, result] of results.entries()) {
        const bounds = contract[result.dtype as "float32"] ?? standard[result.dtype as "float32"] ?? {};
        compare(result, truth[index] as Result, bounds, `${name}, ${float}, result ${index}`);
      }
    }
  }
  if (derivatives !== "none" && variablesOf(args).length > 0) {
    checkDerivatives(fn, args, derivatives);
    const slopes = gradients(fn, args, referenceDevice, "float64");
    for (const float of ["float32", "float64"] as const) {
      for (const { name, device } of places) {
        for (const [index, result] of gradients(fn, args, device, float).entries()) {
          const key = result.dtype === "float32" ? "gradient32" : "gradient64";
          const where = `${name}, ${float}, gradient of input ${index}`;
          compare(result, slopes[index] as Result, contract[key] ?? standard[key], where);
        }
      }
    }
  }
  if (each.batch && each.batch.length > 0) for (const where of places) checkBatch(fn, each, where);
  expect(live.storages, "storages left in memory").toBe(storages);
}

/** Proves an op: see the head of this file. */
export function opContract(name: string, fn: AnyFunction, contract: OpContract): void {
  describe(`${name} keeps the op contract`, () => {
    const { examples = [], cases, runs = 25 } = contract;
    for (const [index, example] of examples.entries()) {
      const { args } = caseOf(example);
      test(`example ${index}: ${fc.stringify(args).slice(0, 80)}`, () => proveCase(fn, caseOf(example), contract));
    }
    if (cases) {
      test("random cases", () => {
        fc.assert(
          fc.property(cases, (each) => proveCase(fn, caseOf(each), contract)),
          { seed: 20180322, numRuns: runs, endOnFailure: false },
        );
      });
    }
  });
}
