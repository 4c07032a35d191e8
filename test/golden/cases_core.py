"""Dense, convolutions, embedding and the other core layers' cases."""

import keras
import numpy as np
from keras import constraints, initializers, ops, regularizers
from layer_cases import Case, maker
from writing import generator


def kernel_extras():
    """Sets of kernel and bias options, none at its default, that between them use every kind there is."""
    return [
        dict(
            kernel_initializer=initializers.HeNormal(seed=3),
            bias_initializer=initializers.Constant(0.1),
            kernel_regularizer=regularizers.L2(0.02),
            bias_regularizer=regularizers.L1(0.03),
            activity_regularizer=regularizers.L2(0.01),
            kernel_constraint=constraints.MaxNorm(0.8),
            bias_constraint=constraints.NonNeg(),
        ),
        dict(
            kernel_initializer=initializers.VarianceScaling(2.0, "fan_out", "truncated_normal", seed=4),
            bias_initializer="ones",
            kernel_regularizer=regularizers.L1L2(0.01, 0.02),
            bias_regularizer="l2",
            activity_regularizer="l1",
            kernel_constraint=constraints.UnitNorm(axis=0),
            bias_constraint=constraints.MinMaxNorm(0.3, 0.6, rate=0.7, axis=0),
        ),
    ]


def dense_cases():
    make = maker("Dense")
    first, second = kernel_extras()
    return [
        make("rank 2", (4, 5), units=3),
        make("rank 3", (2, 3, 4), units=3),
        make("rank 4", (2, 2, 3, 4), units=2),
        make("one unit, one feature", (3, 1), units=1),
        make("no bias", (4, 5), units=3, use_bias=False),
        make("relu", (4, 5), units=6, activation="relu"),
        make("softmax", (4, 5), units=3, activation="softmax"),
        make("gelu", (4, 5), units=3, activation="gelu"),
        make("first set of initializers, regularizers and constraints", (4, 5), units=3, **first),
        make("second set of initializers, regularizers and constraints", (4, 5), units=3, activation="tanh", **second),
        make("orthogonal regularizer on rows", (4, 5), units=3, kernel_initializer="orthogonal",
             kernel_regularizer=regularizers.OrthogonalRegularizer(0.1, mode="rows"),
             kernel_constraint="non_neg", bias_constraint="unit_norm"),
        make("orthogonal regularizer on columns", (4, 5), units=3,
             kernel_regularizer=regularizers.OrthogonalRegularizer(0.05, mode="columns"),
             kernel_constraint=constraints.MinMaxNorm(0.5, 1.0, rate=1.0, axis=[0, 1])),
        make("mask passes through", (2, 3, 4), units=3, mask=[[True, False, True], [True, True, False]]),
        make("not trainable", (4, 5), units=3, trainable=False, name="frozen"),
        make("low-rank adaptation", (4, 5), units=3, lora_rank=2,
             note="the kernel is frozen; kernel + (alpha / rank) · lora_a · lora_b is what multiplies, alpha being the rank"),
        make("low-rank adaptation with alpha", (4, 5), units=3, lora_rank=2, lora_alpha=5),
    ]


class TernaryDense(keras.layers.Dense):
    """
    Keras's class of this name, which came after the release that these files are drawn from: a Dense layer whose
    kernel counts as −1, 0 and 1, with the gradient of the kernel as it is. Written from its documentation.
    """

    def __init__(self, units, threshold=None, **options):
        super().__init__(units, **options)
        self.threshold = threshold

    def call(self, inputs):
        size = ops.mean(ops.abs(self.kernel))
        threshold = size / 2 if self.threshold is None else self.threshold
        signs = ops.where(ops.abs(self.kernel) > threshold, ops.sign(self.kernel), 0.0)
        y = ops.matmul(inputs, self.kernel + ops.stop_gradient(signs - self.kernel))
        y = y * size if self.threshold is None else y
        return self.activation(y + self.bias if self.use_bias else y)

    def get_config(self):
        config = super().get_config()
        config.pop("quantization_config", None)
        penalty = regularizers.serialize(self.activity_regularizer)
        return {**config, "activity_regularizer": penalty, "threshold": self.threshold}


