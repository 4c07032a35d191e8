/**
 * What older versions of Keras, and packages around it, called what Keras has under another name now: one table for
 * classes, one for options. Whatever reads a file looks here, and nowhere else.
 */
import type { Activation } from "../activations.ts";
import { show } from "../core/errors.ts";
import type { Json } from "../core/options.ts";
import { isPlainObject } from "../core/tree.ts";
import { slopedHardSigmoid } from "../ops/elementwise/activations.ts";

type Options = Readonly<Record<string, Json>>;

/** A class of today, and what the older one implied. */
interface Renamed {
  readonly name: string;
  /** The option that names the function the older one was made around; today the function's name is that of a class. */
  readonly around?: string;
  readonly options?: Options;
  /** Values that the older class knew and this one does not, with what they mean. */
  readonly refused?: Readonly<Record<string, readonly [value: Json, meaning: string]>>;
}

const instanceNormalization: Renamed = {
  name: "GroupNormalization",
  options: { groups: -1 },
  refused: { axis: [null, "one weight for all channels, which no layer has now"] },
};

/** Classes by the names they had, with the package where that is part of the name. */
const classes: Readonly<Record<string, Renamed>> = {
  Model: { name: "Functional" },
  BatchNormalizationV1: { name: "BatchNormalization" },
  BatchNormalizationV2: { name: "BatchNormalization" },
  SyncBatchNormalization: { name: "BatchNormalization" },
  "Addons>GroupNormalization": { name: "GroupNormalization" },
  "Addons>InstanceNormalization": instanceNormalization,
  "Addons>SpectralNormalization": { name: "SpectralNormalization" },
  InstanceNormalization: instanceNormalization,
  MeanMetricWrapper: { name: "MeanMetricWrapper", around: "fn" },
  Convolution1D: { name: "Conv1D" },
  Convolution2D: { name: "Conv2D" },
  Convolution3D: { name: "Conv3D" },
  Convolution2DTranspose: { name: "Conv2DTranspose" },
  Convolution3DTranspose: { name: "Conv3DTranspose" },
  Deconvolution2D: { name: "Conv2DTranspose" },
  Deconvolution3D: { name: "Conv3DTranspose" },
  SeparableConvolution1D: { name: "SeparableConv1D" },
  SeparableConvolution2D: { name: "SeparableConv2D" },
  DepthwiseConvolution2D: { name: "DepthwiseConv2D" },
  AvgPool1D: { name: "AveragePooling1D" },
  AvgPool2D: { name: "AveragePooling2D" },
  AvgPool3D: { name: "AveragePooling3D" },
  MaxPool1D: { name: "MaxPooling1D" },
  MaxPool2D: { name: "MaxPooling2D" },
  MaxPool3D: { name: "MaxPooling3D" },
  GlobalAvgPool1D: { name: "GlobalAveragePooling1D" },
  GlobalAvgPool2D: { name: "GlobalAveragePooling2D" },
  GlobalAvgPool3D: { name: "GlobalAveragePooling3D" },
  GlobalMaxPool1D: { name: "GlobalMaxPooling1D" },
  GlobalMaxPool2D: { name: "GlobalMaxPooling2D" },
  GlobalMaxPool3D: { name: "GlobalMaxPooling3D" },
  LeCunNormal: { name: "LecunNormal" },
  LeCunUniform: { name: "LecunUniform" },
};

/**
 * What became of an option: another name; nothing, where these values (or any) say what happens anyway; the one
 * value of what was a list; or a part of another option, whose value it changes.
 */
type Retired =
  | { readonly renamed: string }
  | { readonly dropped: readonly Json[] | "any" }
  | { readonly single: true }
  | { readonly into: string; readonly change: (value: Json, given: Json) => Json };

/** The rate divided by 1 + decay · steps, as optimizers did it up to tf.keras 2.10. */
const decay: Retired = {
  into: "learning_rate",
  change(decay_rate, rate) {
    if (decay_rate === 0 || decay_rate === null) return rate;
    if (typeof rate !== "number") throw new Error("its learning rate has both a schedule and a decay");
    return {
      class_name: "InverseTimeDecay",
      config: { initial_learning_rate: rate, decay_steps: 1, decay_rate, staircase: false },
    };
  },
};

