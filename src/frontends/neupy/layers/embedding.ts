/**
 * Embedding: rows of a matrix by their numbers.
 */
import { integer } from "../../../core/options.ts";
import type { PartialShape } from "../../../core/shape.ts";
import type { Tensor } from "../../../core/tensor.ts";
import type { Variable } from "../../../core/variable.ts";
import { cast } from "../../../ops/elementwise/cast.ts";
import { take } from "../../../ops/indexing/take.ts";
import * as init from "../init.ts";
import { neupyLayer } from "../layer.ts";
import { callable, parameter } from "../options.ts";

class EmbeddingLayer extends neupyLayer(
  "Embedding",
  {
    /** How many categories there are: 0 to inputSize − 1. */
    inputSize: integer({ min: 1 }),
    /** The length of a row. */
    outputSize: integer({ min: 1 }),
    /** How the rows [inputSize, outputSize] begin. Default `init.HeNormal()`. */
    weight: parameter({ default: init.HeNormal() }),
  },
  ["inputSize", "outputSize", "weight"],
) {
  protected override get hasVariables(): boolean {
    return true;
  }

  protected override shapeOf(shape: PartialShape): PartialShape {
    return [...shape, this.outputSize];
  }

  protected override build(): void {
    this.variable(this.weight, "weight", [this.inputSize, this.outputSize]);
  }

  override compute([x]: readonly [Tensor]): Tensor {
    return take((this.variables.weight as Variable).value, cast(x, "int32"), 0);
  }
}

/**
 * A learned row for each number of a category. Numbers come as they are, in any dtype; real ones are cut off.
 *
 * @example
 * ```ts
 * import { Embedding } from "varve/neupy";
 * const embedding = Embedding(3, 2, { weight: [[0, 0], [1, 2], [3, 4]] });
 * await embedding.output([[2, 1]]).array() // => [[[3, 4], [1, 2]]]
 * ```
 */
export const Embedding = /* @__PURE__ */ callable(EmbeddingLayer);
export type Embedding = EmbeddingLayer;
