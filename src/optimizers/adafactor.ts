import { maker } from "../core/configurable.ts";
import { boolean, number } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Variable } from "../core/variable.ts";
import { factorShapes, adafactor as rule } from "../ops/update/adafactor.ts";
import { keyed, optimizer, type SlotGroup, type Step } from "./optimizer.ts";

/**
 * Steps divided by root mean squares of which a matrix keeps only those of its rows and columns, and as large as the
 * variable's own elements are (Shazeer & Stern 2018). With β = 1 − t^beta2Decay and r' = min(r, 1/√t):
 * x ← x − r'·max(ε₂, rms(x))·u / max(1, rms(u)/clipThreshold), u = g/√v.
 *
 * @example
 * ```ts
 * import { optimizers, tensor, Variable } from "varve";
 * const x = new Variable(tensor([2, -2]));
 * optimizers.adafactor({ learningRate: 0.25 }).apply([tensor([3, 3])], [x]);
 * await x.value.array() // => [1.5, -2.5]
 * ```
 */
export class Adafactor extends optimizer(
  "Adafactor",
  {},
  {
    /** The power of t by which the means forget less and less. */
    beta2Decay: keyed("beta_2_decay", number({ default: -0.8, max: 0 })),
    /** Added to the squares of gradients. */
    epsilon1: keyed("epsilon_1", number({ default: 1e-30, min: 0 })),
    /** The least size that the variable's elements are taken to have. */
    epsilon2: keyed("epsilon_2", number({ default: 1e-3, min: 0 })),
    /** The largest root mean square of u. */
    clipThreshold: number({ default: 1, above: 0 }),
    /** As Keras has it: the learning rate is at most 1/√t either way. */
    relativeStep: boolean({ default: true }),
  },
) {
  protected override slots({ shape, name }: Variable): readonly SlotGroup[] {
    if (shape.length < 2) {
      // Keras's place holders, so that saved states line up
      const none = { name, path: name, shape: [], dtype: "int32" as const };
      return [{ r: none, c: none, v: "velocity" }];
    }
    const { r, c } = factorShapes(shape);
    const path = `${this.name}/${name}`;
    return [{ r: { name, path, shape: r }, c: { name, path, shape: c }, v: "velocity" }];
  }

  protected override update(
    { x, g, r, c, v }: { readonly x: Tensor; readonly g: Tensor } & Readonly<Record<string, Tensor>>,
    { keep, learningRate, t }: Step,
  ) {
    const factors = x.rank < 2 ? {} : { r, c };
    return rule({ x, g, v, ...factors } as never, {
      keep,
      rate: Math.min(learningRate, 1 / Math.sqrt(t)),
      beta2: 1 - t ** this.beta2Decay,
      epsilon1: this.epsilon1,
      epsilon2: this.epsilon2,
      clipThreshold: this.clipThreshold,
    });
  }
}

export const adafactor = maker(Adafactor);
