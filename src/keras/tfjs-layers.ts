/**
 * What TensorFlow.js 4.22 has of Keras's layers, and how it names their weights. Measured by loading files there
 * (`test/keras/tfjs.mjs`), not a promise of theirs.
 */
import { type Json, snakeCase } from "../core/options.ts";
import type { Variable } from "../core/variable.ts";
import type { Layer } from "../layers/layer.ts";
import { Functional } from "../models/functional.ts";
import type { Model } from "../models/model.ts";
import { Sequential } from "../models/sequential.ts";
import { activationThen, hard_sigmoid_of_keras_2 } from "./old-names.ts";

/** Options for which only these values are known there, or mean the same; others may be anything. `rank` is of the input. */
type Limits = Readonly<Record<string, readonly Json[]>>;

const activations = [
  ...["linear", "elu", "gelu", "mish", "relu", "relu6", "selu", "sigmoid", "silu", "softmax", "log_softmax"],
  ...["softplus", "softsign", "swish", "tanh", hard_sigmoid_of_keras_2.name],
];
const activated: Limits = { activation: activations };
const gated: Limits = { activation: activations, recurrent_activation: activations };
const lastChannels: Limits = { data_format: ["channels_last"] };
const convolved: Limits = { ...activated, groups: [1], padding: ["valid", "same"] };
const transposed: Limits = { ...activated, output_padding: [null], dilation_rate: [[1, 1], [1, 1, 1], 1] };
const gatedOnce: Limits = { ...gated, reset_after: [false] };

const layers: Readonly<Record<string, Limits>> = {
  Activation: activated,
  Add: {},
  AlphaDropout: {},
  Average: {},
  AveragePooling1D: lastChannels,
  AveragePooling2D: {},
  AveragePooling3D: {},
  BatchNormalization: { axis: [-1], rank: [2, 3, 4] },
  Bidirectional: {},
  Concatenate: {},
  Conv1D: { ...convolved, ...lastChannels },
  Conv2D: convolved,
  Conv2DTranspose: transposed,
  Conv3D: convolved,
  Conv3DTranspose: transposed,
  ConvLSTM2D: gated,
  Cropping2D: {},
  Dense: activated,
  DepthwiseConv2D: { ...activated, dilation_rate: [[1, 1]] },
  Dot: {},
  Dropout: {},
  ELU: { alpha: [1] },
  Embedding: {},
  Flatten: {},
  Functional: {},
  GaussianDropout: {},
  GaussianNoise: {},
  GlobalAveragePooling1D: { ...lastChannels, keepdims: [false] },
  GlobalAveragePooling2D: { keepdims: [false] },
  GlobalMaxPooling1D: { ...lastChannels, keepdims: [false] },
  GlobalMaxPooling2D: { keepdims: [false] },
  GRU: gatedOnce,
  GRUCell: gatedOnce,
  InputLayer: {},
  LayerNormalization: { center: [true], scale: [true] },
  LeakyReLU: {},
  LSTM: gated,
  LSTMCell: gated,
  Masking: {},
  Maximum: {},
  MaxPooling1D: lastChannels,
  MaxPooling2D: {},
  MaxPooling3D: {},
  Minimum: {},
  Multiply: {},
  Permute: {},
  PReLU: {},
  ReLU: { negative_slope: [0], threshold: [0] },
  RepeatVector: {},
  Rescaling: {},
  Reshape: {},
  RNN: {},
  SeparableConv2D: { ...activated, ...lastChannels },
  Sequential: {},
  SimpleRNN: activated,
  SimpleRNNCell: activated,
  Softmax: { axis: [-1] },
  SpatialDropout1D: {},
  StackedRNNCells: {},
  TimeDistributed: {},
  UpSampling2D: { interpolation: ["nearest"] },
  ZeroPadding2D: {},
};

/** Other objects that configs name. */
const others = new Set(
  (
    "Zeros Ones Constant RandomUniform RandomNormal TruncatedNormal VarianceScaling GlorotUniform GlorotNormal HeNormal " +
    "HeUniform LecunNormal LecunUniform Orthogonal Identity L1 L2 L1L2 MaxNorm MinMaxNorm NonNeg UnitNorm"
  ).split(" "),
);

type Config = Readonly<Record<string, unknown>>;

/**
 * What TensorFlow.js lacks of a layer, or of an initializer, regularizer or constraint; nothing where it has it.
 *
 * @param rank That of the layer's input, where it is known.
 */
export function lackingIn(name: string, config: Config, isLayer: boolean, rank: number | undefined): string[] {
  if (!isLayer) return others.has(name) ? [] : [name];
  const limits = Object.hasOwn(layers, name) ? layers[name] : undefined;
  if (!limits) return [name];
  return Object.entries(limits).flatMap(([key, values]) => {
    const value = key === "rank" ? rank : key === "axis" && config.axis === (rank ?? 0) - 1 ? -1 : config[key];
    const known = value === undefined || values.some((each) => JSON.stringify(each) === JSON.stringify(value));
    return known ? [] : [`${name} with ${key} ${JSON.stringify(value)}`];
  });
}

