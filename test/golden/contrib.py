"""Writes contrib.json: what tf.contrib.layers' three normalizations give, by their formula in float64.

TensorFlow 1 no longer installs beside anything current, so the truth here is not a program but the definition, summed
exactly: no reshape, no broadcast, only a dictionary from what a value shares to the values that share it. Nothing of
this project and nothing of Keras takes part. It runs in the environment that generate.py makes.

    python3 test/golden/contrib.py
"""

import itertools
import math
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from generate import ENVIRONMENT, INSIDE, make_environment  # noqa: E402


def shared(index, channel, width, reduced):
    """What the values of one group have in common: every index that is not reduced, the channel's as its group's."""
    return tuple(
        place // width if axis == channel else place for axis, place in enumerate(index) if axis not in reduced
    )


def mean(values):
    return math.fsum(values) / len(values)


def normalized(x, gamma, beta, cotangent, key_of, parameter_of, epsilon):
    """The output, and the gradients of sum(output × cotangent), value by value."""
    import numpy as np

    indices = list(np.ndindex(x.shape))
    members = {}
    for index in indices:
        members.setdefault(key_of(index), []).append(index)
    y, dx = np.zeros(x.shape), np.zeros(x.shape)
    dgamma = {place: [] for place in np.ndindex(gamma.shape)}
    dbeta = {place: [] for place in np.ndindex(beta.shape)}
    for group in members.values():
        mu = mean([x[i] for i in group])
        rstd = 1 / math.sqrt(mean([(x[i] - mu) ** 2 for i in group]) + epsilon)
        n = {i: (x[i] - mu) * rstd for i in group}
        g = {i: cotangent[i] * gamma[parameter_of(i)] for i in group}
        g_mean, gn_mean = mean(list(g.values())), mean([g[i] * n[i] for i in group])
        for i in group:
            place = parameter_of(i)
            y[i] = n[i] * gamma[place] + beta[place]
            dx[i] = (g[i] - g_mean - n[i] * gn_mean) * rstd
            dgamma[place].append(cotangent[i] * n[i])
            dbeta[place].append(cotangent[i])
    total = lambda parts, shape: np.array([math.fsum(part) for part in parts.values()]).reshape(shape)
    return y, dx, total(dgamma, gamma.shape), total(dbeta, beta.shape)


def case(function, name, shape, options, layout, location=0.3, spread=2.0):
    """`layout` says which parameter and which group every index belongs to, and with which epsilon."""
    import numpy as np
    from writing import generator, tensor

    draw = generator("contrib", function, name)
    key_of, parameter_of, parameter_shape, epsilon = layout
    x = (location + spread * draw.standard_normal(shape)).astype("float32").astype("float64")
    cotangent = draw.standard_normal(shape).astype("float32").astype("float64")
    gamma = draw.uniform(0.5, 1.5, parameter_shape).astype("float32").astype("float64")
    beta = draw.standard_normal(parameter_shape).astype("float32").astype("float64")
    used_gamma = gamma if options.get("scale", True) else np.ones(parameter_shape)
    used_beta = beta if options.get("center", True) else np.zeros(parameter_shape)
    y, dx, dgamma, dbeta = normalized(x, used_gamma, used_beta, cotangent, key_of, parameter_of, epsilon)
    given = {"inputs": x, "cotangent": cotangent, "gamma": gamma, "beta": beta}
    found = {"outputs": y, "inputGradient": dx, "gammaGradient": dgamma, "betaGradient": dbeta}
    return {
        "function": function,
        "name": name,
        "options": options,
        **{key: tensor(value.astype("float32")) for key, value in given.items()},
        **{key: tensor(value) for key, value in found.items()},
    }


def group(name, shape, groups, channels_axis=-1, reduction_axes=(-3, -2), epsilon=1e-6, location=0.3, spread=2.0, **more):
    rank = len(shape)
    channel = channels_axis % rank
    reduced = {axis % rank for axis in reduction_axes}
    width = shape[channel] // groups
    layout = (
        lambda index: shared(index, channel, width, reduced),
        lambda index: (index[channel],),
        (shape[channel],),
        epsilon,
    )
    options = {
        "groups": groups,
        "channelsAxis": channels_axis,
        "reductionAxes": list(reduction_axes),
        "epsilon": epsilon,
        **more,
    }
    return case("groupNorm", name, shape, options, layout, location, spread)


