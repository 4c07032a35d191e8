/**
 * Functions of TensorFlow between the layers of tf.keras models (`x + y`, `tf.nn.relu(x)`, `x[:, 0]`), as operations of
 * Keras 3. tf.keras wrote each call as a layer: TFOpLambda and SlicingOpLambda with the name of the function and its
 * arguments, before 2.4 TensorFlowOpLayer with a node of TensorFlow's graph. One table says what each function is, one
 * which function a node is.
 * What is not here: what operations of Keras are here (`operations.ts`), how Keras 2 writes calls (`legacy-config.ts`).
 */
import { isPlainObject } from "../core/tree.ts";
import { operationFrom, parametersOf } from "./operations.ts";

type Node = Readonly<Record<string, unknown>>;

/** Adds an operation of Keras, from all its arguments by name, and gives the tensor that comes out. */
type Make = (operation: string, given: Node) => unknown;

/** Makes what a function is; fails with what is in the way. */
type Making = (given: Node, make: Make) => unknown;

/**
 * Functions that are one operation, which comes after `>`, by the arguments they take in TensorFlow's order. An argument
 * that Keras calls otherwise has that name after a colon; after `=` comes what TensorFlow takes where none is given.
 * With `!` an argument must be that, or nothing; with `?` it says nothing here.
 */
const rows: Readonly<Record<string, string>> = {
  x:
    "math.abs>Abs math.negative>Negative math.exp>Exp math.expm1>Expm1 math.log>Log math.log1p>Log1p math.sqrt>Sqrt " +
    "math.rsqrt>Rsqrt math.square>Square math.reciprocal>Reciprocal math.sign>Sign math.floor>Floor math.ceil>Ceil " +
    "math.round>Round math.rint>Round math.sin>Sin math.cos>Cos math.tan>Tan math.asin>Arcsin math.acos>Arccos " +
    "math.atan>Arctan math.sinh>Sinh math.cosh>Cosh math.tanh>Tanh nn.tanh>Tanh math.asinh>Arcsinh " +
    "math.acosh>Arccosh math.atanh>Arctanh math.erf>Erf math.erfinv>Erfinv math.is_nan>Isnan math.is_inf>Isinf " +
    "math.is_finite>Isfinite math.logical_not>LogicalNot math.sigmoid>Sigmoid nn.sigmoid>Sigmoid identity>Copy " +
    "math.log_sigmoid>LogSigmoid math.softplus>Softplus nn.softplus>Softplus nn.softsign>Softsign " +
    "math.softsign>Softsign nn.relu>Relu nn.relu6>Relu6 nn.elu>Elu nn.selu>Selu",
  "input:variable": "stop_gradient>StopGradient",
  "x:x1 y:x2":
    "math.add>Add __operators__.add>Add math.subtract>Subtract math.multiply>Multiply math.divide>TrueDivide " +
    "math.truediv>TrueDivide math.floordiv>FloorDivide compat.v1.floor_div>FloorDivide math.floormod>Mod math.mod>Mod " +
    "math.pow>Power math.maximum>Maximum math.minimum>Minimum math.divide_no_nan>DivideNoNan math.equal>Equal " +
    "__operators__.eq>Equal math.not_equal>NotEqual __operators__.ne>NotEqual math.greater>Greater " +
    "math.greater_equal>GreaterEqual math.less>Less math.less_equal>LessEqual math.logical_and>LogicalAnd " +
    "math.logical_or>LogicalOr math.logical_xor>LogicalXor",
  "y:x1 x:x2": "math.atan2>Arctan2",
  "value:x1 bias:x2 !data_format=NHWC": "nn.bias_add>Add",
  "input_tensor:x axis keepdims":
    "math.reduce_mean>Mean math.reduce_sum>Sum math.reduce_max>Max math.reduce_min>Min math.reduce_prod>Prod " +
    "math.reduce_all>All math.reduce_any>Any math.reduce_std>Std math.reduce_variance>Var " +
    "math.reduce_logsumexp>Logsumexp",
  "input:x axis=0 output_type?": "math.argmax>Argmax math.argmin>Argmin",
  "input:x axis !keepdims dtype?": "math.count_nonzero>CountNonzero",
  "logits:x axis=-1": "nn.softmax>Softmax nn.log_softmax>LogSoftmax",
  "features:x alpha:negative_slope=0.2": "nn.leaky_relu>LeakyRelu",
  "features:x approximate=false": "nn.gelu>Gelu",
  "features:x !beta=1": "nn.silu>Silu",
  "a:x perm:axes !conjugate": "transpose>Transpose compat.v1.transpose>Transpose",
  "input:x axis": "expand_dims>ExpandDims squeeze>Squeeze compat.v1.squeeze>Squeeze",
  "tensor:x axis": "reverse>Flip",
  "input:x shift axis": "roll>Roll",
  "input:x multiples:repeats": "tile>Tile",
  "input:x repeats axis": "repeat>Repeat",
  "input:x shape": "broadcast_to>BroadcastTo",
  "values:xs axis": "concat>Concatenate",
  "values:x axis=0": "stack>Stack",
  "value:x num axis=0": "unstack>Unstack",
  "input:x !dtype !layout": "zeros_like>ZerosLike ones_like>OnesLike",
  "condition x:x1 y:x2": "where>Where",
  "params:x ids:indices axis=0 partition_strategy? !max_norm":
    "nn.embedding_lookup>Take compat.v1.nn.embedding_lookup>Take",
  "params:x indices !validate_indices axis=0 !batch_dims=0": "gather>Take compat.v1.gather>Take",
  "input:x k=1 sorted=true": "math.top_k>TopK",
  "a:x1 b:x2 axes": "tensordot>Tensordot",
  "values:x axis=-1 !direction=ASCENDING": "sort>Sort argsort>Argsort",
  "sorted_sequence values side=left": "searchsorted>SearchSorted",
};