/** Classes that have another name there, with the options that the other one needs besides. */
const renamed: Readonly<Record<string, readonly [name: string, options: Readonly<Record<string, Json>>]>> = {
  LecunNormal: ["LeCunNormal", {}],
  LecunUniform: ["LeCunUniform", {}],
  L1: ["L1L2", { l2: 0 }],
  L2: ["L1L2", { l1: 0 }],
};

/** Options that have another name there, as in Keras 2. */
const renamedOptions: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  InputLayer: { batch_shape: "batch_input_shape" },
  LeakyReLU: { negative_slope: "alpha" },
};

/** Options of Keras 3 that say nothing there. */
const dropped = new Set(["optional", "ragged", "quantization_config", "build_input_shape"]);

/** A class and its config as TensorFlow.js has them. */
export function theirs(name: string, config: Readonly<Record<string, unknown>>): { name: string; config: object } {
  const [other, options] = (Object.hasOwn(renamed, name) ? renamed[name] : undefined) ?? [name, {}];
  const entries = Object.entries(config).filter(([key]) => !dropped.has(key));
  const named = entries.map(([key, value]) => [
    renamedOptions[name]?.[key] ?? key,
    /^(recurrent_)?activation$/.test(key) ? (value === "silu" ? "swish" : activationThen(value)) : value,
  ]);
  return { name: other, config: { ...Object.fromEntries(named), ...options } };
}

const classOf = (layer: Layer) => (layer.constructor as typeof Layer).className;

/** Variables that had other names in Keras 2. */
const variableNames: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  DepthwiseConv2D: { kernel: "depthwise_kernel" },
  DepthwiseConv1D: { kernel: "depthwise_kernel" },
};

/** Layers that give what they hold no name of their own in front. */
const transparent = new Set([
  "TimeDistributed",
  "RNN",
  "LSTM",
  "GRU",
  "SimpleRNN",
  "ConvLSTM1D",
  "ConvLSTM2D",
  "ConvLSTM3D",
]);

/** All weights of a model by the names that TensorFlow.js has for them; a name that comes again is numbered. */
export function weightNames(model: Model): Map<string, Variable> {
  const found = new Map<string, Variable>();
  const taken = new Set<Variable>();
  const visit = (layer: Layer, name: string, scope: string): void => {
    const inner = new Set(layer.sublayers.flatMap(({ weights }) => weights));
    const isModel = layer instanceof Functional || layer instanceof Sequential;
    const path = isModel ? "" : `${scope}${name}/`;
    for (const variable of layer.weights) {
      if (inner.has(variable) || taken.has(variable)) continue;
      taken.add(variable);
      const whole = `${path}${variableNames[classOf(layer)]?.[variable.name] ?? variable.name}`;
      found.set(found.has(whole) ? `${whole}#${found.size}` : whole, variable);
    }
    layer.sublayers.forEach((sublayer, index) => {
      if (isModel) visit(sublayer, sublayer.name, "");
      else if (transparent.has(classOf(layer))) visit(sublayer, name, scope);
      else if (classOf(layer) === "StackedRNNCells") visit(sublayer, `RNNCell_${index}`, path);
      else visit(sublayer, sublayer.name, path);
    });
  };
  visit(model, model.name, "");
  return found;
}

/** Its optimizers, with what Keras calls them and their options. */
const optimizers: Readonly<Record<string, readonly [name: string, options: Readonly<Record<string, string>>]>> = {
  SGD: ["SGD", {}],
  Momentum: ["SGD", { useNesterov: "nesterov" }],
  Adam: ["Adam", { beta1: "beta_1", beta2: "beta_2" }],
  Adamax: ["Adamax", { beta1: "beta_1", beta2: "beta_2" }],
  RMSProp: ["RMSprop", { decay: "rho" }],
  Adagrad: ["Adagrad", {}],
  Adadelta: ["Adadelta", {}],
};

/** An optimizer of theirs as Keras has it, and by what the momentum that they keep is multiplied there. */
export function optimizerFrom(name: string, config: Config): { optimizer: object; momentumTimes: number } {
  const [className, renames] = (Object.hasOwn(optimizers, name) ? optimizers[name] : undefined) ?? [name, {}];
  const entries = Object.entries(config).map(([key, value]) => [renames[key] ?? snakeCase(key), value]);
  // Keras sums up steps, they sum up gradients.
  const momentumTimes = name === "Momentum" ? -Number(config.learningRate) : 1;
  return { optimizer: { class_name: className, config: Object.fromEntries(entries) }, momentumTimes };
}
