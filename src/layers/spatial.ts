/**
 * What layers over space share: the option that says where the channels are, and the one that names how much stands
 * at both sides of each spatial axis.
 */
import { choice, type Json, type Option, option } from "../core/options.ts";
import type { DataFormat } from "../core/windows.ts";

export type DataFormatOption = Option<DataFormat | null, DataFormat, false>;

/** "channels_last" or "channels_first"; null means the first of them, as in Keras. */
/* @__NO_SIDE_EFFECTS__ */
export function dataFormat(): DataFormatOption {
  const words = choice(["channels_last", "channels_first"], { default: "channels_last" });
  return { ...words, parse: (given, refuse) => words.parse(given ?? "channels_last", refuse) } as DataFormatOption;
}

/** How much before and after: one pair for each spatial axis. */
export type Sides = readonly (readonly [before: number, after: number])[];

/** What is given for `Sides`: a number for all, one for each axis, or a pair for each axis. */
export type GivenSides = number | readonly number[] | readonly (readonly number[])[];

/** The amounts at both sides of `rank` spatial axes. For one axis, a list of two numbers is its pair. */
/* @__NO_SIDE_EFFECTS__ */
export function sides(rank: number, defaults: GivenSides): Option<GivenSides, Sides, false> {
  const fits = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
  const pairOf = (value: unknown): readonly [number, number] | undefined => {
    const pair = Array.isArray(value) ? value : [value, value];
    return pair.length === 2 && pair.every(fits) ? Object.freeze([pair[0], pair[1]] as const) : undefined;
  };
  const what = rank === 1 ? "[before, after]" : `a list of ${rank} of them, or of ${rank} pairs [before, after]`;
  return option<GivenSides, Sides, { readonly default: GivenSides }>(
    { default: defaults },
    {
      expected: `a whole number ≥ 0, or ${what}`,
      parse(given, refuse) {
        const single = !Array.isArray(given) || (rank === 1 && !Array.isArray(given[0]));
        const pairs = (single ? new Array(rank).fill(given) : (given as readonly unknown[])).map(pairOf);
        if (pairs.length !== rank || pairs.includes(undefined)) return refuse();
        return Object.freeze(pairs) as Sides;
      },
      toConfig: (value) => (rank === 1 ? (value[0] as Json) : value),
      fromConfig: (json) => json as GivenSides,
    },
  ) as Option<GivenSides, Sides, false>;
}
