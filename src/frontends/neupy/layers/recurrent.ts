/**
 * LSTM and GRU with NeuPy's equations, which are not Keras's: a function of its own for each gate, peepholes, initial
 * states that are variables, gradients that are clipped inside, and a GRU whose gate weighs the other way around. With
 * the functions that are theirs by default a whole sequence is the op that Keras's layers use; else it is ops step by
 * step.
 */
import { resolveActivation } from "../../../activations.ts";
import { boolean, integer, number } from "../../../core/options.ts";
import type { PartialShape, Shape } from "../../../core/shape.ts";
import { shapesDevice } from "../../../core/shapes-device.ts";
import type { Tensor } from "../../../core/tensor.ts";
import type { Variable } from "../../../core/variable.ts";
import { add, multiply, subtract } from "../../../ops/elementwise/binary.ts";
import { clipGradient } from "../../../ops/elementwise/clip-gradient.ts";
import { negative, tanh } from "../../../ops/elementwise/unary.ts";
import { affine } from "../../../ops/matmul/matmul.ts";
import { broadcastTo } from "../../../ops/movement/broadcast.ts";
import { concatenate, stack } from "../../../ops/movement/concatenate.ts";
import { flip, sliceAlong, split } from "../../../ops/movement/slice.ts";
import { recurrence } from "../../../ops/recurrent/recurrence.ts";
import { stepAt, stepsOf } from "../../../ops/recurrent/steps.ts";
import { zeros } from "../../../ops/tensor.ts";
import * as init from "../init.ts";
import { neupyLayer } from "../layer.ts";
import { callable, functionOr, parameter } from "../options.ts";
import type { LayerShape } from "../shapes.ts";

/** A function of one tensor, element by element. */
export type GateFunction = (x: Tensor) => Tensor;

const gateNames = ["sigmoid", "tanh", "relu", "linear"] as const;

type GateName = (typeof gateNames)[number];

const gate = <const N extends GateName>(byDefault: N) =>
  functionOr<GateFunction, GateName, { readonly default: N }>(gateNames, "a tensor", { default: byDefault });

const functionOf = (given: GateName | GateFunction): GateFunction => resolveActivation(given);

const recurrentSchema = {
  /** How many numbers the state has. */
  nUnits: integer({ min: 1 }),
  /** Whether only the last output comes out, [batch, nUnits], or that of every step. Default true. */
  onlyReturnFinal: boolean({ default: true }),
  /** How the weights of the input begin. Default `init.HeNormal()`. */
  inputWeights: parameter({ default: init.HeNormal() }),
  /** How the weights of the state begin. Default `init.HeNormal()`. */
  hiddenWeights: parameter({ default: init.HeNormal() }),
  /** How the biases of all gates begin. Default 0. */
  biases: parameter({ default: 0 }),
  /** How the state begins, [1, nUnits]. Default 0. */
  hiddenInit: parameter({ default: 0 }),
  /** Whether training changes what the states begin with. Default false. */
  learnInit: boolean({ default: false }),
  /** Accepted; steps are always computed one after the other, and the gradient goes through all of them. */
  unrollScan: boolean({ default: false }),
  /** Whether the sequence is read from its end; what comes out has the order of the input. Default false. */
  backwards: boolean({ default: false }),
  /** Gradients are cut off at ± this inside every step; 0 for not. Default 0. */
  gradientClipping: number({ default: 0, min: 0 }),
};

abstract class Recurrent extends neupyLayer("BaseRNNLayer", recurrentSchema, ["nUnits", "onlyReturnFinal"]) {
  /** How many blocks of nUnits columns the weights have. */
  protected abstract readonly blocks: number;

  protected override get rank(): number {
    return 3;
  }

  protected override shapeOfUnknown(): LayerShape {
    return this.onlyReturnFinal ? [null, this.nUnits] : [null, null, this.nUnits];
  }

  protected override shapeOf(shape: PartialShape): PartialShape {
    const [batch = null, steps = null] = shape;
    return this.onlyReturnFinal ? [batch, this.nUnits] : [batch, steps, this.nUnits];
  }

  protected override build(shape: PartialShape): void {
    const columns = this.blocks * this.nUnits;
    this.variable(this.inputWeights, "inputWeights", [this.known(shape, 2, "input features"), columns]);
    this.variable(this.hiddenWeights, "hiddenWeights", [this.nUnits, columns]);
    this.variable(this.biases, "biases", [columns]);
    this.variable(this.hiddenInit, "hiddenInit", [1, this.nUnits], this.learnInit);
  }

  /** A variable's value. */
  protected value(name: string): Tensor {
    return (this.variables[name] as Variable).value;
  }

  /** The states before the first step, the output among them the last. */
  protected abstract begin(batch: number): readonly Tensor[];