/** Options by the class that had them ("*": every class) and the name they had. */
const options: Readonly<Record<string, Readonly<Record<string, Retired>>>> = {
  "*": {
    input_dtype: { dropped: "any" },
    weights: { dropped: [null] },
    implementation: { dropped: "any" },
    time_major: { dropped: [false] },
    fused: { dropped: "any" },
    virtual_batch_size: { dropped: [null] },
    adjustment: { dropped: [null] },
  },
  InputLayer: { batch_input_shape: { renamed: "batch_shape" }, input_shape: { dropped: "any" } },
  Dense: { output_dim: { renamed: "units" }, bias: { renamed: "use_bias" } },
  // As TensorFlow.js writes what was left out; it tells how fresh weights begin.
  LSTM: { unit_forget_bias: { dropped: [null] } },
  LSTMCell: { unit_forget_bias: { dropped: [null] } },
  ConvLSTM2D: { unit_forget_bias: { dropped: [null] } },
  RNN: { cells: { into: "cell", change: (cells) => ({ class_name: "StackedRNNCells", config: { cells } }) } },
  LeakyReLU: { alpha: { renamed: "negative_slope" } },
  BatchNormalization: { axis: { single: true } },
  Dropout: { p: { renamed: "rate" } },
  GaussianNoise: { sigma: { renamed: "stddev" } },
  Embedding: { input_length: { dropped: "any" }, dropout: { dropped: [0] }, sparse: { dropped: [false] } },
  // Up to TensorFlow 1 initializers had a dtype of their own.
  ...Object.fromEntries(
    (
      "Zeros Ones Constant RandomUniform RandomNormal TruncatedNormal VarianceScaling GlorotUniform GlorotNormal " +
      "HeUniform HeNormal LecunUniform LecunNormal Orthogonal Identity"
    )
      .split(" ")
      .map((name) => [name, { dtype: { dropped: "any" } } as const]),
  ),
  ...Object.fromEntries(
    ["SGD", "Adam", "AdamW", "Adamax", "Nadam", "RMSprop", "Adagrad", "Adadelta", "Ftrl", "Lion", "Adafactor"].map(
      (name) => [
        name,
        {
          lr: { renamed: "learning_rate" },
          decay,
          initial_decay: decay,
          schedule_decay: { dropped: "any" },
          jit_compile: { dropped: "any" },
          is_legacy_optimizer: { dropped: "any" },
        } as const,
      ],
    ),
  ),
};

/** The name and the config that a class has today. Throws a text where that cannot be said. */
export function today(name: string, config: Options): { readonly name: string; readonly config: Options } {
  const renamed = Object.hasOwn(classes, name) ? classes[name] : undefined;
  const { [renamed?.around ?? ""]: around, ...given } = config;
  const now = typeof around === "string" ? around : (renamed?.name ?? name);
  for (const [key, [value, meaning]] of Object.entries(renamed?.refused ?? {})) {
    if (config[key] === value) throw new Error(`${key} ${show(value)} means ${meaning}`);
  }
  const retired = { ...options["*"], ...(Object.hasOwn(options, now) ? options[now] : {}) };
  const result: Record<string, Json> = { ...renamed?.options };
  const changes: (() => void)[] = [];
  for (const [key, value] of Object.entries(given)) {
    const fate = Object.hasOwn(retired, key) ? retired[key] : undefined;
    if (!fate) result[key] = value;
    else if ("renamed" in fate) result[fate.renamed] = value;
    else if ("single" in fate) result[key] = Array.isArray(value) && value.length === 1 ? (value[0] as Json) : value;
    else if ("into" in fate)
      changes.push(() => {
        result[fate.into] = fate.change(value as Json, result[fate.into] ?? null);
      });
    else if (fate.dropped !== "any" && !fate.dropped.includes(value as never)) result[key] = value;
  }
  for (const change of changes) change();
  return { name: now, config: result };
}

/** min(max(0.2x + ½, 0), 1), which Keras 1, Keras 2 and TensorFlow.js call hard_sigmoid; Keras 3 has another of that name. */
export const hard_sigmoid_of_keras_2: Activation = (x) => slopedHardSigmoid(x);

/** Activations that had another meaning, with the names for it that files here have. */
const activationsThen: Readonly<Record<string, string>> = {
  hard_sigmoid: hard_sigmoid_of_keras_2.name,
  hard_sigmoid_of_keras_3: "hard_sigmoid",
};

/** The name that an activation had, from that of today. */
export function activationThen(name: unknown): unknown {
  return Object.keys(activationsThen).find((then) => activationsThen[then] === name) ?? name;
}

/** A config of Keras 1, Keras 2 or TensorFlow.js with the activations that it means. */
export function withActivationsNow(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withActivationsNow);
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      /^(recurrent_)?activation$/.test(key) && typeof item === "string" && Object.hasOwn(activationsThen, item)
        ? activationsThen[item]
        : withActivationsNow(item),
    ]),
  );
}
