/**
 * EinsumDense: a dense layer over axes that an equation names. What the equation means for shapes is read here; the
 * sums are `ops.einsum`.
 */
import { OptionError, show } from "../../core/errors.ts";
import { type Json, type Option, option, string, unlessNull } from "../../core/options.ts";
import { formatShape, type PartialShape, type Shape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Variable } from "../../core/variable.ts";
import type { Initializer } from "../../initializers.ts";
import { add } from "../../ops/elementwise/binary.ts";
import { einsum } from "../../ops/matmul/einsum.ts";
import { type RegularizerOption, regularizer } from "../../regularizers.ts";
import { factory, layer } from "../layer.ts";
import {
  type AdaptationOptions,
  adaptationConfig,
  adaptationOptions,
  adaptationWeights,
  adaptedMatrix,
  checkAdaptation,
  inReals,
  type KernelOptions,
  kernelOptions,
  weight,
} from "../weights.ts";

type OutputShape = number | readonly (number | null)[];

const outputShape = option<OutputShape, readonly (number | null)[], Record<never, never>>(
  {},
  {
    expected: "a whole number ≥ 1, or a list of such numbers and nulls: the sizes behind the batch",
    parse: (given, refuse) => {
      const sizes = Array.isArray(given) ? given : [given];
      const fits = (size: unknown) => size === null || (Number.isSafeInteger(size) && (size as number) >= 1);
      return sizes.length > 0 && sizes.every(fits) ? Object.freeze([...sizes]) : refuse();
    },
    toConfig: (sizes) => sizes,
    fromConfig: (json) => json as OutputShape,
  },
);

/** An equation with the axes of the input, the kernel and the output by name; `dots` says where "..." stands. */
interface Equation {
  readonly input: string;
  readonly kernel: string;
  readonly output: string;
  readonly dots: "none" | "front" | "back";
}

/** Reads an equation; refuses one of another form. */
function read(equation: string, label: string): Equation {
  const forms = [
    ["none", /^([a-zA-Z]+),([a-zA-Z]+)->([a-zA-Z]+)$/],
    ["front", /^\.\.\.([a-zA-Z]+),([a-zA-Z]+)->\.\.\.([a-zA-Z]+)$/],
    ["back", /^([a-zA-Z]{2,})\.\.\.,([a-zA-Z]+)->([a-zA-Z]+)\.\.\.$/],
  ] as const;
  for (const [dots, form] of forms) {
    const [, input, kernel, output] = form.exec(equation) ?? [];
    if (input && kernel && output) return { input, kernel, output, dots };
  }
  throw new OptionError(
    `${label}: option "equation" must name the axes of input, kernel and output, like "ab,bc->ac", "...a,ab->...b" or "ab...,bc->ac...", got ${show(equation)}`,
  );
}

/** Every axis of the kernel and the output must come from somewhere, and biases stand on axes of the output. */
function checkNames({ input, kernel, output }: Equation, biasAxes: string, label: string): void {
  for (const name of output) {
    if (!input.includes(name) && !kernel.includes(name)) {
      throw new OptionError(
        `${label}: the output "${output}" has an axis "${name}" that neither the input "${input}" nor the kernel "${kernel}" has`,
      );
    }
  }
  for (const name of kernel) {
    if (!input.includes(name) && !output.includes(name)) {
      throw new OptionError(
        `${label}: the kernel "${kernel}" has an axis "${name}" that neither the input "${input}" nor the output "${output}" has`,
      );
    }
  }
  for (const name of biasAxes) {
    if (!output.includes(name)) {
      throw new OptionError(`${label}: biasAxes has "${name}", which the output "${output}" has not`);
    }
  }
}

/** The same initializer, told which axes of the weight count inputs and which outputs, where it asks and was not told. */
function withAxes(initializer: Initializer, inputAxes: readonly number[], outputAxes: readonly number[]): Initializer {
  const own = initializer as Initializer & { inputAxes?: unknown; outputAxes?: unknown };
  if (!("inputAxes" in own) || (own.inputAxes && own.outputAxes)) return initializer;
  const { fromConfig } = initializer.constructor as unknown as { fromConfig(config: object): Initializer };
  const axes = { input_axes: inputAxes, output_axes: outputAxes };
  return fromConfig.call(initializer.constructor, { ...initializer.getConfig(), ...axes });
}

/** The options of a dense layer, but that the equation says whether there is a bias. */
type EinsumOptions = Omit<KernelOptions, "useBias"> &
  AdaptationOptions & {
    /** A penalty on the layer's output, divided by the batch size and added to the loss. */
    activityRegularizer: RegularizerOption<{ readonly default: null }>;
    /** Quantized weights are not supported: only null. */
    gptqUnpackedColumnSize: Option<null, null, false>;
  };

/* @__NO_SIDE_EFFECTS__ */
function einsumOptions(): EinsumOptions {
  const { useBias: _, ...options } = kernelOptions();
  const adaptation = adaptationOptions();
  return {
    ...options,
    ...adaptation,
    activityRegularizer: regularizer({ default: null }),
    gptqUnpackedColumnSize: unlessNull(adaptation.quantizationConfig),
  };
}

