"""The regularizers: value and gradient on weights of several ranks."""

import jax
import numpy as np
from keras import regularizers
from keras.src.regularizers import ALL_OBJECTS_DICT
from writing import generator, number, plain, tensor

VARIANTS = [
    ("L1", {}), ("L1", dict(l1=0.3)), ("L2", {}), ("L2", dict(l2=0.3)), ("L1L2", {}), ("L1L2", dict(l1=0.1)),
    ("L1L2", dict(l2=0.2)), ("L1L2", dict(l1=0.1, l2=0.2)),
    ("OrthogonalRegularizer", {}), ("OrthogonalRegularizer", dict(factor=0.3, mode="columns")),
    ("OrthogonalRegularizer", dict(factor=0.3, mode="rows")),
]
SHAPES = [(5,), (3, 4), (4, 3), (2, 2, 3)]


def content():
    cases = []
    for kind, options in VARIANTS:
        regularizer = getattr(regularizers, kind)(**options)
        for shape in SHAPES if kind != "OrthogonalRegularizer" else [(3, 4), (4, 3), (1, 3)]:
            x = generator("regularizers", str(shape)).standard_normal(shape).astype("float32")
            value, gradient = jax.value_and_grad(regularizer)(x)
            cases.append({
                "class": kind,
                "config": plain(regularizer.get_config()),
                "input": tensor(x),
                "output": number(np.float32(value)),
                "inputGradient": tensor(gradient),
            })
    names = {name: thing.__name__ for name, thing in sorted(ALL_OBJECTS_DICT.items()) if name}
    # What a bare name gives, since its strength is then the default.
    bare = {name: plain(regularizers.get(name).get_config()) for name in names if names[name] != "Regularizer"}
    return {"names": names, "configsOfNames": bare, "cases": cases}
