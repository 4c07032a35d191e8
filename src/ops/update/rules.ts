/**
 * The rules of the optimizers that treat every element by itself. Below, x is the variable after weight decay, g its
 * gradient, t the number of the step; names of slots are the papers' letters. Where a formula needs powers of betas,
 * the optimizer has worked them into its numbers.
 */
import { call } from "../../core/op.ts";
import { type RuleAttributes, rule } from "./rule.ts";

/** a moved towards b by that share of the way: the moving averages of all papers here, rate = 1 − β. */
const towards = (a: number, b: number, rate: number) => a + rate * (b - a);

interface SgdAttributes extends RuleAttributes {
  readonly learningRate: number;
  readonly momentum: number;
  readonly nesterov: boolean;
}

/** x + step, step = −learningRate · g; with m: m ← momentum · m + step, x + m, or by Nesterov x + momentum · m + step. */
export const sgd = rule<SgdAttributes, "m">({
  name: "sgd",
  slots: ["m"],
  element(state, g, { learningRate, momentum, nesterov }, has) {
    const [x, m] = state as unknown as [number, number];
    const step = -learningRate * g;
    state[1] = has.m ? momentum * m + step : step;
    state[0] = x + (has.m && nesterov ? momentum * state[1] + step : state[1]);
  },
  kernel: (at, to, { keep, learningRate, momentum, nesterov }, size, split) =>
    call("updateSgd", [at.x, at.g, at.m, to.x, to.m, size, keep, learningRate, momentum, Number(nesterov)], split),
});

