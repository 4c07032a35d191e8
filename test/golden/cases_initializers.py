"""The initializers: exact values where they are fixed, and the distribution to expect where they are drawn."""

import math

import keras
import numpy as np
from keras import initializers
from keras.src.initializers import ALL_OBJECTS_DICT
from writing import number, plain, tensor

FIXED = [
    ("Zeros", {}, [(3,), (2, 3), ()]),
    ("Ones", {}, [(3,), (2, 3), ()]),
    ("Constant", dict(value=2.5), [(3,), (2, 3)]),
    ("Constant", dict(value=-1), [(2,)]),
    ("Constant", dict(value=[1.0, 2.0, 3.0]), [(2, 3)]),
    ("Identity", {}, [(3, 3), (2, 4), (4, 2)]),
    ("Identity", dict(gain=0.5), [(2, 2)]),
    ("STFT", dict(side="real", window="hann", scaling="density"), [(4, 1, 4)]),
    ("STFT", dict(side="imag", window="hamming", scaling="spectrum", periodic=True), [(4, 1, 8)]),
    ("STFT", dict(side="real", window=None, scaling=None), [(4, 2, 4)]),
]

# The standard deviation of a standard normal cut off at two.
CUT = math.sqrt(1 - 4 * math.exp(-2) / math.sqrt(2 * math.pi) / math.erf(math.sqrt(2)))

SHAPES = [(200, 100), (50, 200), (5, 5, 20, 40), (3, 200, 30), (2, 3, 4, 20, 30), (20000,)]
SCALED = {
    "GlorotUniform": (1.0, "fan_avg", "uniform"),
    "GlorotNormal": (1.0, "fan_avg", "truncated_normal"),
    "HeUniform": (2.0, "fan_in", "uniform"),
    "HeNormal": (2.0, "fan_in", "truncated_normal"),
    "LecunUniform": (1.0, "fan_in", "uniform"),
    "LecunNormal": (1.0, "fan_in", "truncated_normal"),
}


def fans(shape):
    """Inputs and outputs of a weight: the last two sizes, times what a convolution window covers."""
    if len(shape) == 1:
        return shape[0], shape[0]
    window = math.prod(shape[:-2])
    return shape[-2] * window, shape[-1] * window


def uniform(low, high):
    return {"distribution": "uniform", "mean": (low + high) / 2, "standardDeviation": (high - low) / math.sqrt(12), "least": low, "greatest": high}


def normal(mean, deviation):
    return {"distribution": "normal", "mean": mean, "standardDeviation": deviation, "least": None, "greatest": None}


def truncated(mean, sigma):
    return {"distribution": "truncated_normal", "mean": mean, "standardDeviation": sigma * CUT, "least": mean - 2 * sigma, "greatest": mean + 2 * sigma}


def scaled(shape, scale, mode, distribution, fan=None):
    fan_in, fan_out = fan or fans(shape)
    by = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[mode]
    deviation = math.sqrt(scale / max(1.0, by))
    if distribution == "uniform":
        return uniform(-math.sqrt(3) * deviation, math.sqrt(3) * deviation)
    if distribution == "untruncated_normal":
        return normal(0.0, deviation)
    return truncated(0.0, deviation / CUT)


