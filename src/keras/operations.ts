/**
 * Operations in the graphs of Keras models: `x + y`, `x[:, 0]`, `ops.mean(x)`, and the masks that Keras works out. A
 * file has each as an entry of its own among the layers, with what the class was made with in the config, and the rest
 * in the call; here it is a function of `ops.*` with its arguments. One table says which is which, for both directions.
 */
import type { Json } from "../core/options.ts";
import { isPlainObject } from "../core/tree.ts";
import { opsModule } from "../models/serialize.ts";

type Node = Readonly<Record<string, unknown>>;

/**
 * The classes of Keras by their module and their arguments, in the order that the function here takes them. Plain names
 * stand in the call, those with a dot in the config, and `*` stands for all that are left. After `=` comes what Keras
 * takes where nothing is given. Those with `!` the function here does not have, so they can only be that.
 */
const table = {
  core: {
    variable: "StopGradient",
    "x .dtype": "Cast",
    "x .num=null .axis=0": "Unstack",
    "inputs start_indices .shape": "Slice",
    "inputs start_indices updates": "SliceUpdate",
    "indices values .shape": "Scatter",
    "inputs indices updates .reduction=null": "ScatterUpdate",
  },
  numpy: {
    x:
      "Abs Absolute Arccos Arccosh Arcsin Arcsinh Arctan Arctanh Ceil Copy Cos Cosh Exp Exp2 Expm1 Floor Isfinite " +
      "Isinf Isnan Log Log10 Log1p Log2 LogicalNot Negative Nonzero Ravel Reciprocal Sign Sin Sinh Sqrt Square Tan " +
      "Tanh Trunc",
    "x1 x2":
      "Add Arctan2 Divide DivideNoNan Dot Equal FloorDivide Greater GreaterEqual Hypot Inner Less LessEqual Logaddexp " +
      "LogicalAnd LogicalOr LogicalXor Matmul Maximum Minimum Mod Multiply NotEqual Outer Power Subtract TrueDivide Vdot",
    "x .axis=null .keepdims=false": "All Amax Amin Any Argmax Argmin Mean Std Sum Var",
    "x .axis=null .keepdims=false !initial=null": "Max Min",
    "x .axis=null .keepdims=false !dtype=null": "Prod",
    "x .axis=null .dtype=null": "Cumprod Cumsum",
    "x .axis=null": "CountNonzero Flip Squeeze",
    "x .axis=-1": "Argsort Sort",
    "x .axis=0": "Stack",
    "x .axis": "ExpandDims",
    "x .axes=null": "Transpose",
    "x .axis1 .axis2": "Swapaxes",
    "x .source .destination": "Moveaxis",
    "x .shift .axis=null": "Roll",
    "x .newshape": "Reshape",
    "x .shape": "BroadcastTo",
    "x .repeats": "Tile",
    "x .repeats .axis=null": "Repeat",
    "x .indices_or_sections .axis=0": "Split",
    "x .x_min .x_max": "Clip",
    "x .decimals=0": "Round",
    "x .nan=0 .posinf=null .neginf=null": "NanToNum",
    "x .k=0": "Diag Tril Triu",
    "x .offset=0 .axis1=0 .axis2=1": "Diagonal",
    "x .pad_width .mode='constant' constant_values=null": "Pad",
    "x .dtype=null": "OnesLike ZerosLike",
    "x fill_value .dtype=null": "FullLike",
    "x key": "GetItem",
    "x indices .axis=null": "Take TakeAlongAxis",
    "x .weights=null .minlength=0 !sparse=false": "Bincount",
    "sorted_sequence values .side='left'": "SearchSorted>searchsorted",
    "condition x1=null x2=null": "Where",
    "condlist choicelist default=0": "Select",
    "xs .axis=0": "Concatenate",
    "x1 x2 .axes=2": "Tensordot",
    ".subscripts *": "Einsum",
    "* !indexing='xy'": "Meshgrid",
  },
  math: {
    x: "Erf Erfinv Rsqrt",
    "x .axis=null .keepdims=false": "Logsumexp",
    "x .k .sorted=true": "TopK",
    "data segment_ids .num_segments=null .sorted=false": "SegmentMax SegmentMin SegmentProd SegmentSum",
  },
  linalg: { "x .ord=null .axis=null .keepdims=false": "Norm" },
  nn: {
    x:
      "HardSigmoid HardSilu HardTanh LogSigmoid Relu Relu6 Selu Sigmoid Silu Softplus Softsign SparsePlus " +
      "SparseSigmoid TanhShrink",
    "x .axis=-1": "Glu LogSoftmax Softmax Sparsemax",
    "x .alpha=1": "Celu Elu",
    "x .threshold=0.5": "HardShrink SoftShrink",
    "x .threshold .default_value": "Threshold",
    "x .negative_slope=0.2": "LeakyRelu",
    "x .b=4": "Squareplus",
    "x .approximate=true": "Gelu",
    "x .num_classes .axis=-1 .dtype=null !sparse=false": "OneHot",
    "inputs .num_classes .axis=-1 .dtype=null !sparse=false": "MultiHot",
    "x .axes .keepdims=false !synchronized=false": "Moments",
    "x .axis=-1 .order=2 .epsilon=null": "Normalize",
    "x gamma=null beta=null .axis=-1 .epsilon=null !rms_scaling=false": "LayerNorm>layerNormalization",
    "x scale=null .axis=-1 .epsilon=null": "RMSNorm>rmsNormalization",
    "x mean variance .axis offset=null scale=null .epsilon=0.001": "BatchNorm>batchNormalization",
    "inputs .pool_size .strides=null .padding='valid' .data_format=null": "AveragePool MaxPool",
    "inputs kernel .strides=1 .padding='valid' .data_format=null .dilation_rate=1": "Conv DepthwiseConv",
    // Not ConvTranspose, AdaptiveAveragePool and AdaptiveMaxPool: Keras 3.15.1 cannot run them once they are saved.
    "inputs depthwise_kernel pointwise_kernel .strides=1 .padding='valid' .data_format=null .dilation_rate=1":
      "SeparableConv",
    "query key value bias=null mask=null scale=null .is_causal=false .flash_attention=null .attn_logits_soft_cap=null":
      "DotProductAttention",
  },
};

