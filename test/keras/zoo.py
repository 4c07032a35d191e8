"""Writes the zoo: models saved by real Keras, each with what it predicts and how its training goes on.

For each model `zoo/<name>.keras` is the file, and `zoo/<name>.json` holds inputs, predictions, and, where training is
not random, targets, the losses of the next steps and the predictions after them.

    python3 test/keras/zoo.py               # all of it
    python3 test/keras/zoo.py graph masks   # only these

It runs in the environment that ../golden/generate.py makes, from the same pinned versions (VARVE_GOLDEN_PYTHON names
another Python that has them).
"""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "golden"))
sys.dont_write_bytecode = True
import generate  # noqa: E402

if __name__ == "__main__" and os.environ.get(generate.INSIDE) != "1":
    command = [generate.make_environment(), str(Path(__file__).resolve()), *sys.argv[1:]]
    environment = {**os.environ, **generate.ENVIRONMENT, generate.INSIDE: "1"}
    sys.exit(subprocess.run(command, env=environment).returncode)

import json  # noqa: E402

import h5py  # noqa: E402
import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras import initializers, layers, losses, metrics, ops, optimizers, regularizers, tree  # noqa: E402
from recording import pack, tensors  # noqa: E402

ZOO = HERE / "zoo"
STEPS = 3
BATCH = 4


def random(name):
    return np.random.default_rng(list(name.encode()))


class Model:
    """One file of the zoo.

    make      builds and compiles the model
    repeats   False where training is random, so that only predictions can be compared
    integers  inputs that are indices, by name: how many there are
    steps     of training before it is saved
    shape     of what goes in, where the model does not say it
    """

    def __init__(self, make, repeats=True, integers=None, steps=2, stored=False, shape=None):
        self.make = make
        self.repeats = repeats
        self.integers = integers or {}
        self.steps = steps
        self.stored = stored
        self.shape = shape


def branches(name, *made, narrow=False):
    """A model with an input and an output for each branch: (input shape, layers…); narrow ones end in two numbers."""

    def make():
        inputs, outputs = [], []
        for index, (shape, *stack) in enumerate(made):
            x = keras.Input(shape, name=f"in_{index:02}")
            inputs.append(x)
            for layer in stack:
                x = layer()(x)
            outputs.append(layers.Dense(2, name=f"out_{index:02}")(layers.Flatten()(x)) if narrow else layers.Flatten()(x))
        model = keras.Model(inputs, outputs, name=name)
        model.compile("sgd", loss="mse")
        return model

    return make


def convolutions():
    kinds = []
    for rank in (1, 2, 3):
        shape = (*((6, 5, 4)[:rank]), 4)
        conv = getattr(layers, f"Conv{rank}D")
        transposed = getattr(layers, f"Conv{rank}DTranspose")
        kinds.append((shape, lambda conv=conv: conv(3, 2, padding="same", strides=2, activation="relu")))
        kinds.append((shape, lambda t=transposed: t(2, 3, strides=2, padding="same", use_bias=False)))
        if rank < 3:
            depthwise = getattr(layers, f"DepthwiseConv{rank}D")
            separable = getattr(layers, f"SeparableConv{rank}D")
            kinds.append((shape, lambda d=depthwise: d(3, depth_multiplier=2)))
            kinds.append((shape, lambda s=separable: s(3, 2, padding="same")))
    kinds.append(((6, 4), lambda: layers.Conv1D(4, 3, padding="causal", groups=2, dilation_rate=2)))
    return branches("convolutional", *kinds, narrow=True)


def pooling():
    kinds = []
    for rank in (1, 2, 3):
        shape = (*((6, 5, 4)[:rank]), 2)
        for kind in ("Average", "Max"):
            pool = getattr(layers, f"{kind}Pooling{rank}D")
            whole = getattr(layers, f"Global{kind}Pooling{rank}D")
            kinds.append((shape, lambda r=rank: channelled(r), lambda p=pool: p(2, padding="same")))
            kinds.append((shape, lambda r=rank: channelled(r), lambda w=whole: w()))
    return branches("pooling", *kinds)


def channelled(rank):
    return getattr(layers, f"Conv{rank}D")(2, 1)


def reshaping():
    kinds = [
        ((6,), lambda: layers.Reshape((3, 2))),
        ((3, 2), lambda: layers.Dense(2), lambda: layers.Permute((2, 1))),
        ((3,), lambda: layers.RepeatVector(2)),
        ((3, 2), lambda: layers.Flatten()),
    ]
    for rank in (1, 2, 3):
        shape = (*((5, 4, 4)[:rank]), 2)
        for kind, option in (("Cropping", 1), ("UpSampling", 2), ("ZeroPadding", 1)):
            layer = getattr(layers, f"{kind}{rank}D")
            kinds.append((shape, lambda r=rank: channelled(r), lambda layer=layer, o=option: layer(o)))
    kinds.append(((4, 4, 1), lambda: layers.UpSampling2D(2, interpolation="bilinear"), lambda: layers.Conv2D(1, 1)))
    return branches("reshaping", *kinds, narrow=True)