def ternary_dense_cases():
    make = maker(TernaryDense)
    first, second = kernel_extras()
    return [
        make("rank 2", (4, 5), units=3),
        make("rank 3", (2, 3, 4), units=3),
        make("threshold", (4, 5), units=3, threshold=0.3),
        make("threshold 0: no weight counts as 0", (4, 5), units=3, threshold=0.0),
        make("threshold above all: only the bias is left", (4, 5), units=3, threshold=100),
        make("no bias, relu", (4, 5), units=6, use_bias=False, activation="relu"),
        make("first set of initializers, regularizers and constraints", (4, 5), units=3, **first),
        make("second set of initializers, regularizers and constraints", (4, 5), units=3, threshold=0.2, activation="tanh", **second),
        make("mask passes through", (2, 3, 4), units=3, mask=[[True, False, True], [True, True, False]]),
        make("not trainable", (4, 5), units=3, trainable=False, name="frozen"),
    ]


class Wrapper(keras.layers.Wrapper):
    """Keras's has no call of its own; this one hands everything to the layer inside."""

    def call(self, inputs, training=None):
        return self.layer(inputs, training=training) if self.layer._call_has_training_arg else self.layer(inputs)

    def compute_output_shape(self, input_shape):
        return self.layer.compute_output_shape(input_shape)


def wrapper_cases():
    layers = keras.layers

    def case(name, inner, /, *shapes, mask=None, training=None, **options):
        return Case(name, lambda: Wrapper(inner(), **options), *shapes, mask=mask, training=training)

    return [
        case("Dense", lambda: layers.Dense(3, activation="tanh"), (4, 5)),
        case("Dense with penalties", lambda: layers.Dense(3, kernel_regularizer="l2", activity_regularizer="l1"), (4, 5)),
        case("Conv1D", lambda: layers.Conv1D(2, 3, padding="same"), (2, 4, 3)),
        case("BatchNormalization in training", lambda: layers.BatchNormalization(), (4, 3), training=True),
        case("BatchNormalization at inference", lambda: layers.BatchNormalization(), (4, 3), training=False),
        case("a wrapper in a wrapper", lambda: layers.TimeDistributed(layers.Dense(2)), (2, 3, 4)),
        case("a mask goes to the inner layer", lambda: layers.Dense(2), (2, 3, 4), mask=[[True, False, True], [True, True, False]]),
        case("not trainable", lambda: layers.Dense(2), (4, 3), trainable=False, name="frozen"),
    ]


def conv_cases(rank):
    """The same ideas for 1-D to 3-D; `size` is short so that 3-D stays small."""
    make = maker(f"Conv{rank}D")
    first, second = kernel_extras()

    def sizes(*wanted):
        """The last `rank` of the given sizes."""
        return tuple(wanted[-rank:])

    def last(batch, spatial, channels):
        return (batch, *spatial, channels)

    def first_axis(batch, spatial, channels):
        return (batch, channels, *spatial)

    small = sizes(3, 4, 5)
    wide = sizes(4, 5, 6)
    whole = {1: 3, 2: (3, 3), 3: (2, 3, 2)}[rank]
    uneven = {1: 2, 2: (2, 3), 3: (1, 2, 2)}[rank]
    steps = {1: 2, 2: (2, 1), 3: (2, 1, 2)}[rank]
    cases = [
        make("valid", last(2, small, 3), filters=4, kernel_size=whole),
        make("kernel of one", last(2, small, 3), filters=2, kernel_size=1),
        make("same", last(2, small, 3), filters=2, kernel_size=whole, padding="same"),
        make("same, even kernel", last(2, small, 2), filters=2, kernel_size=2, padding="same"),
        make("uneven kernel and strides", last(2, wide, 2), filters=3, kernel_size=uneven, strides=steps),
        make("strides 2, valid", last(2, wide, 2), filters=3, kernel_size=2, strides=2),
        make("strides 2, same", last(2, wide, 2), filters=3, kernel_size=whole, strides=2, padding="same"),
        make("strides 3, same", last(1, wide, 2), filters=2, kernel_size=2, strides=3, padding="same"),
        make("strides wider than the kernel", last(1, wide, 2), filters=2, kernel_size=1, strides=2),
        make("dilation 2, valid", last(2, wide, 2), filters=2, kernel_size=2, dilation_rate=2),
        make("dilation 2, same", last(2, small, 2), filters=2, kernel_size=2, dilation_rate=2, padding="same"),
        make("groups 2", last(2, small, 4), filters=6, kernel_size=2, groups=2),
        make("groups equal channels", last(2, small, 3), filters=6, kernel_size=2, groups=3, padding="same"),
        make("channels_first, valid", first_axis(2, small, 3), filters=4, kernel_size=whole, data_format="channels_first"),
        make("channels_first, same, strides 2", first_axis(2, wide, 2), filters=3, kernel_size=2, strides=2,
             padding="same", data_format="channels_first"),
        make("channels_first, groups 2, dilation 2", first_axis(1, wide, 4), filters=4, kernel_size=2, groups=2,
             dilation_rate=2, data_format="channels_first"),
        make("no bias, relu", last(2, small, 2), filters=3, kernel_size=2, use_bias=False, activation="relu"),
        make("first set of initializers, regularizers and constraints", last(2, small, 2), filters=3, kernel_size=2,
             **{**first, "kernel_constraint": constraints.MaxNorm(0.5, axis=list(range(rank + 1)))}),
        make("second set of initializers, regularizers and constraints", last(2, small, 2), filters=3, kernel_size=2,
             activation="sigmoid", **{**second, "kernel_constraint": constraints.UnitNorm(axis=list(range(rank + 1)))}),
    ]
    cases.append(make("not trainable", last(2, small, 2), filters=3, kernel_size=2, trainable=False, name="frozen"))
    if rank == 1:
        cases += [
            make("causal", (2, 6, 3), filters=2, kernel_size=3, padding="causal"),
            make("causal, dilation 2", (2, 6, 2), filters=2, kernel_size=3, padding="causal", dilation_rate=2),
            make("causal, strides 2", (2, 6, 2), filters=2, kernel_size=2, padding="causal", strides=2),
            make("causal, groups 2", (1, 5, 4), filters=4, kernel_size=2, padding="causal", groups=2),
            make("causal, channels_first", (2, 3, 6), filters=2, kernel_size=3, padding="causal", data_format="channels_first"),
        ]
    return cases