/** A word, or a number, a list or a constant as JSON has it. */
function valueIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** What an operation must be given and is not. */
const missingIn = (operation: string, given: Node) =>
  parametersOf(operation).find(({ name, otherwise }) => otherwise === undefined && given[name] === undefined)?.name;

/** The making of one operation from a row. */
function oneOperation(operation: string, row: string): Making {
  const parameters = row.split(" ").map((text) => {
    const [, mark, name, other, ignored, otherwise] = /^(!?)(\w+)(?::(\w+))?(\??)(?:=(.*))?$/.exec(
      text,
    ) as RegExpExecArray;
    return {
      name: name as string,
      inKeras: other ?? (name as string),
      mustBe: mark !== "",
      ignored: ignored !== "",
      otherwise: otherwise === undefined ? undefined : valueIn(otherwise),
    };
  });
  return (given, make) => {
    const arguments_ = parameters.flatMap(({ name, inKeras, mustBe, ignored, otherwise }): [string, unknown][] => {
      const value = given[name] ?? otherwise;
      const isAsAlways = value === otherwise || (otherwise === undefined && value === false);
      if (mustBe && !isAsAlways) throw new Error(`its ${name} is not known here`);
      return mustBe || ignored || value === undefined ? [] : [[inKeras, value]];
    });
    const other = Object.keys(given).find(
      (name) => given[name] !== null && name !== "name" && !parameters.some((each) => each.name === name),
    );
    if (other !== undefined) throw new Error(`its ${other} is not known here`);
    const all = Object.fromEntries(arguments_);
    const missing = missingIn(operation, all);
    if (missing !== undefined) {
      const { name } = parameters.find(({ inKeras }) => inKeras === missing) ?? { name: missing };
      throw new Error(`its ${name} is not in the file`);
    }
    return make(operation, all);
  };
}

const tensorMark = "__keras_tensor__";
const isTensor = (value: unknown): boolean => isPlainObject(value) && value.class_name === tensorMark;

/** Integers that do not come from tensors. */
function integers(value: unknown, name: string): number[] {
  if (Array.isArray(value) && value.every(Number.isInteger)) return value;
  throw new Error(`its ${name} is computed in the graph; here it has to be a list of integers`);
}

