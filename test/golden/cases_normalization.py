"""The normalization layers' cases."""

from types import SimpleNamespace
from unittest import mock

import numpy as np
from keras import constraints, initializers, layers, regularizers
from layer_cases import Case, maker
from writing import generator, tensor


def normalized(kind):
    """`make(name, sizes…, options)`: these layers take one input, so its sizes stand there bare."""
    make = maker(kind)
    return lambda name, /, *shape, **options: make(name, shape, **options)


def affine_extras():
    """Two sets of what gamma and beta may carry, none at its default; between them every constraint and regularizer."""
    return [
        dict(
            gamma_initializer=initializers.RandomUniform(0.5, 1.5, seed=1),
            beta_initializer=initializers.RandomNormal(0.1, 0.2, seed=2),
            gamma_regularizer=regularizers.L1(0.02),
            beta_regularizer=regularizers.L2(0.03),
            gamma_constraint=constraints.NonNeg(),
            beta_constraint=constraints.MaxNorm(0.5, axis=0),
        ),
        dict(
            gamma_initializer="he_normal",
            beta_initializer=initializers.Constant(0.25),
            gamma_regularizer=regularizers.L1L2(0.01, 0.04),
            beta_regularizer="l1",
            gamma_constraint=constraints.MinMaxNorm(0.2, 0.9, rate=0.5, axis=0),
            beta_constraint=constraints.UnitNorm(axis=0),
        ),
    ]


def group_cases():
    group = normalized("GroupNormalization")
    first, second = affine_extras()
    return [
        group("rank 2, 2 groups", 5, 6, groups=2),
        group("rank 3, 3 groups", 2, 4, 6, groups=3),
        group("rank 4, 2 groups", 2, 3, 3, 4, groups=2),
        group("rank 5, 2 groups", 2, 2, 3, 2, 4, groups=2),
        group("groups 2, axis 1, rank 4", 2, 4, 3, 3, groups=2, axis=1),
        group("groups 2, axis 1, rank 3", 3, 4, 5, groups=2, axis=1),
        group("groups 3, axis 2, rank 4", 2, 3, 6, 2, groups=3, axis=2),
        group("groups 3, axis -2, rank 4", 2, 3, 6, 2, groups=3, axis=-2),
        group("groups 2, axis -3, rank 4", 2, 4, 3, 2, groups=2, axis=-3),
        group("groups 2, axis 3, rank 4", 2, 3, 2, 4, groups=2, axis=3),
        group("groups 2, axis 1, rank 5", 2, 4, 2, 3, 2, groups=2, axis=1),
        group("groups -1: one per channel", 2, 4, 3, 5, groups=-1,
              note="Keras overwrites groups with the channel count when it builds"),
        group("groups -1, axis 1", 2, 3, 4, 2, groups=-1, axis=1),
        group("groups equal channels", 2, 5, 4, groups=4),
        group("one group", 3, 2, 4, 4, groups=1),
        group("one group, rank 2", 4, 6, groups=1),
        group("groups equal channels, rank 2: groups of one element", 3, 4, groups=4,
              note="every group has one element, so only beta comes out"),
        group("default 32 groups", 2, 2, 64),
        group("epsilon 0.1", 2, 4, 6, groups=2, epsilon=0.1),
        group("epsilon 1e-6", 2, 4, 6, groups=2, epsilon=1e-6),
        group("no center", 2, 4, 6, groups=2, center=False),
        group("no scale", 2, 4, 6, groups=2, scale=False),
        group("neither center nor scale", 2, 4, 6, groups=2, center=False, scale=False),
        group("regularizers, constraints and initializers, first set", 3, 4, 6, groups=2, **first),
        group("regularizers, constraints and initializers, second set", 3, 4, 6, groups=3, **second),
        group("batch of one", 1, 3, 3, 4, groups=2),
        group("inputs of mean 3, spread 2", 2, 3, 3, 4, groups=2, shift=3.0, spread=2.0),
        group("mask passes through", 3, 4, 6, groups=2, mask=[[True, True, False, True]] * 3,
              note="the mask does not change the statistics; it is handed on"),
        group("activity regularizer", 2, 3, 4, groups=2, activity_regularizer=regularizers.L2(0.01)),
        group("not trainable", 2, 3, 4, groups=2, trainable=False, name="frozen"),
    ]


