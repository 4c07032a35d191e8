/**
 * What SimpleRNNCell, LSTMCell and GRUCell share: an input kernel, a recurrent kernel and a bias, in which the parts of
 * all gates lie side by side, and what is dropped out before them. What a step makes of the products is theirs to say.
 */
import type { Shape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Variable } from "../../core/variable.ts";
import type { SeedGenerator } from "../../ops/random/seed.ts";
import { type CallContext, type InputShape, layer, type WeightOptions } from "../layer.ts";
import { weight } from "../weights.ts";
import {
  dropoutMasks,
  maskedSequence,
  partOf,
  recurrentWeight,
  type StateSize,
  type Step,
  simpleCellOptions,
  stepInputShape,
  stepInputs,
} from "./cell.ts";

export abstract class KernelCell extends layer("KernelCell", simpleCellOptions()) {
  kernel: Variable | undefined = undefined;
  recurrentKernel: Variable | undefined = undefined;
  bias: Variable | undefined = undefined;
  /** How many parts the kernels have: one for each gate. */
  protected readonly parts: number = 1;
  #seeds: SeedGenerator | undefined;

  get stateSize(): StateSize {
    return this.units;
  }

  /** How the bias is made for kernels of that width. */
  protected biasWeight(width: number): WeightOptions {
    return weight(this, "bias", [width]);
  }

  override build(shape: InputShape): void {
    const inputs = this.sizeAt(stepInputShape(shape), -1);
    const width = this.parts * this.units;
    this.kernel = this.addWeight(weight(this, "kernel", [inputs, width]));
    this.recurrentKernel = this.addWeight(recurrentWeight(this, [this.units, width]));
    if (this.useBias) this.bias = this.addWeight(this.biasWeight(width));
    this.#seeds = this.addSeedGenerator(this.seed);
    this.inputSpec = [{ rank: 2, axes: { [-1]: inputs } }];
  }

  #masks(rate: number, count: number, shape: Shape, context: CallContext): readonly Tensor[] {
    const part = this.parts > 1 ? partOf(rate) : rate;
    return dropoutMasks(part, count, shape, this, this.#seeds, context);
  }

  /** Each gate sees its own part of the input only where it sees its own part of the state, as in Keras. */
  #inputMasks(shape: Shape, context: CallContext): readonly Tensor[] {
    return this.#masks(this.dropout, this.recurrentDropout > 0 ? this.parts : 1, shape, context);
  }

  /** What the inputs and the states of all steps are multiplied with, for inputs of that shape. */
  protected masks(shape: Shape, context: CallContext): { ofInput: readonly Tensor[]; ofState: readonly Tensor[] } {
    const ofInput = this.#inputMasks(shape, context);
    const ofState = this.#masks(this.recurrentDropout, this.parts, [shape[0] as number, this.units], context);
    return { ofInput, ofState };
  }

  /** What goes into all steps at once, but for bias and states; undefined where each has to be taken by itself. */
  protected atOnce(
    x: Tensor,
    context: CallContext,
  ): { readonly x: Tensor; readonly kernel: Tensor; readonly recurrent: Tensor } | undefined {
    if (context.training && this.recurrentDropout > 0) return undefined;
    const masks = this.#inputMasks(x.shape.toSpliced(1, 1), context);
    const [kernel, recurrent] = [this.kernel as Variable, this.recurrentKernel as Variable];
    return { x: maskedSequence(x, masks), kernel: kernel.value, recurrent: recurrent.value };
  }

  abstract stepper(shape: Shape, context: CallContext): Step;

  override call(inputs: readonly Tensor[], context: CallContext): Tensor[] {
    const [x, states] = stepInputs(this, inputs);
    return [...this.stepper(x.shape, context)(x, states)];
  }
}
