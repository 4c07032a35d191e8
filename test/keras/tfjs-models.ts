/**
 * Models that are written for TensorFlow.js: of every layer that it has, in the shapes that models come in, and some
 * that it cannot open.
 */
import { input, type Layer, layers, type Model, model, type SymbolicTensor, sequential } from "varve";

const image = [6, 6, 3] as const;
const steps = [4, 3] as const;
const vector = [5] as const;

/** One layer between what goes in and what comes out. */
const alone = (shape: readonly number[], ...inner: Layer[]): Model =>
  sequential([layers.inputLayer({ shape }), ...inner]);

/** Two tensors of a shape, brought together. */
function merged(layer: Layer, shape: readonly number[] = vector): Model {
  const [a, b] = [input({ shape, name: "a" }), input({ shape, name: "b" })];
  return model({ inputs: [a, b], outputs: layer.apply([a, b] as never) as SymbolicTensor });
}

function graph(): Model {
  const x = input({ shape: [...image], name: "picture" });
  const extra = input({ shape: [...vector], name: "extra" });
  const conv = layers.conv2d({ filters: 4, kernelSize: 3, activation: "relu", name: "conv" }).apply(x);
  const norm = layers.batchNormalization({ name: "norm" }).apply(conv);
  const flat = layers.globalAveragePooling2d({ name: "pool" }).apply(norm);
  const shared = layers.dense({ units: 4, activation: "tanh", name: "shared" });
  const narrowed = layers.dense({ units: 5, name: "narrowed" }).apply(flat);
  const both = layers.concatenate({ name: "both" }).apply([shared.apply(extra), shared.apply(narrowed)]);
  const first = layers.dense({ units: 3, activation: "softmax", name: "first" }).apply(both);
  const second = layers.dense({ units: 1, name: "second" }).apply(both);
  return model({ inputs: [x, extra], outputs: [first, second], name: "graph" });
}

function nested(): Model {
  const inner = sequential([layers.inputLayer({ shape: [5] }), layers.dense({ units: 4, name: "inside" })], {
    name: "list",
  });
  const a = input({ shape: [4], name: "within" });
  const graph = model({ inputs: a, outputs: layers.dense({ units: 4, name: "deep" }).apply(a), name: "graph" });
  const x = input({ shape: [...vector], name: "x" });
  const y = inner.apply(x) as SymbolicTensor;
  const twice = graph.apply(graph.apply(y) as SymbolicTensor) as SymbolicTensor;
  return model({
    inputs: x,
    outputs: [layers.dense({ units: 2, name: "last" }).apply(twice), twice, y],
    name: "outer",
  });
}

function states(): Model {
  const x = input({ shape: [...steps], name: "x" });
  const [h, c] = [input({ shape: [2], name: "h" }), input({ shape: [2], name: "c" })];
  const lstm = layers.lstm({ units: 2, name: "lstm" });
  return model({ inputs: [x, h, c], outputs: lstm.apply(x, { initialState: [h, c] } as never) as SymbolicTensor });
}

