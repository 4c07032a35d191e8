/**
 * Layers with several inputs.
 */
import { integer } from "../../../core/options.ts";
import { normalizeAxis, type PartialShape } from "../../../core/shape.ts";
import type { Tensor } from "../../../core/tensor.ts";
import { add, multiply } from "../../../ops/elementwise/binary.ts";
import { concatenate } from "../../../ops/movement/concatenate.ts";
import { reshape } from "../../../ops/movement/reshape.ts";
import { sliceAlong } from "../../../ops/movement/slice.ts";
import { neupyLayer } from "../layer.ts";
import { callable, functionOr } from "../options.ts";
import { compatible, merged, shapesText, shapeText } from "../shapes.ts";

/** What makes one tensor of two. */
export type MergeFunction = (a: Tensor, b: Tensor) => Tensor;

const merges = { add, multiply } satisfies Record<string, MergeFunction>;

class ElementwiseLayer extends neupyLayer(
  "Elementwise",
  {
    /** "add" (default), "multiply", or a function of two tensors. */
    mergeFunction: functionOr<MergeFunction, keyof typeof merges, { readonly default: "add" }>(
      ["add", "multiply"],
      "two tensors",
      { default: "add" },
    ),
  },
  ["mergeFunction"],
) {
  protected override checkInputs(...shapes: PartialShape[]): void {
    if (shapes.length < 2) this.refuse(`expects several inputs, got shapes ${shapesText(shapes)}`);
    if (!shapes.every((shape) => compatible(shape, shapes[0] as PartialShape))) {
      this.refuse(`inputs must have one shape, got ${shapesText(shapes)}`);
    }
  }

  protected override shapeOf(...shapes: PartialShape[]): PartialShape {
    return shapes.reduce((known, shape) => merged(known, shape) as PartialShape);
  }

  override compute(inputs: readonly Tensor[]): Tensor {
    const { mergeFunction } = this;
    const merge = typeof mergeFunction === "string" ? merges[mergeFunction] : mergeFunction;
    return inputs.reduce((a, b) => merge(a, b));
  }
}

/**
 * Inputs of one shape, added or multiplied element by element, or merged by a function of two.
 *
 * @example
 * ```ts
 * import { Elementwise, Input, join, parallel } from "varve/neupy";
 * const network = join(parallel(Input(2), Input(2)), Elementwise("multiply"));
 * await network.output([[2, 3]], [[4, 5]]).array() // => [[8, 15]]
 * ```
 */
export const Elementwise = /* @__PURE__ */ callable(ElementwiseLayer);
export type Elementwise = ElementwiseLayer;

class ConcatenateLayer extends neupyLayer(
  "Concatenate",
  {
    /** The axis along which the inputs follow each other, batch included. Default -1. */
    axis: integer({ default: -1 }),
  },
  ["axis"],
) {
  protected override checkInputs(first: PartialShape, ...others: PartialShape[]): void {
    const along = normalizeAxis(this.axis, first.length, this.label);
    for (const shape of others) {
      const fits = compatible(first.toSpliced(along, 1, null), shape);
      if (!fits) {
        this.refuse(`inputs of shapes ${shapeText(first)} and ${shapeText(shape)} differ beyond axis ${this.axis}`);
      }
    }
  }

  override compute(inputs: readonly Tensor[]): Tensor {
    return concatenate(inputs, this.axis);
  }
}

/**
 * The inputs one behind the other.
 *
 * @example
 * ```ts
 * import { Concatenate, Input, join, parallel } from "varve/neupy";
 * join(parallel(Input(10), Input(20)), Concatenate()).outputShape // => [null, 30]
 * ```
 */
export const Concatenate = /* @__PURE__ */ callable(ConcatenateLayer);
export type Concatenate = ConcatenateLayer;

class GatedAverageLayer extends neupyLayer(
  "GatedAverage",
  {
    /** Which input is the gate. Default 0, the first. */
    gateIndex: integer({ default: 0 }),
  },
  ["gateIndex"],
) {
  /** The gate, and the others in order. */
  #split<T>(inputs: readonly T[]): [gate: T, others: T[]] {
    const at = this.gateIndex < 0 ? this.gateIndex + inputs.length : this.gateIndex;
    if (at < 0 || at >= inputs.length) this.refuse(`gateIndex ${this.gateIndex} names none of ${inputs.length} inputs`);
    return [inputs[at] as T, inputs.toSpliced(at, 1)];
  }

  protected override checkInputs(...shapes: PartialShape[]): void {
    const [gate, others] = this.#split(shapes);
    if (gate.length !== 2) this.refuse(`the gate must have 2 dimensions, got ${shapeText(gate)}`);
    if (gate[1] !== null && gate[1] !== others.length) {
      this.refuse(`a gate of shape ${shapeText(gate)} weighs ${gate[1]} networks, got ${others.length}`);
    }
    if (!others.every((shape) => compatible(shape, others[0] as PartialShape))) {
      this.refuse(`the networks must have one output shape, got ${shapesText(others)}`);
    }
  }

  protected override shapeOf(...shapes: PartialShape[]): PartialShape {
    const [, others] = this.#split(shapes);
    return others.reduce((known, shape) => merged(known, shape) as PartialShape);
  }

  override compute(inputs: readonly Tensor[]): Tensor {
    const [gate, others] = this.#split(inputs);
    const weighed = others.map((x, index) => {
      const share = sliceAlong(gate, 1, index, index + 1);
      return multiply(x, reshape(share, [-1, ...x.shape.slice(1).map(() => 1)]));
    });
    return weighed.reduce((a, b) => add(a, b));
  }
}

/**
 * The outputs of several networks, weighed by a gate that has one number for each of them, and added up.
 *
 * @example
 * ```ts
 * import { GatedAverage, Input, join, parallel } from "varve/neupy";
 * const network = join(parallel(Input(2), Input(1), Input(1)), GatedAverage());
 * await network.output([[0.25, 0.75]], [[4]], [[8]]).array() // => [[7]]
 * ```
 */
export const GatedAverage = /* @__PURE__ */ callable(GatedAverageLayer);
export type GatedAverage = GatedAverageLayer;