def embedding_cases():
    make = maker("Embedding")
    ids = np.array([[0, 2, 5, 1], [1, 2, 2, 0]], "int32")
    return [
        make("rank 2", inputs=[ids], input_dim=6, output_dim=3),
        make("rank 1", inputs=[ids[0]], input_dim=6, output_dim=2),
        make("rank 3", inputs=[ids.reshape(2, 2, 2)], input_dim=6, output_dim=2),
        make("mask_zero", inputs=[ids], input_dim=6, output_dim=3, mask_zero=True),
        make("float ids are truncated", inputs=[ids.astype("float32") + np.float32(0.75)], input_dim=7, output_dim=2,
             note="not an error in Keras: ids are cast to int32"),
        make("uint8 ids", inputs=[ids.astype("uint8")], input_dim=6, output_dim=2),
        make("initializer, regularizer, constraint", inputs=[ids], input_dim=6, output_dim=3,
             embeddings_initializer=initializers.RandomNormal(0.0, 0.1, seed=5), embeddings_regularizer=regularizers.L2(0.1),
             embeddings_constraint=constraints.MaxNorm(0.6, axis=1)),
        make("l1 regularizer, non_neg", inputs=[ids], input_dim=6, output_dim=3, embeddings_initializer="ones",
             embeddings_regularizer="l1", embeddings_constraint="non_neg"),
        make("unit_norm over rows", inputs=[ids], input_dim=6, output_dim=3, embeddings_constraint=constraints.UnitNorm(axis=1)),
        make("weights given", inputs=[ids], input_dim=6, output_dim=2, weights="initial",
             given=generator("Embedding weights").standard_normal((6, 2)).astype("float32")),
        make("low-rank adaptation", inputs=[ids], input_dim=6, output_dim=3, lora_rank=2, lora_alpha=3),
        make("not trainable", inputs=[ids], input_dim=6, output_dim=3, trainable=False, name="frozen"),
    ]


def reversible_cases():
    make = maker("ReversibleEmbedding")
    ids = np.array([[0, 2, 5, 1], [1, 2, 2, 0]], "int32")
    sizes = dict(input_dim=6, output_dim=3)
    back = dict(arguments=dict(reverse=True))
    return [
        make("forward", inputs=[ids], **sizes),
        make("forward, not tied", inputs=[ids], tie_weights=False, **sizes),
        make("forward, mask_zero", inputs=[ids], mask_zero=True, **sizes),
        make("reverse", (2, 4, 3), **back, **sizes),
        make("reverse, rank 2", (4, 3), **back, **sizes),
        make("reverse, not tied", (2, 4, 3), tie_weights=False, **back, **sizes),
        make("reverse, capped", (2, 4, 3), logit_soft_cap=1.5, spread=2.0, **back, **sizes),
        make("reverse, initializer, regularizer, constraint", (2, 4, 3), embeddings_initializer=initializers.RandomNormal(0.0, 0.1, seed=5),
             embeddings_regularizer=regularizers.L2(0.1), embeddings_constraint=constraints.MaxNorm(0.6, axis=1), **back, **sizes),
        make("not trainable", inputs=[ids], trainable=False, name="frozen", **sizes),
        make("reverse in float32, other sizes", (4, 2), reverse_dtype="float32", input_dim=3, output_dim=2, **back),
    ]


