/**
 * Cases for ops that work element by element: shapes that broadcast, and the numbers where functions go wrong.
 */
import fc from "fast-check";
import { broadcasting, type Given, given, randomGiven, type Spread, seeds, shapes, tensors } from "./given.ts";
import type { CaseOrArguments, OpContract } from "./op-contract.ts";

/** Zeros, denormals, the largest, infinities, NaN, and steps from one function's trouble to another's. */
export const extremeValues: readonly number[] = [
  0,
  -0,
  1e-45,
  -1e-45,
  1e-40,
  1.1754944e-38,
  1e-20,
  1e-8,
  -1e-8,
  1e-3,
  0.5,
  -0.5,
  1,
  -1,
  1.5,
  2.5,
  -2.5,
  10,
  -10,
  88,
  -88,
  89,
  -89,
  100,
  -100,
  -103.5,
  1e4,
  -1e4,
  1e5,
  3e6,
  -1e9,
  1e30,
  -1e30,
  3.4028235e38,
  -3.4028235e38,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.NaN,
].map(Math.fround);

/** The extremes as one tensor, and those of a range only. */
export function extremes(keep: (value: number) => boolean = () => true): Given {
  const values = extremeValues.filter(keep);
  return given([values.length], values);
}

/** What every function of one operand is tried on. `spread` is where it has a derivative. */
export function unaryContract(spread: Spread = {}, options: unknown[][] = [[]]): OpContract {
  return {
    cases: fc
      .tuple(tensors(spread), fc.constantFrom(...options))
      .map(([x, rest]) => ({ args: [x, ...rest], batch: x.shape.length > 1 ? [0] : [] })),
    examples: [
      ...options.map((rest): CaseOrArguments => ({ args: [extremes(), ...rest], gradient: false })),
      [randomGiven([700], 5, spread), ...(options[0] as unknown[])],
      [given([0, 3], []), ...(options[0] as unknown[])],
      { args: [given([4], [1, 2, -3, 0], "int32"), ...(options[0] as unknown[])], gradient: false },
      { args: [given([3], [1, 0, 200], "uint8"), ...(options[0] as unknown[])], gradient: false },
      { args: [given([2], [1, 0], "bool"), ...(options[0] as unknown[])], gradient: false },
    ],
    runs: 12,
  };
}

/** Every extreme with every other, in a plane. */
const allPairs: CaseOrArguments = {
  args: [given([extremeValues.length, 1], extremeValues), extremes()],
  gradient: false,
};

/** What every function of two operands is tried on. */
export function binaryContract(first: Spread = {}, second: Spread = first): OpContract {
  return {
    cases: fc.tuple(broadcasting(2, shapes({ maxRank: 4 })), seeds).map(([[a, b], seed]) => ({
      args: [randomGiven(a as number[], seed, first), randomGiven(b as number[], seed + 1, second)],
    })),
    examples: [
      allPairs,
      // rows, columns and scalars, long enough for several blocks of the kernel
      { args: [randomGiven([50, 64], 1, first), randomGiven([64], 2, second)], batch: [0] },
      { args: [randomGiven([13, 7, 11], 1, first), randomGiven([7, 1], 2, second)], batch: [0] },
      [randomGiven([3, 700], 1, first), randomGiven([700], 2, second)],
      [randomGiven([600, 3], 1, first), randomGiven([3], 2, second)],
      [randomGiven([1200], 1, first), randomGiven([1], 2, second)],
      [randomGiven([1], 1, first), randomGiven([1, 1200], 2, second)],
      [randomGiven([], 1, first), randomGiven([], 2, second)],
      [given([0, 3], []), randomGiven([3], 2, second)],
      { args: [given([2, 2], [1, 2, -3, 40], "int32"), given([2], [2, 3], "int32")], gradient: false },
      { args: [given([2, 2], [1, 2, -3, 40], "int32"), 2], gradient: false },
      { args: [given([3], [1, 2, 200], "uint8"), given([3], [3, 1, 100], "uint8")], gradient: false },
      { args: [given([2], [1, 0], "bool"), given([2, 1], [1, 0], "bool")], gradient: false },
      { args: [given([2], [1, 0], "bool"), randomGiven([2], 3, second)] },
      { args: [given([2], [5, 7], "int32"), randomGiven([2], 3, second)] },
    ],
    runs: 12,
  };
}
