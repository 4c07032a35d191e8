/**
 * What every model is: a layer that holds layers, and can be trained. Subclass it and write `call`, or make one with
 * `model()` or `sequential()`.
 */
import { didYouMean, OptionError, show } from "../core/errors.ts";
import type { SymbolicTensor } from "../core/symbolic.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Structure } from "../core/tree.ts";
import { type CallOptions, Layer } from "../layers/layer.ts";
import type { TensorLike } from "../ops/op.ts";
import type { Graph } from "./graph.ts";

/** Options of every model. */
export interface ModelOptions {
  /** Default: made from the class name. */
  readonly name?: string | undefined;
  /** Whether training changes the weights. Default true. */
  readonly trainable?: boolean | undefined;
}

export abstract class Model extends Layer {
  static override readonly className: string = "Model";
  override readonly supportsMasking = true;
  protected override readonly autocast = false;

  constructor(options: ModelOptions = {}) {
    super(options);
  }

  /** The layers of the model, in order. */
  get layers(): readonly Layer[] {
    return this.sublayers;
  }

  /** The graph of the model, where it has one. @internal */
  get graph(): Graph | undefined {
    return undefined;
  }

  /** The symbolic inputs, in order. */
  get inputs(): readonly SymbolicTensor[] {
    return this.#built().inputs;
  }

  /** The symbolic outputs, in order. */
  get outputs(): readonly SymbolicTensor[] {
    return this.#built().outputs;
  }

  #built(): Graph {
    return (
      this.graph ??
      this.refuse("has no symbolic inputs and outputs: it has no graph yet, or is a model with its own call")
    );
  }

  /** The names by which data may be given. */
  get inputNames(): readonly string[] {
    return this.graph?.inputs.map(({ name }) => name) ?? [];
  }

  /** The names of the outputs, in messages and logs. */
  get outputNames(): readonly string[] {
    return this.graph?.outputs.map(({ node, name }) => node?.operation.name ?? name) ?? [];
  }

  /** The layers inside see to masks themselves. */
  override computeMask(): undefined {
    return undefined;
  }

  /** The layer of that name, or at that place of `layers`. */
  getLayer(which: string | number): Layer {
    const { layers } = this;
    if (typeof which === "number") {
      const found = layers.at(which);
      if (found) return found;
      throw new OptionError(
        `${this.label}: there is no layer ${show(which)}; there are ${layers.length}, counted from 0`,
      );
    }
    const found = layers.find(({ name }) => name === which);
    if (found) return found;
    throw new OptionError(
      `${this.label}: there is no layer "${which}"; ${didYouMean(
        which,
        layers.map(({ name }) => name),
      )}`,
    );
  }

  override apply(inputs: Structure<SymbolicTensor>, options?: CallOptions): SymbolicTensor;
  override apply(inputs: Structure<TensorLike>, options?: CallOptions): Tensor;
  /** Where the outputs are a list or an object, say so: `model.apply<[Tensor, Tensor]>(x)`. */
  override apply<R extends Structure<Tensor | SymbolicTensor>>(
    inputs: Structure<TensorLike | SymbolicTensor>,
    options?: CallOptions,
  ): R;
  override apply(inputs: unknown, options?: CallOptions): unknown {
    return super.apply(inputs as Tensor, options);
  }
}
