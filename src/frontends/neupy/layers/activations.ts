/**
 * Linear and the activations: with a number of units they are a dense layer and the activation behind it, without one
 * the activation alone.
 */
import * as activations from "../../../activations.ts";
import { axes, integer, number } from "../../../core/options.ts";
import { normalizeAxes, type PartialShape } from "../../../core/shape.ts";
import type { Tensor } from "../../../core/tensor.ts";
import type { Variable } from "../../../core/variable.ts";
import { preluOf } from "../../../layers/activations/prelu.ts";
import { slopedHardSigmoid } from "../../../ops/elementwise/activations.ts";
import { affine } from "../../../ops/matmul/matmul.ts";
import { reshape } from "../../../ops/movement/reshape.ts";
import * as init from "../init.ts";
import { neupyLayer } from "../layer.ts";
import { type Callable, callable, parameter } from "../options.ts";
import type { LayerShape } from "../shapes.ts";

const linearSchema = {
  /** How many outputs; null for no weights, the activation alone. Default null. */
  nUnits: integer({ default: null, min: 1 }),
  /** How the weight [inputs, nUnits] begins. Default `init.HeNormal()`; `init.HeNormal({ gain: 2 })` for Relu and PRelu. */
  weight: parameter({ default: init.HeNormal() }),
  /** How the bias [nUnits] begins; null for none. Default 0. */
  bias: parameter({ default: 0, nullable: true }),
};

class LinearLayer extends neupyLayer("Linear", linearSchema, ["nUnits", "weight", "bias"]) {
  protected override get hasVariables(): boolean {
    return this.nUnits !== null;
  }

  protected override get rank(): number | undefined {
    return this.nUnits === null ? undefined : 2;
  }

  protected override shapeOfUnknown(): LayerShape {
    return this.nUnits === null ? null : [null, this.nUnits];
  }

  protected override shapeOf(shape: PartialShape): PartialShape {
    return this.nUnits === null ? shape : [shape[0] as number | null, this.nUnits];
  }

  protected override build(shape: PartialShape): void {
    if (this.nUnits === null) return;
    this.variable(this.weight, "weight", [this.known(shape, 1, "input features"), this.nUnits]);
    if (this.bias !== null) this.variable(this.bias, "bias", [this.nUnits]);
  }

  override compute([x]: readonly [Tensor]): Tensor {
    const { weight, bias } = this.variables;
    return this.activate(this.nUnits === null ? x : affine(x, (weight as Variable).value, bias?.value));
  }

  /** The activation. */
  protected activate(x: Tensor): Tensor {
    return x;
  }
}

/**
 * `x · weight + bias` with a number of units; without one, the input as it is.
 *
 * @example
 * ```ts
 * import { Input, join, Linear } from "varve/neupy";
 * const network = join(Input(2), Linear(1, { weight: [[1], [2]], bias: 3 }));
 * await network.output([[1, 1]]).array() // => [[6]]
 * ```
 */
export const Linear = /* @__PURE__ */ callable(LinearLayer);
export type Linear = LinearLayer;

/** The class of an activation that has no options of its own. */
/* @__NO_SIDE_EFFECTS__ */
function activation(className: string, activate: (x: Tensor) => Tensor): Callable<typeof LinearLayer> {
  return callable(
    class extends LinearLayer {
      static override readonly className = className;

      protected override activate(x: Tensor): Tensor {
        return activate(x);
      }
    },
  );
}

/** The sigmoid, 1 / (1 + e⁻ˣ), behind a dense layer where a number of units is given. */
export const Sigmoid = /* @__PURE__ */ activation("Sigmoid", activations.sigmoid);
export type Sigmoid = LinearLayer;

/**
 * `0.2 · x + 0.5`, cut off at 0 and 1, behind a dense layer where a number of units is given. (Keras 3 has the slope
 * 1/6.)
 *
 * @example
 * ```ts
 * import { HardSigmoid } from "varve/neupy";
 * await HardSigmoid().output([[-3, 0, 1, 3]]).array() // => [[0, 0.5, 0.7, 1]]
 * ```
 */
export const HardSigmoid = /* @__PURE__ */ activation("HardSigmoid", slopedHardSigmoid);
export type HardSigmoid = LinearLayer;

