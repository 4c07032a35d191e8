import { maker } from "../core/configurable.ts";
import { boolean, integer, type Json, number, type Option, option } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Variable } from "../core/variable.ts";
import { muon as rule } from "../ops/update/muon.ts";
import { adam } from "../ops/update/rules.ts";
import { adamRate, moments } from "./adam.ts";
import { keyed, optimizer, type SlotGroup, type Step } from "./optimizer.ts";

const patterns = option(
  { default: [] as readonly string[] },
  {
    expected: "a list of regular expressions as texts",
    parse: (given, refuse): readonly string[] =>
      Array.isArray(given) && given.every((each) => typeof each === "string") ? Object.freeze([...given]) : refuse(),
    toConfig: (value: readonly string[]) => value as Json,
    fromConfig: (json): readonly string[] => json as readonly string[],
  },
);

/** A number, 0.2 unless given, or null. */
const rmsRate: Option<number | null, number | null, false> = { ...number({ default: null }), default: 0.2 };

/**
 * Momentum made orthogonal, for the matrices of hidden layers (Jordan et al. 2024): m ← momentum·m + g,
 * x ← x − r·rmsRate·√max(rows, columns)·O, O having the singular vectors of m (by Nesterov of g + momentum·m) and
 * singular values near 1. Whatever is not a matrix, embeddings, and layers that are excluded go by AdamW.
 *
 * @example
 * ```ts
 * import { optimizers, tensor, Variable } from "varve";
 * const x = new Variable(tensor([[1, 0], [0, 1]]));
 * const muon = optimizers.muon({ learningRate: 0.1 });
 * muon.apply([tensor([[100, 0], [0, 0.5]])], [x]);
 * muon.iterations // => 1
 * ```
 */
export class Muon extends optimizer(
  "Muon",
  { weightDecay: 0.004 },
  {
    /** β₁ of AdamW. */
    adamBeta1: keyed("adam_beta_1", moments.beta1),
    /** β₂ of AdamW. */
    adamBeta2: keyed("adam_beta_2", moments.beta2),
    /** The weight decay of what goes by AdamW. */
    adamWeightDecay: number({ default: 0.004, min: 0 }),
    epsilon: moments.epsilon,
    /** Variables whose path matches one of these go by AdamW. */
    excludeLayers: patterns,
    /** Whether variables with "embedding" in their path go by AdamW. */
    excludeEmbeddings: boolean({ default: true }),
    /** The coefficient of s in the polynomial that drives singular values s towards 1. */
    muonA: number({ default: 3.4445 }),
    /** The coefficient of s³. */
    muonB: number({ default: -4.775 }),
    /** The coefficient of s⁵. */
    muonC: number({ default: 2.0315 }),
    /** What the learning rate is multiplied by for AdamW. */
    adamLrRatio: number({ default: 1, min: 0 }),
    /** How much of the momentum stays at each step. */
    momentum: number({ default: 0.95, min: 0, max: 1 }),
    /** How often the polynomial is applied. */
    nsSteps: integer({ default: 5, min: 0 }),
    /** Whether to use Nesterov's momentum. */
    nesterov: boolean({ default: true }),
    /** The root mean square that steps have, as Adam's; null leaves the singular values at 1. */
    rmsRate,
  },
) {
  /** Whether a variable goes by AdamW. */
  #byAdam({ shape, path }: Variable): boolean {
    if (shape.length !== 2 || (this.excludeEmbeddings && path.toLowerCase().includes("embedding"))) return true;
    return this.excludeLayers.some((pattern) => new RegExp(pattern).test(path));
  }

  protected override slots(variable: Variable): readonly SlotGroup[] {
    return [this.#byAdam(variable) ? { m: "momentum", v: "velocity" } : { m: "momentum" }];
  }

  protected override weightDecayOf(variable: Variable): number | null {
    return this.#byAdam(variable) ? this.adamWeightDecay : this.weightDecay;
  }

  protected override update(
    inputs: { readonly x: Tensor; readonly g: Tensor } & Readonly<Record<string, Tensor>>,
    step: Step,
    variable: Variable,
  ) {
    if (this.#byAdam(variable)) {
      const { adamBeta1: beta1, adamBeta2: beta2, epsilon } = this;
      const alpha = adamRate(step, beta1, beta2) * this.adamLrRatio;
      return adam(inputs, { keep: step.keep, alpha, beta1, beta2, epsilon });
    }
    const { momentum, nesterov, muonA, muonB, muonC, nsSteps: steps, rmsRate } = this;
    const scale = rmsRate === null ? 1 : rmsRate * Math.sqrt(Math.max(...variable.shape));
    return rule(inputs as never, {
      keep: step.keep,
      learningRate: step.learningRate * scale,
      momentum,
      nesterov,
      polynomial: [muonA, muonB, muonC],
      steps,
    });
  }
}

export const muon = maker(Muon);
