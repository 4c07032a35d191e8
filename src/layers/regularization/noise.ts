/**
 * What layers share which disturb their input while training and do nothing otherwise.
 */
import { integer, number, type Option } from "../../core/options.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { SeedGenerator } from "../../ops/random/seed.ts";
import { type CallContext, layer } from "../layer.ts";

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

/** Disturbs its input while training, and hands it on otherwise. */
export abstract class Disturbing extends layer("Disturbing", seedOptions()) {
  override readonly supportsMasking = true;
  #seeds: SeedGenerator | undefined;

  /** What becomes of the input; the draws come from `seed`. */
  protected abstract disturb(x: Tensor, seed: SeedGenerator): Tensor;

  override build(): void {
    this.#seeds = this.addSeedGenerator(this.seed);
  }

  override call(x: Tensor, { training }: CallContext): Tensor {
    return training ? this.disturb(x, this.#seeds as SeedGenerator) : x;
  }
}