def activations():
    return branches(
        "activations",
        ((5,), lambda: layers.Dense(4), lambda: layers.Activation("gelu")),
        ((5,), lambda: layers.Dense(4), lambda: layers.ELU(0.5)),
        ((5,), lambda: layers.Dense(4), lambda: layers.LeakyReLU(0.2)),
        ((5,), lambda: layers.Dense(4), lambda: layers.PReLU(alpha_initializer=initializers.Constant(0.1))),
        ((5,), lambda: layers.Dense(4), lambda: layers.ReLU(max_value=1.0, negative_slope=0.1, threshold=0.2)),
        ((5,), lambda: layers.Dense(4), lambda: layers.Softmax()),
        *[((5,), lambda a=a: layers.Dense(3, activation=a)) for a in ("silu", "tanh", "sigmoid", "softplus", "mish")],
    )


def normalization():
    adapted = layers.Normalization(mean=[1.0, 2.0, 3.0], variance=[1.0, 4.0, 9.0])
    return branches(
        "normalization",
        ((4, 4), lambda: layers.BatchNormalization()),
        ((4, 4), lambda: layers.BatchNormalization(axis=1, center=False, momentum=0.8)),
        ((4, 4), lambda: layers.GroupNormalization(2)),
        ((4, 4), lambda: layers.GroupNormalization(-1, scale=False)),
        ((4, 4), lambda: layers.LayerNormalization()),
        ((4, 4), lambda: layers.LayerNormalization(axis=[1, 2], epsilon=1e-2)),
        ((4, 4), lambda: layers.LayerNormalization(rms_scaling=True)),
        ((4, 4), lambda: layers.RMSNormalization()),
        ((4,), lambda: layers.Dense(3), lambda: layers.UnitNormalization()),
        ((3,), lambda: adapted, lambda: layers.Dense(2)),
        ((3,), lambda: layers.Rescaling(0.5, offset=1.0), lambda: layers.Dense(2)),
    )


def spectral():
    """Its gradient in Keras's JAX trainer is not that of its formula (see ../golden/README.md), so no steps."""
    return branches("spectral", ((4,), lambda: layers.SpectralNormalization(layers.Dense(3), power_iterations=2)))


def core():
    return branches(
        "core",
        ((4,), lambda: layers.Dense(3, activation="relu", kernel_regularizer=regularizers.L1L2(1e-3, 1e-2))),
        ((3, 4), lambda: layers.EinsumDense("abc,cd->abd", output_shape=(None, 3), bias_axes="d")),
        ((4,), lambda: layers.Identity(), lambda: layers.Dense(2, use_bias=False, kernel_constraint="max_norm")),
        ((4,), lambda: layers.Dense(2), lambda: layers.ActivityRegularization(l2=0.1)),
        ((3, 2), lambda: layers.Masking(), lambda: layers.Dense(2)),
    )


def regularization():
    return branches(
        "regularization",
        ((4,), lambda: layers.Dense(4), lambda: layers.Dropout(0.3, seed=1)),
        ((4,), lambda: layers.Dense(4), lambda: layers.AlphaDropout(0.3)),
        ((4,), lambda: layers.Dense(4), lambda: layers.GaussianDropout(0.3)),
        ((4,), lambda: layers.Dense(4), lambda: layers.GaussianNoise(0.3)),
        ((4, 4), lambda: layers.Dense(4), lambda: layers.SpatialDropout1D(0.3)),
        ((4, 4, 2), lambda: layers.Dense(4), lambda: layers.SpatialDropout2D(0.3)),
        ((2, 2, 2, 2), lambda: layers.Dense(4), lambda: layers.SpatialDropout3D(0.3)),
    )


def merging():
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    x, y = layers.Dense(3)(a), layers.Dense(3, activation="tanh")(b)
    merged = [
        layers.Add()([x, y]),
        layers.Average()([x, y]),
        layers.Concatenate()([x, y]),
        layers.Dot(axes=1, normalize=True)([x, y]),
        layers.Maximum()([x, y]),
        layers.Minimum()([x, y]),
        layers.Multiply()([x, y]),
        layers.Subtract()([x, y]),
    ]
    model = keras.Model([a, b], merged)
    model.compile(optimizers.SGD(0.05, momentum=0.9, nesterov=True), loss="mse")
    return model