/**
 * `y = activation(einsum(equation, x, kernel) + bias)`: a dense layer over the axes that the equation names. Axes of
 * the input that the output has not are summed over. The first axis is the batch.
 *
 * - Input: one axis for each letter of the first term; "..." in front or behind stands for any others.
 * - Output: one axis for each letter behind the arrow, of the sizes in `outputShape`.
 * - Weights: `kernel`, one axis for each letter of the second term; `bias`, from the first of `biasAxes` to the last
 *   axis of the output, of size 1 on axes that are not among them; with `loraRank`, `loraKernelA` and `loraKernelB`
 *   beside a frozen kernel.
 *
 * @throws OptionError where the equation has another form or names an axis that comes from nowhere.
 * @throws ShapeError where the input has not the axes, or not the sizes, that the equation and `outputShape` say.
 *
 * @example
 * ```ts
 * import { EinsumDense, tensor } from "varve";
 * const layer = new EinsumDense({ equation: "abc,cd->abd", outputShape: [null, 1], kernelInitializer: "ones" });
 * await layer.apply(tensor([[[1, 2], [3, 4]]])).array() // => [[[3], [7]]]
 * ```
 */
export class EinsumDense extends layer("EinsumDense", einsumOptions(), {
  /** The axes of input, kernel and output: "ab,bc->ac", "...ab,bc->...ac" or "ab...,bc->ac...". */
  equation: string(),
  /** The sizes behind the batch, those under "..." left out; null where a size is as in the input. */
  outputShape,
  /** The axes of the output that the bias has, by their letters. Default null: no bias. */
  biasAxes: string({ default: null }),
}) {
  kernel: Variable | undefined = undefined;
  bias: Variable | undefined = undefined;
  loraKernelA: Variable | undefined = undefined;
  loraKernelB: Variable | undefined = undefined;

  protected override checkOptions(): void {
    checkNames(read(this.equation, this.label), this.biasAxes ?? "", this.label);
    checkAdaptation(this.label, this.loraRank, this.kernelConstraint);
  }

  override build(shape: PartialShape): void {
    const { input, kernel, output, dots } = read(this.equation, this.label);
    const elided = shape.length - input.length;
    if (elided < 0 || (dots === "none" && elided > 0)) {
      this.refuse(
        `equation "${this.equation}" is for an input of rank ${input.length}, got shape ${formatShape(shape)}`,
      );
    }
    const [before, after] = [dots === "front" ? elided : 0, dots === "back" ? elided : 0];
    const outputSizes = [
      ...shape.slice(0, Math.max(1, before)),
      ...this.outputShape,
      ...shape.slice(shape.length - after),
    ];
    if (outputSizes.length !== before + output.length + after) {
      const wanted = before + output.length + after - Math.max(1, before) - after;
      this.refuse(
        `equation "${this.equation}" needs ${wanted} sizes in outputShape, got ${formatShape(this.outputShape)}`,
      );
    }
    const sizeIn = (name: string) => shape[before + input.indexOf(name)] ?? null;
    const sizeOut = (name: string) => outputSizes[before + output.indexOf(name)] ?? null;
    for (const name of input) {
      const size = output.includes(name) ? sizeOut(name) : null;
      if (size !== null && size !== sizeIn(name)) {
        this.refuse(
          `axis "${name}" has size ${size} in outputShape ${formatShape(this.outputShape)}, and ${sizeIn(name)} in the input of shape ${formatShape(shape)}`,
        );
      }
    }
    const known = (name: string, what: string): number =>
      (output.includes(name) ? (sizeOut(name) ?? (input.includes(name) ? sizeIn(name) : null)) : sizeIn(name)) ??
      this.refuse(
        `the size of axis "${name}" must be known to make the ${what}, got an input of shape ${formatShape(shape)} and outputShape ${formatShape(this.outputShape)}`,
      );
    const names = [...kernel];
    const axes = [...names.keys()];
    const isOutput = (axis: number) => output.includes(names[axis] as string);
    const sizes = names.map((name) => known(name, "kernel"));
    this.kernel = this.addWeight({
      ...weight(this, "kernel", sizes),
      initializer: withAxes(
        this.kernelInitializer,
        axes.filter((axis) => !isOutput(axis)),
        axes.filter(isOutput),
      ),
    });
    if (this.biasAxes) this.bias = this.addWeight(weight(this, "bias", this.#biasShape(output, after, known)));
    if (this.loraRank !== null) {
      const last = sizes.at(-1) as number;
      const [a, b] = adaptationWeights("kernel", [1, last], this.loraRank, this.kernelRegularizer);
      this.loraKernelA = this.addWeight({ ...a, shape: [...sizes.slice(0, -1), this.loraRank] });
      this.loraKernelB = this.addWeight(b);
      this.kernel.trainable = false;
    }
    this.inputSpec = { rank: shape.length };
  }

  /** From the first axis that has a bias to the last. */
  #biasShape(output: string, after: number, known: (name: string, what: string) => number): Shape {
    const biasAxes = this.biasAxes ?? "";
    const first = Math.min(...[...biasAxes].map((name) => output.indexOf(name)));
    const sizes = [...output.slice(first)].map((name) => (biasAxes.includes(name) ? known(name, "bias") : 1));
    return [...sizes, ...new Array<number>(after).fill(1)];
  }

  override call(x: Tensor): Tensor {
    const kernel = adaptedMatrix(this.kernel as Variable, this.loraKernelA, this.loraKernelB, this);
    const y = einsum(this.equation, inReals(x, this.dtype), kernel);
    return this.activation(this.bias ? add(y, this.bias) : y);
  }

  override getConfig(): Record<string, Json> {
    return { ...super.getConfig(), ...adaptationConfig(this) };
  }
}

export const einsumDense = factory(EinsumDense);
