"""Layers that draw random numbers: what they do at inference, their configs, and statistics of what they draw."""

import keras
import numpy as np
from keras import layers
from layer_cases import Case
from writing import number

DRAWN = (400, 10, 10)


def statistics(make, shape, fill):
    """What Keras draws, as numbers another generator's draws must agree with up to chance."""
    keras.utils.set_random_seed(20260902)
    drawn = np.asarray(make()(np.full(shape, fill, "float32"), training=True), "float64")
    # The kept values are those not at the value that stands for dropped (0, or alpha dropout's floor).
    lowest = drawn.min()
    return {
        "inputShape": list(shape),
        "inputFill": fill,
        "mean": number(np.float32(drawn.mean())),
        "standardDeviation": number(np.float32(drawn.std())),
        "least": number(np.float32(lowest)),
        "greatest": number(np.float32(drawn.max())),
        "leastFraction": number(np.float32((drawn == lowest).mean())),
        # Along an axis that shares its draw every value is the same.
        "constantAxes": [axis for axis in range(drawn.ndim) if np.all(drawn == np.take(drawn, [0], axis))],
    }


def case(kind, name, shape, /, drawn=DRAWN, fill=1.0, mask=None, training=False, **options):
    make = lambda: getattr(layers, kind)(**options)
    return Case(name, make, shape, training=training, mask=mask,
                extra=lambda: {"drawn": statistics(make, drawn, fill)})


MASK = [[True, False, True], [False, True, True]]


def dropout_cases():
    return [
        case("Dropout", "rate 0.25", (3, 4), rate=0.25),
        case("Dropout", "rate 0.5, rank 4", (2, 2, 3, 2), rate=0.5),
        case("Dropout", "rate 0", (3, 4), rate=0, training=True),
        case("Dropout", "rate 0.9", (3, 4), rate=0.9),
        case("Dropout", "noise_shape", (3, 4, 2), rate=0.3, noise_shape=(None, 1, None)),
        case("Dropout", "noise_shape with sizes", (3, 4, 2), rate=0.3, noise_shape=(400, 1, 10)),
        case("Dropout", "seed", (3, 4), rate=0.3, seed=7),
        case("Dropout", "mask passes through", (2, 3, 2), rate=0.3, mask=MASK),
        case("Dropout", "training not given", (3, 4), rate=0.3, training=None),
    ]


def plain_cases(kind, option, values):
    return [case(kind, f"{option} {value}", (3, 4), **{option: value}) for value in values] + [
        case(kind, "rank 4", (2, 2, 3, 2), **{option: values[0]}),
        case(kind, "seed", (3, 4), **{option: values[0], "seed": 7}),
        case(kind, "mask passes through", (2, 3, 2), mask=MASK, **{option: values[0]}),
        case(kind, "inputs of two", (3, 4), fill=2.0, **{option: values[0]}),
    ]


def spatial_cases(rank):
    kind = f"SpatialDropout{rank}D"
    shape = (2, *(3, 2, 2)[:rank], 4)
    drawn = (200, *(4, 3, 2)[:rank], 20)
    cases = [case(kind, f"rate {rate}", shape, drawn=drawn, rate=rate) for rate in (0.2, 0.5, 0.8)]
    cases += [
        case(kind, "rate 0", shape, drawn=drawn, rate=0, training=True),
        case(kind, "seed", shape, drawn=drawn, rate=0.3, seed=7),
        case(kind, "name", shape, drawn=drawn, rate=0.3, name="whole_maps"),
    ]
    if rank > 1:
        cases.append(case(kind, "channels_first", shape, drawn=(200, 20, *(4, 3, 2)[:rank]), rate=0.4, data_format="channels_first"))
    return cases


LAYERS = {
    "Dropout": dropout_cases(),
    "GaussianNoise": plain_cases("GaussianNoise", "stddev", [0.1, 0.5, 1.0]),
    "GaussianDropout": plain_cases("GaussianDropout", "rate", [0.1, 0.5, 0.8]),
    "AlphaDropout": plain_cases("AlphaDropout", "rate", [0.1, 0.5, 0.8])
    + [case("AlphaDropout", "noise_shape", (3, 4, 2), rate=0.3, noise_shape=(None, 1, None))],
    **{f"SpatialDropout{rank}D": spatial_cases(rank) for rank in (1, 2, 3)},
}