def recurrent():
    def stacked():
        return layers.RNN(layers.StackedRNNCells([layers.LSTMCell(2), layers.GRUCell(3), layers.SimpleRNNCell(2)]))

    return branches(
        "recurrent",
        ((3, 2), lambda: layers.SimpleRNN(3)),
        ((3, 2), lambda: layers.LSTM(3, return_sequences=True)),
        ((3, 2), lambda: layers.GRU(3)),
        ((3, 2), lambda: layers.GRU(3, reset_after=False, go_backwards=True)),
        ((3, 2), stacked),
        ((3, 2), lambda: layers.Bidirectional(layers.LSTM(2, return_sequences=True), merge_mode="sum")),
        ((3, 2), lambda: layers.TimeDistributed(layers.Dense(3))),
    )


def recurrent_convolutional():
    return branches(
        "recurrent_convolutional",
        ((2, 4, 2), lambda: layers.ConvLSTM1D(2, 2)),
        ((2, 3, 3, 1), lambda: layers.ConvLSTM2D(2, 2, padding="same")),
        ((2, 2, 2, 2, 1), lambda: layers.ConvLSTM3D(1, 2)),
    )


def attention():
    query, value = keras.Input((3, 4), name="query"), keras.Input((5, 4), name="value")
    q, v = layers.Dense(4)(query), layers.Dense(4)(value)
    outputs = [
        layers.Attention(use_scale=True)([q, v]),
        layers.AdditiveAttention()([q, v]),
        layers.MultiHeadAttention(2, 3)(q, v),
        layers.GroupQueryAttention(2, 4, 2)(q, v),
    ]
    model = keras.Model([query, value], outputs)
    model.compile("sgd", loss="mse")
    return model


def shared():
    """A layer of a model that stands in the model around it too. Keras writes this file but cannot open it again: the
    calls inside and outside are numbered together."""
    a = keras.Input((4,), name="a")
    both = layers.Dense(4, activation="tanh", name="both")
    inner_input = keras.Input((4,), name="inner_input")
    inner = keras.Model(inner_input, layers.Dense(3, name="inner_dense")(both(inner_input)), name="inner")
    model = keras.Model(a, layers.Dense(2)(inner(both(a))))
    model.compile(optimizers.SGD(0.1), loss="mse")
    return model


def graph():
    """Shared layers, models in models, several inputs and outputs by name, a layer used at two depths."""
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    shared = layers.Dense(4, activation="tanh", name="shared")
    inner_input = keras.Input((4,), name="inner_input")
    inner = keras.Model(inner_input, layers.Dense(3, name="inner_dense")(inner_input), name="inner")
    stack = keras.Sequential(
        [layers.Dense(4, use_bias=False, name="first"), layers.BatchNormalization(), layers.Dense(3, name="second")], name="stack"
    )
    left, right = shared(a), shared(shared(b))
    x = layers.Concatenate()([inner(left), stack(right), inner(b)])
    x = layers.Dense(5, name="z_first")(x)
    x = layers.Dense(5, name="a_second")(x)
    outputs = {"value": layers.Dense(1, name="value")(x), "kind": layers.Dense(3, activation="softmax", name="kind")(x)}
    model = keras.Model({"a": a, "b": b}, outputs, name="graph")
    model.compile(
        optimizers.Adam(optimizers.schedules.ExponentialDecay(0.01, 10, 0.9)),
        loss={"value": losses.Huber(), "kind": "categorical_crossentropy"},
        loss_weights={"value": 1.0, "kind": 0.5},
        metrics={"value": ["mae", metrics.RootMeanSquaredError()], "kind": "accuracy"},
    )
    return model


def masks():
    """Indices that are padded, embedded, normalized and averaged with their mask, with another input beside them."""
    words, extra = keras.Input((5,), dtype="int32", name="words"), keras.Input((3,), name="extra")
    x = layers.Embedding(7, 4, mask_zero=True)(words)
    x = layers.LayerNormalization()(x)
    x = layers.GlobalAveragePooling1D()(x)
    x = layers.Concatenate()([x, extra])
    model = keras.Model([words, extra], layers.Dense(2)(x))
    model.compile(optimizers.RMSprop(0.01), loss="mae")
    return model


def deferred():
    """A sequential model that got its shape from data."""
    model = keras.Sequential([layers.Dense(4, activation="relu"), layers.Dense(2)])
    model.compile(optimizers.SGD(0.1), loss=losses.MeanSquaredError())
    model.build((None, 3))
    return model


def images():
    model = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            layers.Conv2D(4, 3, use_bias=False),
            layers.GroupNormalization(2),
            layers.ReLU(),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile("adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model


def frozen():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(4, name="kept"), layers.Dense(2)])
    model.get_layer("kept").trainable = False
    model.compile("adam", loss="mse")
    return model


def mixed():
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(4, dtype="mixed_bfloat16"),
            layers.GroupNormalization(2, dtype="mixed_float16"),
            layers.Dense(2, dtype="float32"),
        ]
    )
    model.compile("sgd", loss="mse")
    return model


