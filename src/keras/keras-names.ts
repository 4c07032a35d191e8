/**
 * The classes that Keras 3 finds under these modules: any other class in a file is the user's own, and marked as such.
 */
const names = {
  "keras.layers":
    "Activation ActivityRegularization AdaptiveAveragePooling1D AdaptiveAveragePooling2D " +
    "AdaptiveAveragePooling3D AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D Add " +
    "AdditiveAttention AlphaDropout Attention AugMix AutoContrast Average AveragePooling1D " +
    "AveragePooling2D AveragePooling3D AvgPool1D AvgPool2D AvgPool3D BatchNormalization Bidirectional " +
    "CategoryEncoding CenterCrop Concatenate ContrastLimitedAdaptiveHistogramEqualization Conv1D " +
    "Conv1DTranspose Conv2D Conv2DTranspose Conv3D Conv3DTranspose ConvLSTM1D ConvLSTM2D ConvLSTM3D " +
    "Convolution1D Convolution1DTranspose Convolution2D Convolution2DTranspose Convolution3D " +
    "Convolution3DTranspose Cropping1D Cropping2D Cropping3D CutMix Dense DepthwiseConv1D DepthwiseConv2D " +
    "Discretization Dot Dropout ELU EinsumDense Embedding Equalization Flatten FlaxLayer GRU GRUCell " +
    "GaussianDropout GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D " +
    "GlobalAvgPool1D GlobalAvgPool2D GlobalAvgPool3D GlobalMaxPool1D GlobalMaxPool2D GlobalMaxPool3D " +
    "GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D GroupNormalization GroupQueryAttention " +
    "HashedCrossing Hashing Identity InputLayer InputSpec IntegerLookup JaxLayer LSTM LSTMCell Lambda " +
    "Layer LayerNormalization LeakyReLU Masking MaxNumBoundingBoxes MaxPool1D MaxPool2D MaxPool3D " +
    "MaxPooling1D MaxPooling2D MaxPooling3D Maximum MelSpectrogram Minimum MixUp MultiHeadAttention " +
    "Multiply Normalization PReLU Permute Pipeline RMSNormalization RNN RandAugment RandomBrightness " +
    "RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop RandomElasticTransform " +
    "RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHue RandomInvert RandomPerspective " +
    "RandomPosterization RandomRotation RandomSaturation RandomSharpness RandomShear RandomTranslation " +
    "RandomZoom ReLU RepeatVector Rescaling Reshape Resizing ReversibleEmbedding STFTSpectrogram " +
    "SeparableConv1D SeparableConv2D SeparableConvolution1D SeparableConvolution2D SimpleRNN " +
    "SimpleRNNCell Softmax Solarization SpatialDropout1D SpatialDropout2D SpatialDropout3D " +
    "SpectralNormalization StackedRNNCells StringLookup Subtract TFSMLayer TextVectorization " +
    "TimeDistributed TorchModuleWrapper UnitNormalization UpSampling1D UpSampling2D UpSampling3D Wrapper " +
    "ZeroPadding1D ZeroPadding2D ZeroPadding3D",
  "keras.losses":
    "BinaryCrossentropy BinaryFocalCrossentropy CTC CategoricalCrossentropy CategoricalFocalCrossentropy " +
    "CategoricalGeneralizedCrossEntropy CategoricalHinge Circle CosineSimilarity Dice Hinge Huber " +
    "KLDivergence LogCosh Loss MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredError " +
    "MeanSquaredLogarithmicError Poisson SparseCategoricalCrossentropy SquaredHinge Tversky",
  "keras.metrics":
    "AUC Accuracy BinaryAccuracy BinaryCrossentropy BinaryIoU CategoricalAccuracy CategoricalCrossentropy " +
    "CategoricalHinge ConcordanceCorrelation CosineSimilarity F1Score FBetaScore FalseNegatives " +
    "FalsePositives Hinge IoU KLDivergence LogCoshError Mean MeanAbsoluteError " +
    "MeanAbsolutePercentageError MeanIoU MeanMetricWrapper MeanSquaredError MeanSquaredLogarithmicError " +
    "Metric OneHotIoU OneHotMeanIoU PearsonCorrelation Poisson Precision PrecisionAtRecall R2Score Recall " +
    "RecallAtPrecision RootMeanSquaredError SensitivityAtSpecificity SparseCategoricalAccuracy " +
    "SparseCategoricalCrossentropy SparseTopKCategoricalAccuracy SpecificityAtSensitivity SquaredHinge " +
    "Sum TopKCategoricalAccuracy TrueNegatives TruePositives",
  "keras.optimizers":
    "Adadelta Adafactor Adagrad Adam AdamW Adamax Ftrl Lamb Lion LossScaleOptimizer MultiOptimizer Muon " +
    "Nadam Optimizer OptimizerMap RMSprop SGD ScheduleFreeAdamW",
  "keras.optimizers.schedules":
    "CosineDecay CosineDecayRestarts ExponentialDecay InverseTimeDecay LearningRateSchedule " +
    "PiecewiseConstantDecay PolynomialDecay",
  "keras.initializers":
    "Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity IdentityInitializer Initializer " +
    "LecunNormal LecunUniform Ones Orthogonal OrthogonalInitializer RandomNormal RandomUniform STFT " +
    "STFTInitializer TruncatedNormal VarianceScaling Zeros",
  "keras.regularizers": "L1 L1L2 L2 OrthogonalRegularizer Regularizer",
  "keras.constraints": "Constraint MaxNorm MinMaxNorm NonNeg UnitNorm",
};

const sets = new Map(Object.entries(names).map(([module, all]) => [module, new Set(all.split(" "))]));

/** Whether Keras has a class of that name under a module; true where the module is none of those listed. */
export function isOfKeras(module: string, name: string): boolean {
  return sets.get(module)?.has(name) ?? true;
}