  /** The states behind a step, from those before it and the input times its weights, biases added. */
  protected abstract step(states: readonly Tensor[], input: Tensor): readonly Tensor[];

  /** An initial state for every sample. */
  protected initial(name: string, batch: number): Tensor {
    return broadcastTo(this.value(name), [batch, this.nUnits]);
  }

  /** The tensor as it is, its gradient cut off. */
  protected clipped(x: Tensor): Tensor {
    return this.gradientClipping === 0 ? x : clipGradient({ x }, { limit: this.gradientClipping }).y;
  }

  override compute([x]: readonly [Tensor]): Tensor {
    // Shapes alone need no steps, of which there may be any number.
    if (x.device === shapesDevice) return zeros(this.shapeOf(x.shape) as Shape);
    const [batch, steps] = x.shape as [number, number, number];
    let states = this.begin(batch);
    if (steps === 0) {
      return this.onlyReturnFinal ? (states.at(-1) as Tensor) : zeros(this.shapeOf(x.shape) as Shape);
    }
    const sequence = this.backwards ? flip(x, 1) : x;
    const whole = this.whole(sequence, states);
    if (whole) {
      if (this.onlyReturnFinal) return stepAt(whole, steps);
      const outputs = sliceAlong(whole, 1, 1, steps + 1);
      return this.backwards ? flip(outputs, 1) : outputs;
    }
    const outputs = stepsOf(affine(sequence, this.value("inputWeights"), this.value("biases"))).map((input) => {
      states = this.step(states, input);
      return states.at(-1) as Tensor;
    });
    if (this.onlyReturnFinal) return states.at(-1) as Tensor;
    return stack(this.backwards ? outputs.toReversed() : outputs, 1);
  }

  /** The outputs from before the first step to after the last as one op, where there is one. */
  protected abstract whole(sequence: Tensor, states: readonly Tensor[]): Tensor | undefined;
}

class LSTMLayer extends neupyLayer(
  "LSTM",
  {
    ...recurrentSchema,
    /** With peepholes: how the weights from the cell to the gates begin, [nUnits] each. Default `init.HeNormal()`. */
    cellWeights: parameter({ default: init.HeNormal() }),
    /** The function of the input gate: "sigmoid" (default), another name, or a function of a tensor. */
    ingate: gate("sigmoid"),
    /** The function of the forget gate. Default "sigmoid". */
    forgetgate: gate("sigmoid"),
    /** The function of the output gate. Default "sigmoid". */
    outgate: gate("sigmoid"),
    /** The function of what goes into the cell. Default "tanh". */
    cell: gate("tanh"),
    /** How the cell begins, [1, nUnits]. Default 0. */
    cellInit: parameter({ default: 0 }),
    /** Whether the gates see the cell. Default false. */
    peepholes: boolean({ default: false }),
  },
  ["nUnits", "onlyReturnFinal", "inputWeights", "hiddenWeights", "cellWeights", "biases"],
  Recurrent,
) {
  protected override readonly blocks = 4;

  protected override build(shape: PartialShape): void {
    super.build(shape);
    this.variable(this.cellInit, "cellInit", [1, this.nUnits], this.learnInit);
    if (!this.peepholes) return;
    for (const of of ["Ingate", "Forgetgate", "Outgate"]) {
      this.variable(this.cellWeights, `weightCellTo${of}`, [this.nUnits]);
    }
  }

  protected override begin(batch: number): readonly Tensor[] {
    return [this.initial("cellInit", batch), this.initial("hiddenInit", batch)];
  }

  protected override whole(sequence: Tensor, [c, h]: readonly [Tensor, Tensor]): Tensor | undefined {
    const functions = [this.ingate, this.forgetgate, this.outgate, this.cell].join();
    if (functions !== "sigmoid,sigmoid,sigmoid,tanh" || this.peepholes || this.gradientClipping > 0) return undefined;
    const [kernel, bias, recurrent] = [this.value("inputWeights"), this.value("biases"), this.value("hiddenWeights")];
    return recurrence("lstm", { x: sequence, kernel, bias, recurrent, h, c }).h;
  }

  protected override step([before, hidden]: readonly [Tensor, Tensor], input: Tensor): readonly Tensor[] {
    const gates = this.clipped(add(input, affine(hidden, this.value("hiddenWeights"))));
    const [i, f, c, o] = split(gates, 4, 1) as [Tensor, Tensor, Tensor, Tensor];
    const peeped = (x: Tensor, cell: Tensor, of: string) =>
      this.peepholes ? add(x, multiply(cell, this.value(`weightCellTo${of}`))) : x;
    const ingate = functionOf(this.ingate)(peeped(i, before, "Ingate"));
    const forgetgate = functionOf(this.forgetgate)(peeped(f, before, "Forgetgate"));
    const cell = add(multiply(forgetgate, before), multiply(ingate, functionOf(this.cell)(c)));
    const outgate = functionOf(this.outgate)(peeped(o, cell, "Outgate"));
    return [cell, multiply(outgate, tanh(cell))];
  }
}