/** A part of an axis, as configs of Keras have it. */
const part = (start: unknown, stop: unknown, step: unknown = null) => ({
  class_name: "__slice__",
  config: { start, stop, step },
});

/** What `x[…]` takes, with parts that are numbers. */
function keyIn(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(keyIn);
  if (isTensor(value)) throw new Error("a place in it is computed in the graph");
  if (!isPlainObject(value)) return value;
  if (value.class_name === "__ellipsis__") return { class_name: "__ellipsis__", config: {} };
  const { start, stop, step } = value;
  if ([start, stop, step].some(isTensor)) throw new Error("a start or stop in it is computed in the graph");
  return part(start, stop, step);
}

/** The masks of strided slices, by the bit for each entry. */
interface Masks {
  readonly begin_mask?: number;
  readonly end_mask?: number;
  readonly ellipsis_mask?: number;
  readonly new_axis_mask?: number;
  readonly shrink_axis_mask?: number;
}

function stridedKey(begin: number[], end: number[], strides: number[], masks: Masks): unknown[] {
  return begin.map((from, entry) => {
    const has = (mask: number | undefined) => ((mask ?? 0) >> entry) % 2 === 1;
    if (has(masks.ellipsis_mask)) return { class_name: "__ellipsis__", config: {} };
    if (has(masks.new_axis_mask)) return null;
    if (has(masks.shrink_axis_mask)) return from;
    return part(has(masks.begin_mask) ? null : from, has(masks.end_mask) ? null : end[entry], strides[entry]);
  });
}

/** The spatial sizes of a window: one number, one for each axis, or with those of batch and channels, which are 1. */
function spatial(value: unknown, format: string): number | number[] {
  if (typeof value === "number") return value;
  const sizes = integers(value, "window");
  if (sizes.length === 1) return sizes[0] as number;
  if (sizes.length < 4) return sizes;
  return format === "channels_first" ? sizes.slice(2) : sizes.slice(1, -1);
}

/** What windows take: sizes, steps and padding, as Keras has them. */
function windowed({ strides, padding, data_format: layout }: Node) {
  const data_format = typeof layout === "string" && /^NC/.test(layout) ? "channels_first" : "channels_last";
  if (typeof padding !== "string") throw new Error("its padding is a list of sizes");
  return { strides: spatial(strides, data_format), padding: padding.toLowerCase(), data_format };
}

const pool =
  (operation: string): Making =>
  ({ ksize, input, ...given }, make) => {
    const window = windowed(given);
    return make(operation, { inputs: input, pool_size: spatial(ksize, window.data_format), ...window });
  };

const convolution =
  (operation: string, rate: string): Making =>
  ({ input, filter, filters, ...given }, make) => {
    const window = windowed(given);
    const dilations = given[rate] ?? 1;
    return make(operation, {
      inputs: input,
      kernel: filter ?? filters,
      ...window,
      dilation_rate: spatial(dilations, window.data_format),
    });
  };

/** √(Σ x²) over some axes. */
const euclidean: Making = ({ tensor, axis = null, keepdims, ord = "euclidean" }, make) => {
  if (ord !== "euclidean") throw new Error(`its ord ${JSON.stringify(ord)} is not known here`);
  const squares = make("Square", { x: tensor });
  return make("Sqrt", { x: make("Sum", { x: squares, axis, keepdims: keepdims ?? false }) });
};

/** Along an axis, perhaps from its end. */
const running =
  (operation: string): Making =>
  ({ x, axis = 0, exclusive, reverse }, make) => {
    if (exclusive) throw new Error("its exclusive is not known here");
    if (!reverse) return make(operation, { x, axis });
    return make("Flip", { x: make(operation, { x: make("Flip", { x, axis }), axis }), axis });
  };

const sumOfAll: Making = ({ inputs }, make) => {
  const [first, ...others] = [inputs].flat();
  if (others.length === 0) return make("Copy", { x: first });
  return others.reduce((sum, each) => make("Add", { x1: sum, x2: each }), first);
};