def adaptive_pooling():
    kinds = []
    for rank in (1, 2, 3):
        shape = (*((6, 5, 4)[:rank]), 2)
        for kind in ("Average", "Max"):
            pool = getattr(layers, f"Adaptive{kind}Pooling{rank}D")
            kinds.append((shape, lambda r=rank: channelled(r), lambda p=pool, r=rank: p((3, 2, 3)[:r] if r > 1 else 4)))
    return branches("adaptive_pooling", *kinds)


def vocabulary():
    """Tied and untied embeddings, used in both directions."""
    words = keras.Input((3,), dtype="int32", name="words")
    tied = layers.ReversibleEmbedding(7, 4)
    untied = layers.ReversibleEmbedding(7, 4, tie_weights=False, logit_soft_cap=2.0, mask_zero=True)
    model = keras.Model(words, [tied(tied(words), reverse=True), untied(layers.Dense(4)(untied(words)), reverse=True)])
    model.compile("adam", loss="mse")
    return model


def adapted():
    """Matrices that are frozen and adapted by two thin ones (LoRA), which Keras writes as one."""
    words = keras.Input((3,), dtype="int32", name="words")
    x = layers.Embedding(7, 4, lora_rank=2)(words)
    x = layers.EinsumDense("abc,cd->abd", (None, 5), bias_axes="d", lora_rank=2)(x)
    model = keras.Model(words, layers.Dense(3, lora_rank=1)(x))
    model.compile("adam", loss="mse")
    return model


def stateful():
    """Layers that keep their states between batches. They are not in the file, and Keras on JAX does not carry them over."""
    x = keras.Input(batch_shape=(BATCH, 3, 2), name="x")
    y = layers.LSTM(3, stateful=True, return_sequences=True)(x)
    y = layers.RNN([layers.GRUCell(2), layers.SimpleRNNCell(3)], stateful=True, return_sequences=True)(y)
    model = keras.Model(x, layers.GRU(2, stateful=True)(y))
    model.compile("sgd", loss="mse")
    return model


def called():
    """Calls with more than a tensor: keywords, masks and states."""
    query, value = keras.Input((3, 4), name="query"), keras.Input((5, 4), name="value")
    allowed = keras.Input((3, 5), dtype="int32", name="allowed")
    q, v = layers.Dense(4)(query), layers.Dense(4)(value)
    sequence, h, c = layers.LSTM(4, return_sequences=True, return_state=True)(v)
    outputs = [
        layers.MultiHeadAttention(2, 3)(query=q, value=v, key=layers.Dense(4)(v), attention_mask=allowed),
        layers.MultiHeadAttention(1, 2)(q, q, use_causal_mask=True),
        layers.GroupQueryAttention(2, 4, 2)(q, v, attention_mask=allowed),
        layers.Attention()([q, v], use_causal_mask=True),
        layers.LSTM(4)(q, initial_state=[h, c]),
        layers.GRU(4)(sequences=q, initial_state=h),
        layers.SimpleRNN(2)(v, mask=allowed[:, 0] > 0),
        layers.Softmax()(layers.Dense(5)(q), mask=allowed > 0) * 1.0,
        layers.GlobalAveragePooling1D()(sequence, mask=allowed[:, 1] > 0),
    ]
    model = keras.Model([query, value, allowed], outputs)
    model.compile("sgd", loss="mse")
    return model


def settled():
    """Calls that say whether they train. Keras lets `fit` have the last word, so only predictions can be compared."""
    x = keras.Input((4,), name="x")
    y = layers.BatchNormalization()(layers.Dense(3)(x), training=False)
    model = keras.Model(x, layers.Dropout(0.5)(y, training=False))
    model.compile("sgd", loss="mse")
    return model


def masked():
    """Masks that come from an embedding or from values, on their way through layers that keep, use or drop them."""
    words, steps = keras.Input((5,), dtype="int32", name="words"), keras.Input((4, 3), name="steps")
    x = layers.Embedding(4, 4, mask_zero=True)(words)
    y = layers.Masking(-1.0)(steps)
    z = layers.Embedding(4, 4, mask_zero=True)(words)
    outputs = [
        layers.LSTM(3)(layers.Dense(3)(x)),
        layers.Bidirectional(layers.GRU(2, return_sequences=True))(x),
        layers.Attention()([z, layers.Dense(4)(z)]),
        layers.MultiHeadAttention(2, 2)(x, x),
        layers.GlobalAveragePooling1D()(layers.Concatenate()([x, layers.Activation("tanh")(x)])),
        layers.SimpleRNN(2)(layers.Add()([y, layers.Dense(3)(y)])),
        layers.RNN(layers.LSTMCell(2))(layers.TimeDistributed(layers.Dense(2))(y)),
        layers.Flatten()(layers.LayerNormalization()(y)),
    ]
    model = keras.Model([words, steps], outputs)
    model.compile("sgd", loss="mse")
    return model


