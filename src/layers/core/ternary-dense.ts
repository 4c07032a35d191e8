/**
 * TernaryDense: a Dense layer whose kernel counts as −1, 0 and 1.
 */
import { integer, number, type Option } from "../../core/options.ts";
import type { PartialShape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Variable } from "../../core/variable.ts";
import { add, multiply } from "../../ops/elementwise/binary.ts";
import { greater, where } from "../../ops/elementwise/compare.ts";
import { abs, sign } from "../../ops/elementwise/unary.ts";
import { affine } from "../../ops/matmul/matmul.ts";
import { inPlaceOf } from "../../ops/movement/reshape.ts";
import { mean } from "../../ops/reduce/reduce.ts";
import { type RegularizerOption, regularizer } from "../../regularizers.ts";
import { factory, type InputSpec, layer } from "../layer.ts";
import { inReals, type KernelOptions, kernelOptions, weight } from "../weights.ts";

type TernaryOptions = {
  /** How many outputs. */
  units: Option<number, number, true>;
  /** Weights no larger than this count as 0. Default null: half of their mean size, which then multiplies the result. */
  threshold: Option<number | null, number | null, false>;
  /** A penalty on the layer's output, divided by the batch size and added to the loss. */
  activityRegularizer: RegularizerOption<{ readonly default: null }>;
} & KernelOptions;

const ternaryOptions: TernaryOptions = {
  units: integer({ min: 1 }),
  threshold: number({ default: null, min: 0 }),
  ...kernelOptions(),
  activityRegularizer: regularizer({ default: null }),
};

/**
 * As Dense, but that of the kernel only signs count, and small weights not at all:
 *
 *     y = activation(β · x · t + bias)        t = sign(kernel) where |kernel| > threshold, else 0
 *
 * Without a threshold, that is half of β, and β the mean of |kernel|; with one, β is 1. The kernel is trained as it is:
 * its gradient is what t would have (and that of β).
 *
 * - Input: [batch, …, inputs]. Output: [batch, …, units].
 * - Weights: `kernel` [inputs, units], `bias` [units].
 *
 * @throws ShapeError where the input is no batch of vectors, or their length is unknown when the layer is built.
 *
 * @example
 * ```ts
 * import { tensor, TernaryDense } from "varve";
 * const layer = new TernaryDense({ units: 1, threshold: 0.5 });
 * layer.build([null, 3]);
 * layer.setWeights([[[0.9], [0.1], [-0.6]], [0]]); // count as 1, 0 and −1
 * await layer.apply(tensor([[10, 20, 3]])).array() // => [[7]]
 * ```
 *
 * @see Ma et al., The Era of 1-bit LLMs: All Large Language Models are in 1.58 Bits, 2024, https://arxiv.org/abs/2402.17764
 */
export class TernaryDense extends layer("TernaryDense", ternaryOptions) {
  override readonly supportsMasking = true;
  protected override inputSpec: InputSpec = { minRank: 2 };
  kernel: Variable | undefined = undefined;
  bias: Variable | undefined = undefined;

  override build(shape: PartialShape): void {
    const inputs = this.sizeAt(shape, -1);
    this.kernel = this.addWeight(weight(this, "kernel", [inputs, this.units]));
    if (this.useBias) this.bias = this.addWeight(weight(this, "bias", [this.units]));
    this.inputSpec = { minRank: 2, axes: { [-1]: inputs } };
  }

  override call(x: Tensor): Tensor {
    const kernel = (this.kernel as Variable).value;
    const sizes = abs(kernel);
    const beta = this.threshold === null ? mean(sizes) : undefined;
    const threshold = beta ? multiply(beta, 0.5) : (this.threshold as number);
    const signs = inPlaceOf(where(greater(sizes, threshold), sign(kernel), 0), kernel);
    const bias = this.bias?.value;
    const input = inReals(x, this.dtype);
    if (!beta) return this.activation(affine(input, signs, bias));
    const y = multiply(affine(input, signs), beta);
    return this.activation(bias ? add(y, bias) : y);
  }
}

export const ternaryDense = factory(TernaryDense);
