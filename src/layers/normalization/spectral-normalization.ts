/**
 * SpectralNormalization: a layer whose kernel is divided by its largest singular value at every training step.
 */
import { integer } from "../../core/options.ts";
import type { PartialShape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Variable } from "../../core/variable.ts";
import { truncatedNormal } from "../../initializers.ts";
import { divide } from "../../ops/elementwise/binary.ts";
import { equal, where } from "../../ops/elementwise/compare.ts";
import { matmul } from "../../ops/matmul/matmul.ts";
import { inPlaceOf, reshape, stopGradient } from "../../ops/movement/reshape.ts";
import { transpose } from "../../ops/movement/transpose.ts";
import { normalize } from "../../ops/normalize/unit.ts";
import { all } from "../../ops/reduce/reduce.ts";
import { Wrapper } from "../core/wrapper.ts";
import { type CallContext, factory, layerOn } from "../layer.ts";

/** A vector of length 1, whatever its axes. */
function unit(x: Tensor): Tensor {
  return normalize(x, [0, 1]);
}

/**
 * Wraps a layer with a kernel (or embeddings), and divides that by its largest singular value, so that the layer
 * stretches nothing by more than 1; it stabilizes the training of adversarial networks.
 *
 * The value is found by power iteration, which goes on from step to step: with the kernel as a matrix W of
 * [everything else, last axis],
 *
 *     v = u Wᵀ / ‖u Wᵀ‖        u = v W / ‖v W‖        kernel = kernel / (v W uᵀ)
 *
 * This happens in training only, before the inner layer is called, and the kernel itself is overwritten; at inference
 * it is as the last step left it. Its gradient is that at the overwritten value. A kernel of zeros stays as it is.
 *
 * - Input and output: those of the inner layer.
 * - Weights: `vectorU` [1, last axis of the kernel], then the inner layer's.
 *
 * @throws ShapeError where the inner layer has neither a kernel nor embeddings.
 *
 * @example
 * ```ts
 * import { Dense, SpectralNormalization, initializers, ones } from "varve";
 * const dense = new Dense({ units: 1, kernelInitializer: initializers.constant({ value: 5 }) });
 * const layer = new SpectralNormalization({ layer: dense });
 * await layer.apply(ones([1, 1]), { training: true }).array() // => [[1]]
 * ```
 *
 * @see Miyato et al., Spectral Normalization for Generative Adversarial Networks, 2018, https://arxiv.org/abs/1802.05957
 */
export class SpectralNormalization extends layerOn(Wrapper, "SpectralNormalization", {
  /** How many power iterations there are in each step. Default 1. */
  powerIterations: integer({ default: 1, min: 1 }),
}) {
  vectorU: Variable | undefined = undefined;

  /** The inner layer's kernel, or its embeddings. */
  get kernel(): Variable | undefined {
    const { kernel, embeddings } = this.layer as { kernel?: Variable; embeddings?: Variable };
    return kernel ?? embeddings;
  }

  /** The kernel counts as this layer's own, so it comes before `vectorU` and the rest of the inner layer's, as in Keras. */
  override get weights(): Variable[] {
    const { kernel } = this;
    return [...new Set([...(kernel ? [kernel] : []), ...super.weights])];
  }

  override build(shape: PartialShape): void {
    super.build(shape);
    const { kernel } = this;
    if (!kernel) this.refuse(`${this.layer.label} has neither a kernel nor embeddings to normalize`);
    const size = shape.at(-1);
    this.inputSpec = { minRank: 1, ...(typeof size === "number" ? { axes: { [-1]: size } } : {}) };
    this.vectorU = this.addWeight({
      name: "vector_u",
      shape: [1, kernel.shape.at(-1) as number],
      initializer: truncatedNormal({ stddev: 0.02 }),
      trainable: false,
      dtype: kernel.dtype,
    });
  }

  override call(x: Tensor, context: CallContext): Tensor {
    if (context.training && x.device.concrete) this.#normalizeKernel();
    return super.call(x, context) as Tensor;
  }

  #normalizeKernel(): void {
    const [kernel, vectorU] = [this.kernel as Variable, this.vectorU as Variable];
    const before = kernel.value;
    const weights = reshape(stopGradient(before), [-1, kernel.shape.at(-1) as number]);
    const columns = transpose(weights);
    let u = vectorU.value;
    let v = u;
    for (let iteration = 0; iteration < this.powerIterations; iteration++) {
      v = unit(matmul(u, columns));
      u = unit(matmul(v, weights));
    }
    const largest = matmul(matmul(v, weights), transpose(u));
    const isZero = all(equal(weights, 0));
    const normalized = where(isZero, weights, divide(weights, largest));
    const value = reshape(normalized, kernel.shape);
    kernel.assign(value);
    vectorU.assign(where(isZero, vectorU.value, u));
    if (before.node) kernel.track(inPlaceOf(value, before));
  }
}

export const spectralNormalization = factory(SpectralNormalization);
