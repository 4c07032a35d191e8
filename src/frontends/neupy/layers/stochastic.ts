/**
 * Layers that disturb their input while training and do nothing otherwise.
 */
import { number } from "../../../core/options.ts";
import type { PartialShape } from "../../../core/shape.ts";
import type { Tensor } from "../../../core/tensor.ts";
import { add } from "../../../ops/elementwise/binary.ts";
import { dropBlock } from "../../../ops/random/drop-block.ts";
import { dropout, normal } from "../../../ops/random/random.ts";
import { type ComputeContext, neupyLayer } from "../layer.ts";
import { callable, spatial } from "../options.ts";
import { shapeText } from "../shapes.ts";
import { IdentityLayer } from "./input.ts";

class DropoutLayer extends neupyLayer(
  "Dropout",
  {
    /** The part that is dropped, 0 to 1. */
    proba: number({ min: 0, max: 1 }),
  },
  ["proba"],
  IdentityLayer,
) {
  override compute([x]: readonly [Tensor], { training }: ComputeContext): Tensor {
    return training ? dropout(x, this.proba) : x;
  }
}

/**
 * While training, a random part of the input is 0 and the rest divided by `1 − proba`.
 *
 * @example
 * ```ts
 * import { Dropout } from "varve/neupy";
 * const [row] = await Dropout(0.75).output([[1, 1, 1, 1]], { training: true }).array();
 * row.every((value) => value === 0 || value === 4) // => true
 * ```
 */
export const Dropout = /* @__PURE__ */ callable(DropoutLayer);
export type Dropout = DropoutLayer;

class GaussianNoiseLayer extends neupyLayer(
  "GaussianNoise",
  {
    /** The mean of the noise. Default 0. */
    mean: number({ default: 0 }),
    /** Its standard deviation. Default 1. */
    std: number({ default: 1, min: 0 }),
  },
  ["mean", "std"],
  IdentityLayer,
) {
  override compute([x]: readonly [Tensor], { training }: ComputeContext): Tensor {
    return training ? add(x, normal(x.shape, { mean: this.mean, stddev: this.std })) : x;
  }
}

/**
 * While training, normal noise is added to the input.
 *
 * @example
 * ```ts
 * import { GaussianNoise } from "varve/neupy";
 * const noise = GaussianNoise({ mean: 1, std: 0 });
 * await noise.output([[1, 2]], { training: true }).array() // => [[2, 3]]
 * ```
 */
export const GaussianNoise = /* @__PURE__ */ callable(GaussianNoiseLayer);
export type GaussianNoise = GaussianNoiseLayer;

class DropBlockLayer extends neupyLayer(
  "DropBlock",
  {
    /** The part that is kept, 0 to 1. */
    keepProba: number({ min: 0, max: 1 }),
    /** Rows and columns of a block. */
    blockSize: spatial({}),
  },
  ["keepProba", "blockSize"],
  IdentityLayer,
) {
  protected override get rank(): number {
    return 4;
  }

  protected override checkInputs(shape: PartialShape): void {
    if (this.blockSize.some((size, axis) => size > (shape[axis + 1] ?? size))) {
      this.refuse(
        `a block of shape ${shapeText(this.blockSize)} does not fit into an input of shape ${shapeText(shape)}`,
      );
    }
  }

  override compute([x]: readonly [Tensor], { training }: ComputeContext): Tensor {
    return training ? dropBlock(x, this.keepProba, this.blockSize as readonly [number, number]) : x;
  }
}

/**
 * While training, whole blocks of each channel are 0, and the rest is multiplied so that the sum stays about the same.
 *
 * @example
 * ```ts
 * import { DropBlock, Input, join } from "varve/neupy";
 * join(Input([28, 28, 1]), DropBlock({ keepProba: 0.9, blockSize: 5 })).outputShape // => [null, 28, 28, 1]
 * ```
 *
 * @see Ghiasi, Lin & Le, DropBlock, 2018
 */
export const DropBlock = /* @__PURE__ */ callable(DropBlockLayer);
export type DropBlock = DropBlockLayer;
