"""The activation layers' cases."""

import numpy as np
from keras import constraints, initializers, regularizers
from layer_cases import maker


def activation_cases():
    make = maker("Activation")
    names = ["relu", "sigmoid", "tanh", "softmax", "gelu", "swish", "elu", "linear", "hard_sigmoid", "log_softmax"]
    return [make(name, (3, 4), activation=name, spread=2.0) for name in names] + [
        make("none is linear", (3, 4), activation=None),
        make("softmax of rank 4", (2, 2, 2, 3), activation="softmax"),
        make("mask passes through", (2, 3, 2), activation="tanh", mask=[[True, False, True], [False, True, True]]),
        make("activity regularizer", (3, 4), activation="relu", activity_regularizer="l2"),
    ]


def relu_cases():
    make = maker("ReLU")
    return [
        make("defaults", (3, 4), spread=3.0),
        make("max_value 1", (3, 4), spread=3.0, max_value=1.0),
        make("max_value 6", (3, 4), spread=6.0, max_value=6.0),
        make("max_value 0", (3, 4), spread=3.0, max_value=0.0),
        make("negative_slope 0.2", (3, 4), spread=3.0, negative_slope=0.2),
        make("threshold 1", (3, 4), spread=3.0, threshold=1.0),
        make("slope below threshold 1", (3, 4), spread=3.0, threshold=1.0, negative_slope=0.1),
        make("everything", (4, 5), spread=4.0, threshold=0.5, negative_slope=0.1, max_value=2.0),
        make("at zero", inputs=[np.array([[-1.0, -0.0, 0.0, 1.0]], "float32")]),
        make("rank 4", (2, 2, 2, 3)),
    ]


def slope_cases(kind, option, values):
    make = maker(kind)
    return [make("defaults", (3, 4), spread=2.0)] + [
        make(f"{option} {value}", (3, 4), spread=2.0, **{option: value}) for value in values
    ] + [
        make("rank 4", (2, 2, 2, 3)),
        make("far from zero", (2, 5), spread=30.0),
        make("at zero", inputs=[np.array([[-1.0, -0.0, 0.0, 1.0]], "float32")]),
        make("mask passes through", (2, 3, 2), mask=[[True, False, True], [False, True, True]]),
    ]


def prelu_cases():
    make = maker("PReLU")
    return [
        make("rank 2", (4, 5)),
        make("rank 3", (2, 3, 4)),
        make("rank 4", (2, 3, 2, 4)),
        make("shared_axes [1]", (2, 3, 4), shared_axes=[1]),
        make("shared_axes 2, a number", (2, 3, 4), shared_axes=2),
        make("shared_axes [1, 2], rank 4", (2, 3, 2, 4), shared_axes=[1, 2]),
        make("shared_axes [1, 2, 3], rank 5", (2, 2, 3, 2, 4), shared_axes=[1, 2, 3]),
        make("shared_axes of everything", (2, 3, 4), shared_axes=[1, 2]),
        make("initializer, regularizer, constraint", (4, 5), alpha_initializer=initializers.Constant(0.25),
             alpha_regularizer=regularizers.L1L2(0.01, 0.02), alpha_constraint=constraints.NonNeg()),
        make("max_norm over the shared shape", (2, 3, 4), shared_axes=[1], alpha_initializer="glorot_uniform",
             alpha_regularizer="l1", alpha_constraint=constraints.MaxNorm(0.3, axis=1)),
        make("not trainable", (4, 5), trainable=False, name="frozen"),
    ]


def softmax_cases():
    make = maker("Softmax")
    whole = [[True, True, False, True], [True, False, False, True], [False, False, False, False]]
    return [
        make("rank 2", (3, 4)),
        make("axis 1, rank 3", (2, 3, 4), axis=1),
        make("axis -2, rank 3", (2, 3, 4), axis=-2),
        make("axis [1, 2]", (2, 3, 4), axis=[1, 2]),
        make("axis [-1, -2]", (2, 2, 3, 2), axis=[-1, -2]),
        make("axis [-1], a list of one", (3, 4), axis=[-1]),
        make("axis (1, 3)", (2, 3, 2, 2), axis=(1, 3)),
        make("large inputs", (3, 4), spread=60.0),
        make("mask", (3, 4), mask=whole, note="masked places come out as zero, a row with none left entirely so"),
        make("mask, axis [1, 2]", (2, 2, 3), axis=[1, 2],
             mask=[[[True, False, True], [True, True, False]], [[True, True, True], [False, False, True]]]),
    ]


LAYERS = {
    "Activation": activation_cases(),
    "ReLU": relu_cases(),
    "LeakyReLU": slope_cases("LeakyReLU", "negative_slope", [0.0, 0.1, 0.01]),
    "ELU": slope_cases("ELU", "alpha", [0.5, 2.0, 0.1]),
    "PReLU": prelu_cases(),
    "Softmax": softmax_cases(),
}
