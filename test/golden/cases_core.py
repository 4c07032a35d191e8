"""Dense, convolutions, embedding and the other core layers' cases."""

import numpy as np
from keras import constraints, initializers, layers, regularizers
from layer_cases import Case
from writing import generator


def maker(kind):
    """`make(name, shape…, options)`: a case of one layer class, the case's own options picked out by name."""
    layer_class = getattr(layers, kind)
    own = ("offset", "spread", "mask", "note", "training", "inputs", "weights", "as_list")

    def make(name, /, *shapes, **options):
        case_options = {key: options.pop(key) for key in own if key in options}
        return Case(name, lambda: layer_class(**options), *shapes, **case_options)

    return make


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
    if rank == 1:
        cases += [
            make("causal", (2, 6, 3), filters=2, kernel_size=3, padding="causal"),
            make("causal, dilation 2", (2, 6, 2), filters=2, kernel_size=3, padding="causal", dilation_rate=2),
            make("causal, strides 2", (2, 6, 2), filters=2, kernel_size=2, padding="causal", strides=2),
            make("causal, groups 2", (1, 5, 4), filters=4, kernel_size=2, padding="causal", groups=2),
            make("causal, channels_first", (2, 3, 6), filters=2, kernel_size=3, padding="causal", data_format="channels_first"),
        ]
    return cases


LAYERS = {
    "Dense": dense_cases(),
    "Conv1D": conv_cases(1),
    "Conv2D": conv_cases(2),
    "Conv3D": conv_cases(3),
}
