"""The losses: every class, its options, every reduction, sample weights and masks."""

import jax
import keras
import numpy as np
from keras import losses
from keras.src import backend
from keras.src.losses import ALL_OBJECTS_DICT
from writing import generator, plain, tensor

REDUCTIONS = ["sum", "sum_over_batch_size", "mean", "mean_with_sample_weight", "none"]


def entry(kind, y_true, y_pred, name, sample_weight=None, mask=None, **options):
    keras.backend.clear_session()
    loss = getattr(losses, kind)(**options)
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred, "float32")
    weight = None if sample_weight is None else np.asarray(sample_weight, "float32")

    def value(prediction):
        if mask is not None:
            backend.set_keras_mask(prediction, np.asarray(mask))
        return loss(y_true, prediction, sample_weight=weight)

    output, back = jax.vjp(value, y_pred)
    dy = generator("losses", kind, name).standard_normal(output.shape).astype("float32") if output.shape else np.float32(1)
    return {
        "class": kind,
        "name": name,
        "config": plain(loss.get_config()),
        "yTrue": tensor(y_true),
        "yPred": tensor(y_pred),
        "sampleWeight": None if weight is None else tensor(weight),
        "mask": None if mask is None else tensor(np.asarray(mask)),
        "output": tensor(output),
        "cotangent": tensor(dy),
        "predictionGradient": tensor(back(np.asarray(dy, output.dtype))[0]),
    }


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return (e / e.sum(axis=axis, keepdims=True)).astype("float32")


class Data:
    """Targets and predictions of the usual sorts, the same for every class."""

    def __init__(self):
        random = generator("losses data")
        f = lambda *shape: random.standard_normal(shape).astype("float32")
        self.real = (f(4, 3), f(4, 3))
        self.real3 = (f(2, 3, 4), f(2, 3, 4))
        self.positive = (np.abs(f(4, 3)), np.abs(f(4, 3)) + np.float32(0.05))
        self.logits = 2 * f(4, 5)
        self.logits3 = 2 * f(2, 3, 4)
        self.labels = np.array([0, 3, 4, 1], "int32")
        self.labels3 = np.array([[0, 3, 1], [2, 2, 0]], "int32")
        self.one_hot = np.eye(5, dtype="float32")[self.labels]
        self.one_hot3 = np.eye(4, dtype="float32")[self.labels3]
        self.soft = softmax(f(4, 5))
        self.binary = (random.uniform(size=(4, 3)) > 0.5).astype("float32")
        self.binary_logits = 2 * f(4, 3)
        self.binary_probabilities = (1 / (1 + np.exp(-self.binary_logits))).astype("float32")
        self.signs = np.where(self.binary > 0, 1, -1).astype("float32")


def general(kind, y_true, y_pred, **options):
    """What every loss must do alike: reductions, weights, masks."""
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    batch = len(y_pred)
    weight = np.linspace(0.5, 2, batch).astype("float32")
    weight[1] = 0
    cases = [entry(kind, y_true, y_pred, f"reduction {reduction}", reduction=reduction, **options) for reduction in REDUCTIONS]
    cases += [
        entry(kind, y_true, y_pred, f"reduction {reduction}, weight by sample", weight, reduction=reduction, **options)
        for reduction in REDUCTIONS
    ]
    return cases


def deep(kind, y_true, y_pred, **options):
    """Rank 3: weights and masks by sample and by step."""
    by_step = np.array([[1, 0, 2], [0.5, 1, 0]], "float32")
    mask = [[True, True, False], [True, False, False]]
    cases = [
        entry(kind, y_true, y_pred, "rank 3", **options),
        entry(kind, y_true, y_pred, "rank 3, reduction none", reduction="none", **options),
        entry(kind, y_true, y_pred, "rank 3, weight by step", by_step, **options),
        entry(kind, y_true, y_pred, "rank 3, weight of shape [2, 1]", [[1.0], [3.0]], **options),
    ]
    for reduction in REDUCTIONS:
        cases.append(entry(kind, y_true, y_pred, f"rank 3, mask, reduction {reduction}", mask=mask, reduction=reduction, **options))
    cases.append(entry(kind, y_true, y_pred, "rank 3, mask and weight by step", by_step, mask=mask, **options))
    return cases


