/**
 * Tensors as test cases describe them: shape, values and dtype on no device yet, and how to draw them at random.
 * The same case then runs on every device and, where the dtype is "float", in float32 and in float64.
 */
import fc from "fast-check";
import type { DType } from "../../src/core/dtype.ts";
import { type Shape, sizeOf } from "../../src/core/shape.ts";

/** A tensor to be. Values of dtype "float" are numbers that float32 holds exactly, so all devices see the same. */
export class Given {
  readonly shape: Shape;
  readonly values: readonly number[];
  readonly dtype: DType | "float";

  constructor(shape: Shape, values: readonly number[], dtype: DType | "float" = "float") {
    if (values.length !== sizeOf(shape)) throw new RangeError(`${shape} does not hold ${values.length} values`);
    this.shape = shape;
    this.values = dtype === "float" ? values.map(Math.fround) : values;
    this.dtype = dtype;
  }

  /** How fast-check prints it. */
  [fc.toStringMethod](): string {
    return `given(${JSON.stringify(this.shape)}, ${fc.stringify(this.values)}, "${this.dtype}")`;
  }
}

/** A tensor with these values: `given([2], [1, 2])`. */
export function given(shape: Shape, values: readonly number[], dtype: DType | "float" = "float"): Given {
  return new Given(shape, values, dtype);
}

/** Numbers from 0 to 1, the same for the same seed. */
export function numbersFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Spread {
  /** Default −3. */
  readonly min?: number;
  /** Default 3. */
  readonly max?: number;
  /** Values that are kept away from, by 0.05: where the function has no derivative. */
  readonly away?: readonly number[];
  /** Whether no two values are closer than 0.02 to each other, as extremes need. */
  readonly distinct?: boolean;
}

/** A tensor of that shape with values from a range, the same for the same seed. */
export function randomGiven(
  shape: Shape,
  seed: number,
  { min = -3, max = 3, away = [], distinct }: Spread = {},
): Given {
  const next = numbersFrom(seed);
  const size = sizeOf(shape);
  const values = Array.from({ length: size }, () => {
    for (;;) {
      const value = min + (max - min) * next();
      if (away.every((kink) => Math.abs(value - kink) > 0.05)) return value;
    }
  });
  if (distinct) {
    const ranks = values.map((_, index) => index).sort((a, b) => (values[a] as number) - (values[b] as number));
    for (const [rank, index] of ranks.entries()) values[index] = (values[index] as number) + 0.03 * rank;
  }
  return given(shape, values);
}

/** Whole numbers from a range, as int32 unless told otherwise. */
export function randomIntegers(shape: Shape, seed: number, min: number, max: number, dtype: DType = "int32"): Given {
  const next = numbersFrom(seed);
  const values = Array.from({ length: sizeOf(shape) }, () => min + Math.floor((max - min + 1) * next()));
  return given(shape, values, dtype);
}

/** Draws seeds for `randomGiven`. */
export const seeds = fc.nat({ max: 2 ** 31 });

/** Draws shapes; sizes 1 are frequent, and sizes 0 come where `min` is 0. */
export function shapes({ minRank = 0, maxRank = 4, min = 1, max = 9 } = {}): fc.Arbitrary<number[]> {
  const size = fc.oneof({ weight: 1, arbitrary: fc.constant(1) }, { weight: 4, arbitrary: fc.integer({ min, max }) });
  return fc.array(size, { minLength: minRank, maxLength: maxRank });
}

/** Draws a tensor of a random shape. */
export function tensors(spread: Spread = {}, ofShape = shapes()): fc.Arbitrary<Given> {
  return fc.tuple(ofShape, seeds).map(([shape, seed]) => randomGiven(shape, seed, spread));
}

/** Draws shapes that broadcast together. */
export function broadcasting(count: number, ofShape = shapes()): fc.Arbitrary<number[][]> {
  return ofShape.chain((shape) =>
    fc
      .array(
        fc
          .tuple(fc.nat({ max: shape.length }), fc.nat({ max: 2 ** shape.length - 1 }))
          .map(([drop, ones]) => shape.map((size, axis) => ((ones >> axis) & 1 ? 1 : size)).slice(drop)),
        { minLength: count - 1, maxLength: count - 1 },
      )
      .chain((others) =>
        fc.nat({ max: count - 1 }).map((position) => [...others.slice(0, position), shape, ...others.slice(position)]),
      ),
  );
}