def operations():
    """Functions between layers: arithmetic, parts of tensors, reductions; with numbers, lists and arrays beside tensors."""
    a, b = keras.Input((4, 6), name="a"), keras.Input((4, 6), name="b")
    x, y = layers.Dense(6)(a), layers.Dense(6, activation="sigmoid")(b)
    image, kernel = ops.expand_dims(x, -1), np.arange(12, dtype="float32").reshape(2, 2, 1, 3) / 10
    row = np.linspace(-1, 1, 6).astype("float32")

    def whole(value):
        """Something without a batch, for every sample."""
        return ops.mean(y, axis=[1, 2]) + ops.mean(value * ops.cos(value))

    outputs = [
        # Parts of tensors.
        *(x[:, 0], x[:, 1:3, ::2], x[..., -1], x[:, None, 0], x[:, ::-1], x[:, -3:-1], whole(x[0])),
        *(whole(ops.slice(x, (1, 0, 2), (2, 3, 4))), ops.slice_update(x, (0, 1, 2), y[:, :2, :3]), *ops.unstack(x, axis=1)[:2]),
        *(*ops.split(x, 3, axis=-1)[:2], ops.split(x, [1, 3], axis=1)[1], ops.take(x, [2, 0], axis=1)),
        *(ops.take(x, np.array([[0, 3], [1, 1]]), axis=1), ops.take_along_axis(x, ops.argsort(y, axis=-1), axis=-1)),
        # Arithmetic, on either side and with what is no tensor.
        *(x + y, x - 1, 1 - x, x * row, ops.divide(row, y + 1), x**2, x % 0.3, x // 0.5, -x, abs(x), ops.divide_no_nan(x, y - y)),
        *(ops.add(x1=x, x2=y), x @ ops.transpose(y, (0, 2, 1)), ops.maximum(x, 0.1), ops.minimum(x, y), ops.hypot(x, y)),
        *(ops.logaddexp(x, y), ops.arctan2(x, y), ops.power(y, 1.5), ops.subtract(x, row)),
        *(ops.where(x > 0, x, 0.0), ops.where(ops.logical_and(x > 0, y < 0.5), x, y), ops.clip(x, -0.5, 0.5)),
        ops.select([x > 0.5, x > 0], [x, y], 0.25),
        # Functions of one tensor.
        *(f(x) for f in (ops.sin, ops.cos, ops.tan, ops.sinh, ops.cosh, ops.tanh, ops.arctan, ops.arcsinh, ops.exp)),
        *(f(x) for f in (ops.expm1, ops.exp2, ops.erf, ops.square, ops.relu, ops.relu6, ops.silu, ops.gelu, ops.softplus)),
        *(f(x) for f in (ops.softsign, ops.selu, ops.elu, ops.celu, ops.hard_sigmoid, ops.hard_silu, ops.hard_tanh)),
        *(f(x) for f in (ops.soft_shrink, ops.hard_shrink, ops.tanh_shrink, ops.log_sigmoid, ops.leaky_relu, ops.glu)),
        *(f(x) for f in (ops.sparse_plus, ops.sparse_sigmoid, ops.squareplus, ops.floor, ops.ceil, ops.trunc, ops.sign)),
        *(f(y) for f in (ops.log, ops.log1p, ops.log2, ops.log10, ops.sqrt, ops.rsqrt, ops.reciprocal, ops.arccos)),
        *(f(y) for f in (ops.arcsin, ops.arctanh, ops.erfinv, ops.sigmoid)),
        *(ops.arccosh(y + 1.5), ops.round(x, 1), ops.nan_to_num(x, 1.0), ops.threshold(x, 0.2, -1.0), ops.gelu(x, False)),
        # Reductions and scans.
        *(f(x, axis=1) for f in (ops.mean, ops.sum, ops.prod, ops.max, ops.min, ops.amax, ops.amin, ops.var, ops.std)),
        *(ops.mean(x, axis=[1, 2]), ops.sum(x, axis=-1, keepdims=True), ops.logsumexp(x, axis=-1)),
        *(*ops.moments(x, axes=[1]), ops.cumsum(x, axis=1), ops.cumprod(y, axis=-1)),
        *(ops.sort(x, axis=1), ops.top_k(x, 2)[0], ops.softmax(x), ops.softmax(x, axis=1), ops.log_softmax(x)),
        # Shapes.
        *(ops.reshape(x, (-1, 8, 3)), ops.squeeze(image, -1), ops.concatenate([x, y], axis=1), ops.stack([x, y], axis=2)),
        *(ops.swapaxes(x, 1, 2), ops.moveaxis(image, 1, -1), ops.flip(x, axis=1), ops.roll(x, 2, axis=-1)),
        *(ops.pad(x, [[0, 0], [1, 1], [0, 2]]), ops.pad(x, [[0, 0], [1, 0], [0, 0]], constant_values=3.0)),
        *(ops.pad(x, [[0, 0], [1, 2], [0, 0]], mode="reflect"), ops.tile(x, (1, 2, 1)), ops.repeat(x, 2, axis=-1)),
        *(whole(ops.ravel(x[0])), whole(ops.broadcast_to(x[0], (3, 4, 6))), ops.diagonal(x, 1, 1, 2), ops.tril(x), ops.triu(x, 1)),
        *(whole(ops.diag(x[0, 0])), *(whole(each * 0.1) for each in ops.meshgrid(x[0, 0], x[1, 0, :2])), ops.zeros_like(x), ops.ones_like(x)),
        *(ops.full_like(x, 2.0), ops.copy(x), ops.stop_gradient(x)),
        # Products and networks.
        *(ops.einsum("bij,bkj->bik", x, y), ops.matmul(x, np.ones((6, 2), "float32"))),
        whole(ops.tensordot(x, y, [[1, 2], [1, 2]])),
        *(whole(ops.dot(x[0], x[1, 0])), whole(ops.inner(x[0], y[0])), whole(ops.outer(x[0, 0], y[0, 0]))),
        whole(ops.vdot(x[0, 0], y[0, 0])),
        *(ops.conv(image, kernel, padding="same"), ops.conv(image, kernel, strides=2), ops.depthwise_conv(image, kernel)),
        ops.separable_conv(image, kernel, np.ones((1, 1, 3, 2), "float32")),
        *(ops.max_pool(image, 2, strides=2, data_format="channels_last"), ops.average_pool(image, 2, strides=1, padding="same")),
        *(ops.layer_normalization(x, axis=-1), ops.layer_normalization(x, row, row, epsilon=1e-2)),
        *(ops.rms_normalization(x, row), ops.normalize(x, axis=-1)),
        ops.batch_normalization(x, row, row**2 + 0.1, -1, offset=row, scale=row),
        ops.dot_product_attention(ops.expand_dims(x, 2), ops.expand_dims(y, 2), ops.expand_dims(x, 2), is_causal=True),
    ]
    model = keras.Model([a, b], outputs)
    model.compile(optimizers.SGD(1e-4), loss="mse")
    return model


def counting():
    """Functions that give whole numbers or truths, or take them."""
    a, n = keras.Input((4, 3), name="a"), keras.Input((5,), dtype="int32", name="n")
    x = layers.Dense(3)(a)
    rows = ops.minimum(n[0, :4], 1)
    found = [
        *(ops.argmax(x, axis=1), ops.argmin(x, axis=-1, keepdims=True), ops.argsort(x), ops.count_nonzero(x > 0, axis=1)),
        *(ops.any(x > 0.5, axis=1), ops.all(x > -0.5, axis=[1, 2]), ops.isnan(x), ops.isinf(x), ops.isfinite(x)),
        *(x > 0, x >= 0, x < 0, x <= 0, ops.equal(n, 1), ops.not_equal(n, 1), ops.logical_not(x > 0)),
        *(ops.logical_or(x > 0, x < -1), ops.logical_xor(x > 0, x > 1), ops.cast(x, "int32"), ops.cast(n, "bool")),
        *(ops.one_hot(n, 4), ops.multi_hot(n, 4), ops.top_k(x, 2)[1], n + 2, n * n, n // 2, n % 2, ops.maximum(n, 1)),
    ]
    single = [
        ops.searchsorted(x[0, 0] * 0 + np.array([0, 1, 2], "float32"), x[1, 0]),
        *(ops.segment_sum(x[0], rows, num_segments=3), ops.segment_max(x[0], rows * 0, num_segments=1)),
        ops.scatter(ops.expand_dims(rows, -1) * 2, x[0], (4, 3)),
        ops.scatter_update(x[0], np.array([[1, 1], [2, 0]]), x[1, 0, :2]),
    ]
    found += [ops.mean(x, axis=[1, 2]) + ops.sum(ops.cast(each, "float32")) for each in single]
    model = keras.Model([a, n], [ops.cast(each, "float32") for each in found])
    model.compile("sgd", loss="mse")
    return model


@keras.saving.register_keras_serializable("zoo")
class Twin(keras.Model):
    """A model of a class of its own, which whoever loads it has to have."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.left = layers.Dense(units)
        self.right = layers.Dense(units, activation="tanh")

    def call(self, x):
        return self.left(x) + self.right(x)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def subclassed():
    model = Twin(3)
    model.compile("adam", loss="mse")
    model.build((None, 4))
    return model


def scripted():
    """A Lambda layer, whose code stays in Python."""
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Lambda(lambda x: x * 2 + 1, name="doubled")])
    model.compile("sgd", loss="mse")
    return model


def judged():
    """Losses and metrics of all kinds, with their options."""
    x = keras.Input((4,), name="x")
    kinds = {
        "squared": (2, None, losses.MeanSquaredError(), [metrics.MeanAbsoluteError(), metrics.R2Score()]),
        "logarithmic": (2, "sigmoid", "msle", ["mape", metrics.LogCoshError(name="lc")]),
        "cosine": (2, None, losses.CosineSimilarity(), [metrics.CosineSimilarity(axis=-1)]),
        "pair": (2, "sigmoid", losses.BinaryCrossentropy(label_smoothing=0.1), [metrics.AUC(num_thresholds=20), "accuracy"]),
        "focal": (2, "sigmoid", losses.BinaryFocalCrossentropy(gamma=3.0), [metrics.Precision(thresholds=[0.3, 0.6])]),
        "classes": (3, "softmax", losses.CategoricalCrossentropy(), [metrics.TopKCategoricalAccuracy(2), metrics.F1Score()]),
        "rare": (3, "softmax", losses.CategoricalFocalCrossentropy(alpha=0.3), [metrics.Recall(top_k=1)]),
        "robust": (2, None, losses.Huber(), [metrics.RootMeanSquaredError()]),
        "poisson": (2, "softplus", "poisson", [metrics.Poisson()]),
        "overlap": (2, "sigmoid", losses.Tversky(alpha=0.3, beta=0.7), [metrics.MeanSquaredError()]),
        "dice": (2, "sigmoid", losses.Dice(), []),
        "hinge": (2, "tanh", losses.SquaredHinge(), [metrics.Hinge()]),
        "divergence": (3, "softmax", losses.KLDivergence(), [metrics.KLDivergence()]),
    }
    outputs = {name: layers.Dense(units, activation=f, name=name)(x) for name, (units, f, _, _) in kinds.items()}
    model = keras.Model(x, outputs)
    model.compile(
        optimizers.Adam(0.01),
        loss={name: loss for name, (_, _, loss, _) in kinds.items()},
        metrics={name: wanted for name, (_, _, _, wanted) in kinds.items()},
    )
    return model


def low(policy):
    """Every layer under one policy, and the optimizer that goes with it."""

    def make():
        keras.config.set_dtype_policy(policy)
        try:
            model = keras.Sequential(
                [
                    keras.Input((6, 6, 2)),
                    layers.Conv2D(4, 3, activation="relu"),
                    layers.BatchNormalization(),
                    layers.GlobalAveragePooling2D(),
                    layers.Dense(2),
                    layers.Activation("linear", dtype="float32"),
                ]
            )
            model.compile(optimizers.Adam(0.01), loss="mse")
            return model
        finally:
            keras.config.set_dtype_policy("float32")

    return make


def trained_by(optimizer):
    def make():
        model = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="tanh"), layers.Dense(2)])
        model.compile(optimizer(), loss="mse")
        return model

    return make


OPTIMIZERS = {
    "SGD": lambda: optimizers.SGD(0.05, momentum=0.9),
    "Adam": lambda: optimizers.Adam(0.01, amsgrad=True, clipnorm=1.0),
    "AdamW": lambda: optimizers.AdamW(0.01, weight_decay=0.1),
    "Adamax": lambda: optimizers.Adamax(0.01),
    "Nadam": lambda: optimizers.Nadam(0.01),
    "RMSprop": lambda: optimizers.RMSprop(0.01, momentum=0.5, centered=True),
    "Adagrad": lambda: optimizers.Adagrad(0.05),
    "Adadelta": lambda: optimizers.Adadelta(0.5),
    "Lion": lambda: optimizers.Lion(0.01),
    "Ftrl": lambda: optimizers.Ftrl(0.05),
    "ScheduleFreeAdamW": lambda: optimizers.ScheduleFreeAdamW(0.01),
    "Lamb": lambda: optimizers.Lamb(0.01),
    "Adafactor": lambda: optimizers.Adafactor(0.01),
    "Muon": lambda: optimizers.Muon(0.01),
    "averaging": lambda: optimizers.SGD(0.05, use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=4),
    "accumulating": lambda: optimizers.SGD(0.05, gradient_accumulation_steps=2, global_clipnorm=0.5),
    "cosine": lambda: optimizers.Adam(optimizers.schedules.CosineDecay(0.05, 20)),
    "restarts": lambda: optimizers.SGD(optimizers.schedules.CosineDecayRestarts(0.05, 4), momentum=0.5),
    "inverse": lambda: optimizers.SGD(optimizers.schedules.InverseTimeDecay(0.05, 2, 0.5)),
    "piecewise": lambda: optimizers.SGD(optimizers.schedules.PiecewiseConstantDecay([2, 4], [0.1, 0.05, 0.01])),
    "polynomial": lambda: optimizers.SGD(optimizers.schedules.PolynomialDecay(0.1, 10, power=2.0)),
    "scaling": lambda: optimizers.LossScaleOptimizer(optimizers.Adam(0.01), initial_scale=8.0, dynamic_growth_steps=4),
}

MODELS = {
    "adapted": Model(adapted, repeats=False, integers={"words": 7}),
    "activations": Model(activations()),
    "adaptive_pooling": Model(adaptive_pooling()),
    "attention": Model(attention),
    "called": Model(called, integers={"allowed": 2}),
    "convolutional": Model(convolutions()),
    "core": Model(core()),
    "counting": Model(counting, repeats=False, integers={"n": 4}, steps=0),
    "deferred": Model(deferred, stored=True),
    "frozen": Model(frozen),
    "graph": Model(graph, stored=True),
    "images": Model(images, stored=True),
    "judged": Model(judged),
    "masked": Model(masked, integers={"words": 4}),
    "masks": Model(masks, integers={"words": 7}),
    "merging": Model(merging),
    "mixed": Model(mixed, repeats=False),
    "mixed_bfloat16": Model(low("mixed_bfloat16"), repeats=False),
    "mixed_float16": Model(low("mixed_float16"), repeats=False),
    "normalization": Model(normalization()),
    "operations": Model(operations),
    "pooling": Model(pooling()),
    "recurrent": Model(recurrent()),
    "recurrent_convolutional": Model(recurrent_convolutional()),
    "regularization": Model(regularization(), repeats=False),
    "shared": Model(shared),
    "spectral": Model(spectral(), repeats=False),
    "reshaping": Model(reshaping()),
    "scripted": Model(scripted),
    "settled": Model(settled, repeats=False),
    "stateful": Model(stateful, repeats=False),
    "subclassed": Model(subclassed, shape=(None, 4)),
    "vocabulary": Model(vocabulary, integers={"words": 7}),
    **{f"optimizer-{name}": Model(trained_by(make), steps=3) for name, make in OPTIMIZERS.items()},
}


# What is saved in the older format too, and as weights alone.
OLDER = ("deferred", "merging", "optimizer-Adam")


def draw(name, model, integers, shape):
    generator = random(name)
    shapes = {"x": shape} if shape else {x.name: x.shape for x in model.inputs}

    def array(input_name, shape):
        if input_name in integers:
            return generator.integers(0, integers[input_name], (BATCH, *shape[1:])).astype("int32")
        return generator.standard_normal((BATCH, *shape[1:])).astype("float32")

    x = [array(*item) for item in shapes.items()]
    predicted = model.predict(x if len(x) > 1 else x[0], verbose=0)

    def target(value):
        drawn = np.abs(generator.standard_normal(value.shape)).astype("float32")
        return drawn / drawn.sum(axis=-1, keepdims=True) if value.shape[-1] == 3 and value.ndim == 2 else drawn

    y = {key: target(v) for key, v in predicted.items()} if isinstance(predicted, dict) else (
        [target(v) for v in predicted] if isinstance(predicted, list) else target(predicted)
    )
    return (x if len(x) > 1 else x[0]), y


def write(name, kind):
    keras.backend.clear_session()
    keras.utils.set_random_seed(20260901)
    model = kind.make()
    x, y = draw(name, model, kind.integers, kind.shape)
    for _ in range(kind.steps):
        model.train_on_batch(x, y)
    path = ZOO / f"{name}.keras"
    model.save(path)
    if name in OLDER:
        model.save(ZOO / f"{name}.h5")
        model.save_weights(ZOO / f"{name}.weights.h5")
    if not kind.stored:
        pack(path)
    facts = {
        "keras": keras.__version__,
        "inputs": tensors(x),
        "predictions": tensors(model.predict(x, verbose=0)),
    }
    if kind.repeats:
        facts["targets"] = tensors(y)
        facts["losses"] = [float(tree.flatten(model.train_on_batch(x, y))[0]) for _ in range(STEPS)]
        facts["after"] = tensors(model.predict(x, verbose=0))
    (ZOO / f"{name}.json").write_text(json.dumps(facts) + "\n")
    print(name, path.stat().st_size)


def quantized():
    """A file that is to be refused; no model of the zoo."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(20260901)
    x = keras.Input((4,))
    model = keras.Model(x, layers.Dense(3, name="small")(x))
    model.quantize("int8")
    folder = HERE / "versions"
    model.save(folder / "quantized.keras")
    pack(folder / "quantized.keras")


def absurd():
    """Weights of a Dense layer that are texts, or more numbers than there is memory for; to be refused."""
    with h5py.File(HERE / "versions" / "absurd.weights.h5", "w") as file:
        group = file.create_group("layers/dense/vars")
        group.create_dataset("0", shape=(2**20, 2**20), chunks=(1024, 1024), dtype="float32")
        group.create_dataset("1", data=np.array([b"a", b"b"]))


def main():
    ZOO.mkdir(exist_ok=True)
    for make in (quantized, absurd):
        if len(sys.argv) == 1 or make.__name__ in sys.argv[1:]:
            make()
    for name, kind in MODELS.items():
        if len(sys.argv) == 1 or name in sys.argv[1:]:
            write(name, kind)


if __name__ == "__main__":
    main()