def content():
    data = Data()
    cases = []

    for kind in ("MeanSquaredError", "MeanAbsoluteError"):
        cases += general(kind, *data.real) + deep(kind, *data.real3)
        cases.append(entry(kind, np.float32([1, 2, 3]), np.float32([[1.5], [1], [3]]), "targets of rank 1, predictions [n, 1]"))
        cases.append(entry(kind, np.int32([[1, 2], [3, 4]]), np.float32([[1.5, 1], [3, 5]]), "integer targets"))
        cases.append(entry(kind, *data.real, "one weight for all", 2.5))
    for kind in ("MeanAbsolutePercentageError", "MeanSquaredLogarithmicError", "Poisson"):
        cases += general(kind, *data.positive)
    cases.append(entry("MeanAbsolutePercentageError", np.float32([[0, 1, -2]]), np.float32([[0.5, 1.5, -1]]), "a target of zero"))
    cases.append(entry("MeanSquaredLogarithmicError", np.float32([[0, 1, -2]]), np.float32([[-0.5, 1.5, -1]]), "negative values",))
    cases.append(entry("Poisson", np.float32([[0, 1, 2]]), np.float32([[0, 1.5, 1e-9]]), "a prediction of zero"))
    cases += general("LogCosh", *data.real)
    cases.append(entry("LogCosh", np.float32([[0, 0, 0, 0]]), np.float32([[100, -100, 1e-4, 0]]), "far and near"))

    cases += general("Huber", *data.real) + [
        entry("Huber", *data.real, f"delta {delta}", delta=delta) for delta in (0.1, 0.5, 2.0)
    ] + [entry("Huber", np.float32([[0, 0, 0]]), np.float32([[1, -1, 0]]), "on the edge")]

    cases += general("CosineSimilarity", *data.real) + [
        entry("CosineSimilarity", *data.real, "axis 0", axis=0),
        entry("CosineSimilarity", *data.real3, "rank 3, axis 1", axis=1),
        entry("CosineSimilarity", *data.real3, "rank 3, axis -2, reduction none", axis=-2, reduction="none"),
        entry("CosineSimilarity", np.float32([[1, 0], [0, 0]]), np.float32([[0.5, 0.5], [1, 2]]), "a target of zeros"),
    ]

    for kind in ("Hinge", "SquaredHinge"):
        cases += general(kind, data.signs, data.real[1])
        cases.append(entry(kind, data.binary, data.real[1], "targets 0 and 1 become -1 and 1"))
    cases += general("CategoricalHinge", data.one_hot, data.logits)
    cases.append(entry("CategoricalHinge", data.one_hot3, data.logits3, "rank 3"))
    cases += general("KLDivergence", data.soft, softmax(data.logits)) + [
        entry("KLDivergence", data.one_hot, softmax(data.logits), "one-hot targets"),
        entry("KLDivergence", np.float32([[0, 1]]), np.float32([[1, 0]]), "zeros are clipped to 1e-7"),
    ]

    p = data.binary_probabilities
    cases += general("BinaryCrossentropy", data.binary, p)
    cases += general("BinaryCrossentropy", data.binary, data.binary_logits, from_logits=True)
    cases += [
        entry("BinaryCrossentropy", data.binary, p, "label smoothing 0.2", label_smoothing=0.2),
        entry("BinaryCrossentropy", data.binary, data.binary_logits, "logits, label smoothing 0.2", from_logits=True, label_smoothing=0.2),
        entry("BinaryCrossentropy", data.binary, p, "axis 0", axis=0),
        entry("BinaryCrossentropy", data.binary, p, "axis 0, reduction none", axis=0, reduction="none"),
        entry("BinaryCrossentropy", np.float32([0, 1, 1]), np.float32([[0.2], [0.7], [0.4]]), "targets of rank 1"),
        entry("BinaryCrossentropy", np.float32([[0, 1, 1, 0]]), np.float32([[0, 1, 0, 1]]), "certain and right, certain and wrong"),
        entry("BinaryCrossentropy", np.float32([[0, 1, 1, 0]]), np.float32([[-100, 100, -100, 100]]), "logits far out", from_logits=True),
        entry("BinaryCrossentropy", np.int32([[0, 1], [1, 1]]), np.float32([[0.2, 0.7], [0.4, 0.9]]), "integer targets"),
    ]

    cases += general("BinaryFocalCrossentropy", data.binary, p) + [
        entry("BinaryFocalCrossentropy", data.binary, p, f"gamma {gamma}", gamma=gamma) for gamma in (0.0, 1.0, 3.0)
    ] + [
        entry("BinaryFocalCrossentropy", data.binary, p, "class balancing", apply_class_balancing=True),
        entry("BinaryFocalCrossentropy", data.binary, p, "class balancing, alpha 0.7, gamma 1", apply_class_balancing=True, alpha=0.7, gamma=1.0),
        entry("BinaryFocalCrossentropy", data.binary, data.binary_logits, "logits", from_logits=True),
        entry("BinaryFocalCrossentropy", data.binary, data.binary_logits, "logits, label smoothing 0.1", from_logits=True, label_smoothing=0.1),
        entry("BinaryFocalCrossentropy", data.binary, p, "axis 0", axis=0),
    ]

    q = softmax(data.logits)
    cases += general("CategoricalCrossentropy", data.one_hot, q) + deep("CategoricalCrossentropy", data.one_hot3, softmax(data.logits3))
    cases += general("CategoricalCrossentropy", data.one_hot, data.logits, from_logits=True)
    cases += [
        entry("CategoricalCrossentropy", data.soft, q, "soft targets"),
        entry("CategoricalCrossentropy", data.one_hot, q, "label smoothing 0.1", label_smoothing=0.1),
        entry("CategoricalCrossentropy", data.one_hot, data.logits, "logits, label smoothing 0.1", from_logits=True, label_smoothing=0.1),
        entry("CategoricalCrossentropy", data.one_hot3.transpose(0, 2, 1), softmax(data.logits3.transpose(0, 2, 1), 1), "axis 1", axis=1),
        entry("CategoricalCrossentropy", data.one_hot3.transpose(0, 2, 1), data.logits3.transpose(0, 2, 1), "logits, axis 1", axis=1, from_logits=True),
        entry("CategoricalCrossentropy", data.one_hot, np.abs(data.logits) + np.float32(0.1), "predictions that do not sum to one"),
        entry("CategoricalCrossentropy", np.float32([[0, 1, 0]]), np.float32([[1, 0, 0]]), "certain and wrong"),
        entry("CategoricalCrossentropy", np.float32([[0, 1, 0]]), np.float32([[100, -100, 0]]), "logits far out", from_logits=True),
        entry("CategoricalFocalCrossentropy", data.one_hot, q, "alpha a list", alpha=[0.1, 0.2, 0.3, 0.4, 0.5]),
    ]
    cases += general("CategoricalFocalCrossentropy", data.one_hot, q) + [
        entry("CategoricalFocalCrossentropy", data.one_hot, q, "alpha 0.5, gamma 1", alpha=0.5, gamma=1.0),
        entry("CategoricalFocalCrossentropy", data.one_hot, q, "gamma 0", gamma=0.0),
        entry("CategoricalFocalCrossentropy", data.one_hot, data.logits, "logits", from_logits=True),
        entry("CategoricalFocalCrossentropy", data.one_hot, data.logits, "logits, label smoothing 0.1", from_logits=True, label_smoothing=0.1),
        entry("CategoricalFocalCrossentropy", data.one_hot3.transpose(0, 2, 1), softmax(data.logits3.transpose(0, 2, 1), 1), "axis 1", axis=1),
    ]

    cases += general("SparseCategoricalCrossentropy", data.labels, q)
    cases += deep("SparseCategoricalCrossentropy", data.labels3, softmax(data.logits3))
    cases += general("SparseCategoricalCrossentropy", data.labels, data.logits, from_logits=True)
    cases += [
        entry("SparseCategoricalCrossentropy", data.labels.reshape(4, 1), q, "labels [n, 1]"),
        entry("SparseCategoricalCrossentropy", data.labels.astype("float32"), q, "float labels"),
        entry("SparseCategoricalCrossentropy", data.labels, q, "ignore_class 3", ignore_class=3),
        entry("SparseCategoricalCrossentropy", data.labels, q, "ignore_class 3, reduction none", ignore_class=3, reduction="none"),
        entry("SparseCategoricalCrossentropy", data.labels, data.logits, "logits, ignore_class 0", ignore_class=0, from_logits=True),
        entry("SparseCategoricalCrossentropy", np.int32([0, -1, 2]), data.logits[:3], "logits, ignore_class -1", ignore_class=-1, from_logits=True),
        entry("SparseCategoricalCrossentropy", data.labels3, data.logits3, "rank 3, logits, ignore_class 2", ignore_class=2, from_logits=True),
        entry("SparseCategoricalCrossentropy", data.labels3 % 3, data.logits3[:, :, :3], "logits, axis 1", axis=1, from_logits=True),
    ]

    cases += [
        entry("CategoricalGeneralizedCrossEntropy", data.labels, q, f"q {value}", q=value) for value in (0.3, 0.5, 0.8)
    ]

    images = (data.binary.reshape(2, 2, 3, 1), data.binary_probabilities.reshape(2, 2, 3, 1))
    for kind in ("Dice", "Tversky"):
        cases += [
            entry(kind, data.binary, p, "rank 2"),
            entry(kind, *images, "images"),
            entry(kind, *images, "images, axis (1, 2, 3)", axis=(1, 2, 3)),
            entry(kind, *images, "images, axis (1, 2, 3), reduction none", axis=(1, 2, 3), reduction="none"),
        ]
    cases.append(entry("Tversky", data.binary, p, "alpha 0.3, beta 0.7", alpha=0.3, beta=0.7))

    embeddings = data.real3[1].reshape(6, 4)
    embeddings = (embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)).astype("float32")
    pairs = np.int32([0, 1, 0, 2, 1, 0])
    cases += [
        entry("Circle", pairs, embeddings, "defaults"),
        entry("Circle", pairs, embeddings, "gamma 2, margin 0.25", gamma=2.0, margin=0.25),
        entry("Circle", pairs, embeddings, "gamma 2, reduction none", gamma=2.0, reduction="none"),
        entry("Circle", pairs, embeddings, "diagonal kept", gamma=2.0, remove_diagonal=False),
    ]
    labels = np.int32([[1, 2, 1], [2, 2, 3]])
    frames = 2 * generator("ctc").standard_normal((2, 7, 4)).astype("float32")
    cases += [entry("CTC", labels, frames, "two sentences"), entry("CTC", labels, frames, "reduction none", reduction="none")]

    covered = {case["class"] for case in cases}
    classes = {name for name in dir(losses) if isinstance(getattr(losses, name), type)} - {"Loss"}
    assert covered == classes, classes ^ covered
    return {
        # Every name that `losses.get` takes, with the class or function behind it.
        "names": {name: thing.__name__ for name, thing in sorted(ALL_OBJECTS_DICT.items()) if name},
        "cases": cases,
    }