def masking_cases():
    make = maker("Masking")
    steps = generator("Masking inputs").standard_normal((2, 4, 3)).astype("float32")
    zeros, ones, partly = steps.copy(), steps.copy(), steps.copy()
    zeros[0, 2:] = 0
    zeros[1, 0] = 0
    ones[0, 1] = -1.0
    partly[0, 1, :2] = 0
    return [
        make("zeros", inputs=[zeros]),
        make("mask value -1", inputs=[ones], mask_value=-1.0, note="masked steps come out as zeros"),
        make("a step that is only partly zero stays", inputs=[partly]),
        make("rank 2", inputs=[zeros[0]]),
        make("rank 4", inputs=[zeros.reshape(2, 2, 2, 3)]),
        make("nothing to mask", (2, 3, 2)),
    ]


def simple_cases():
    """The layers without weights that only pass on or rescale."""
    mask = [[True, False, True], [True, True, False]]
    identity, rescaling, regularization = maker("Identity"), maker("Rescaling"), maker("ActivityRegularization")
    return {
        "Identity": [
            identity("rank 2", (3, 4)),
            identity("rank 4", (2, 2, 3, 2)),
            identity("mask passes through", (2, 3, 2), mask=mask),
            identity("whole numbers", inputs=[np.array([[0, 128, 255], [1, 2, 3]], "int32")]),
            identity("named, not trainable", (3, 4), name="same", trainable=False),
            identity("one number", (1, 1)),
        ],
        "Rescaling": [
            rescaling("scale", (3, 4), scale=1 / 255),
            rescaling("scale and offset", (3, 4), scale=1 / 127.5, offset=-1.0),
            rescaling("lists over the last axis", (2, 3, 2), scale=[0.5, 2.0], offset=[1.0, -1.0]),
            rescaling("list of scales, one offset", (2, 2, 2, 3), scale=[0.5, 2.0, 3.0], offset=1.0),
            rescaling("uint8 inputs", inputs=[np.array([[0, 128, 255], [1, 2, 3]], "uint8")], scale=1 / 255),
            rescaling("int32 inputs", inputs=[np.array([[0, -128, 255], [1, 2, 3]], "int32")], scale=0.5, offset=2),
        ],
        "ActivityRegularization": [
            regularization("l1", (3, 4), l1=0.1),
            regularization("l2", (3, 4), l2=0.2),
            regularization("both", (2, 3, 2), l1=0.1, l2=0.2),
            regularization("neither", (3, 4)),
            regularization("rank 4, named", (2, 2, 3, 2), l1=0.02, name="penalty"),
            regularization("mask passes through", (2, 3, 2), l2=0.1, mask=mask),
        ],
    }


def input_cases():
    """InputLayer computes nothing: its config is all there is."""
    return [
        ("shape", dict(shape=(8, 8, 1))),
        ("shape as a list", dict(shape=[4])),
        ("scalar samples", dict(shape=())),
        ("unknown sizes", dict(shape=(None, None, 3))),
        ("batch size", dict(shape=(4,), batch_size=16)),
        ("batch shape", dict(batch_shape=(2, None, 3))),
        ("dtype", dict(shape=(4,), dtype="int32")),
        ("name", dict(shape=(4,), name="pixels")),
        ("optional", dict(shape=(4,), optional=True)),
    ]


LAYERS = {
    "Dense": dense_cases(),
    "TernaryDense": ternary_dense_cases(),
    "Wrapper": wrapper_cases(),
    "Conv1D": conv_cases(1),
    "Conv2D": conv_cases(2),
    "Conv3D": conv_cases(3),
    "Embedding": embedding_cases(),
    "ReversibleEmbedding": reversible_cases(),
    "Masking": masking_cases(),
    **simple_cases(),
}
CONFIG_ONLY = {"InputLayer": input_cases()}