/** The dtypes of TensorFlow that are one of ours. */
const dtypes: Readonly<Record<string, string>> = {
  float16: "float32",
  bfloat16: "float32",
  float32: "float32",
  float64: "float64",
  int8: "int32",
  int16: "int32",
  int32: "int32",
  int64: "int32",
  bool: "bool",
};

/** Functions that are several operations, or whose arguments are others in Keras; the first one's name in parentheses. */
const makings: Readonly<Record<string, Making>> = {
  "__operators__.getitem(tensor)": ({ tensor, slice_spec }, make) =>
    make("GetItem", { x: tensor, key: keyIn(slice_spec) }),
  "slice(input_)"({ input_, begin, size }, make) {
    const lengths = integers(size, "size");
    const key = integers(begin, "begin").map((from, axis) => {
      const length = lengths[axis] as number;
      return part(from, length === -1 ? null : from + length);
    });
    return make("GetItem", { x: input_, key });
  },
  "strided_slice(input_)"({ input_, begin, end, strides, name: _name, ...masks }, make) {
    const from = integers(begin, "begin");
    const steps = strides === undefined || strides === null ? from.map(() => 1) : integers(strides, "strides");
    return make("GetItem", { x: input_, key: stridedKey(from, integers(end, "end"), steps, masks) });
  },
  "reshape(tensor)"({ tensor, shape }, make) {
    const sizes = [shape].flat();
    const computed = sizes.filter(isTensor).length;
    // The one size that comes from elsewhere can only be what is left.
    if (computed > 1 || (computed === 1 && sizes.includes(-1)) || isTensor(shape)) {
      throw new Error("more than one size of its shape is computed in the graph");
    }
    return make("Reshape", {
      x: tensor,
      newshape: integers(
        sizes.map((size) => (isTensor(size) ? -1 : size)),
        "shape",
      ),
    });
  },
  "cast(x)"({ x, dtype }, make) {
    const known = dtypes[String(dtype)];
    if (known === undefined) throw new Error(`its dtype ${JSON.stringify(dtype)} is not known here`);
    return make("Cast", { x, dtype: known });
  },
  "split(value)"({ value, num_or_size_splits: parts, axis, num: _num }, make) {
    if (typeof parts === "number") return make("Split", { x: value, indices_or_sections: parts, axis: axis ?? 0 });
    let at = 0;
    const ends = integers(parts, "num_or_size_splits").map((size) => (at += size));
    return make("Split", { x: value, indices_or_sections: ends.slice(0, -1), axis: axis ?? 0 });
  },
  "pad(tensor)": padding,
  "compat.v1.pad(tensor)": padding,
  "clip_by_value(t)"({ t, clip_value_min: least, clip_value_max: most }, make) {
    if (typeof least === "number" && typeof most === "number") return make("Clip", { x: t, x_min: least, x_max: most });
    return make("Minimum", { x1: make("Maximum", { x1: t, x2: least }), x2: most });
  },
  "one_hot(indices)"({ indices, depth, on_value, off_value, axis, dtype }, make) {
    if ((on_value ?? 1) !== 1 || (off_value ?? 0) !== 0) throw new Error("its on_value or off_value is not known here");
    return make("OneHot", {
      x: indices,
      num_classes: depth,
      axis: axis ?? -1,
      dtype: dtypes[String(dtype ?? "float32")],
    });
  },
  "linalg.matmul(a)"({ a, b, transpose_a, transpose_b, adjoint_a, adjoint_b, output_type }, make) {
    if (output_type) throw new Error("its output_type is not known here");
    const turned = (x: unknown, isTurned: unknown) => (isTurned ? make("Swapaxes", { x, axis1: -2, axis2: -1 }) : x);
    return make("Matmul", { x1: turned(a, transpose_a || adjoint_a), x2: turned(b, transpose_b || adjoint_b) });
  },
  "linalg.band_part(input)"({ input, num_lower, num_upper }, make) {
    if (num_lower === -1 && num_upper === 0) return make("Tril", { x: input });
    if (num_lower === 0 && num_upper === -1) return make("Triu", { x: input });
    throw new Error("its band is neither the lower nor the upper triangle");
  },
  "math.add_n(inputs)": sumOfAll,
  "math.accumulate_n(inputs)": sumOfAll,
  "math.squared_difference(x)": ({ x, y }, make) => make("Square", { x: make("Subtract", { x1: x, x2: y }) }),
  "math.cumsum(x)": running("Cumsum"),
  "math.cumprod(x)": running("Cumprod"),
  "math.reduce_euclidean_norm(tensor)": euclidean,
  "norm(tensor)": euclidean,
  "compat.v1.norm(tensor)": euclidean,
  "math.l2_normalize(x)"({ x, axis = null, epsilon }, make) {
    const sum = make("Sum", { x: make("Square", { x }), axis, keepdims: true });
    const least = make("Maximum", { x1: sum, x2: epsilon ?? 1e-12 });
    return make("Multiply", { x1: x, x2: make("Rsqrt", { x: least }) });
  },
  "nn.crelu(features)": crelu,
  "compat.v1.nn.crelu(features)": crelu,
  "nn.max_pool(input)": pool("MaxPool"),
  "nn.max_pool1d(input)": pool("MaxPool"),
  "nn.max_pool2d(input)": pool("MaxPool"),
  "nn.max_pool3d(input)": pool("MaxPool"),
  "nn.avg_pool(input)": pool("AveragePool"),
  "nn.avg_pool1d(input)": pool("AveragePool"),
  "nn.avg_pool2d(input)": pool("AveragePool"),
  "nn.avg_pool3d(input)": pool("AveragePool"),
  "nn.conv1d(input)": convolution("Conv", "dilations"),
  "nn.conv2d(input)": convolution("Conv", "dilations"),
  "nn.conv3d(input)": convolution("Conv", "dilations"),
  "nn.convolution(input)": convolution("Conv", "dilations"),
  "compat.v1.nn.conv2d(input)": convolution("Conv", "dilations"),
  "nn.depthwise_conv2d(input)": convolution("DepthwiseConv", "dilations"),
  "compat.v1.nn.depthwise_conv2d(input)": convolution("DepthwiseConv", "rate"),
  "image.flip_left_right(image)": ({ image }, make) => make("Flip", { x: image, axis: -2 }),
  "image.flip_up_down(image)": ({ image }, make) => make("Flip", { x: image, axis: -3 }),
};