/** Models that TensorFlow.js opens. */
export const opened: Readonly<Record<string, () => Model>> = {
  dense: () =>
    alone(
      vector,
      layers.dense({ units: 4, activation: "gelu", kernelInitializer: "lecun_normal", kernelRegularizer: "l2" }),
      layers.layerNormalization(),
      layers.leakyReLU(),
      layers.dropout({ rate: 0.5 }),
      layers.prelu(),
      layers.gaussianNoise({ stddev: 1 }),
      layers.dense({ units: 2, activation: "silu", kernelConstraint: "max_norm", useBias: false }),
      layers.elu(),
      layers.softmax(),
    ),
  deferred: () => {
    const made = sequential([layers.dense({ units: 2 }), layers.activation({ activation: "selu" })]);
    made.build([null, 5]);
    return made;
  },
  wide: () => alone([1100], layers.dense({ units: 1000 }), layers.dense({ units: 3, activation: "log_softmax" })),
  convolutional: () =>
    alone(
      image,
      layers.zeroPadding2d({ padding: 1 }),
      layers.conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: "same", activation: "mish" }),
      layers.batchNormalization({ axis: 3 }),
      layers.depthwiseConv2d({ kernelSize: 2, depthMultiplier: 2 }),
      layers.upSampling2d(),
      layers.separableConv2d({ filters: 3, kernelSize: 3, activation: "relu6" }),
      layers.conv2dTranspose({ filters: 2, kernelSize: 3, strides: 2, padding: "same" }),
      layers.cropping2d({ cropping: 1 }),
      layers.reLU({ maxValue: 6 }),
      layers.averagePooling2d({ poolSize: 2, padding: "same" }),
      layers.flatten(),
    ),
  "channels first": () =>
    alone(
      [3, 6, 6],
      layers.conv2d({ filters: 4, kernelSize: 3, dataFormat: "channels_first" }),
      layers.depthwiseConv2d({ kernelSize: 2, dataFormat: "channels_first" }),
      layers.maxPooling2d({ poolSize: 2, dataFormat: "channels_first" }),
      layers.flatten({ dataFormat: "channels_first" }),
    ),
  volumes: () =>
    alone(
      [6, 6, 6, 2],
      layers.conv3d({ filters: 3, kernelSize: 3 }),
      layers.conv3dTranspose({ filters: 2, kernelSize: 2 }),
      layers.maxPooling3d({ poolSize: 1 }),
      layers.averagePooling3d({ poolSize: 2 }),
      layers.reshape({ targetShape: [-1] }),
    ),
  lines: () =>
    alone(
      [8, 3],
      layers.conv1d({ filters: 4, kernelSize: 3, dilationRate: 2, activation: "softsign" }),
      layers.spatialDropout1d({ rate: 0.5 }),
      layers.maxPooling1d({ poolSize: 2 }),
      layers.averagePooling1d({ poolSize: 1 }),
      layers.permute({ dims: [2, 1] }),
      layers.globalMaxPooling1d(),
      layers.repeatVector({ n: 2 }),
      layers.globalAveragePooling1d(),
      layers.alphaDropout({ rate: 0.5 }),
      layers.gaussianDropout({ rate: 0.5 }),
    ),
  pictures: () => alone(image, layers.rescaling({ scale: 2, offset: 1 }), layers.globalMaxPooling2d()),
  recurrent: () =>
    alone(
      steps,
      layers.masking(),
      layers.lstm({ units: 3, returnSequences: true, activation: "elu" }),
      layers.timeDistributed({ layer: layers.dense({ units: 4, activation: "softplus" }) }),
      layers.bidirectional({ layer: layers.gru({ units: 2, resetAfter: false, returnSequences: true }) }),
      layers.bidirectional({
        layer: layers.lstm({ units: 2, returnSequences: true }),
        mergeMode: "sum",
      }),
      layers.simpleRNN({ units: 3, returnSequences: true }),
      layers.rnn({ cell: [layers.lstmCell({ units: 2 }), layers.gruCell({ units: 2, resetAfter: false })] as never }),
    ),
  "recurrent convolution": () => alone([3, 5, 5, 2], layers.convLstm2d({ filters: 2, kernelSize: 3 })),
  embedding: () =>
    alone([4], layers.embedding({ inputDim: 7, outputDim: 3, maskZero: true }), layers.lstm({ units: 2 })),
  add: () => merged(layers.add()),
  multiply: () => merged(layers.multiply()),
  average: () => merged(layers.average()),
  maximum: () => merged(layers.maximum()),
  minimum: () => merged(layers.minimum()),
  concatenate: () => merged(layers.concatenate({ axis: 1 }), steps),
  dot: () => merged(layers.dot({ axes: 2, normalize: true }), steps),
  graph,
  nested,
  states,
};

/** Models that it does not open, with what is said of them. */
export const lacking: Readonly<Record<string, readonly [() => Model, RegExp]>> = {
  normalization: [
    () => alone(image, layers.groupNormalization({ groups: 3 }), layers.rmsNormalization(), layers.unitNormalization()),
    /no GroupNormalization \("group_normalization.*, no RMSNormalization.*, no UnitNormalization/,
  ],
  gates: [() => alone(steps, layers.gru({ units: 2 })), /no GRU with reset_after true/],
  activation: [
    () => alone(vector, layers.dense({ units: 2, activation: "hard_sigmoid" })),
    /Dense with activation "hard_sigmoid"/,
  ],
  axes: [
    () => alone([3, 5, 5], layers.batchNormalization({ axis: 1 })),
    /no BatchNormalization with axis 1 \("batch_normalization"\)/,
  ],
  statistics: [() => alone(vector, layers.normalization({ mean: 1, variance: 4 })), /no Normalization/],
  operations: [
    () => {
      const x = input({ shape: [5], name: "x" });
      const attended = layers.multiHeadAttention({ numHeads: 2, keyDim: 2 });
      const y = input({ shape: [...steps], name: "y" });
      return model({
        inputs: [x, y],
        outputs: [layers.subtract().apply([x, x]), attended.apply([y, y] as never) as SymbolicTensor],
      });
    },
    /no Subtract.*, no calls whose options|no Subtract.*MultiHeadAttention/,
  ],
};
