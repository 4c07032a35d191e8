/**
 * Operations in the graphs of Keras models: `x + y`, `ops.mean(x)`, and the masks that Keras works out. A file has each
 * as an entry of its own among the layers; here it becomes a layer, and an entry again when the model is saved.
 */
import { type Json, option } from "../core/options.ts";
import { Tensor } from "../core/tensor.ts";
import { isPlainObject } from "../core/tree.ts";
import { layer } from "../layers/layer.ts";
import type { Kit } from "./config.ts";
import { fill, place } from "./operation-entry.ts";

type Node = Readonly<Record<string, unknown>>;

/** Operations whose config holds arguments, with their names there, in the order that the function here takes them. */
const withArguments: Readonly<Record<string, readonly string[]>> = {
  Mean: ["axis", "keepdims"],
  Sum: ["axis", "keepdims"],
  Prod: ["axis", "keepdims"],
  Max: ["axis", "keepdims"],
  Min: ["axis", "keepdims"],
  Var: ["axis", "keepdims"],
  Std: ["axis", "keepdims"],
  Any: ["axis", "keepdims"],
  All: ["axis", "keepdims"],
  Argmax: ["axis"],
  Argmin: ["axis"],
  Reshape: ["newshape"],
  Transpose: ["axes"],
  ExpandDims: ["axis"],
  Squeeze: ["axis"],
  Concatenate: ["axis"],
  Stack: ["axis"],
  Cast: ["dtype"],
  Softmax: ["axis"],
  LogSoftmax: ["axis"],
  Gelu: ["approximate"],
  Clip: ["x_min", "x_max"],
  Flip: ["axis"],
};

/** Operations of tensors and numbers alone. */
const plain = new Set(
  (
    "Add Subtract Multiply Divide TrueDivide Power Maximum Minimum Equal NotEqual Greater GreaterEqual Less LessEqual " +
    "LogicalAnd LogicalOr LogicalNot LogicalXor Negative Absolute Square Sqrt Rsqrt Reciprocal Exp Log Log1p Expm1 " +
    "Sin Cos Tanh Sigmoid Relu Relu6 Silu Softplus Softsign Sign Floor Ceil Round Matmul Where"
  ).split(" "),
);

/** Whether an operation of Keras is known here, by its class name. */
export function isKnownOperation(name: string): boolean {
  return plain.has(name) || Object.hasOwn(withArguments, name);
}

const isTensor = (value: unknown) => isPlainObject(value) && value.class_name === "__keras_tensor__";

const json = option<Json, Json, Record<never, never>>(
  {},
  { expected: "JSON", parse: (given) => given as Json, toConfig: (value) => value, fromConfig: (value) => value },
);

/** The class of the layer that runs an operation of Keras, by functions of `ops.*`. */
export function operationLayer(ops: Kit["ops"]): unknown {
  return class Operation extends layer("KerasOperation", {
    /** The entry as the file has it, without its calls. */
    entry: json,
    /** The arguments of its call, with tensors numbered. */
    arguments: json,
  }) {
    override readonly supportsMasking = true;
    protected override readonly autocast = false;

    override call(inputs: Tensor | readonly Tensor[]): Tensor {
      const { class_name: name, config } = this.entry as { class_name: string; config: Node };
      const given = (withArguments[name] ?? []).map((key) => config[key] ?? undefined);
      const filled = fill(this.arguments, inputs instanceof Tensor ? [inputs] : inputs) as unknown[];
      const run = ops[name.replace(/^./, (first) => first.toLowerCase())];
      return (run as (...args: unknown[]) => Tensor)(...filled, ...given);
    }

    /** Operations make tensors without masks. */
    override computeMask(): undefined {
      return undefined;
    }
  };
}

/** The entry of a layer in place of that of an operation; undefined where it takes what no layer here can. */
export function layerEntry(entry: Node): Node | undefined {
  const { inbound_nodes: calls, ...rest } = entry;
  const { args, kwargs } = (Array.isArray(calls) && calls.length === 1 ? calls[0] : {}) as {
    args?: unknown;
    kwargs?: Node;
  };
  if (!Array.isArray(args) || Object.keys(kwargs ?? {}).length > 0) return undefined;
  const tensors: unknown[] = [];
  const number = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(number);
    return isTensor(value) ? { [place]: tensors.push(value) - 1 } : value;
  };
  const template = args.map(number);
  if (tensors.length === 0) return undefined;
  const { name } = entry.config as Node;
  return {
    module: "keras.layers",
    class_name: "KerasOperation",
    config: { name: entry.name ?? name, entry: rest, arguments: template },
    name: entry.name ?? name,
    inbound_nodes: [{ args: [tensors.length === 1 ? tensors[0] : tensors], kwargs: {} }],
  };
}
