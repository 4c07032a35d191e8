"""The constraints: what they make of weights of several ranks, over several axes."""

from keras import constraints
from keras.src.constraints import ALL_OBJECTS_DICT
from writing import generator, plain, tensor

AXES = [((5,), 0), ((3, 4), 0), ((3, 4), 1), ((3, 4), -1), ((3, 4), [0, 1]), ((2, 2, 3, 2), [0, 1, 2]), ((2, 3, 2), 1)]
VARIANTS = [
    ("MaxNorm", {}), ("MaxNorm", dict(max_value=0.8)), ("UnitNorm", {}),
    ("MinMaxNorm", {}), ("MinMaxNorm", dict(min_value=0.9, max_value=1.4)),
    ("MinMaxNorm", dict(min_value=0.9, max_value=1.4, rate=0.3)), ("MinMaxNorm", dict(min_value=3.0, max_value=4.0, rate=0.0)),
]


def entry(kind, options, shape):
    constraint = getattr(constraints, kind)(**options)
    x = generator("constraints", str(shape)).standard_normal(shape).astype("float32")
    if len(shape) > 1:
        x[..., 0] = 0  # a column without length
    return {"class": kind, "config": plain(constraint.get_config()), "input": tensor(x), "output": tensor(constraint(x))}


def content():
    cases = [entry("NonNeg", {}, shape) for shape in ((5,), (3, 4), (2, 3, 2))]
    for kind, options in VARIANTS:
        cases.append(entry(kind, options, (3, 4)))
        cases += [entry(kind, {**options, "axis": axis}, shape) for shape, axis in AXES]
    return {
        # Every name that `constraints.get` takes, with the class behind it.
        "names": {name: thing.__name__ for name, thing in sorted(ALL_OBJECTS_DICT.items()) if name},
        "cases": cases,
    }