def instance(name, shape, data_format="NHWC", epsilon=1e-6, **more):
    channel = 1 if data_format == "NCHW" else len(shape) - 1
    layout = (
        lambda index: (index[0], index[channel]),
        lambda index: (index[channel],),
        (shape[channel],),
        epsilon,
    )
    return case("instanceNorm", name, shape, {"dataFormat": data_format, "epsilon": epsilon, **more}, layout)


def layer(name, shape, begin_norm_axis=1, begin_params_axis=-1, **more):
    first, spanned = begin_norm_axis % len(shape), begin_params_axis % len(shape)
    layout = (lambda index: index[:first], lambda index: index[spanned:], shape[spanned:], 1e-12)
    options = {"beginNormAxis": begin_norm_axis, "beginParamsAxis": begin_params_axis, **more}
    return case("layerNorm", name, shape, options, layout)


def cases():
    yield group("channels last", (2, 3, 4, 6), 3)
    yield group("channels first", (2, 6, 3, 4), 2, -3, (-2, -1))
    yield group("channels in the middle", (2, 3, 4, 5), 2, 2, (1, 3))
    yield group("channels in front", (4, 3, 5), 2, 0, (2,))
    yield group("one reduction axis before, one after", (3, 2, 4, 2, 3), 2, 2, (1, 3))
    yield group("reduction axes apart, as they come", (2, 3, 4, 5), 2, 2, (-1, 0))
    yield group("the batch among the reduction axes", (3, 2, 2, 4), 2, -1, (0, 1, 2))
    yield group("no reduction axes: the group's width alone", (3, 2, 6), 2, -1, ())
    yield group("rank 2, no reduction axes", (5, 8), 2, -1, ())
    yield group("one reduction axis of two", (2, 3, 4, 4), 2, -1, (-2,))
    yield group("rank 5, channels last", (2, 2, 3, 2, 4), 2, -1, (-4, -3, -2))
    yield group("one group", (2, 3, 3, 4), 1)
    yield group("as many groups as channels", (2, 3, 3, 4), 4)
    yield group("a large epsilon", (2, 3, 3, 4), 2, epsilon=0.5)
    yield group("no center", (2, 3, 3, 4), 2, center=False)
    yield group("no scale", (2, 3, 3, 4), 2, scale=False)
    yield group("neither", (2, 3, 3, 4), 2, center=False, scale=False)
    for location, spread, close in itertools.product((1e-4, 1e2), (1e-2, 0.1, 1.0), (False, True)):
        name = f"mean {location:g}, spread {spread:g}, meanCloseToZero {close}"
        yield group(name, (2, 4, 4, 4), 2, location=location, spread=spread, meanCloseToZero=close)
    yield instance("channels last", (2, 3, 4, 5))
    yield instance("channels first", (2, 5, 3, 4), "NCHW")
    yield instance("channels last, rank 3", (2, 5, 3))
    yield instance("channels first, rank 5", (2, 3, 2, 3, 2), "NCHW")
    yield instance("rank 2: every value is its own mean", (3, 4))
    yield instance("no center", (2, 3, 4, 5), center=False)
    yield layer("as it is", (3, 4, 5))
    yield layer("rank 4", (2, 3, 4, 5))
    yield layer("from axis 2 on", (2, 3, 4, 5), 2)
    yield layer("the last axis", (2, 3, 5), -1)
    yield layer("parameters from axis 1 on", (2, 3, 4, 5), 1, 1)
    yield layer("parameters from axis -2 on, statistics from -1 on", (2, 3, 4), -1, -2)
    yield layer("the batch too", (3, 4), 0)
    yield layer("no scale", (3, 4, 5), scale=False)


def main():
    if os.environ.get(INSIDE) != "1":
        environment = {**os.environ, **ENVIRONMENT, INSIDE: "1"}
        sys.exit(subprocess.run([make_environment(), str(Path(__file__).resolve())], env=environment).returncode)
    import numpy as np
    from writing import encode

    content = {"formula": f"exact sums in float64, numpy {np.__version__}", "cases": list(cases())}
    (HERE / "contrib.json").write_text(encode(content) + "\n")


if __name__ == "__main__":
    main()