function padding({ tensor, paddings, mode, constant_values }: Node, make: Make): unknown {
  const how = String(mode ?? "CONSTANT").toLowerCase();
  if (!Array.isArray(paddings)) throw new Error("its paddings are computed in the graph");
  return make("Pad", {
    x: tensor,
    pad_width: paddings,
    mode: how,
    constant_values: how === "constant" ? (constant_values ?? 0) : null,
  });
}

function crelu({ features, axis }: Node, make: Make): unknown {
  const below = make("Relu", { x: make("Negative", { x: features }) });
  return make("Concatenate", { xs: [make("Relu", { x: features }), below], axis: axis ?? -1 });
}

interface Function {
  /** The name of the argument that calls have in front. */
  readonly first: string;
  readonly making: Making;
}

const functions: ReadonlyMap<string, Function> = new Map([
  ...Object.entries(rows).flatMap(([row, all]) =>
    all.split(" ").map((each): [string, Function] => {
      const [name, operation] = each.split(">") as [string, string];
      return [name, { first: (/\w+/.exec(row) as RegExpExecArray)[0], making: oneOperation(operation, row) }];
    }),
  ),
  ...Object.entries(makings).map(([key, making]): [string, Function] => {
    const [name, first] = key.slice(0, -1).split("(") as [string, string];
    return [name, { first, making }];
  }),
]);

/**
 * Nodes of TensorFlow's graphs, each with the function that it is after `>`, by the names of its inputs (`*` takes all
 * that the others leave), and after a bar its attributes, with the name of the argument where that is another.
 */