/**
 * Long short-term memory over [batch, steps, features].
 *
 *     i, f, c, o = x · inputWeights + biases + h · hiddenWeights     with peepholes i, f + cell · weight, o + new cell · weight
 *     cell = forgetgate(f) · cell + ingate(i) · cell(c)              h = outgate(o) · tanh(cell)
 *
 * Variables: `inputWeights` [features, 4 · nUnits], `hiddenWeights` [nUnits, 4 · nUnits], `biases` [4 · nUnits],
 * `hiddenInit` and `cellInit` [1, nUnits], with peepholes `weightCellToIngate`, `weightCellToForgetgate` and
 * `weightCellToOutgate` [nUnits].
 *
 * @example
 * ```ts
 * import { Embedding, Input, join, LSTM, Sigmoid } from "varve/neupy";
 * const network = join(Input(40), Embedding(20, 10), LSTM(20), Sigmoid(1));
 * network.outputShape // => [null, 1]
 * ```
 *
 * @see Hochreiter & Schmidhuber, 1997; Gers & Schmidhuber, 2000, for the peepholes
 */
export const LSTM = /* @__PURE__ */ callable(LSTMLayer);
export type LSTM = LSTMLayer;

class GRULayer extends neupyLayer(
  "GRU",
  {
    ...recurrentSchema,
    /** The function of the reset gate: "sigmoid" (default), another name, or a function of a tensor. */
    resetgate: gate("sigmoid"),
    /** The function of the update gate. Default "sigmoid". */
    updategate: gate("sigmoid"),
    /** The function of the new state. Default "tanh". */
    hiddenUpdate: gate("tanh"),
  },
  ["nUnits", "onlyReturnFinal", "inputWeights", "hiddenWeights", "biases"],
  Recurrent,
) {
  protected override readonly blocks = 3;

  protected override begin(batch: number): readonly Tensor[] {
    return [this.initial("hiddenInit", batch)];
  }

  protected override whole(sequence: Tensor, [h]: readonly [Tensor]): Tensor | undefined {
    const functions = [this.resetgate, this.updategate, this.hiddenUpdate].join();
    if (functions !== "sigmoid,sigmoid,tanh" || this.gradientClipping > 0) return undefined;
    // Keras's gate is 1 − u, and 1 − σ(a) = σ(−a): the columns of u go first, with the other sign.
    const [kernel, recurrent, bias] = ["inputWeights", "hiddenWeights", "biases"].map((name) => {
      const [r, u, candidate] = split(this.value(name), 3, -1) as [Tensor, Tensor, Tensor];
      return concatenate([negative(u), r, candidate], -1);
    }) as [Tensor, Tensor, Tensor];
    return recurrence("gru", { x: sequence, kernel, bias, recurrent, h }).h;
  }

  protected override step([hidden]: readonly [Tensor], input: Tensor): readonly Tensor[] {
    const fromInput = split(this.clipped(input), 3, 1) as [Tensor, Tensor, Tensor];
    const fromState = split(this.clipped(affine(hidden, this.value("hiddenWeights"))), 3, 1) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    const reset = functionOf(this.resetgate)(add(fromState[0], fromInput[0]));
    const update = functionOf(this.updategate)(add(fromState[1], fromInput[1]));
    const candidate = functionOf(this.hiddenUpdate)(this.clipped(add(fromInput[2], multiply(reset, fromState[2]))));
    return [subtract(hidden, multiply(update, subtract(hidden, candidate)))];
  }
}

/**
 * Gated recurrent units over [batch, steps, features].
 *
 *     r = resetgate(x · Wᵣ + bᵣ + h · Uᵣ)        u = updategate(x · Wᵤ + bᵤ + h · Uᵤ)
 *     c = hiddenUpdate(x · W + b + r · (h · U))  h ← (1 − u) · h + u · c
 *
 * Keras's update gate weighs the old state, this one the new. Variables: `inputWeights` [features, 3 · nUnits] and
 * `hiddenWeights` [nUnits, 3 · nUnits], columns for r, u and c; `biases` [3 · nUnits]; `hiddenInit` [1, nUnits].
 *
 * @example
 * ```ts
 * import { GRU } from "varve/neupy";
 * GRU(20, { onlyReturnFinal: false }).getOutputShape([null, 40, 10]) // => [null, 40, 20]
 * ```
 *
 * @see Cho et al., 2014
 */
export const GRU = /* @__PURE__ */ callable(GRULayer);
export type GRU = GRULayer;
