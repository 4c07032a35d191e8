/**
 * Dense: every output is a weighted sum of all inputs.
 */
import { integer, type Json } from "../../core/options.ts";
import type { PartialShape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Variable } from "../../core/variable.ts";
import { affine } from "../../ops/matmul/matmul.ts";
import { factory, type InputSpec, layer } from "../layer.ts";
import {
  adaptationConfig,
  adaptationWeights,
  adaptedMatrix,
  checkAdaptation,
  inReals,
  matrixOptions,
  weight,
} from "../weights.ts";

/**
 * `y = activation(x · kernel + bias)`, over the last axis: [batch, …, inputs] → [batch, …, units].
 * Weights: `kernel` [inputs, units], `bias` [units]; with `loraRank`, `loraKernelA` [inputs, rank] and `loraKernelB`
 * [rank, units] beside a frozen kernel.
 *
 * @throws ShapeError where the input is no batch of vectors, or their length is unknown when the layer is built.
 *
 * @example
 * ```ts
 * import { Dense, tensor } from "varve";
 * const dense = new Dense({ units: 1, kernelInitializer: "ones", activation: "relu" });
 * await dense.apply(tensor([[1, 2], [-3, 1]])).array() // => [[3], [0]]
 * ```
 */
export class Dense extends layer("Dense", matrixOptions(), {
  /** How many outputs. */
  units: integer({ min: 1 }),
}) {
  override readonly supportsMasking = true;
  protected override inputSpec: InputSpec = { minRank: 2 };
  kernel: Variable | undefined = undefined;
  bias: Variable | undefined = undefined;
  loraKernelA: Variable | undefined = undefined;
  loraKernelB: Variable | undefined = undefined;

  protected override checkOptions(): void {
    checkAdaptation(this.label, this.loraRank, this.kernelConstraint);
  }

  override build(shape: PartialShape): void {
    const inputs = this.sizeAt(shape, -1);
    this.kernel = this.addWeight(weight(this, "kernel", [inputs, this.units]));
    if (this.useBias) this.bias = this.addWeight(weight(this, "bias", [this.units]));
    if (this.loraRank !== null) {
      const [a, b] = adaptationWeights("kernel", [inputs, this.units], this.loraRank, this.kernelRegularizer);
      this.loraKernelA = this.addWeight(a);
      this.loraKernelB = this.addWeight(b);
      this.kernel.trainable = false;
    }
    this.inputSpec = { minRank: 2, axes: { [-1]: inputs } };
  }

  override call(x: Tensor): Tensor {
    const kernel = adaptedMatrix(this.kernel as Variable, this.loraKernelA, this.loraKernelB, this);
    return this.activation(affine(inReals(x, this.dtype), kernel, this.bias?.value));
  }

  override getConfig(): Record<string, Json> {
    return { ...super.getConfig(), ...adaptationConfig(this) };
  }
}

export const dense = factory(Dense);