def drawn_cases():
    """(class, options, shape, what is to be expected)."""
    for shape in ((200, 100), (20000,)):
        yield "RandomNormal", {}, shape, normal(0.0, 0.05)
        yield "RandomNormal", dict(mean=1.0, stddev=2.0), shape, normal(1.0, 2.0)
        yield "RandomUniform", {}, shape, uniform(-0.05, 0.05)
        yield "RandomUniform", dict(minval=1.0, maxval=3.0), shape, uniform(1.0, 3.0)
        yield "TruncatedNormal", {}, shape, truncated(0.0, 0.05)
        yield "TruncatedNormal", dict(mean=1.0, stddev=2.0), shape, truncated(1.0, 2.0)
    for kind, (scale, mode, distribution) in SCALED.items():
        for shape in SHAPES:
            yield kind, {}, shape, scaled(shape, scale, mode, distribution)
    for mode in ("fan_in", "fan_out", "fan_avg"):
        for distribution in ("truncated_normal", "untruncated_normal", "uniform"):
            yield "VarianceScaling", dict(scale=0.7, mode=mode, distribution=distribution), (3, 3, 20, 60), scaled((3, 3, 20, 60), 0.7, mode, distribution)
    yield "VarianceScaling", {}, (200, 100), scaled((200, 100), 1.0, "fan_in", "truncated_normal")
    yield "VarianceScaling", dict(mode="fan_avg", distribution="uniform", input_axes=[0], output_axes=[1, 2]), (100, 20, 10), scaled(
        (100, 20, 10), 1.0, "fan_avg", "uniform", (100, 200))
    yield "GlorotUniform", dict(input_axes=[0, 1], output_axes=[2]), (20, 10, 100), scaled((20, 10, 100), 1.0, "fan_avg", "uniform", (200, 100))


def drawn_entry(kind, options, shape, expected):
    initializer = getattr(initializers, kind)(**options, seed=11)
    values = np.asarray(initializer(shape), "float64")
    deviation = expected["standardDeviation"]
    # Six standard errors: the definition above and Keras's draws must tell the same story.
    assert abs(values.mean() - expected["mean"]) < 6 * deviation / math.sqrt(values.size), (kind, options, shape)
    assert abs(values.std() / deviation - 1) < 6 / math.sqrt(values.size), (kind, options, shape, values.std(), deviation)
    if expected["least"] is not None:
        slack = 1e-6 * deviation
        assert expected["least"] - slack <= values.min() and values.max() <= expected["greatest"] + slack, (kind, options, shape)
    return {
        "class": kind,
        "config": plain(initializer.get_config()),
        "shape": list(shape),
        "expected": {key: None if value is None else value if isinstance(value, str) else float(f"{value:.12g}") for key, value in expected.items()},
        "drawn": {"mean": number(np.float32(values.mean())), "standardDeviation": number(np.float32(values.std())),
                  "least": number(np.float32(values.min())), "greatest": number(np.float32(values.max()))},
    }


def orthogonal_entry(options, shape):
    initializer = initializers.Orthogonal(**options, seed=12)
    gain = options.get("gain", 1.0)
    matrix = np.asarray(initializer(shape), "float64").reshape(-1, shape[-1])
    product = matrix.T @ matrix if matrix.shape[0] >= matrix.shape[1] else matrix @ matrix.T
    assert np.allclose(product, gain**2 * np.eye(len(product)), atol=1e-5 * gain**2)
    return {
        "class": "Orthogonal",
        "config": plain(initializer.get_config()),
        "shape": list(shape),
        # Reshaped to [everything but the last axis, the last axis], the shorter side is orthogonal with this squared length.
        "orthogonal": "columns" if matrix.shape[0] >= matrix.shape[1] else "rows",
        "squaredLength": gain**2,
    }


def content():
    keras.utils.set_random_seed(20260903)
    fixed = []
    for kind, options, shapes in FIXED:
        initializer = getattr(initializers, kind)(**options)
        for shape in shapes:
            fixed.append({"class": kind, "config": plain(initializer.get_config()), "shape": list(shape), "values": tensor(initializer(shape, dtype="float32"))})
    return {
        # Every name that `initializers.get` takes, with the class behind it.
        "names": {name: thing.__name__ for name, thing in sorted(ALL_OBJECTS_DICT.items()) if name},
        "fixed": fixed,
        "drawn": [drawn_entry(*case) for case in drawn_cases()],
        "orthogonal": [
            orthogonal_entry(options, shape)
            for options in ({}, dict(gain=2.0))
            for shape in ((4, 4), (6, 3), (3, 6), (2, 2, 3, 4), (2, 3, 8))
        ],
    }