def layer_cases():
    make = normalized("LayerNormalization")
    first, second = affine_extras()
    return [
        make("rank 2", 4, 5),
        make("rank 3", 2, 3, 5),
        make("rank 4", 2, 3, 2, 4),
        make("rank 5", 2, 2, 3, 2, 3),
        make("axis 1, rank 3", 2, 4, 3, axis=1),
        make("axis -2, rank 3", 2, 4, 3, axis=-2),
        make("axis [1, 2, 3]: parameters over three axes", 2, 3, 2, 4, axis=[1, 2, 3]),
        make("axis [-1, -2]", 2, 3, 4, axis=[-1, -2], note="Keras sorts the axes when it builds: gamma is [3, 4]"),
        make("axis [2, 1]", 2, 3, 4, axis=[2, 1], note="Keras sorts the axes when it builds: gamma is [3, 4]"),
        make("axis [1, 3], rank 4", 2, 3, 2, 4, axis=[1, 3]),
        make("axis [-1], a list of one", 3, 5, axis=[-1]),
        make("axis [-3, -1], rank 4", 2, 3, 2, 4, axis=[-3, -1]),
        make("axis [1, -1], signs mixed", 2, 3, 2, 4, axis=[1, -1],
             note="Keras sorts the numbers as written, so gamma's shape is [4, 3], yet reshapes it to [1, 3, 1, 4]: "
                  "the flat order is that of axes [1, 3]"),
        make("axis (1, 2) of rank 5", 2, 2, 3, 2, 2, axis=(1, 2)),
        make("epsilon 0.1", 3, 5, epsilon=0.1),
        make("epsilon 1e-6", 3, 5, epsilon=1e-6),
        make("no center", 2, 3, 5, center=False),
        make("no scale", 2, 3, 5, scale=False),
        make("neither center nor scale", 2, 3, 5, center=False, scale=False),
        make("neither, axis [1, 2]", 2, 3, 5, center=False, scale=False, axis=[1, 2]),
        make("rms_scaling", 3, 4, 5, rms_scaling=True, shift=0.5,
             note="divides by the standard deviation without subtracting the mean; gamma but never beta"),
        make("rms_scaling, axis [1, 2]", 3, 4, 5, rms_scaling=True, axis=[1, 2], shift=0.5),
        make("rms_scaling without scale or center", 3, 5, rms_scaling=True, scale=False, center=False,
             note="gamma exists all the same"),
        make("regularizers, constraints and initializers, first set", 3, 4, 6, **first),
        make("regularizers, constraints and initializers, second set", 3, 4, 6, **second),
        make("constraints over two axes", 2, 3, 4, axis=[1, 2], gamma_constraint=constraints.MaxNorm(1.0, axis=0),
             beta_constraint=constraints.UnitNorm(axis=[0, 1]), gamma_regularizer=regularizers.L2(0.1)),
        make("inputs of mean 3, spread 2", 4, 8, shift=3.0, spread=2.0),
        make("mask passes through", 2, 3, 5, mask=[[True, False, True], [False, True, True]]),
        make("activity regularizer", 3, 4, activity_regularizer=regularizers.L1(0.01)),
        make("not trainable", 3, 4, trainable=False, name="frozen"),
    ]


def batch_cases():
    make = normalized("BatchNormalization")
    first, second = affine_extras()
    mask23 = [[True, True, False], [True, False, False]]
    cases = []
    for training in (True, False):
        word = "training" if training else "inference"
        cases += [
            make(f"rank 2, {word}", 6, 4, training=training),
            make(f"rank 3, {word}", 3, 4, 3, training=training),
            make(f"rank 4, {word}", 2, 3, 2, 4, training=training),
            make(f"rank 5, {word}", 2, 2, 2, 3, 2, training=training),
            make(f"axis 1, rank 4, {word}", 2, 4, 3, 2, axis=1, training=training),
            make(f"axis -2, rank 4, {word}", 2, 3, 4, 2, axis=-2, training=training),
            make(f"axis 2, rank 3, {word}", 2, 3, 4, axis=2, training=training),
            make(f"no center, {word}", 6, 4, center=False, training=training),
            make(f"no scale, {word}", 6, 4, scale=False, training=training),
            make(f"neither center nor scale, {word}", 6, 4, center=False, scale=False, training=training),
            make(f"epsilon 0.1, {word}", 6, 4, epsilon=0.1, training=training),
            make(f"mask, {word}", 2, 3, 4, mask=mask23, training=training,
                 note="masked positions count neither in the mean nor in the variance; they are normalized all the same"),
        ]
    cases += [
        make("training not given is inference", 6, 4),
        make("momentum 0.8", 6, 4, momentum=0.8, training=True),
        make("momentum 0", 6, 4, momentum=0.0, training=True),
        make("trainable false means inference", 6, 4, trainable=False, name="frozen", training=True),
        make("mask of rank 3 over rank 4", 2, 2, 3, 2, training=True,
             mask=[[[True, True, False], [True, False, False]], [[True, True, True], [False, True, True]]]),
        make("mask on axis 1", 2, 3, 4, axis=1, training=True, mask=mask23,
             note="the mask covers every axis but the last, whatever the channel axis is"),
        make("mask with everything masked", 2, 3, 2, mask=[[False] * 3] * 2, training=True),
        make("regularizers, constraints and initializers, first set", 6, 4, training=True,
             moving_mean_initializer=initializers.Constant(0.5), moving_variance_initializer=initializers.Constant(2.0), **first),
        make("regularizers, constraints and initializers, second set", 6, 4, training=True,
             moving_mean_initializer="ones", moving_variance_initializer="he_uniform", **second),
        make("inputs of mean 3, spread 2", 8, 4, shift=3.0, spread=2.0, training=True),
        make("batch of one, rank 4", 1, 3, 3, 2, training=True),
        make("batch of one, rank 2: variance zero", 1, 3, training=True),
        make("renorm, training", 6, 4, renorm=True, training=True),
        make("renorm, inference", 6, 4, renorm=True, training=False),
        make("renorm with clipping, training", 6, 4, renorm=True, training=True, renorm_momentum=0.9,
             renorm_clipping={"rmin": 0.7, "rmax": 1.2, "dmax": 0.3}),
        make("renorm, no scale, training", 6, 4, renorm=True, scale=False, training=True),
        make("renorm, no center, training", 6, 4, renorm=True, center=False, training=True),
    ]
    return cases


