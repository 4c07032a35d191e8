/**
 * Reshape and Transpose.
 */
import { show } from "../../../core/errors.ts";
import type { PartialShape } from "../../../core/shape.ts";
import type { Tensor } from "../../../core/tensor.ts";
import { reshape } from "../../../ops/movement/reshape.ts";
import { transpose } from "../../../ops/movement/transpose.ts";
import { neupyLayer } from "../layer.ts";
import { callable, kind } from "../options.ts";
import { type LayerShape, shapeText } from "../shapes.ts";

const isSize = (size: unknown) => Number.isSafeInteger(size) && (size as number) >= -1;

const newShape = kind<number | readonly number[], { readonly default: number }>(
  { default: -1 },
  "a whole number ≥ 0 or a list of them, one of which may be -1: it follows from the others",
  (given, refuse) => {
    const list = Array.isArray(given) ? given : [given];
    const fits = list.every(isSize) && list.indexOf(-1) === list.lastIndexOf(-1);
    return fits ? Object.freeze([...list]) : refuse();
  },
);

/** The new shape, which is read as a list. */
const sizesOf = (layer: ReshapeLayer) => layer.shape as readonly number[];

class ReshapeLayer extends neupyLayer("Reshape", { shape: newShape }, ["shape"]) {
  protected override shapeOfUnknown(): LayerShape {
    return [null, ...sizesOf(this).map((size) => (size === -1 ? null : size))];
  }

  protected override shapeOf([batch, ...sample]: PartialShape): PartialShape {
    const known = sizesOf(this).reduce((product, size) => (size === -1 ? product : product * size), 1);
    const features = sample.reduce((product, size) => (product === null || size === null ? null : product * size), 1);
    const fits = features === null || (sizesOf(this).includes(-1) ? features % known === 0 : features === known);
    if (!fits) {
      this.refuse(
        `cannot make samples of shape ${shapeText(sizesOf(this))} from an input of shape ${shapeText([batch ?? null, ...sample])}`,
      );
    }
    const rest = features === null || known === 0 ? null : features / known;
    return [batch ?? null, ...sizesOf(this).map((size) => (size === -1 ? rest : size))];
  }

  override compute([x]: readonly [Tensor]): Tensor {
    // A batch may be empty, so that what -1 means cannot be left to the number of elements.
    return reshape(x, this.shapeOf(x.shape) as readonly number[]);
  }
}

/**
 * Samples of another shape: all in one row unless said.
 *
 * @example
 * ```ts
 * import { Input, join, Reshape } from "varve/neupy";
 * join(Input([5, 4]), Reshape([5, 2, -1])).outputShape // => [null, 5, 2, 2]
 * ```
 */
export const Reshape = /* @__PURE__ */ callable(ReshapeLayer);
export type Reshape = ReshapeLayer;

const permutation = kind<readonly number[]>(
  {},
  "a list of all axes, batch included, each once: [0, 2, 1]",
  (given, refuse) =>
    Array.isArray(given) && given.length > 0 && given.every((_, axis) => given.includes(axis))
      ? Object.freeze([...given])
      : refuse(),
);

class TransposeLayer extends neupyLayer("Transpose", { perm: permutation }, ["perm"]) {
  protected override checkInputs(shape: PartialShape): void {
    if (shape.length !== this.perm.length) {
      this.refuse(
        `cannot transpose an input of shape ${shapeText(shape)} by ${show(this.perm)}, which has ${this.perm.length} axes`,
      );
    }
  }

  protected override shapeOfUnknown(): LayerShape {
    return this.perm.map(() => null);
  }

  override compute([x]: readonly [Tensor]): Tensor {
    return transpose(x, this.perm);
  }
}

/**
 * The axes in another order, batch included.
 *
 * @example
 * ```ts
 * import { Input, join, Transpose } from "varve/neupy";
 * join(Input([7, 11]), Transpose([0, 2, 1])).outputShape // => [null, 11, 7]
 * ```
 */
export const Transpose = /* @__PURE__ */ callable(TransposeLayer);
export type Transpose = TransposeLayer;
