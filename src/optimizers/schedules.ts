/**
 * Learning rate schedules: objects that give the learning rate of every step, counted from 0.
 * An optimizer takes one in place of a number: `optimizers.sgd({ learningRate: optimizers.schedules.cosineDecay({ … }) })`.
 */
import { Configurable, configurable, maker } from "../core/configurable.ts";
import { OptionError, show } from "../core/errors.ts";
import { boolean, integer, number, option, string } from "../core/options.ts";

/** The base of all schedules; extend it, or use `configurable`, to write your own. */
export abstract class LearningRateSchedule extends Configurable {
  static override readonly module: string = "keras.optimizers.schedules";

  /** The learning rate of a step, counted from 0. */
  abstract call(step: number): number;
}

const steps = () => number({ above: 0 });
const rate = () => number({ min: 0 });

/**
 * The learning rate shrinks by the same factor every `decaySteps` steps: r(t) = r₀ · decayRate^(t / decaySteps),
 * with `staircase` t / decaySteps rounded down.
 *
 * @example
 * ```ts
 * import { optimizers } from "varve";
 * optimizers.schedules.exponentialDecay({ initialLearningRate: 0.1, decaySteps: 10, decayRate: 0.5 }).call(20) // => 0.025
 * ```
 */
export class ExponentialDecay extends configurable(LearningRateSchedule, "ExponentialDecay", {
  /** The learning rate of step 0. */
  initialLearningRate: rate(),
  /** After how many steps the learning rate is `decayRate` times as large. */
  decaySteps: steps(),
  /** The factor. */
  decayRate: number({ min: 0 }),
  /** Whether the learning rate changes only every `decaySteps` steps. */
  staircase: boolean({ default: false }),
  name: string({ default: "ExponentialDecay" }),
}) {
  override call(step: number): number {
    const p = step / this.decaySteps;
    return this.initialLearningRate * this.decayRate ** (this.staircase ? Math.floor(p) : p);
  }
}

/**
 * Half a cosine from the learning rate down to `alpha` times it, over `decaySteps` steps (Loshchilov & Hutter, SGDR,
 * 2016): r(t) = r₀ · ((1 − alpha) · (1 + cos(π t / decaySteps)) / 2 + alpha). With a `warmupTarget` the learning rate
 * first rises in a line from `initialLearningRate` to that, in `warmupSteps` steps, and the cosine starts there.
 *
 * @example
 * ```ts
 * import { optimizers } from "varve";
 * const schedule = optimizers.schedules.cosineDecay({ initialLearningRate: 0, decaySteps: 100, warmupTarget: 1, warmupSteps: 10 });
 * [schedule.call(0), schedule.call(5), schedule.call(10), schedule.call(110)] // => [0, 0.5, 1, 0]
 * ```
 */
export class CosineDecay extends configurable(LearningRateSchedule, "CosineDecay", {
  /** The learning rate of step 0. */
  initialLearningRate: rate(),
  /** How many steps the decay takes. */
  decaySteps: steps(),
  /** Where the decay ends, as a part of where it starts. */
  alpha: number({ default: 0, min: 0 }),
  name: string({ default: "CosineDecay" }),
  /** The learning rate after the warmup. */
  warmupTarget: number({ default: null, min: 0 }),
  /** How many steps the warmup takes. */
  warmupSteps: integer({ default: 0, min: 0 }),
}) {
  override call(step: number): number {
    const { initialLearningRate, decaySteps, alpha, warmupTarget } = this;
    const warmupSteps = warmupTarget === null ? 0 : this.warmupSteps;
    const target = warmupTarget ?? initialLearningRate;
    if (step < warmupSteps) return initialLearningRate + ((target - initialLearningRate) * step) / warmupSteps;
    const fraction = Math.min(step - warmupSteps, decaySteps) / decaySteps;
    return target * (((1 - alpha) * (1 + Math.cos(Math.PI * fraction))) / 2 + alpha);
  }
}

/**
 * Half a cosine as `CosineDecay` has it, over and over: each period is `tMul` times as long as the one before and
 * starts at `mMul` times its learning rate (Loshchilov & Hutter, SGDR, 2016).
 *
 * @example
 * ```ts
 * import { optimizers } from "varve";
 * const schedule = optimizers.schedules.cosineDecayRestarts({ initialLearningRate: 1, firstDecaySteps: 10, mMul: 0.5 });
 * [schedule.call(0), schedule.call(10), schedule.call(30)] // => [1, 0.5, 0.25]
 * ```
 */
export class CosineDecayRestarts extends configurable(LearningRateSchedule, "CosineDecayRestarts", {
  /** The learning rate of step 0. */
  initialLearningRate: rate(),
  /** How many steps the first period takes. */
  firstDecaySteps: steps(),
  /** By how much each period is longer than the one before. */
  tMul: number({ default: 2, min: 1 }),
  /** By how much each period starts lower than the one before. */
  mMul: number({ default: 1, min: 0 }),
  /** Where a period ends, as a part of `initialLearningRate`. */
  alpha: number({ default: 0, min: 0 }),
  name: string({ default: "SGDRDecay" }),
}) {
  override call(step: number): number {
    const { initialLearningRate, firstDecaySteps, tMul, mMul, alpha } = this;
    // Periods by counting: a logarithm would miss the starts by its rounding.
    let [restarts, begin, length] = [0, 0, firstDecaySteps];
    if (tMul === 1) {
      restarts = Math.floor(step / length);
      begin = restarts * length;
    } else {
      while (step >= begin + length) {
        begin += length;
        length *= tMul;
        restarts++;
      }
    }
    const cosine = (mMul ** restarts * (1 + Math.cos((Math.PI * (step - begin)) / length))) / 2;
    return initialLearningRate * ((1 - alpha) * cosine + alpha);
  }
}

