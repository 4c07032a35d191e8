"""Writes the files of other versions: models saved by earlier Keras 3 and by tf.keras, with what they predict.

For each model `versions/<name>.keras` or `.h5.gz` is the file, and `versions/<name>.keras.json` or `.h5.json` holds the same facts as those of
the zoo; files that are to be refused have none.

    python3.11 test/keras/versions.py               # all of it
    python3.11 test/keras/versions.py keras-3.0.5   # only what this version writes

Every version runs in an environment of its own, made on first use below `.venv` (VARVE_VERSIONS_PYTHON is a pattern for
others that have the packages, with {} for the name of the version). The older ones need Python 3.11.
"""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
INSIDE = "VARVE_VERSIONS_INSIDE"
VERSIONS = {
    "keras-3.0.5": "keras==3.0.5 jax==0.4.20 jaxlib==0.4.20 numpy==1.26.4 h5py==3.16.0 packaging==24.2",
    "keras-3.3.3": "keras==3.3.3 jax==0.4.26 jaxlib==0.4.26 numpy==1.26.4 h5py==3.16.0 packaging==24.2",
    "keras-3.6.0": "keras==3.6.0 jax==0.4.34 jaxlib==0.4.34 numpy==1.26.4 h5py==3.16.0 packaging==24.2",
    "tf.keras-2.15": "tensorflow-cpu==2.15.1 keras==2.15.0 tensorflow-addons==0.23.0 numpy==1.26.4 h5py==3.16.0 packaging==24.2",
}


# TensorFlow 2.15 as version 1 was: graphs first, and the optimizers that Keras had up to 2.3.
GRAPHS = "tf.keras-2.15-graphs"


def python_of(version):
    """A Python that has what the version needs."""
    version = version.removesuffix("-graphs")
    given = os.environ.get("VARVE_VERSIONS_PYTHON")
    if given:
        return given.replace("{}", version)
    folder = HERE / ".venv" / version
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        packages = VERSIONS[version].split()
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *packages], check=True)
        (folder / "complete").touch()
    return str(python)


if __name__ == "__main__" and INSIDE not in os.environ:
    for version in sys.argv[1:] or [*VERSIONS, GRAPHS]:
        environment = {**os.environ, INSIDE: version, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "PYTHONHASHSEED": "0", "TF_CPP_MIN_LOG_LEVEL": "3"}
        subprocess.run([python_of(version), str(Path(__file__).resolve())], env=environment, check=True)
    sys.exit()

sys.dont_write_bytecode = True
import gzip  # noqa: E402
import json  # noqa: E402

import h5py  # noqa: E402
import numpy as np  # noqa: E402
from recording import pack, tensors  # noqa: E402

FOLDER = HERE / "versions"
STEPS = 3
BATCH = 4
VERSION = os.environ.get(INSIDE, "")
if VERSION.startswith("tf"):
    import tensorflow as tf

    keras = tf.keras
else:
    import keras
layers = keras.layers


def step(model, x, y):
    """The loss of one step; left to themselves, earlier versions average it over all steps so far."""
    model.reset_metrics()
    return float(np.ravel(model.train_on_batch(x, y))[0])