/** Functions here that Keras has under another name. */
const otherNames: Readonly<Record<string, string>> = { hardSwish: "hardSilu", swish: "silu", variance: "var" };

interface Parameter {
  readonly name: string;
  /** Whether it stands in the config rather than in the call. */
  readonly inConfig: boolean;
  /** Whether the function here has it. */
  readonly known: boolean;
  /** What Keras takes where nothing is given; undefined where something must be. */
  readonly otherwise: Json | undefined;
}

interface Operation {
  readonly module: string;
  readonly className: string;
  /** The function of `ops.*`. */
  readonly op: string;
  readonly parameters: readonly Parameter[];
}

function parameterOf(text: string): Parameter {
  const [, mark, name, otherwise] = /^([.!]?)(\w+|\*)(?:=(.*))?$/.exec(text) as unknown as [
    string,
    string,
    string,
    string,
  ];
  return {
    name,
    inConfig: mark !== "",
    known: mark !== "!",
    otherwise: otherwise === undefined ? undefined : JSON.parse(otherwise.replaceAll("'", '"')),
  };
}

/** All of the table. */
export const operations: readonly Operation[] = Object.entries(table).flatMap(([module, rows]) =>
  Object.entries(rows).flatMap(([parameters, classes]) =>
    classes.split(" ").map((each) => {
      const [className, op] = each.split(">") as [string, string | undefined];
      return {
        module: `keras.src.ops.${module}`,
        className,
        op: op ?? className.replace(/^./, (first) => first.toLowerCase()),
        parameters: parameters.split(" ").map(parameterOf),
      };
    }),
  ),
);
const byClass = new Map(operations.map((each) => [each.className, each]));
const byOp = new Map(operations.map((each) => [each.op, each]));

/** What an operation of Keras takes. */
export const parametersOf = (className: string): readonly Parameter[] =>
  (byClass.get(className) as Operation).parameters;

/** The entry that Keras would write of an operation, from all arguments of each call by their names. */
export function operationFrom(className: string, name: string, calls: readonly Node[]): Node {
  const { module, parameters } = byClass.get(className) as Operation;
  const part = (given: Node, isConfig: boolean) =>
    Object.fromEntries(
      parameters.flatMap(({ name: parameter, inConfig, otherwise }) =>
        inConfig === isConfig ? [[parameter, given[parameter] ?? otherwise ?? null]] : [],
      ),
    );
  const config = { ...part(calls[0] ?? {}, true), name };
  const inbound_nodes = calls.map((given) => ({ args: [], kwargs: part(given, false) }));
  return { module, class_name: className, config, registered_name: className, name, inbound_nodes };
}

/** The modules that operations of Keras stand in. */
export const operationModules = /^keras\.(src\.)?ops\./;

/** What is written in another way here: the parts of keys in `x[…]`. */
function valueHere(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(valueHere);
  if (!isPlainObject(value)) return value;
  if (value.class_name === "__ellipsis__") return "...";
  return value.class_name === "__slice__" ? value.config : value;
}