def rms_cases():
    make = normalized("RMSNormalization")
    return [
        make("rank 2", 4, 5),
        make("rank 3", 2, 3, 5),
        make("rank 4", 2, 3, 2, 4),
        make("rank 5", 2, 2, 3, 2, 3),
        make("axis 2, rank 3", 2, 4, 3, axis=2),
        make("axis [1, 2]", 2, 3, 4, axis=[1, 2]),
        make("axis [-1, -2]", 2, 3, 4, axis=[-1, -2], note="Keras sorts the axes when it builds: scale is [3, 4]"),
        make("axis [1, 2, 3], rank 4", 2, 2, 3, 2, axis=[1, 2, 3]),
        make("axis (2, 3), rank 4", 2, 2, 3, 2, axis=(2, 3)),
        make("axis 1 of size 1, rank 3", 2, 1, 3, axis=1,
             note="Keras multiplies by scale without lining its axes up, so other leading axes fail there"),
        make("epsilon 0.1", 3, 5, epsilon=0.1),
        make("epsilon None", 3, 5, epsilon=None, note="None means Keras's global epsilon, 1e-7"),
        make("inputs of mean 3", 3, 5, shift=3.0),
        make("small inputs against epsilon", 3, 5, spread=1e-3),
        make("activity regularizer", 3, 5, activity_regularizer=regularizers.L2(0.01)),
        make("not trainable", 3, 4, trainable=False, name="frozen"),
    ]


def unit_cases():
    make = normalized("UnitNormalization")
    return [
        make("rank 2", 4, 5),
        make("rank 3", 2, 3, 5),
        make("rank 4, axis 1", 2, 3, 2, 4, axis=1),
        make("axis [1, 2]", 2, 3, 4, axis=[1, 2]),
        make("axis [-1, -2]", 2, 3, 4, axis=[-1, -2]),
        make("axis (1, 2, 3), rank 4", 2, 2, 3, 2, axis=(1, 2, 3)),
        make("axis 0", 4, 3, axis=0),
        make("rank 5, axis -3", 2, 2, 3, 2, 2, axis=-3),
        make("tiny inputs", 3, 4, spread=1e-7, note="the norm is not allowed below 1e-12, so these are normalized in full"),
        maker("UnitNormalization")("a row of zeros", note="zeros stay zeros; Keras gives NaN for their gradient", inputs=[np.array([[3, 4], [0, 0], [-1, 1]], "float32")]),
        make("mask passes through", 2, 3, 5, mask=[[True, False, True], [False, True, True]]),
    ]


def adapting(name, shape, data, note=None, in_batches=None, **options):
    """A Normalization layer adapted on data; the data is recorded."""
    data = np.asarray(data, "float32")
    batches = [data] if in_batches is None else [data[a:b] for a, b in in_batches]

    def prepare(layer):
        # Keras asks whether a stream is a TensorFlow data set, and needs TensorFlow to be there for
        # that; a class that nothing belongs to answers it as well.
        nothing = SimpleNamespace(data=SimpleNamespace(Dataset=type("Dataset", (), {})))
        with mock.patch("keras.src.layers.preprocessing.normalization.tf", nothing):
            layer.adapt(data if in_batches is None else iter(batches))

    def extra():
        return {"adaptedOn": [tensor(batch) for batch in batches]}

    return Case(name, lambda: layers.Normalization(**options), shape, prepare=prepare, weights="initial", extra=extra, note=note)