def squeezed(name):
    """An HDF5 file is mostly zeros between its parts."""
    path = FOLDER / name
    (FOLDER / f"{name}.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    path.unlink()


def small(optimizer, **options):
    """A model whose optimizer is what counts."""
    start()
    model = keras.Sequential(
        [layers.Dense(3, use_bias=False, input_shape=(4,), name="a"), layers.BatchNormalization(name="b"), layers.Dense(2, name="c")]
    )
    model.compile(optimizer(), loss="mse", **options)
    return model


# What the optimizers of one generation keep; "+" stands before options that make them keep more.
OPTIMIZERS = {
    "SGD": {},
    "SGD+momentum": {"momentum": 0.9, "nesterov": True},
    "Adam": {},
    "Adam+amsgrad": {"amsgrad": True},
    "RMSprop": {},
    "RMSprop+centered": {"momentum": 0.9, "centered": True},
    "Adagrad": {},
    "Adadelta": {},
    "Adamax": {},
    "Nadam": {},
    "Ftrl": {"l1_regularization_strength": 0.001},
}


def write_optimizers(generation, package, suffix, more=(), fewer=(), repeated=lambda name: True, **options):
    """One file for each optimizer of a generation, and for those that only it has."""
    for name, given in {**OPTIMIZERS, **dict(more)}.items():
        if name in fewer:
            continue
        model = small(lambda: getattr(package, name.split("+")[0])(0.05, **given), **options)
        write(f"{VERSION}-{generation}-{name}.{suffix}", model, {"tf.keras": tf.__version__}, repeats=repeated(name))


def predict(name, model, facts):
    """Saves a model as it is, and records what it predicts for small whole numbers and for others."""
    generator = np.random.default_rng(list(name.encode()))
    shapes = [(2, *map(int, each.shape[1:])) for each in model.inputs]
    dtypes = [each.dtype for each in model.inputs]
    x = [
        generator.integers(0, 4, shape).astype("int32") if dtype == "int32" else generator.standard_normal(shape).astype("float32")
        for shape, dtype in zip(shapes, dtypes)
    ]
    path = FOLDER / name
    model.save(path)
    if path.suffix == ".keras":
        pack(path)
    predictions = [np.asarray(each) for each in model.predict(x, verbose=0)]
    facts = {**facts, "weights": len(model.weights), "inputs": tensors(x), "predictions": tensors(predictions)}
    (FOLDER / f"{name}.json").write_text(json.dumps(facts) + "\n")
    print(name, path.stat().st_size)


def functions(tf, x, image, whole):
    """Functions of TensorFlow as models have them between layers: of a sequence, an image, and whole numbers."""
    nn, math = tf.nn, tf.math
    six = np.arange(6).astype("float32")
    kernel = np.linspace(-1, 1, 2 * 2 * 3 * 2).reshape(2, 2, 3, 2).astype("float32")
    positive = tf.abs(x) + 0.5
    small = tf.tanh(x) * 0.9
    # In graphs these are nodes that compute shapes.
    further = lambda: [  # noqa: E731
        *[nn.silu(x), tf.reduce_logsumexp(x, axis=1), tf.reshape(x, [tf.shape(x)[0], 2, 12]), tf.repeat(x, 2, axis=1)],
        *[tf.tensordot(x, np.outer(six, six[:2]), axes=1), tf.zeros_like(x) + x, tf.sort(x, axis=-1)],
    ]
    return [
        *([] if VERSION == GRAPHS else further()),
        *[1.0 + x, x - six, 2.0 - x, x * np.float32(3), x / positive, 1.0 / positive, x // 0.5, x % 0.5, positive**x, 2.0**x, -x],
        *[x @ tf.transpose(x, [0, 2, 1]), tf.matmul(x, x, transpose_a=True), tf.matmul(x, x, transpose_b=True)],
        *[x > 0.5, x >= 0.0, x < 0.1, x <= 0.3, ~(x > 0.5), (x > 0) & (x < 1), (x > 1) | (x < 0), math.not_equal(whole, 2)],
        *[tf.exp(x), math.expm1(x), math.log(positive), math.log1p(positive), tf.sqrt(positive), math.rsqrt(positive), tf.square(x)],
        *[math.reciprocal(positive), tf.sign(x), tf.floor(x), math.ceil(x), tf.round(x * 2.0), tf.sin(x), tf.cos(x), tf.tan(small)],
        *[tf.asin(small), tf.acos(small), tf.atan(x), tf.sinh(x), tf.cosh(x), tf.tanh(x), tf.asinh(x), math.acosh(positive + 1.0)],
        *[tf.atanh(small), math.erf(x), tf.sigmoid(x), math.log_sigmoid(x), math.softplus(x), nn.softsign(x), tf.maximum(x, 0.1)],
        *[tf.minimum(0.5, x), math.squared_difference(x, 1.0), math.divide_no_nan(x, tf.maximum(x, 0.0)), tf.atan2(x, positive)],
        *[nn.relu(x), nn.relu6(x * 5.0), nn.elu(x), nn.selu(x), nn.gelu(x), nn.gelu(x, approximate=True), nn.leaky_relu(x)],
        *[nn.leaky_relu(x, 0.1), nn.softmax(x), nn.softmax(logits=x, axis=1), nn.log_softmax(x), math.l2_normalize(x, axis=[1, 2])],
        *[tf.reduce_mean(x, axis=-1, keepdims=True), tf.reduce_sum(x, 1), tf.reduce_max(x, axis=[1, 2]), tf.reduce_min(x, -1)],
        *[tf.reduce_prod(x, axis=2), math.reduce_std(x, -1), math.reduce_variance(x, axis=[1, 2])],
        *[math.reduce_euclidean_norm(x, axis=1), tf.norm(x, axis=-1), tf.reduce_any(x > 1.0, axis=1), tf.reduce_all(x > -1.0, axis=1)],
        *[tf.argmax(x, axis=-1), tf.argmin(x, axis=1, output_type=tf.int32), math.count_nonzero(whole, axis=1)],
        *[tf.cumsum(x, axis=1), tf.cumsum(x, axis=1, reverse=True), math.cumprod(x, 2)],
        *[tf.reshape(x, [-1, 24]), tf.transpose(x, perm=[0, 2, 1]), tf.expand_dims(x, -1)],
        *[tf.squeeze(tf.expand_dims(x, 1), axis=[1]), tf.concat([x, x * 2.0], axis=-1), tf.stack([x, -x], axis=1)],
        *[tf.unstack(x, axis=1)[2], tf.split(x, 2, axis=-1)[1], tf.split(x, [2, 4], axis=2)[0], tf.tile(x, [1, 2, 1])],
        *[tf.pad(x, [[0, 0], [1, 1], [0, 2]]), tf.pad(x, [[0, 0], [1, 1], [0, 2]], "REFLECT")],
        *[tf.pad(x, [[0, 0], [0, 1], [0, 0]], constant_values=3.0), tf.gather(x, [0, 2], axis=1), tf.gather(np.outer(six, six), whole)],
        *[nn.embedding_lookup(np.outer(six, six), whole), tf.reverse(x, axis=[1]), tf.roll(x, shift=1, axis=2), tf.identity(x)],
        *[tf.stop_gradient(x), tf.cast(whole, tf.float32), tf.cast(x, "int32"), tf.one_hot(whole, 5), tf.one_hot(whole, 4, axis=1)],
        *[tf.where(x > 0.0, x, 0.25), tf.where(x > 0, x, tf.zeros_like(x)), tf.ones_like(x), tf.clip_by_value(x, -0.5, 0.5)],
        *[tf.clip_by_value(x, -positive, 0.3), tf.slice(x, [0, 1, 0], [-1, 2, 3]), tf.strided_slice(x, [0, 0, 1], [2, 3, 6], [1, 2, 2])],
        *[tf.linalg.band_part(x, -1, 0), math.top_k(x, 2).values],
        *[math.top_k(x, 2).indices, math.add_n([x, x, positive]), x[:, 0], x[:, -1, 1:3], x[..., ::2], x[:, tf.newaxis, :, 0], x[:, ::-1]],
        *[nn.bias_add(x, six), nn.conv2d(image, kernel, strides=1, padding="SAME"), nn.max_pool2d(image, 2, 2, "VALID")],
        *[nn.conv2d(image, kernel, strides=[1, 2, 2, 1], padding="VALID"), nn.avg_pool2d(image, [1, 3, 3, 1], [1, 2, 2, 1], "SAME")],
        *[nn.max_pool(image, 2, 1, "SAME"), nn.depthwise_conv2d(image, kernel, strides=[1, 1, 1, 1], padding="VALID")],
        *[tf.image.flip_left_right(image), tf.image.flip_up_down(image), *nn.moments(x, axes=[1])],
        *[nn.batch_normalization(x, 0.5, 2.0, 1.0, 3.0, 1e-3), nn.crelu(x)],
    ]


def between(tf):
    x, image = keras.Input((4, 6), name="x"), keras.Input((4, 3, 3), name="image")
    whole = keras.Input((3,), dtype="int32", name="whole")
    given = [x, image, whole]
    return keras.Model(given, functions(tf, *given), name="between")


def write(name, model, facts, repeats=True):
    """Trains a model, saves it, and records what it predicts and, where it is the same here, how training goes on."""
    generator = np.random.default_rng(list(name.encode()))
    x = generator.standard_normal((BATCH, *model.inputs[0].shape[1:])).astype("float32")
    y = generator.standard_normal((BATCH, *model.outputs[0].shape[1:])).astype("float32")
    for _ in range(2):
        model.train_on_batch(x, y)
    path = FOLDER / name
    model.save(path)
    if path.suffix == ".keras":
        pack(path)
    facts = {**facts, "weights": len(model.weights), "inputs": tensors(x), "predictions": tensors(model.predict(x, verbose=0))}
    if repeats:
        facts["targets"] = tensors(y)
        facts["losses"] = [step(model, x, y) for _ in range(STEPS)]
        facts["after"] = tensors(model.predict(x, verbose=0))
    (FOLDER / f"{name}.json").write_text(json.dumps(facts) + "\n")
    print(name, path.stat().st_size)


def start():
    keras.backend.clear_session()
    keras.utils.set_random_seed(20260901)


def composed(group, operations=lambda x: x):
    """Images through convolutions and every normalization that goes on training, then through time."""
    image = keras.Input((8, 6, 3), name="image")
    x = layers.Conv2D(4, 3, padding="same", use_bias=False, name="conv")(image)
    x = layers.BatchNormalization(name="batch")(x)
    x = layers.Activation("relu", name="active")(x)
    y = layers.Conv2D(4, 3, padding="same", name="inner")(x)
    y = group(y)
    x = operations(layers.Add(name="residual")([x, y]))
    x = layers.MaxPooling2D(name="pool")(x)
    x = layers.Reshape((4, 12), name="rows")(x)
    x = layers.LayerNormalization(name="layer")(x)
    x = layers.LSTM(5, name="time")(x)
    return keras.Model(image, layers.Dense(2, name="out")(x), name="composed")


def keras3():
    facts = {"keras": keras.__version__}
    start()
    ops = keras.ops
    model = composed(
        layers.GroupNormalization(2, name="group"),
        lambda x: x * 2.0 + ops.mean(x, axis=(1, 2), keepdims=True) - ops.relu(x)[:, :, :, :1],
    )
    model.compile(keras.optimizers.Adam(0.01), loss="mse", metrics=["mae"])
    write(f"{VERSION}.keras", model, facts)


def tf_keras():
    import tensorflow_addons as tfa

    facts = {"tf.keras": tf.__version__, "addons": tfa.__version__}
    for suffix in ("h5", "keras"):
        start()
        model = composed(layers.GroupNormalization(2, name="group"))
        model.compile(keras.optimizers.SGD(0.05), loss="mse")
        write(f"{VERSION}.{suffix}", model, facts)
        start()
        model = composed(layers.GroupNormalization(2, name="group"))
        model.compile(keras.optimizers.Adam(0.01), loss="mse", metrics=["mae"])
        write(f"{VERSION}-adam.{suffix}", model, facts)
        start()
        model = composed(tfa.layers.GroupNormalization(groups=2, name="group"), tfa.layers.InstanceNormalization(name="instance"))
        model.compile(keras.optimizers.SGD(0.05), loss="mse")
        write(f"{VERSION}-addons.{suffix}", model, facts)
        start()
        model = composed(
            layers.GroupNormalization(2, name="group"),
            lambda x: tf.nn.relu(x) * 2.0 + tf.reduce_mean(x, axis=[1, 2], keepdims=True) - x[:, :, :, :1],
        )
        model.compile(keras.optimizers.SGD(0.05), loss="mse")
        write(f"{VERSION}-operations.{suffix}", model, facts)
    start()
    predict(f"{VERSION}-functions.h5", between(tf), facts)
    start()
    steps = [layers.GRU(3, recurrent_activation="hard_sigmoid", input_shape=(3, 2)), layers.Dense(2, activation="hard_sigmoid")]
    model = keras.Sequential(steps)
    model.compile(keras.optimizers.SGD(0.5), loss="mse")
    write(f"{VERSION}-activations.h5", model, facts)
    # Left to graphs of functions, Nadam of this version counts its momentum once for each variable.
    new, legacy = keras.optimizers, keras.optimizers.legacy
    averaged = {"use_ema": True, "ema_momentum": 0.9}
    write_optimizers("new", new, "h5", {"AdamW": {"weight_decay": 0.1}, "Lion": {}, "Adam+average": averaged}, run_eagerly=True)
    write_optimizers("new", new, "keras", fewer=["SGD", "Adam", "RMSprop", "Adamax", "Adagrad"], run_eagerly=True)
    not_nadam = lambda name: name != "Nadam"  # noqa: E731
    write_optimizers("legacy", legacy, "h5", {"Adam+decay": {"decay": 0.5}}, repeated=not_nadam)
    # What still earlier versions wrote: other names for the same.
    start()
    model = composed(layers.GroupNormalization(2, name="group"))
    model.compile(keras.optimizers.SGD(0.05), loss="mse")
    name = f"{VERSION}-names.h5"
    write(name, model, facts)
    with h5py.File(FOLDER / name, "r+") as file:
        config = file.attrs["model_config"]
        file.attrs["model_config"] = config.replace('"BatchNormalization"', '"BatchNormalizationV1"')
        training = json.loads(file.attrs["training_config"])
        training["optimizer_config"] = {"class_name": "SGD", "config": {"lr": 0.05, "momentum": 0.0, "decay": 0.0, "nesterov": False}}
        file.attrs["training_config"] = json.dumps(training)
    again = keras.models.load_model(FOLDER / name, compile=False)
    recorded = json.loads((FOLDER / f"{name}.json").read_text())
    x = np.reshape(recorded["inputs"]["0"]["values"], recorded["inputs"]["0"]["shape"]).astype("float32")
    for file in FOLDER.glob(f"{VERSION}*.h5"):
        squeezed(file.name)
    assert np.allclose(np.ravel(again.predict(x, verbose=0)), recorded["predictions"]["0"]["values"], atol=1e-6)


def tf_graphs():
    tf.compat.v1.disable_v2_behavior()
    from keras.src.optimizers import optimizer_v1

    not_nadam = lambda name: name != "Nadam"  # noqa: E731
    fewer = ["SGD", "Adam+amsgrad", "RMSprop+centered", "Ftrl"]
    # Its epsilon stood behind the root, where it makes another step of small gradients.
    more = {"SGD+decay": {"decay": 0.5, "momentum": 0.9}, "RMSprop": {"epsilon": 1e-12}}
    write_optimizers("old", optimizer_v1, "h5", more, fewer, not_nadam)
    start()
    predict(f"{VERSION}-functions.h5", between(tf), {"tf.keras": tf.__version__})
    for file in FOLDER.glob(f"{VERSION}*.h5"):
        squeezed(file.name)


FOLDER.mkdir(exist_ok=True)
if VERSION == GRAPHS:
    tf_graphs()
else:
    tf_keras() if VERSION.startswith("tf") else keras3()