const nodes: Readonly<Record<string, string>> = {
  x:
    "Abs>math.abs Neg>math.negative Exp>math.exp Expm1>math.expm1 Log>math.log Log1p>math.log1p Sqrt>math.sqrt " +
    "Rsqrt>math.rsqrt Square>math.square Reciprocal>math.reciprocal Inv>math.reciprocal Sign>math.sign " +
    "Floor>math.floor Ceil>math.ceil Round>math.round Rint>math.rint Sin>math.sin Cos>math.cos Tan>math.tan " +
    "Asin>math.asin Acos>math.acos Atan>math.atan Sinh>math.sinh Cosh>math.cosh Tanh>math.tanh Asinh>math.asinh " +
    "Acosh>math.acosh Atanh>math.atanh Erf>math.erf IsNan>math.is_nan IsInf>math.is_inf IsFinite>math.is_finite " +
    "LogicalNot>math.logical_not Identity>identity Sigmoid>math.sigmoid Softplus>math.softplus Softsign>nn.softsign Relu>nn.relu " +
    "Relu6>nn.relu6 Elu>nn.elu Selu>nn.selu",
  "x y":
    "Add>math.add AddV2>math.add Sub>math.subtract Mul>math.multiply RealDiv>math.truediv Div>math.divide " +
    "FloorDiv>math.floordiv FloorMod>math.floormod Pow>math.pow Maximum>math.maximum Minimum>math.minimum " +
    "SquaredDifference>math.squared_difference DivNoNan>math.divide_no_nan Equal>math.equal NotEqual>math.not_equal " +
    "Greater>math.greater GreaterEqual>math.greater_equal Less>math.less LessEqual>math.less_equal " +
    "LogicalAnd>math.logical_and LogicalOr>math.logical_or",
  "y x": "Atan2>math.atan2",
  "*inputs": "AddN>math.add_n",
  "input_tensor axis | keep_dims:keepdims":
    "Mean>math.reduce_mean Sum>math.reduce_sum Max>math.reduce_max Min>math.reduce_min Prod>math.reduce_prod " +
    "All>math.reduce_all Any>math.reduce_any",
  "input axis": "ArgMax>math.argmax ArgMin>math.argmin ExpandDims>expand_dims",
  "x axis | exclusive reverse": "Cumsum>math.cumsum Cumprod>math.cumprod",
  "tensor shape": "Reshape>reshape",
  "input shape": "BroadcastTo>broadcast_to",
  "a perm": "Transpose>transpose",
  "input | squeeze_dims:axis": "Squeeze>squeeze",
  "tensor axis": "ReverseV2>reverse",
  "*values axis": "ConcatV2>concat",
  "*values | axis": "Pack>stack",
  "value | num axis": "Unpack>unstack",
  "axis value | num_split:num_or_size_splits": "Split>split",
  "value num_or_size_splits axis": "SplitV>split",
  "input multiples": "Tile>tile",
  "input shift axis": "Roll>roll",
  "input num_lower num_upper": "MatrixBandPart>linalg.band_part",
  "input k | sorted": "TopKV2>math.top_k",
  "tensor axis | keep_dims:keepdims": "EuclideanNorm>math.reduce_euclidean_norm",
  "tensor paddings": "Pad>pad",
  "tensor paddings constant_values": "PadV2>pad",
  "tensor paddings | mode": "MirrorPad>pad",
  "params indices axis | batch_dims": "GatherV2>gather",
  "input_ begin size": "Slice>slice",
  "input_ begin end strides | begin_mask end_mask ellipsis_mask new_axis_mask shrink_axis_mask":
    "StridedSlice>strided_slice",
  "a b | transpose_a transpose_b": "MatMul>linalg.matmul",
  "a b | adj_x:adjoint_a adj_y:adjoint_b":
    "BatchMatMul>linalg.matmul BatchMatMulV2>linalg.matmul BatchMatMulV3>linalg.matmul",
  logits: "Softmax>nn.softmax LogSoftmax>nn.log_softmax",
  "features | alpha": "LeakyRelu>nn.leaky_relu",
  "x | DstT:dtype": "Cast>cast",
  "condition x y": "Select>where SelectV2>where",
  "t clip_value_min clip_value_max": "ClipByValue>clip_by_value",
  input: "StopGradient>stop_gradient ZerosLike>zeros_like OnesLike>ones_like",
  "value bias | data_format": "BiasAdd>nn.bias_add",
  "indices depth on_value off_value | axis": "OneHot>one_hot",
  "input | ksize strides padding data_format": "MaxPool>nn.max_pool AvgPool>nn.avg_pool",
  "input filters | strides padding data_format dilations": "Conv2D>nn.conv2d",
  "input filter | strides padding data_format dilations": "DepthwiseConv2dNative>nn.depthwise_conv2d",
};

