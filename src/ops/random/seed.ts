/**
 * Where seeds come from: given numbers, generators that count their draws, and the one global generator that serves
 * whoever gives nothing.
 */
import { chosenDevice } from "../../core/device.ts";
import { OptionError, show } from "../../core/errors.ts";
import { currentObserver, observed } from "../../core/observer.ts";
import { checkNames } from "../../core/options.ts";
import type { Tensor } from "../../core/tensor.ts";
import { Variable } from "../../core/variable.ts";
import { tensor } from "../tensor.ts";
import { type Seed, wordsOf } from "./philox.ts";

/** The lower 32 bits of a seed, as a signed number; refuses what is not a whole number. */
function checkSeed(seed: unknown, where: string): number {
  if (!Number.isSafeInteger(seed)) {
    throw new OptionError(`${where}: a seed is a whole number, a SeedGenerator or null, got ${show(seed)}`);
  }
  return Number(BigInt.asIntN(32, BigInt(seed as number)));
}

/** A draw, and word of it to whoever repeats the step: next time it is another one. */
function told(draw: () => Seed, counter?: Variable): Seed {
  const observer = currentObserver();
  if (!observer) return draw();
  const drawn: Seed = observer.dry ? [0, 0] : observed(undefined, draw);
  observer.drew?.(drawn, draw, counter);
  return drawn;
}

/** The state of the global generator: its seed, and the number of draws so far. */
let globalState: Seed | undefined;

function nextGlobal(): Seed {
  globalState ??= [Math.floor(Math.random() * 2 ** 32) | 0, 0];
  const [seed, draw] = globalState;
  globalState = [seed, (draw + 1) | 0];
  return [seed, draw];
}

/**
 * Makes everything random that follows reproducible: initial weights, dropout, shuffling, and every draw without a
 * seed of its own (Keras: `keras.utils.set_random_seed`).
 *
 * @throws OptionError where the seed is not a whole number.
 *
 * @example
 * ```ts
 * import { random, setRandomSeed } from "varve";
 * setRandomSeed(1);
 * const first = await random.uniform([2]).array();
 * setRandomSeed(1);
 * const second = await random.uniform([2]).array();
 * first[0] === second[0] && first[1] === second[1] // => true
 * ```
 */
export function setRandomSeed(seed: number): void {
  globalState = [checkSeed(seed, "setRandomSeed"), 0];
}

/** What a `SeedGenerator` takes beyond its seed. */
export interface SeedGeneratorOptions {
  /** Default "seed_generator". */
  readonly name?: string;
}

/**
 * A seed for every call: given as `seed` to random functions, it makes each of them draw new numbers, and the whole
 * sequence reproducible (Keras: `keras.random.SeedGenerator`). Its state is a variable, so it can be saved and resumed.
 *
 * @throws OptionError where the seed is not a whole number or null.
 *
 * @example
 * ```ts
 * import { random } from "varve";
 * const seed = new random.SeedGenerator(7);
 * const first = await random.uniform([1], { seed }).array();
 * const second = await random.uniform([1], { seed }).array();
 * seed.dispose();
 * first[0] !== second[0] // => true
 * ```
 */
export class SeedGenerator {
  readonly name: string;
  /** The seed, and the number of draws so far. */
  readonly state: Variable;
  readonly #given: number | null;
  /** What was last written to the state, so that it need not be read back. */
  #known: { readonly value: Tensor; readonly seed: Seed } | undefined;

  /** Without a seed, one is drawn from the global generator. */
  constructor(seed: number | null = null, options: SeedGeneratorOptions = {}) {
    const { name = "seed_generator" } = checkNames(options, ["name"], "SeedGenerator");
    this.name = name;
    this.#given = seed;
    const start = seed === null ? wordsOf(nextGlobal())(0) | 0 : checkSeed(seed, "SeedGenerator");
    const value = tensor(Int32Array.of(start, 0));
    this.state = new Variable(value, { name: "seed_generator_state", trainable: false });
    value.dispose();
  }

  /** The seed of the next draw. While only shapes are worked out, the state stays as it is. */
  next(): Seed {
    return told(() => this.#advance(), this.state);
  }

  #advance(): Seed {
    const known = this.#known?.value === this.state.value ? this.#known.seed : undefined;
    const [seed, draw] = known ?? ([...this.state.value.dataSync()] as unknown as Seed);
    if (chosenDevice()?.concrete !== false) {
      const following: Seed = [seed, (draw + 1) | 0];
      const value = tensor(Int32Array.from(following));
      this.state.assign(value);
      value.dispose();
      this.#known = { value: this.state.value, seed: following };
    }
    return [seed, draw];
  }

  getConfig(): { seed: number | null; name: string } {
    return { seed: this.#given, name: this.name };
  }

  static fromConfig({ seed, name }: { seed: number | null; name?: string }): SeedGenerator {
    return new SeedGenerator(seed, name === undefined ? {} : { name });
  }

  dispose(): void {
    this.state.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Whatever random functions take as `seed`: a number gives the same draw every time, a generator a new one, null one from the global generator. */
export type SeedLike = number | SeedGenerator | null | undefined;

/** The seed of one draw. @internal */
export function drawSeed(seed: SeedLike, where: string): Seed {
  if (seed instanceof SeedGenerator) return seed.next();
  if (seed === null || seed === undefined) return chosenDevice()?.concrete === false ? [0, 0] : told(nextGlobal);
  return [checkSeed(seed, where), 0];
}