interface AdamAttributes extends RuleAttributes {
  /** learningRate · √(1 − β₂ᵗ) / (1 − β₁ᵗ) */
  readonly alpha: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², x − alpha · m / (√v + ε); with vHat ← max(vHat, v) that one in v's place. */
export const adam = rule<AdamAttributes, "m" | "v" | "vHat">({
  name: "adam",
  slots: ["m", "v", "vHat"],
  element(state, g, { alpha, beta1, beta2, epsilon }, has) {
    const [x, m, v, vHat] = state as unknown as [number, number, number, number];
    state[1] = towards(m, g, 1 - beta1);
    state[2] = towards(v, g * g, 1 - beta2);
    state[3] = has.vHat ? Math.max(vHat, state[2]) : state[2];
    state[0] = x - (alpha * state[1]) / (Math.sqrt(state[3]) + epsilon);
  },
  kernel: (at, to, { keep, alpha, beta1, beta2, epsilon }, size, split) =>
    call(
      "updateAdam",
      [at.x, at.g, at.m, at.v, at.vHat, to.x, to.m, to.v, to.vHat, size, keep, alpha, 1 - beta1, 1 - beta2, epsilon],
      split,
    ),
});

/** m ← β₁m + (1−β₁)g, u ← max(β₂u, |g|), x − alpha · m / (u + ε), alpha = learningRate / (1 − β₁ᵗ). */
export const adamax = rule<AdamAttributes, "m" | "u">({
  name: "adamax",
  slots: ["m", "u"],
  element(state, g, { alpha, beta1, beta2, epsilon }) {
    const [x, m, u] = state as unknown as [number, number, number];
    state[1] = towards(m, g, 1 - beta1);
    state[2] = Math.max(beta2 * u, Math.abs(g));
    state[0] = x - (alpha * state[1]) / (state[2] + epsilon);
  },
  kernel: (at, to, { keep, alpha, beta1, beta2, epsilon }, size, split) =>
    call(
      "updateAdamax",
      [at.x, at.g, at.m, at.u, to.x, to.m, to.u, size, keep, alpha, 1 - beta1, beta2, epsilon],
      split,
    ),
});

interface NadamAttributes extends RuleAttributes {
  /** learningRate · uₜ₊₁ / (1 − u₁…uₜ₊₁) */
  readonly ofMean: number;
  /** learningRate · (1 − uₜ) / (1 − u₁…uₜ) */
  readonly ofGradient: number;
  readonly beta1: number;
  readonly beta2: number;
  /** 1 / (1 − β₂ᵗ) */
  readonly correction: number;
  readonly epsilon: number;
}

/** m and v as Adam has them, x − (ofMean · m + ofGradient · g) / (√(correction · v) + ε). */
export const nadam = rule<NadamAttributes, "m" | "v">({
  name: "nadam",
  slots: ["m", "v"],
  element(state, g, { ofMean, ofGradient, beta1, beta2, correction, epsilon }) {
    const [x, m, v] = state as unknown as [number, number, number];
    state[1] = towards(m, g, 1 - beta1);
    state[2] = towards(v, g * g, 1 - beta2);
    state[0] = x - (ofMean * state[1] + ofGradient * g) / (Math.sqrt(correction * state[2]) + epsilon);
  },
  kernel: (at, to, { keep, ofMean, ofGradient, beta1, beta2, correction, epsilon }, size, split) =>
    call(
      "updateNadam",
      // biome-ignore format: one line says it
      [at.x, at.g, at.m, at.v, to.x, to.m, to.v, size, keep, ofMean, ofGradient, 1 - beta1, 1 - beta2, correction, epsilon],
      split,
    ),
});

interface RmspropAttributes extends RuleAttributes {
  readonly learningRate: number;
  readonly rho: number;
  readonly momentum: number;
  readonly epsilon: number;
}

/**
 * v ← ρv + (1−ρ)g², step = learningRate · g / √(v + ε); with a ← ρa + (1−ρ)g centred: √(v − a² + ε);
 * with m ← momentum · m + step: x − m, else x − step.
 */
export const rmsprop = rule<RmspropAttributes, "v" | "m" | "a">({
  name: "rmsprop",
  slots: ["v", "m", "a"],
  element(state, g, { learningRate, rho, momentum, epsilon }, has) {
    const [x, v, m, a] = state as unknown as [number, number, number, number];
    state[1] = towards(v, g * g, 1 - rho);
    state[3] = towards(a, g, 1 - rho);
    const spread = has.a ? state[1] - state[3] * state[3] : state[1];
    const step = (learningRate * g) / Math.sqrt(spread + epsilon);
    state[2] = has.m ? momentum * m + step : step;
    state[0] = x - state[2];
  },
  kernel: (at, to, { keep, learningRate, rho, momentum, epsilon }, size, split) =>
    call(
      "updateRmsprop",
      // biome-ignore format: one line says it
      [at.x, at.g, at.v, at.m, at.a, to.x, to.v, to.m, to.a, size, keep, learningRate, 1 - rho, momentum, epsilon],
      split,
    ),
});

interface AdagradAttributes extends RuleAttributes {
  readonly learningRate: number;
  readonly epsilon: number;
}

/** a ← a + g², x − learningRate · g / √(a + ε). */
export const adagrad = rule<AdagradAttributes, "a">({
  name: "adagrad",
  slots: ["a"],
  element(state, g, { learningRate, epsilon }) {
    const [x, a] = state as unknown as [number, number];
    state[1] = a + g * g;
    state[0] = x - (learningRate * g) / Math.sqrt(state[1] + epsilon);
  },
  kernel: (at, to, { keep, learningRate, epsilon }, size, split) =>
    call("updateAdagrad", [at.x, at.g, at.a, to.x, to.a, size, keep, learningRate, epsilon], split),
});

interface AdadeltaAttributes extends RuleAttributes {
  readonly learningRate: number;
  readonly rho: number;
  readonly epsilon: number;
}

/** a ← ρa + (1−ρ)g², Δ = √(d + ε) / √(a + ε) · g, d ← ρd + (1−ρ)Δ², x − learningRate · Δ. */
export const adadelta = rule<AdadeltaAttributes, "a" | "d">({
  name: "adadelta",
  slots: ["a", "d"],
  element(state, g, { learningRate, rho, epsilon }) {
    const [x, a, d] = state as unknown as [number, number, number];
    state[1] = towards(a, g * g, 1 - rho);
    const delta = (Math.sqrt(d + epsilon) * g) / Math.sqrt(state[1] + epsilon);
    state[2] = towards(d, delta * delta, 1 - rho);
    state[0] = x - learningRate * delta;
  },
  kernel: (at, to, { keep, learningRate, rho, epsilon }, size, split) =>
    call(
      "updateAdadelta",
      [at.x, at.g, at.a, at.d, to.x, to.a, to.d, size, keep, learningRate, 1 - rho, epsilon],
      split,
    ),
});

interface LionAttributes extends RuleAttributes {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
}

/** x − learningRate · sign(β₁m + (1−β₁)g), m ← β₂m + (1−β₂)g. */
export const lion = rule<LionAttributes, "m">({
  name: "lion",
  slots: ["m"],
  element(state, g, { learningRate, beta1, beta2 }) {
    const [x, m] = state as unknown as [number, number];
    state[0] = x - learningRate * Math.sign(towards(m, g, 1 - beta1));
    state[1] = towards(m, g, 1 - beta2);
  },
  kernel: (at, to, { keep, learningRate, beta1, beta2 }, size, split) =>
    call("updateLion", [at.x, at.g, at.m, to.x, to.m, size, keep, learningRate, 1 - beta1, 1 - beta2], split),
});

interface FtrlAttributes extends RuleAttributes {
  readonly learningRate: number;
  /** −learning_rate_power: 1/2 is the paper's. */
  readonly power: number;
  readonly l1: number;
  /** Twice the strength, with β / learningRate in it. */
  readonly l2: number;
  /** Twice the strength. */
  readonly shrinkage: number;
}

/**
 * a' = a + g², σ = (a'ᵖ − aᵖ) / learningRate, l ← l + g + shrinkage · x − σx,
 * x ← (clip(l, ±l1) − l) / (a'ᵖ / learningRate + l2), a ← a'.
 */
export const ftrl = rule<FtrlAttributes, "a" | "l">({
  name: "ftrl",
  slots: ["a", "l"],
  element(state, g, { learningRate, power, l1, l2, shrinkage }) {
    const [x, a, l] = state as unknown as [number, number, number];
    state[1] = a + g * g;
    const root = state[1] ** power;
    state[2] = l + g + shrinkage * x - ((root - a ** power) / learningRate) * x;
    const clipped = Math.max(Math.min(state[2], l1), -l1);
    state[0] = (clipped - state[2]) / (root / learningRate + l2);
  },
  kernel: (at, to, { keep, learningRate, power, l1, l2, shrinkage }, size, split) =>
    power === 0.5
      ? call(
          "updateFtrl",
          [at.x, at.g, at.a, at.l, to.x, to.a, to.l, size, keep, 1 / learningRate, l1, l2, shrinkage],
          split,
        )
      : undefined,
});

interface ScheduleFreeAttributes extends RuleAttributes {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** 1 / (1 − β₂ᵗ) */
  readonly correction: number;
  /** What the new z counts in the average: 1 / t. */
  readonly weight: number;
}

/**
 * The variable is y = (1−β₁)z + β₁x̄. With v ← β₂v + (1−β₂)g²: z ← z − learningRate · g / (√(correction · v) + ε),
 * x̄ ← (1 − weight) x̄ + weight · z.
 */
export const scheduleFree = rule<ScheduleFreeAttributes, "z" | "v">({
  name: "scheduleFree",
  slots: ["z", "v"],
  element(state, g, { learningRate, beta1, beta2, epsilon, correction, weight }) {
    const [y, z, v] = state as unknown as [number, number, number];
    const average = (y - (1 - beta1) * z) / beta1;
    state[2] = towards(v, g * g, 1 - beta2);
    state[1] = z - (learningRate * g) / (Math.sqrt(correction * state[2]) + epsilon);
    state[0] = (1 - beta1) * state[1] + beta1 * towards(average, state[1], weight);
  },
});