const functionsOfNodes: ReadonlyMap<string, readonly [name: string, row: string]> = new Map(
  Object.entries(nodes).flatMap(([row, all]) =>
    all.split(" ").map((each) => {
      const [node, name] = each.split(">") as [string, string];
      return [node, [name, row]] as const;
    }),
  ),
);

/** The types of nodes that have other names as dtypes. */
const nodeTypes: Readonly<Record<string, string>> = { half: "float16", float: "float32", double: "float64" };

/** An attribute of a node: protocol buffers as JSON, where whole numbers are texts and texts are base64. */
function attributeIn(value: unknown): unknown {
  if (!isPlainObject(value)) return undefined;
  const { b, i, f, s, type, list } = value;
  if (typeof type === "string") {
    const name = type.replace(/^DT_/, "").toLowerCase();
    return nodeTypes[name] ?? name;
  }
  if (typeof s === "string") return atob(s);
  if (isPlainObject(list)) return Array.isArray(list.i) ? list.i.map(Number) : undefined;
  return b ?? (i === undefined ? f : Number(i));
}

/** What a layer stands for: the function's name, and its arguments by their names at each of the calls. */
interface Called {
  readonly name: string;
  readonly calls: readonly Node[];
}

interface Call {
  readonly args: readonly unknown[];
  readonly kwargs: Node;
}

function functionOf(entry: Node): Called {
  const config = (isPlainObject(entry.config) ? entry.config : {}) as Node;
  const calls = entry.inbound_nodes as readonly Call[];
  if (entry.class_name !== "TensorFlowOpLayer") {
    const name = String(config.function);
    const first = functions.get(name)?.first ?? "";
    return { name, calls: calls.map(({ args, kwargs }) => ({ ...kwargs, [first]: args[0] })) };
  }
  const node = typeof config.node_def === "string" ? JSON.parse(config.node_def) : config.node_def;
  const { op, input, attr = {} } = node as { op: string; input: readonly string[]; attr?: Node };
  const constants = (isPlainObject(config.constants) ? config.constants : {}) as Node;
  const [name, row] = functionsOfNodes.get(op) ?? [op, ""];
  const [inputs = "", attributes = ""] = row.split(" | ");
  const given = calls.map(({ args }) => {
    const tensors = [args[0]].flat();
    const values = input.map((_, place) => (Object.hasOwn(constants, place) ? constants[place] : tensors.shift()));
    const names = inputs.split(" ");
    const others = names.length - 1;
    const named = names.map((each): [string, unknown] =>
      each.startsWith("*") ? [each.slice(1), values.splice(0, values.length - others)] : [each, values.shift()],
    );
    const options = attributes
      .split(" ")
      .filter(Boolean)
      .map((each): [string, unknown] => {
        const [key, argument = key] = each.split(":") as [string, string?];
        return [argument, attributeIn(attr[key])];
      });
    return Object.fromEntries([...named, ...options]);
  });
  return { name, calls: given };
}

interface Step {
  readonly operation: string;
  readonly given: Node;
}