function numbers(least: number) {
  return option({} as { readonly default?: undefined }, {
    expected: `a list of ${least} or more finite numbers`,
    parse: (given, refuse): readonly number[] =>
      Array.isArray(given) && given.length >= least && given.every(Number.isFinite)
        ? Object.freeze([...given])
        : refuse(),
    toConfig: (value: readonly number[]) => value,
    fromConfig: (json): readonly number[] => json as readonly number[],
  });
}

const piecewise = configurable(LearningRateSchedule, "PiecewiseConstantDecay", {
  /** The last steps of each learning rate, ascending. */
  boundaries: numbers(1),
  /** The learning rates, one more than boundaries. */
  values: numbers(2),
  name: string({ default: "PiecewiseConstant" }),
});

/**
 * One learning rate up to and including the first boundary, another up to the second, and so on.
 *
 * @throws OptionError where there is not one value more than boundaries, or where these do not ascend.
 *
 * @example
 * ```ts
 * import { optimizers } from "varve";
 * const schedule = optimizers.schedules.piecewiseConstantDecay({ boundaries: [100, 200], values: [1, 0.5, 0.1] });
 * [schedule.call(100), schedule.call(101), schedule.call(201)] // => [1, 0.5, 0.1]
 * ```
 */
export class PiecewiseConstantDecay extends piecewise {
  constructor(...given: ConstructorParameters<typeof piecewise>) {
    super(...given);
    const { boundaries, values } = this;
    if (values.length !== boundaries.length + 1) {
      throw new OptionError(
        `PiecewiseConstantDecay: ${boundaries.length} boundaries need ${boundaries.length + 1} values, got ${values.length}`,
      );
    }
    if (boundaries.some((boundary, index) => index > 0 && boundary <= (boundaries[index - 1] as number))) {
      throw new OptionError(`PiecewiseConstantDecay: boundaries must ascend, got ${show(boundaries)}`);
    }
  }

  override call(step: number): number {
    const index = this.boundaries.findIndex((boundary) => step <= boundary);
    return this.values[index < 0 ? this.values.length - 1 : index] as number;
  }
}

/**
 * A polynomial from the learning rate to `endLearningRate` over `decaySteps` steps, then constant:
 * r(t) = (r₀ − end) · (1 − t / decaySteps)^power + end. With `cycle` the decay is stretched to the next multiple of
 * `decaySteps` instead of ending.
 *
 * @example
 * ```ts
 * import { optimizers } from "varve";
 * const schedule = optimizers.schedules.polynomialDecay({ initialLearningRate: 1, decaySteps: 10, endLearningRate: 0 });
 * [schedule.call(0), schedule.call(5), schedule.call(20)] // => [1, 0.5, 0]
 * ```
 */
export class PolynomialDecay extends configurable(LearningRateSchedule, "PolynomialDecay", {
  /** The learning rate of step 0. */
  initialLearningRate: rate(),
  /** How many steps the decay takes. */
  decaySteps: steps(),
  /** The learning rate at the end. */
  endLearningRate: number({ default: 0.0001, min: 0 }),
  /** The power of the polynomial; 1 is a line. */
  power: number({ default: 1, min: 0 }),
  /** Whether to go on beyond `decaySteps`. */
  cycle: boolean({ default: false }),
  name: string({ default: "PolynomialDecay" }),
}) {
  override call(step: number): number {
    const { initialLearningRate, decaySteps, endLearningRate, power, cycle } = this;
    const length = cycle ? decaySteps * Math.max(1, Math.ceil(step / decaySteps)) : decaySteps;
    const left = 1 - Math.min(step, length) / length;
    return (initialLearningRate - endLearningRate) * left ** power + endLearningRate;
  }
}

/**
 * r(t) = r₀ / (1 + decayRate · t / decaySteps), with `staircase` t / decaySteps rounded down.
 *
 * @example
 * ```ts
 * import { optimizers } from "varve";
 * optimizers.schedules.inverseTimeDecay({ initialLearningRate: 0.5, decaySteps: 1, decayRate: 1 }).call(4) // => 0.1
 * ```
 */
export class InverseTimeDecay extends configurable(LearningRateSchedule, "InverseTimeDecay", {
  /** The learning rate of step 0. */
  initialLearningRate: rate(),
  /** The unit in which time is counted, in steps. */
  decaySteps: steps(),
  /** How fast the learning rate sinks. */
  decayRate: number({ min: 0 }),
  /** Whether the learning rate changes only every `decaySteps` steps. */
  staircase: boolean({ default: false }),
  name: string({ default: "InverseTimeDecay" }),
}) {
  override call(step: number): number {
    const p = step / this.decaySteps;
    return this.initialLearningRate / (1 + this.decayRate * (this.staircase ? Math.floor(p) : p));
  }
}

export const exponentialDecay = maker(ExponentialDecay);
export const cosineDecay = maker(CosineDecay);
export const cosineDecayRestarts = maker(CosineDecayRestarts);
export const piecewiseConstantDecay = maker(PiecewiseConstantDecay);
export const polynomialDecay = maker(PolynomialDecay);
export const inverseTimeDecay = maker(InverseTimeDecay);