def normalization_cases():
    random = generator("Normalization data")
    make = lambda name, *shape, **options: normalized("Normalization")(name, *shape, weights="initial", **options)
    flat = 2 + 3 * random.standard_normal((12, 4))
    images = 1 + 2 * random.standard_normal((5, 3, 2, 4))
    constant = np.tile([[1.0, 2.0, 3.0]], (6, 1)) + np.array([[0.0, 0.0, 1.0]]) * random.standard_normal((6, 1))
    return [
        make("mean and variance, numbers", 3, 4, mean=1.5, variance=4.0),
        make("mean and variance, lists", 3, 4, mean=[0.0, 1.0, -1.0, 2.0], variance=[1.0, 4.0, 0.25, 9.0]),
        make("invert", 3, 4, mean=[0.0, 1.0, -1.0, 2.0], variance=[1.0, 4.0, 0.25, 9.0], invert=True),
        make("axis None, mean and variance", 3, 4, axis=None, mean=0.5, variance=2.0),
        make("axis 1, rank 3", 2, 3, 4, axis=1, mean=[0.0, 1.0, 2.0], variance=[1.0, 2.0, 3.0]),
        make("axis (1, 2), mean over both", 2, 2, 3, axis=(1, 2), mean=[[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]],
             variance=[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),
        make("axis (1, 3), mean over the last only", 2, 2, 2, 3, axis=(1, 3), mean=[0.0, 1.0, 2.0], variance=[1.0, 2.0, 3.0]),
        make("axis [-1, 1] unordered", 2, 2, 3, axis=[-1, 1], mean=[[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]],
             variance=[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),
        make("not adapted", 3, 4),
        make("tiny variance", 3, 2, mean=[0.0, 0.0], variance=[1e-20, 0.0]),
        adapting("adapted, rank 2", (3, 4), flat),
        adapting("adapted, invert", (3, 4), flat, invert=True),
        adapting("adapted, axis None", (3, 4), flat, axis=None),
        adapting("adapted, rank 4", (2, 3, 2, 4), images),
        adapting("adapted, rank 4, axis 1", (2, 3, 2, 4), images, axis=1),
        adapting("adapted, rank 4, axes (1, -1)", (2, 3, 2, 4), images, axis=(1, -1)),
        adapting("adapted on a stream of uneven batches", (3, 4), flat, in_batches=[(0, 5), (5, 6), (6, 12)]),
        adapting("adapted on columns without spread", (3, 3), constant,
                 note="the standard deviation is not allowed below Keras's epsilon, 1e-7"),
    ]


def spectral_cases():
    def make(name, inner, shape, training, /, **options):
        inputs = options.pop("inputs", None)
        shapes = () if inputs is not None else (shape,)
        return Case(name, lambda: layers.SpectralNormalization(inner(), **options), *shapes, inputs=inputs,
                    training=training, as_list=False, assigns=training)

    dense = lambda: layers.Dense(3)
    conv = lambda: layers.Conv2D(3, 2)
    return [
        make("Dense, training", dense, (4, 5), True),
        make("Dense, inference", dense, (4, 5), False),
        make("Dense, three power iterations, training", dense, (4, 5), True, power_iterations=3),
        make("Conv2D, training", conv, (2, 3, 3, 2), True),
        make("Conv2D, inference", conv, (2, 3, 3, 2), False),
        make("Conv1D, training", lambda: layers.Conv1D(3, 2), (2, 5, 2), True),
        make("Conv3D, two iterations, training", lambda: layers.Conv3D(2, 2), (1, 3, 3, 3, 2), True, power_iterations=2),
        make("Dense without bias, with activation", lambda: layers.Dense(3, use_bias=False, activation="tanh"), (4, 5), True),
        make("Dense with regularizer and constraint", lambda: layers.Dense(
            3, kernel_regularizer=regularizers.L2(0.1), kernel_constraint=constraints.MaxNorm(0.5)), (4, 5), True),
        make("not trainable, inference", dense, (4, 5), False, trainable=False, name="frozen"),
        make("Embedding, training", lambda: layers.Embedding(6, 3), None, True, inputs=[np.array([[0, 2, 5], [1, 2, 2]], "int32")]),
    ]


LAYERS = {
    "GroupNormalization": group_cases(),
    "LayerNormalization": layer_cases(),
    "BatchNormalization": batch_cases(),
    "RMSNormalization": rms_cases(),
    "UnitNormalization": unit_cases(),
    "Normalization": normalization_cases(),
    "SpectralNormalization": spectral_cases(),
}
