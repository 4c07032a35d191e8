"""The metrics: every class fed a stream of three batches, read after each."""

import keras
import numpy as np
from keras import metrics
from keras.src.metrics import ALL_OBJECTS_DICT
from writing import generator, plain, tensor


def entry(kind, batches, name, weights=None, **options):
    """Feeds `batches` (each (y_true, y_pred), or (values,) for Mean and Sum) to a metric."""
    keras.backend.clear_session()
    metric = getattr(metrics, kind)(**options)
    config = plain(metric.get_config())
    updates = []
    for index, batch in enumerate(batches):
        weight = None if weights is None else weights[index]
        batch = [np.asarray(part) for part in batch]
        metric.update_state(*batch, sample_weight=weight)
        names = ("values",) if len(batch) == 1 else ("yTrue", "yPred")
        updates.append({
            **{key: tensor(part) for key, part in zip(names, batch)},
            "sampleWeight": None if weight is None else tensor(np.asarray(weight, "float32")),
            "result": tensor(metric.result()),
        })
    variables = [{"name": variable.name, **tensor(variable)} for variable in metric.variables]
    metric.reset_state()
    return {
        "class": kind,
        "name": name,
        "config": config,
        "updates": updates,
        "variables": variables,
        "resultAfterReset": tensor(metric.result()),
    }


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return (e / e.sum(axis=-1, keepdims=True)).astype("float32")


class Data:
    """Streams of three batches of uneven sizes."""

    def __init__(self):
        self.random = generator("metrics data")
        self.sizes = (5, 3, 6)
        self.real = self.stream(lambda n: (self.normal(n, 2), self.normal(n, 2)))
        self.positive = self.stream(lambda n: (np.abs(self.normal(n, 2)), np.abs(self.normal(n, 2)) + np.float32(0.05)))
        self.labels = self.stream(lambda n: (self.integers(4, n), softmax(2 * self.normal(n, 4))))
        self.one_hot = [(np.eye(4, dtype="float32")[labels], p) for labels, p in self.labels]
        self.label_logits = self.stream(lambda n: (self.integers(4, n), 2 * self.normal(n, 4)))
        self.binary = self.stream(lambda n: (self.integers(2, n), self.random.uniform(size=n).astype("float32")))
        self.binary_column = [(t.reshape(-1, 1), p.reshape(-1, 1)) for t, p in self.binary]
        self.multi = self.stream(lambda n: (self.integers(2, n, 3), self.random.uniform(size=(n, 3)).astype("float32")))
        self.logits = self.stream(lambda n: (self.integers(2, n), 2 * self.normal(n)))
        self.signs = self.stream(lambda n: (np.float32(2 * self.integers(2, n, 2) - 1), self.normal(n, 2)))
        self.images = self.stream(lambda n: (self.integers(3, n, 2, 2), self.integers(3, n, 2, 2)))
        self.weights = [np.array(self.random.choice([0, 0.5, 1, 2], n), "float32") for n in self.sizes]
        self.weights[0][0] = 0.5

    def stream(self, make):
        return [make(n) for n in self.sizes]

    def normal(self, *shape):
        return self.random.standard_normal(shape).astype("float32")

    def integers(self, below, *shape):
        return self.random.integers(0, below, shape).astype("int32")


def both(kind, batches, name, data, **options):
    """The same stream without and with weights by sample."""
    return [
        entry(kind, batches, name, **options),
        entry(kind, batches, f"{name}, weight by sample", data.weights, **options),
    ]