function valueInKeras(value: unknown): unknown {
  if (value === "...") return { class_name: "__ellipsis__", config: {} };
  if (Array.isArray(value)) return value.map(valueInKeras);
  if (!isPlainObject(value) || value.class_name !== undefined) return value;
  const { start = null, stop = null, step = null } = value;
  return { class_name: "__slice__", config: { start, stop, step } };
}

const tensorMark = /"class_name":"__(keras_tensor|numpy|tensor)__"/;

/** Arrays of numbers as the constants they are, where a call takes tensors; integers remain integers. */
function tensorsIn(parameter: string, value: unknown): unknown {
  if (!Array.isArray(value) || parameter === "start_indices") return value;
  if (tensorMark.test(JSON.stringify(value))) return value.map((item) => tensorsIn(parameter, item));
  const items: unknown[] = value.flat(Number.POSITIVE_INFINITY);
  const dtype = items.every((item) => typeof item === "boolean")
    ? "bool"
    : items.every(Number.isInteger)
      ? "int32"
      : "float32";
  return { class_name: "__numpy__", config: { value, dtype } };
}

/**
 * The entry that models here have for an operation of a Keras file; a text that says what is in the way where there is
 * none.
 */
export function entryHere(entry: Node): Node | string {
  const operation = byClass.get(String(entry.class_name));
  if (!operation) return "no function of ops.* is the same";
  const { inbound_nodes: calls, config, class_name: _class, registered_name: _registered, ...rest } = entry;
  const { parameters, op } = operation;
  const given = isPlainObject(config) ? config : {};
  const unknown = parameters.find(({ known, name, otherwise }) => !known && (given[name] ?? otherwise) !== otherwise);
  if (unknown) return `its ${unknown.name} is not known here`;
  const name = entry.name ?? given.name;
  const translated = (Array.isArray(calls) ? calls : []).map((call) => {
    const { args = [], kwargs = {} } = call as { args?: readonly unknown[]; kwargs?: Node };
    let next = 0;
    const values = parameters.flatMap(({ name: parameter, inConfig, known, otherwise }): unknown[] => {
      if (!known) return [];
      if (parameter === "*") return args.slice(next).map((each) => tensorsIn(parameter, each));
      const found = inConfig ? given[parameter] : next < args.length ? args[next++] : kwargs[parameter];
      // What Keras takes anyway is what the function here takes.
      if (found === null && otherwise === null) return [undefined];
      return [parameter === "key" ? valueHere(found) : inConfig ? found : tensorsIn(parameter, found)];
    });
    while (values.at(-1) === undefined) values.pop();
    return { args: values, kwargs: {} };
  });
  return { ...rest, module: opsModule, class_name: op, config: { name }, name, inbound_nodes: translated };
}

/** The reverse: the entry of a Keras file, or a text that says why there is none. */
export function entryInKeras(entry: Node): Node | string {
  const {
    class_name: own,
    name,
    inbound_nodes: calls,
  } = entry as {
    class_name: string;
    name: string;
    inbound_nodes: readonly { args: readonly unknown[] }[];
  };
  const operation = byOp.get(otherNames[own] ?? own);
  if (!operation) return "Keras has no operation that does the same";
  const { module, className, parameters } = operation;
  let problem: string | undefined;
  const config: Record<string, unknown> = { name };
  const translated = calls.map(({ args }) => {
    const call: unknown[] = [];
    let next = 0;
    for (const { name: parameter, inConfig, known, otherwise } of parameters) {
      if (parameter === "*") {
        call.push(...args.slice(next).map((each) => tensorsIn(parameter, each)));
        next = args.length;
        continue;
      }
      const given = known ? args[next++] : undefined;
      // Keras 3.15.1 does not work out the usual one in pooling that comes from a file.
      const usual = parameter === "data_format" ? "channels_last" : otherwise;
      const value = given === undefined ? (usual ?? null) : given;
      if (given === undefined && otherwise === undefined) problem = `${parameter} is missing`;
      if (!inConfig) {
        call.push(parameter === "key" ? valueInKeras(value) : tensorsIn(parameter, value));
      } else if (tensorMark.test(JSON.stringify(value)))
        problem = `Keras takes its ${parameter} as numbers, not from a tensor`;
      else config[parameter] = value;
    }
    if (next < args.length) problem = `Keras takes no more than ${parameters.length} arguments`;
    return { args: call, kwargs: {} };
  });
  return (
    problem ?? { module, class_name: className, config, registered_name: className, name, inbound_nodes: translated }
  );
}