/** The hyperbolic tangent, behind a dense layer where a number of units is given. */
export const Tanh = /* @__PURE__ */ activation("Tanh", activations.tanh);
export type Tanh = LinearLayer;

/** log(1 + eˣ), behind a dense layer where a number of units is given. */
export const Softplus = /* @__PURE__ */ activation("Softplus", activations.softplus);
export type Softplus = LinearLayer;

/** The softmax over the last axis, behind a dense layer where a number of units is given. */
export const Softmax = /* @__PURE__ */ activation("Softmax", activations.softmax);
export type Softmax = LinearLayer;

/** x above 0, eˣ − 1 below, behind a dense layer where a number of units is given. */
export const Elu = /* @__PURE__ */ activation("Elu", activations.elu);
export type Elu = LinearLayer;

/** x · Φ(x), Φ the normal distribution function, behind a dense layer where a number of units is given. */
export const Gelu = /* @__PURE__ */ activation("Gelu", activations.gelu);
export type Gelu = LinearLayer;

/** x above 0, 0.01 · x below, behind a dense layer where a number of units is given. */
export const LeakyRelu = /* @__PURE__ */ activation("LeakyRelu", (x) => activations.leakyRelu(x, 0.01));
export type LeakyRelu = LinearLayer;

const rectified = { ...linearSchema, weight: parameter({ default: init.HeNormal({ gain: 2 }) }) };

class ReluLayer extends neupyLayer(
  "Relu",
  {
    ...rectified,
    /** The slope below 0. Default 0. */
    alpha: number({ default: 0, min: 0 }),
  },
  ["nUnits", "alpha", "weight", "bias"],
  LinearLayer,
) {
  protected override activate(x: Tensor): Tensor {
    return activations.relu(x, { negativeSlope: this.alpha });
  }
}

/**
 * x above 0, `alpha · x` below (alpha is 0 unless said), behind a dense layer where a number of units is given.
 *
 * @example
 * ```ts
 * import { Relu } from "varve/neupy";
 * await Relu({ alpha: 0.5 }).output([[-2, 2]]).array() // => [[-1, 2]]
 * ```
 */
export const Relu = /* @__PURE__ */ callable(ReluLayer);
export type Relu = ReluLayer;

class PReluLayer extends neupyLayer(
  "PRelu",
  {
    ...rectified,
    /** The axes, batch included, along which alpha differs: -1, the default, for one alpha for each channel. */
    alphaAxes: axes({ default: -1, list: true }),
    /** How alpha begins. Default 0.25. */
    alpha: parameter({ default: 0.25 }),
  },
  ["nUnits", "alphaAxes", "alpha", "weight", "bias"],
  LinearLayer,
) {
  protected override get hasVariables(): boolean {
    return true;
  }

  /** The axes along which alpha differs, counted from the front. */
  #along(rank: number): number[] {
    const along = normalizeAxes(this.alphaAxes, rank, this.label);
    return along.includes(0) ? this.refuse("alphaAxes name the batch, axis 0; name others") : along;
  }

  protected override checkInputs(shape: PartialShape): void {
    this.#along(shape.length);
  }

  protected override build(shape: PartialShape): void {
    super.build(shape);
    const output = this.shapeOf(shape);
    const sizes = this.#along(output.length).map((axis) => this.known(output, axis, `elements on axis ${axis}`));
    this.variable(this.alpha, "alpha", sizes);
  }

  protected override activate(x: Tensor): Tensor {
    const along = this.#along(x.rank);
    const alpha = (this.variables.alpha as Variable).value;
    const sizes = x.shape.map((size, axis) => (along.includes(axis) ? size : 1));
    return preluOf([x, reshape(alpha, sizes)], []);
  }
}

/**
 * x above 0, `alpha · x` below, with alpha learned, behind a dense layer where a number of units is given.
 *
 * @example
 * ```ts
 * import { PRelu } from "varve/neupy";
 * await PRelu({ alpha: [0.5, 0.25] }).output([[-2, -4]]).array() // => [[-1, -1]]
 * ```
 */
export const PRelu = /* @__PURE__ */ callable(PReluLayer);
export type PRelu = PReluLayer;