def content():
    data = Data()
    cases = []

    for kind in ("Mean", "Sum"):
        vectors = [(y[:, 0],) for y, _ in data.real]
        cases += both(kind, vectors, "vectors", data)
        cases.append(entry(kind, [(y,) for y, _ in data.real], "matrices"))
        cases.append(entry(kind, [(y,) for y, _ in data.real], "matrices, weight by sample", [w[:, None] for w in data.weights]))
        cases.append(entry(kind, [(np.float32(1.5),), (np.float32(2.5),), (np.float32(-1),)], "numbers"))
        cases.append(entry(kind, [(np.float32(1.5),), (np.float32(2.5),), (np.float32(-1),)], "numbers with weights", [2.0, 0.0, 1.0]))

    for kind in ("MeanSquaredError", "MeanAbsoluteError", "RootMeanSquaredError", "LogCoshError", "CosineSimilarity"):
        cases += both(kind, data.real, "matrices", data)
    cases.append(entry("CosineSimilarity", data.real, "axis 0", axis=0))
    for kind in ("MeanAbsolutePercentageError", "MeanSquaredLogarithmicError", "Poisson"):
        cases += both(kind, data.positive, "positive", data)
    for kind in ("Hinge", "SquaredHinge"):
        cases += both(kind, data.signs, "signs", data)
    cases += both("CategoricalHinge", data.one_hot, "one-hot", data)
    cases += both("KLDivergence", data.one_hot, "one-hot", data)

    cases += both("R2Score", data.real, "two columns", data)
    for aggregation in (None, "variance_weighted_average"):
        cases += both("R2Score", data.real, f"aggregation {aggregation}", data, class_aggregation=aggregation)
    cases.append(entry("R2Score", data.real, "adjusted for two regressors", num_regressors=2))
    for kind in ("PearsonCorrelation", "ConcordanceCorrelation"):
        wide = data.stream(lambda n: (data.normal(n, 6), data.normal(n, 6)))
        wide = [(t, 0.5 * t + p) for t, p in wide]
        cases += both(kind, wide, "rows", data)
        cases.append(entry(kind, wide, "axis 0", axis=0))

    whole = [(t, t * (i % 2) + np.int32(1)) for i, (t, _) in enumerate(data.labels)]
    cases += both("Accuracy", whole, "equal labels", data)
    for threshold in (0.5, 0.3, 0.0):
        cases += both("BinaryAccuracy", data.binary_column, f"threshold {threshold}", data, threshold=threshold)
    cases.append(entry("BinaryAccuracy", data.multi, "three columns"))
    cases += both("CategoricalAccuracy", data.one_hot, "one-hot", data)
    cases += both("SparseCategoricalAccuracy", data.labels, "labels", data)
    cases.append(entry("SparseCategoricalAccuracy", [(t[:, None], p) for t, p in data.labels], "labels [n, 1]"))
    sequence = [(np.stack([t, t[::-1]], 1), np.stack([p, p[:, ::-1]], 1)) for t, p in data.labels]
    cases.append(entry("SparseCategoricalAccuracy", sequence, "sequences"))
    cases.append(entry("SparseCategoricalAccuracy", sequence, "sequences, weight by step", [np.stack([w, w + np.float32(1)], 1) for w in data.weights]))
    tied = [(np.int32([0, 1, 2]), np.float32([[1, 1, 1], [0.5, 0.5, 0], [0, 0.5, 0.5]]))] * 3
    cases.append(entry("SparseCategoricalAccuracy", tied, "ties: the first counts"))
    for k in (1, 2, 3):
        cases += both("TopKCategoricalAccuracy", data.one_hot, f"k {k}", data, k=k)
        cases += both("SparseTopKCategoricalAccuracy", data.labels, f"k {k}", data, k=k)
    cases.append(entry("SparseTopKCategoricalAccuracy", tied, "k 1, ties", k=1))
    cases.append(entry("SparseTopKCategoricalAccuracy", [(t, np.argsort(-p, axis=-1).astype("float32")) for t, p in data.labels], "from sorted ids", k=2, from_sorted_ids=True))

    cases += both("BinaryCrossentropy", data.binary_column, "probabilities", data)
    cases += both("BinaryCrossentropy", [(t[:, None], p[:, None]) for t, p in data.logits], "logits", data, from_logits=True)
    cases.append(entry("BinaryCrossentropy", data.binary_column, "label smoothing", label_smoothing=0.2))
    cases += both("CategoricalCrossentropy", data.one_hot, "probabilities", data)
    cases.append(entry("CategoricalCrossentropy", [(np.eye(4, dtype="float32")[t], p) for t, p in data.label_logits], "logits, label smoothing", from_logits=True, label_smoothing=0.1))
    cases += both("SparseCategoricalCrossentropy", data.labels, "probabilities", data)
    cases += both("SparseCategoricalCrossentropy", data.label_logits, "logits", data, from_logits=True)
    cases.append(entry("SparseCategoricalCrossentropy", data.label_logits, "ignore_class 1", from_logits=True, ignore_class=1))

    for kind in ("TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives"):
        cases += both(kind, data.binary, "defaults", data)
        cases += both(kind, data.binary, "two thresholds", data, thresholds=[0.3, 0.7])
        cases.append(entry(kind, data.multi, "three columns"))
    for kind in ("Precision", "Recall"):
        cases += both(kind, data.binary, "defaults", data)
        cases += both(kind, data.binary, "two thresholds", data, thresholds=[0.2, 0.8])
        cases.append(entry(kind, data.binary, "threshold 0.9: few or none found", thresholds=0.9))
        cases.append(entry(kind, data.multi, "class_id 1", class_id=1))
        cases.append(entry(kind, data.one_hot, "top_k 2", top_k=2))
        cases.append(entry(kind, data.one_hot, "top_k 2, class_id 3", top_k=2, class_id=3))

    for curve in ("ROC", "PR"):
        cases += both("AUC", data.binary, f"{curve}", data, curve=curve)
        for summation in ("interpolation", "minoring", "majoring"):
            cases.append(entry("AUC", data.binary, f"{curve}, {summation}, 7 thresholds", curve=curve, num_thresholds=7, summation_method=summation))
        cases.append(entry("AUC", data.multi, f"{curve}, multi_label, 11 thresholds", curve=curve, multi_label=True, num_labels=3, num_thresholds=11))
        cases.append(entry("AUC", data.multi, f"{curve}, multi_label, label weights", curve=curve, multi_label=True, num_labels=3, num_thresholds=11, label_weights=[1.0, 2.0, 0.5]))
        cases.append(entry("AUC", data.multi, f"{curve}, three columns in one", curve=curve, num_thresholds=11))
    cases.append(entry("AUC", data.logits, "logits", from_logits=True, num_thresholds=11))
    cases.append(entry("AUC", data.binary, "thresholds given", thresholds=[0.25, 0.5, 0.75]))
    cases.append(entry("AUC", data.binary, "thresholds given, uneven", thresholds=[0.1, 0.15, 0.8]))
    cases.append(entry("AUC", [(np.ones_like(t), p) for t, p in data.binary], "one class only", num_thresholds=5))

    at = {"SensitivityAtSpecificity": "specificity", "SpecificityAtSensitivity": "sensitivity", "PrecisionAtRecall": "recall", "RecallAtPrecision": "precision"}
    for kind, option in at.items():
        for value in (0.5, 0.8):
            cases += both(kind, data.binary, f"{option} {value}", data, **{option: value})
        cases.append(entry(kind, data.binary, "4 thresholds", num_thresholds=4, **{option: 0.6}))
        cases.append(entry(kind, data.binary, "1 threshold", num_thresholds=1, **{option: 0.6}))
        cases.append(entry(kind, data.multi, "class_id 2", class_id=2, num_thresholds=20, **{option: 0.5}))

    for kind, more in (("F1Score", [{}]), ("FBetaScore", [dict(beta=2.0), dict(beta=0.5)])):
        for options in more:
            for average in (None, "micro", "macro", "weighted"):
                said = ", ".join([f"average {average}", *(f"{key} {value}" for key, value in options.items())])
                cases += both(kind, [(np.float32(t), p) for t, p in data.one_hot], said, data, average=average, **options)
            cases.append(entry(kind, [(np.float32(t), p) for t, p in data.multi], f"threshold 0.5{said[said.find(','):] if options else ''}", threshold=0.5, **options))

    weights = [np.broadcast_to(w[:, None, None], (len(w), 2, 2)).copy() for w in data.weights]
    cases += [
        entry("MeanIoU", data.images, "three classes", num_classes=3),
        entry("MeanIoU", data.images, "three classes, weights", weights, num_classes=3),
        entry("MeanIoU", data.images, "ignore_class 0", num_classes=3, ignore_class=0),
        entry("MeanIoU", data.images, "a class never seen", num_classes=5),
        entry("IoU", data.images, "classes 0 and 2", num_classes=3, target_class_ids=[0, 2]),
        entry("IoU", data.images, "class 1, weights", weights, num_classes=3, target_class_ids=[1]),
        entry("IoU", data.images, "ignore_class 1", num_classes=3, target_class_ids=[0, 2], ignore_class=1),
        entry("BinaryIoU", data.binary, "defaults"),
        entry("BinaryIoU", data.binary, "threshold 0.3, class 1", target_class_ids=[1], threshold=0.3),
        entry("BinaryIoU", data.binary, "weight by sample", data.weights),
        entry("OneHotIoU", data.one_hot, "classes 0 and 2", num_classes=4, target_class_ids=[0, 2]),
        entry("OneHotIoU", data.one_hot, "weight by sample", data.weights, num_classes=4, target_class_ids=[1]),
        entry("OneHotMeanIoU", data.one_hot, "probabilities", num_classes=4),
        entry("OneHotMeanIoU", [(t, np.argmax(p, -1).astype("int32")) for t, p in data.one_hot], "sparse predictions", num_classes=4, sparse_y_pred=True),
    ]

    covered = {case["class"] for case in cases}
    classes = {name for name in dir(metrics) if isinstance(getattr(metrics, name), type)}
    missing = classes - covered - {"Metric", "MeanMetricWrapper"}
    assert not missing, missing
    return {
        # Every name that `metrics.get` takes, with the class behind it.
        "names": {name: thing.__name__ for name, thing in sorted(ALL_OBJECTS_DICT.items()) if name},
        "cases": cases,
    }
