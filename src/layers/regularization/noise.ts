/**
 * The options that layers share which disturb their input while training and do nothing otherwise.
 */
import { integer, number, type Option } from "../../core/options.ts";

export type SeedOption = Option<number | null, number | null, false>;

export type SeedOptions = {
  /** Makes the draws reproducible. Default null: seeded by the global generator, see `setRandomSeed`. */
  seed: SeedOption;
};

export type RateOptions = {
  /** The part that is dropped, 0 ≤ rate ≤ 1. */
  rate: Option<number, number, true>;
} & SeedOptions;

/* @__NO_SIDE_EFFECTS__ */
export function seedOptions(): SeedOptions {
  return { seed: integer({ default: null }) };
}

/* @__NO_SIDE_EFFECTS__ */
export function rateOptions(): RateOptions {
  return { rate: number({ min: 0, max: 1 }), ...seedOptions() };
}
