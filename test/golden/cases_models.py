"""Whole models: built, summarized, trained for a few epochs, evaluated; and callbacks fed with made-up numbers."""

import os
import tempfile
from pathlib import Path

import keras
import numpy as np
from keras import callbacks, layers, optimizers, regularizers
from writing import generator, number, plain, tensor


def structure(value):
    """Tensors, alone, in a list or by name."""
    if value is None:
        return None
    if isinstance(value, dict):
        return {key: structure(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [structure(item) for item in value]
    return tensor(value)


def summary(model, **options):
    # What prints the table cuts it off where the terminal ends; this one is wide enough.
    os.environ["COLUMNS"] = "200"
    lines = []
    model.summary(print_fn=lines.append, line_length=options.pop("line_length", 76), **options)
    return "\n".join(lines).rstrip("\n").split("\n")


def randomize(model, random):
    """Weights that are the same on every machine, and nowhere special."""
    for weight in model.weights:
        values = 0.4 * random.standard_normal(weight.shape)
        if weight.name.endswith("variance"):
            values = np.abs(values) + 0.5
        if weight.name == "gamma":
            values = values + 1
        weight.assign(values.astype("float32"))


def case(name, model, x, y, optimizer, compile_options, fit_options, predict_on=None):
    """Trains `model` and writes down everything that came of it."""
    random = generator("models", name)
    randomize(model, random)
    initial = [tensor(weight) for weight in model.weights]
    shown = {
        "summary": summary(model),
        "wideSummary": summary(model, line_length=110, show_trainable=True, expand_nested=True),
    }
    config = plain(model.get_config())
    made = optimizers.get(optimizer)
    optimizer_config = plain(optimizers.serialize(made))
    model.compile(optimizer=made, **compile_options)
    options = dict(fit_options)
    held = options.get("validation_data")
    history = model.fit(x, y, verbose=0, shuffle=False, **options).history
    evaluation = model.evaluate(x, y, verbose=0, batch_size=3)
    by_name = model.evaluate(x, y, verbose=0, batch_size=3, return_dict=True)
    predictions = model.predict(x, verbose=0, batch_size=3)
    weights = [tensor(weight) for weight in model.weights]
    after = model.train_on_batch(x, y, return_dict=True)
    return {
        "name": name,
        "class": type(model).__name__,
        "config": config,
        **shown,
        "compiledSummary": summary(model),
        "optimizer": optimizer_config,
        "compile": plain(compile_options),
        "fit": plain({key: value for key, value in options.items() if key not in ("validation_data", "sample_weight")}),
        "x": structure(x),
        "y": structure(y),
        "sampleWeight": structure(options.get("sample_weight")),
        "validationData": structure(held),
        "initialWeights": initial,
        "weightPaths": [weight.path for weight in model.weights],
        "trainable": [weight.path for weight in model.trainable_weights],
        "history": {key: [number(float(value)) for value in values] for key, values in history.items()},
        "weights": weights,
        "predictions": structure(predictions),
        "evaluation": plain(np.asarray(evaluation, "float64").ravel().tolist()),
        "evaluationByName": {key: number(float(value)) for key, value in by_name.items()},
        "trainOnBatch": {key: number(float(value)) for key, value in after.items()},
        "weightsAfterTrainOnBatch": [tensor(weight) for weight in model.weights],
    }


def regression(random):
    x = random.standard_normal((10, 3)).astype("float32")
    y = (x @ [[1.0], [-2.0], [0.5]] + 0.1).astype("float32")
    model = keras.Sequential(
        [layers.Input((3,), name="x"), layers.Dense(4, activation="tanh", name="hidden"), layers.Dense(1, name="y")],
        name="regression",
    )
    return case(
        "regression, split, remainder",
        model,
        x,
        y,
        optimizers.SGD(0.1, momentum=0.9),
        dict(loss="mse", metrics=["mae", "mean_squared_error"]),
        dict(epochs=3, batch_size=3, validation_split=0.2),
    )


def classes(random):
    x = random.standard_normal((11, 4)).astype("float32")
    y = random.integers(0, 3, 11).astype("int32")
    inputs = layers.Input((4,), name="x")
    h = layers.Dense(
        5,
        activation="relu",
        kernel_regularizer=regularizers.L2(0.02),
        bias_regularizer=regularizers.L1(0.01),
        activity_regularizer=regularizers.L2(0.03),
        name="hidden",
    )(inputs)
    outputs = layers.Dense(3, activation="softmax", name="class")(h)
    model = keras.Model(inputs, outputs, name="classes")
    return case(
        "classes, weights by class, regularizers",
        model,
        x,
        y,
        optimizers.Adam(0.02),
        dict(
            loss="sparse_categorical_crossentropy",
            metrics=["accuracy"],
            weighted_metrics=["accuracy", "sparse_categorical_crossentropy"],
        ),
        dict(epochs=3, batch_size=4, class_weight={0: 0.5, 2: 2.5}, validation_data=(x[:5], y[:5])),
    )


def images(random):
    x = random.standard_normal((9, 6, 6, 2)).astype("float32")
    y = np.eye(2, dtype="float32")[random.integers(0, 2, 9)]
    weights = random.uniform(0.5, 2, 9).astype("float32")
    model = keras.Sequential(
        [
            layers.Input((6, 6, 2), name="image"),
            layers.Conv2D(4, 3, name="conv"),
            layers.GroupNormalization(2, name="group"),
            layers.ReLU(name="relu"),
            layers.Conv2D(3, 3, padding="same", use_bias=False, name="conv2"),
            layers.BatchNormalization(momentum=0.8, name="batch"),
            layers.MaxPooling2D(2, name="pool"),
            layers.Flatten(name="flat"),
            layers.Dense(2, activation="softmax", name="class"),
        ],
        name="images",
    )
    return case(
        "images, sample weights",
        model,
        x,
        y,
        optimizers.RMSprop(0.01),
        dict(loss="categorical_crossentropy", metrics=["acc"], weighted_metrics=["mse"]),
        dict(epochs=2, batch_size=4, sample_weight=weights, validation_data=(x[:4], y[:4], weights[:4])),
    )


def two_heads(random, by_name):
    n = 8
    a = random.standard_normal((n, 3)).astype("float32")
    b = random.standard_normal((n, 2)).astype("float32")
    value = random.standard_normal((n, 1)).astype("float32")
    flag = random.integers(0, 2, (n, 1)).astype("float32")
    left = layers.Input((3,), name="a")
    right = layers.Input((2,), name="b")
    shared = layers.Dense(3, name="shared")
    x = layers.Concatenate(name="both")([left, right])
    x = layers.Dense(3, activation="tanh", name="mix")(x)
    x = layers.Add(name="sum")([shared(x), shared(left)])
    x = layers.LayerNormalization(name="norm")(x)
    value_out = layers.Dense(1, name="value")(x)
    flag_out = layers.Dense(1, activation="sigmoid", name="flag")(x)
    outputs = {"value": value_out, "flag": flag_out} if by_name else [value_out, flag_out]
    model = keras.Model([left, right], outputs, name="two_heads")
    if by_name:
        return case(
            "two heads by name",
            model,
            {"a": a, "b": b},
            {"value": value, "flag": flag},
            optimizers.SGD(0.05),
            dict(
                loss={"value": "mse", "flag": "binary_crossentropy"},
                loss_weights={"value": 0.5, "flag": 2.0},
                metrics={"flag": ["accuracy"], "value": ["mae", "mse"]},
            ),
            dict(epochs=2, batch_size=3, sample_weight=random.uniform(0.5, 2, n).astype("float32")),
        )
    return case(
        "two heads by list",
        model,
        [a, b],
        [value, flag],
        optimizers.SGD(0.05, nesterov=True, momentum=0.5),
        dict(loss=["mae", "binary_crossentropy"], metrics=[["mse"], ["accuracy", "AUC"]]),
        dict(epochs=2, batch_size=3, validation_split=0.25),
    )


def twins(random):
    n = 7
    first, second = (random.standard_normal((n, 4)).astype("float32") for _ in range(2))
    y = np.abs(first - second).sum(axis=1).astype("float32")
    encoder = keras.Sequential(
        [layers.Input((4,), name="code_in"), layers.Dense(3, activation="tanh", name="code"), layers.LayerNormalization(name="code_norm")],
        name="encoder",
    )
    a = layers.Input((4,), name="first")
    b = layers.Input((4,), name="second")
    difference = layers.Subtract(name="difference")([encoder(a), encoder(b)])
    distance = layers.Dense(1, name="distance")(difference)
    model = keras.Model({"first": a, "second": b}, distance, name="twins")
    encoder.get_layer("code_norm").trainable = False
    return case(
        "twins: a model inside, called twice, a frozen layer",
        model,
        {"first": first, "second": second},
        y,
        optimizers.Adam(0.05, clipnorm=0.5),
        dict(loss="huber", metrics=["mse"]),
        dict(epochs=3, batch_size=4),
    )


def words(random):
    """Padded sequences: the mask of the padding reaches the loss, and the layer that averages over steps."""
    ids = random.integers(1, 6, (6, 4)).astype("int32")
    ids[0, 2:] = 0
    ids[3, 1:] = 0
    tags = random.standard_normal((6, 4, 1)).astype("float32")
    mood = random.integers(0, 2, (6, 1)).astype("float32")
    inputs = layers.Input((None,), dtype="int32", name="ids")
    x = layers.Embedding(6, 3, mask_zero=True, name="words")(inputs)
    x = layers.Dense(3, activation="tanh", name="mix")(x)
    tag = layers.Dense(1, name="tag")(x)
    x = layers.GlobalAveragePooling1D(name="average")(x)
    feel = layers.Dense(1, activation="sigmoid", name="mood")(x)
    model = keras.Model(inputs, [tag, feel], name="words_and_mood")
    return case(
        "padded sequences",
        model,
        ids,
        [tags, mood],
        optimizers.Adam(0.05),
        # No metric of the masked output: on this backend it would lose the mask in training, but not in evaluation.
        dict(loss=["mse", "binary_crossentropy"], metrics=[None, ["accuracy"]]),
        dict(epochs=2, batch_size=4),
    )


def encoder(random):
    """A Transformer encoder block: attention and two dense layers, each added to what it came from and normalized."""
    x = random.standard_normal((7, 5, 4)).astype("float32")
    y = random.integers(0, 3, 7).astype("int32")
    inputs = layers.Input((5, 4), name="steps")
    attended = layers.MultiHeadAttention(2, 3, name="attention")(inputs, inputs, use_causal_mask=True)
    first = layers.LayerNormalization(name="first_norm")(layers.Add(name="first_sum")([inputs, attended]))
    h = layers.Dense(6, activation="gelu", name="wide")(first)
    h = layers.Dense(4, name="narrow")(h)
    second = layers.LayerNormalization(name="second_norm")(layers.Add(name="second_sum")([first, h]))
    pooled = layers.Attention(name="pool")([layers.Dense(4, name="asks")(second), second])
    outputs = layers.Dense(3, activation="softmax", name="class")(layers.Flatten(name="flat")(pooled))
    return case(
        "a Transformer encoder block",
        keras.Model(inputs, outputs, name="encoder_block"),
        x,
        y,
        # Not Adam: the bias of the keys has no gradient, and Adam would make steps of what rounding leaves.
        optimizers.SGD(0.05, momentum=0.9),
        dict(loss="sparse_categorical_crossentropy", metrics=["accuracy"]),
        dict(epochs=3, batch_size=4),
    )


class Branches(keras.Model):
    """A model with a call of its own."""

    def __init__(self):
        super().__init__(name="branches")
        self.first = layers.Dense(4, name="first")
        self.norm = layers.BatchNormalization(name="norm")
        self.head = layers.Dense(2, name="head", trainable=False)

    def call(self, x):
        return self.head(self.norm(self.first(x)))


def summaries():
    """Of models without a graph, before and after they are built."""
    waiting = keras.Sequential([layers.Dense(3, name="hidden"), layers.Dense(1, name="out")], name="waiting")
    branches = Branches()
    before = summary(branches)
    branches.build((None, 5))
    branches(np.zeros((2, 5), "float32"))
    return {
        "waiting": summary(waiting),
        "branchesBefore": before,
        "branches": summary(branches, show_trainable=True),
    }


class FakeOptimizer:
    learning_rate = 1.0


class FakeModel:
    def __init__(self):
        self.stop_training = False
        self.optimizer = FakeOptimizer()
        self.metrics = []
        self.compiled = True
        self.restored = None
        self.epoch = -1

    def get_weights(self):
        return self.epoch

    def set_weights(self, weights):
        self.restored = weights


def early_stopping(values, **options):
    model = FakeModel()
    callback = callbacks.EarlyStopping(**options)
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, value in enumerate(values):
        model.epoch = epoch
        callback.on_epoch_end(epoch, {options.get("monitor", "val_loss"): value})
        if model.stop_training:
            break
    callback.on_train_end()
    return {
        "options": plain(options),
        "values": values,
        "stopped": model.stop_training,
        "epochs": model.epoch + 1,
        "stoppedEpoch": callback.stopped_epoch,
        "restored": model.restored,
    }


def plateau(values, **options):
    model = FakeModel()
    model.optimizer.learning_rate = 1.0
    callback = callbacks.ReduceLROnPlateau(**options)
    callback.set_model(model)
    callback.on_train_begin()
    rates = []
    for epoch, value in enumerate(values):
        callback.on_epoch_end(epoch, {options.get("monitor", "val_loss"): value})
        rates.append(float(model.optimizer.learning_rate))
    return {"options": plain(options), "values": values, "rates": rates}


def checkpoint(values, **options):
    """Which files ModelCheckpoint writes in epochs of three batches, for an accuracy and a loss of each."""
    saved = []

    class Model(FakeModel):
        def save(self, path, **_):
            saved.append(str(path))

        def save_weights(self, path, **_):
            saved.append(f"weights {path}")

    with tempfile.TemporaryDirectory() as folder:
        before = os.getcwd()
        os.chdir(folder)
        callback = callbacks.ModelCheckpoint(**options)
        model = Model()
        callback.set_model(model)
        callback.on_train_begin()
        for epoch, (accuracy, loss) in enumerate(values):
            callback.on_epoch_begin(epoch)
            for batch in range(3):
                callback.on_train_batch_end(batch, {"accuracy": accuracy, "loss": loss})
            callback.on_epoch_end(epoch, {"accuracy": accuracy, "loss": loss, "val_loss": loss})
        os.chdir(before)
    return {"options": plain(options), "epochs": values, "saved": saved}


def csv_file(before, **options):
    """What CSVLogger makes of a file: `before`, then two epochs."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.csv"
        if before is not None:
            path.write_text(before)
        callback = callbacks.CSVLogger(str(path), **options)
        callback.set_model(FakeModel())
        callback.on_train_begin()
        callback.on_epoch_end(0, {"loss": 0.5, "accuracy": 0.25})
        callback.on_epoch_end(1, {"loss": 0.125, "accuracy": 0.75})
        callback.on_train_end()
        return {"before": before, "options": plain(options), "after": path.read_text()}


def content():
    random = generator("models data")
    falling = [1.0, 0.8, 0.7, 0.75, 0.72, 0.71, 0.69, 0.7, 0.9]
    runs = [[0.5, 1.0], [0.75, 0.61], [0.61, 0.75], [1.0, 0.5], [0.875, 0.12]]
    keras.backend.clear_session()
    return {
        "cases": [
            regression(random),
            classes(random),
            images(random),
            two_heads(random, True),
            two_heads(random, False),
            twins(random),
            words(random),
            encoder(generator("models data", "encoder")),
        ],
        "summaries": summaries(),
        "earlyStopping": [
            early_stopping(falling),
            early_stopping(falling, patience=3),
            early_stopping(falling, patience=2, restore_best_weights=True),
            early_stopping(falling, patience=2, min_delta=0.15, restore_best_weights=True),
            early_stopping(falling, patience=2, min_delta=-0.15, restore_best_weights=True),
            early_stopping(falling, patience=3, baseline=0.71, restore_best_weights=True),
            early_stopping(falling, patience=1, start_from_epoch=4, restore_best_weights=True),
            early_stopping(falling, patience=2, mode="max", restore_best_weights=True),
            early_stopping([1.0, 0.9, 0.8], patience=1, restore_best_weights=True),
        ],
        "reduceLROnPlateau": [
            plateau(falling, patience=2),
            plateau(falling, patience=1, factor=0.5, cooldown=2),
            plateau([1.0] * 8, patience=2, factor=0.5, min_lr=0.2),
            plateau(falling, patience=1, min_delta=0.2),
            plateau(falling, patience=2, mode="max"),
        ],
        "modelCheckpoint": [
            checkpoint(runs, filepath="last.keras"),
            checkpoint(runs, filepath="checkpoints/{epoch:02d}-{val_loss:.2f}.keras"),
            checkpoint(runs, filepath="{epoch}.weights.h5", save_weights_only=True),
            checkpoint(runs, filepath="{epoch}.keras", save_best_only=True),
            checkpoint(runs, filepath="{epoch}.keras", save_best_only=True, monitor="accuracy", mode="max"),
            checkpoint(runs, filepath="{epoch}.keras", save_best_only=True, initial_value_threshold=0.7),
            checkpoint(runs, filepath="{epoch}.keras", save_best_only=True, monitor="missing", mode="min"),
            checkpoint(runs, filepath="{epoch:3d}-{batch:02d}.keras", save_freq=4),
            checkpoint(runs, filepath="{epoch}-{batch}.keras", save_freq=2, save_best_only=True, monitor="loss", mode="min"),
        ],
        "csvLogger": [
            csv_file(None),
            csv_file("old\n"),
            csv_file("epoch,accuracy,loss\n0,0.1,0.9\n", append=True),
            csv_file("", append=True),
            csv_file(None, separator=";"),
        ],
    }
