"""The transposed, depthwise and separable convolutions' cases; the plain ones are in cases_core.py."""

from keras import constraints, initializers, regularizers
from layer_cases import maker

SMALL = (3, 4, 5)
WHOLE = {1: 3, 2: (3, 3), 3: (2, 3, 2)}
UNEVEN = {1: 2, 2: (2, 3), 3: (1, 2, 2)}
STEPS = {1: 2, 2: (2, 1), 3: (2, 1, 2)}


def last(batch, rank, channels):
    return (batch, *SMALL[-rank:], channels)


def first(batch, rank, channels):
    return (batch, channels, *SMALL[-rank:])


def kernel_options(prefix):
    """Options of one kernel, none at its default."""
    return {
        f"{prefix}_initializer": initializers.HeNormal(seed=3),
        f"{prefix}_regularizer": regularizers.L2(0.02),
        f"{prefix}_constraint": constraints.MaxNorm(0.8, axis=0),
    }


BIAS = dict(bias_initializer="ones", bias_regularizer=regularizers.L2(0.03), activity_regularizer=regularizers.L2(0.01))


def transposed_cases(rank):
    make = maker(f"Conv{rank}DTranspose")
    return [
        make("valid", last(2, rank, 3), filters=4, kernel_size=WHOLE[rank]),
        make("same", last(2, rank, 3), filters=2, kernel_size=WHOLE[rank], padding="same"),
        make("same, even kernel", last(1, rank, 2), filters=2, kernel_size=2, padding="same"),
        make("strides 2, valid", last(2, rank, 2), filters=3, kernel_size=WHOLE[rank], strides=2),
        make("strides 2, same", last(2, rank, 2), filters=3, kernel_size=WHOLE[rank], strides=2, padding="same"),
        make("uneven kernel and strides", last(1, rank, 2), filters=3, kernel_size=UNEVEN[rank], strides=STEPS[rank]),
        make("strides wider than the kernel", last(1, rank, 2), filters=2, kernel_size=1, strides=2),
        make("strides 3, kernel 2, same", last(1, rank, 2), filters=2, kernel_size=2, strides=3, padding="same"),
        make("output_padding 1, valid", last(1, rank, 2), filters=2, kernel_size=3, strides=2, output_padding=1),
        make("output_padding 1, same", last(1, rank, 2), filters=2, kernel_size=3, strides=2, padding="same", output_padding=1),
        make("output_padding 0, same", last(1, rank, 2), filters=2, kernel_size=3, strides=2, padding="same", output_padding=0),
        make("channels_first, strides 2", first(1, rank, 2), filters=3, kernel_size=2, strides=2, data_format="channels_first"),
        make("no bias, relu", last(1, rank, 2), filters=3, kernel_size=2, use_bias=False, activation="relu"),
        make("initializers, regularizers and constraints", last(1, rank, 2), filters=3, kernel_size=2, **kernel_options("kernel"), **BIAS),
        make("bias constraint", last(1, rank, 2), filters=3, kernel_size=2, bias_constraint=constraints.MaxNorm(0.2)),
        make("not trainable", last(1, rank, 2), filters=2, kernel_size=2, trainable=False, name="frozen"),
        make("dilation 2", last(1, rank, 2), filters=2, kernel_size=2, dilation_rate=2),
    ]


def depthwise_cases(rank, kind, **own):
    """For the depthwise and the separable layer: `own` is what the latter demands."""
    make = maker(f"{kind}Conv{rank}D")
    return [
        make("valid", last(2, rank, 3), kernel_size=WHOLE[rank], **own),
        make("same", last(2, rank, 3), kernel_size=WHOLE[rank], padding="same", **own),
        make("depth multiplier 2", last(2, rank, 3), kernel_size=2, depth_multiplier=2, **own),
        make("strides 2, same", last(2, rank, 2), kernel_size=WHOLE[rank], strides=2, padding="same", **own),
        make("strides 2, valid", last(1, rank, 2), kernel_size=2, strides=2, **own),
        make("dilation 2", last(1, rank, 2), kernel_size=2, dilation_rate=2, **own),
        make("one channel", last(1, rank, 1), kernel_size=2, depth_multiplier=3, **own),
        make("channels_first", first(1, rank, 3), kernel_size=2, data_format="channels_first", **own),
        make("channels_first, depth multiplier 2", first(1, rank, 2), kernel_size=2, depth_multiplier=2, data_format="channels_first", **own),
        make("no bias, tanh", last(1, rank, 2), kernel_size=2, use_bias=False, activation="tanh", **own),
        make("initializers, regularizers and constraints", last(1, rank, 2), kernel_size=2, **kernel_options("depthwise"), **BIAS,
             **own, **(kernel_options("pointwise") if own else {})),
        make("bias constraint", last(1, rank, 2), kernel_size=2, bias_constraint=constraints.MaxNorm(0.2), **{key: 2 for key in own}),
        make("not trainable", last(1, rank, 2), kernel_size=2, trainable=False, name="frozen", **own),
    ]


LAYERS = {
    **{f"Conv{rank}DTranspose": transposed_cases(rank) for rank in (1, 2, 3)},
    **{f"DepthwiseConv{rank}D": depthwise_cases(rank, "Depthwise") for rank in (1, 2)},
    **{f"SeparableConv{rank}D": depthwise_cases(rank, "Separable", filters=4) for rank in (1, 2)},
}
