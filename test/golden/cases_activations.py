"""The activation functions: outputs and derivatives over a grid from the tiny to the extreme."""

import jax
import keras
import numpy as np
from keras import activations
from keras.src.activations import ALL_OBJECTS_DICT
from writing import generator, plain, tensor

SIZES = [1e-30, 1e-8, 1e-3, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 88, 100]
GRID = np.array([-size for size in reversed(SIZES)] + [0.0] + SIZES, "float32")

# What each function takes besides x; {} is always there.
ELEMENTWISE = {
    "celu": [dict(alpha=0.5), dict(alpha=2.0)],
    "elu": [dict(alpha=0.5), dict(alpha=2.0)],
    "exponential": [],
    "gelu": [dict(approximate=True)],
    "hard_shrink": [dict(threshold=1.0)],
    "hard_sigmoid": [],
    "hard_silu": [],
    "hard_tanh": [],
    "leaky_relu": [dict(negative_slope=0.01), dict(negative_slope=0.3)],
    "linear": [],
    "log_sigmoid": [],
    "mish": [],
    "relu": [dict(negative_slope=0.1), dict(max_value=6.0), dict(threshold=1.0),
             dict(negative_slope=0.1, max_value=6.0, threshold=1.0)],
    "relu6": [],
    "selu": [],
    "sigmoid": [],
    "silu": [],
    "soft_shrink": [dict(threshold=1.0)],
    "softplus": [],
    "softsign": [],
    "sparse_plus": [],
    "sparse_sigmoid": [],
    "squareplus": [dict(b=1.0)],
    "tanh": [],
    "tanh_shrink": [],
    "threshold": [dict(threshold=1.0, default_value=-2.0), dict(threshold=0.0, default_value=0.0)],
}

# Where a function has no derivative, or jumps: there frameworks differ, and a test has nothing to compare.
# (It may still be smooth there for some options.)
KINKS = {
    "elu": lambda **_: [0.0],
    "hard_shrink": lambda threshold=0.5: [-threshold, threshold],
    "hard_sigmoid": lambda: [-3.0, 3.0],
    "hard_silu": lambda: [-3.0, 3.0],
    "hard_tanh": lambda: [-1.0, 1.0],
    "leaky_relu": lambda **_: [0.0],
    "relu": lambda negative_slope=0.0, max_value=None, threshold=0.0: [threshold] + ([] if max_value is None else [max_value]),
    "relu6": lambda: [0.0, 6.0],
    "selu": lambda: [0.0],
    "soft_shrink": lambda threshold=0.5: [-threshold, threshold],
    "sparse_sigmoid": lambda: [-1.0, 1.0],
    "threshold": lambda threshold, default_value: [threshold],
}

# Functions of a whole axis: options and input shapes.
OVER_AN_AXIS = {
    "softmax": [({}, (3, 5)), (dict(axis=1), (2, 3, 4)), (dict(axis=-2), (2, 3, 4)), (dict(axis=0), (3, 2))],
    "log_softmax": [({}, (3, 5)), (dict(axis=1), (2, 3, 4)), (dict(axis=-2), (2, 3, 4))],
    "sparsemax": [({}, (3, 5)), (dict(axis=1), (2, 3, 4))],
    "glu": [({}, (3, 6)), (dict(axis=1), (2, 4, 3))],
}


def entry(name, options, x, dy):
    function = getattr(activations, name)
    y, back = jax.vjp(lambda value: function(value, **options), x)
    return {
        "name": name,
        "options": plain(options),
        "input": tensor(x),
        "output": tensor(y),
        "cotangent": tensor(dy),
        "inputGradient": tensor(back(dy.astype(y.dtype))[0]),
        "kinks": KINKS[name](**options) if name in KINKS else [],
    }


def content():
    cases = []
    for name, variants in ELEMENTWISE.items():
        for options in ([] if name == "threshold" else [{}]) + variants:
            cases.append(entry(name, options, GRID, np.ones_like(GRID)))
    for name, variants in OVER_AN_AXIS.items():
        for options, shape in variants:
            random = generator("activations", name, str(options))
            x = (2 * random.standard_normal(shape)).astype("float32")
            y_shape = jax.eval_shape(lambda value: getattr(activations, name)(value, **options), x).shape
            cases.append(entry(name, options, x, random.standard_normal(y_shape).astype("float32")))
        extreme = np.array([[100, -100, 0, 50], [-100, -100, -100, -100], [88, 89, 90, 100]], "float32")
        shape = jax.eval_shape(getattr(activations, name), extreme).shape
        cases.append(entry(name, {}, extreme, np.arange(1, 1 + np.prod(shape), dtype="float32").reshape(shape)))
    written = set(ELEMENTWISE) | set(OVER_AN_AXIS)
    missing = {function.__name__ for function in ALL_OBJECTS_DICT.values() if function} - written
    assert not missing, f"no cases for {missing}"
    return {
        # Every name that `activations.get` takes, with the name that a config then holds.
        "names": {name: keras.activations.serialize(function) for name, function in sorted(
            (name, function) for name, function in ALL_OBJECTS_DICT.items() if name and function)},
        "cases": cases,
    }