/** The operations that one call is, the last of which is what comes out. */
function stepsOf(name: string, layer: string, given: Node, call: number): Step[] {
  const steps: Step[] = [];
  const found = functions.get(name);
  if (!found) throw new Error("no function of ops.* is the same");
  found.making(given, (operation, all) => {
    const named = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
    const missing = missingIn(operation, named);
    if (missing !== undefined) throw new Error(`its ${missing} is not in the file`);
    for (const { name: parameter, inConfig } of parametersOf(operation)) {
      if (inConfig && tensorsIn(named[parameter]).length > 0)
        throw new Error(`its ${parameter} is computed in the graph`);
    }
    steps.push({ operation, given: named });
    return { class_name: tensorMark, config: { keras_history: [partName(layer, steps.length), call, 0] } };
  });
  return steps;
}

/** What parts of a function are called that is several operations. */
const partName = (layer: string, number: number) => `${layer}_part_${number}`;

/** The entries of operations for the layer of a function, the last one under its name. */
function entriesFor(layer: string, { name, calls }: Called): Node[] {
  const all = calls.map((given, call) => stepsOf(name, layer, given, call));
  const [first = []] = all;
  return first.map(({ operation }, index) => {
    const called = index === first.length - 1 ? layer : partName(layer, index + 1);
    const given = all.map((steps) => steps[index] as Step);
    return operationFrom(
      operation,
      called,
      given.map((each) => each.given),
    );
  });
}

/** The names of layers that tensors come from, anywhere in a value. */
function tensorsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(tensorsIn);
  if (!isPlainObject(value)) return [];
  if (isTensor(value)) return [(value.config as { keras_history: [string] }).keras_history[0]];
  return Object.values(value).flatMap(tensorsIn);
}

/** The names of layers in the ends of a graph. */
function endsIn(value: unknown): string[] {
  if (Array.isArray(value) && typeof value[0] === "string" && Number.isInteger(value[1])) return [value[0]];
  if (Array.isArray(value)) return value.flatMap(endsIn);
  return isPlainObject(value) ? Object.values(value).flatMap(endsIn) : [];
}

const isFunction = (entry: unknown): entry is Node =>
  isPlainObject(entry) &&
  /^(TFOpLambda|SlicingOpLambda|TensorFlowOpLayer)$/.test(String(entry.class_name)) &&
  Array.isArray(entry.inbound_nodes);

/** A graph with operations in place of functions; those of which nothing remains but what they were computed from are gone. */
function graphWithout(config: Node, problems: Map<string, string>): Node {
  const refused = new Map<string, readonly [name: string, problem: string]>();
  const entries = (config.layers as readonly Node[]).map((entry): readonly Node[] => {
    if (!isFunction(entry)) return [entry];
    const layer = String(entry.name);
    const called = functionOf(entry);
    try {
      return entriesFor(layer, called);
    } catch (error) {
      refused.set(layer, [`tf.${called.name}`, (error as Error).message]);
      return [{ ...entry, class_name: `tf.${called.name}` }];
    }
  });
  const byName = new Map(entries.map((all) => [String(all.at(-1)?.name), all]));
  const reached = new Set<string>();
  const left = endsIn(config.output_layers);
  while (left.length > 0) {
    const name = left.pop() as string;
    if (reached.has(name)) continue;
    reached.add(name);
    for (const { inbound_nodes: calls } of byName.get(name) ?? []) left.push(...tensorsIn(calls));
  }
  for (const [layer, [name, problem]] of refused) if (reached.has(layer)) problems.set(name, problem);
  const originals = config.layers as readonly Node[];
  const layers = entries.filter((all, index) => !isFunction(originals[index]) || reached.has(String(all.at(-1)?.name)));
  return { ...config, layers: layers.flat() };
}

/**
 * A config with operations of Keras in place of functions of TensorFlow, in all graphs that it holds. What is no
 * operation stays a layer of a class that nobody has.
 *
 * @param problems What is in the way of these, by the names of their classes.
 */
export function withoutFunctions(value: unknown, problems: Map<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutFunctions(item, problems));
  if (!isPlainObject(value)) return value;
  const isGraph = Array.isArray(value.layers) && value.layers.some(isFunction);
  const config = isGraph ? graphWithout(value, problems) : value;
  return Object.fromEntries(Object.entries(config).map(([key, item]) => [key, withoutFunctions(item, problems)]));
}
