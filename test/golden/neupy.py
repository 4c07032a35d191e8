"""Writes neupy.json: what NeuPy's layers, losses and algorithms give, by their definitions in float64.

NeuPy needs TensorFlow 1, which no longer installs beside anything current, so the truth here is not a program but the
definitions, element by element. Gradients are central differences of those. Nothing of this project and nothing of
Keras takes part. It runs in the environment that generate.py makes.

    python3 test/golden/neupy.py
"""

import math
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from generate import ENVIRONMENT, INSIDE, make_environment  # noqa: E402

if __name__ == "__main__" and os.environ.get(INSIDE) != "1":
    environment = {**os.environ, **ENVIRONMENT, INSIDE: "1"}
    sys.exit(subprocess.run([make_environment(), str(Path(__file__).resolve())], env=environment).returncode)

import numpy as np  # noqa: E402
from writing import encode, generator, tensor  # noqa: E402


def each(x, f):
    return np.vectorize(f, otypes=[float])(x)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


# Activations: a function of one number, softmax of a row


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


ACTIVATIONS = {
    "Linear": lambda x: x,
    "Sigmoid": sigmoid,
    "HardSigmoid": lambda x: each(x, lambda v: min(max(0.2 * v + 0.5, 0), 1)),
    "Tanh": np.tanh,
    "Relu": lambda x: each(x, lambda v: max(v, 0)),
    "LeakyRelu": lambda x: each(x, lambda v: v if v > 0 else 0.01 * v),
    "Elu": lambda x: each(x, lambda v: v if v > 0 else math.exp(v) - 1),
    "Softplus": lambda x: each(x, lambda v: math.log1p(math.exp(v))),
    "Softmax": softmax,
    "Gelu": lambda x: each(x, lambda v: v * (1 + math.erf(v / math.sqrt(2))) / 2),
}


# Normalizations


def group_norm(x, gamma, beta, groups, epsilon):
    y = np.zeros_like(x)
    width = x.shape[3] // groups
    for n in range(x.shape[0]):
        for g in range(groups):
            part = [x[n, i, j, c] for i in range(x.shape[1]) for j in range(x.shape[2]) for c in range(g * width, (g + 1) * width)]
            mean = math.fsum(part) / len(part)
            variance = math.fsum((v - mean) ** 2 for v in part) / len(part)
            for c in range(g * width, (g + 1) * width):
                y[n, :, :, c] = (x[n, :, :, c] - mean) / math.sqrt(variance + epsilon) * gamma[0, 0, 0, c] + beta[0, 0, 0, c]
    return y


def batch_statistics(x, axes, epsilon):
    mean = x.mean(axis=axes, keepdims=True)
    return mean, 1 / np.sqrt(((x - mean) ** 2).mean(axis=axes, keepdims=True) + epsilon)


def local_response(x, alpha, beta, k, radius):
    y = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        *place, c = index
        near = [x[(*place, j)] ** 2 for j in range(max(0, c - radius), min(x.shape[-1], c + radius + 1))]
        y[index] = x[index] / (k + alpha * sum(near)) ** beta
    return y


# Convolutions and pooling


def same(size, window, stride):
    return max(0, (math.ceil(size / stride) - 1) * stride + window - size)


def around(size, window, stride, padding, axis):
    """How many zeros stand in front, and how many windows there are."""
    if padding == "same":
        missing = same(size, window, stride)
        return missing // 2, math.ceil(size / stride)
    pad = 0 if padding == "valid" else padding if isinstance(padding, int) else padding[axis]
    return pad, math.ceil((size + 2 * pad - window + 1) / stride)


def convolution(x, w, b, padding="valid", stride=(1, 1), dilation=(1, 1)):
    kh, kw, _, filters = w.shape
    spans = [(kh - 1) * dilation[0] + 1, (kw - 1) * dilation[1] + 1]
    (top, rows), (left, columns) = [around(x.shape[1 + a], spans[a], stride[a], padding, a) for a in (0, 1)]
    y = np.zeros((x.shape[0], rows, columns, filters)) + (0 if b is None else b)
    for i in range(rows):
        for j in range(columns):
            for u in range(kh):
                for v in range(kw):
                    r, c = i * stride[0] + u * dilation[0] - top, j * stride[1] + v * dilation[1] - left
                    if 0 <= r < x.shape[1] and 0 <= c < x.shape[2]:
                        y[:, i, j] += x[:, r, c] @ w[u, v]
    return y


def deconvolution(x, w, b, padding="valid", stride=(1, 1)):
    """What a convolution of NeuPy's output shape passes back: w is [rows, columns, filters, input channels]."""
    kh, kw, filters, _ = w.shape
    size = []
    for a, window in enumerate((kh, kw)):
        n, s = x.shape[1 + a], stride[a]
        if padding == "valid":
            size.append((n * s + max(window - s, 0), 0))
        elif padding == "same":
            size.append((n * s, same(n * s, window, s) // 2))
        else:
            pad = padding if isinstance(padding, int) else padding[a]
            size.append((n * s - 2 * pad + window - 1, pad))
    (rows, top), (columns, left) = size
    y = np.zeros((x.shape[0], rows, columns, filters))
    for i in range(x.shape[1]):
        for j in range(x.shape[2]):
            for u in range(kh):
                for v in range(kw):
                    r, c = i * stride[0] + u - top, j * stride[1] + v - left
                    if 0 <= r < rows and 0 <= c < columns:
                        y[:, r, c] += x[:, i, j] @ w[u, v].T
    return y + (0 if b is None else b)


def pooling(x, f, size, stride, padding):
    (top, rows), (left, columns) = [around(x.shape[1 + a], size[a], stride[a], padding, a) for a in (0, 1)]
    y = np.zeros((x.shape[0], rows, columns, x.shape[3]))
    for i in range(rows):
        for j in range(columns):
            r, c = i * stride[0] - top, j * stride[1] - left
            y[:, i, j] = f(x[:, max(r, 0) : r + size[0], max(c, 0) : c + size[1]], axis=(1, 2))
    return y


# Recurrences


def lstm(x, w, u, b, c0, h0, peep=None, backwards=False):
    c, h = np.repeat(c0, x.shape[0], 0), np.repeat(h0, x.shape[0], 0)
    outputs = []
    order = range(x.shape[1])[::-1] if backwards else range(x.shape[1])
    for t in order:
        i, f, g, o = np.split(x[:, t] @ w + b + h @ u, 4, axis=1)
        if peep is not None:
            i, f = i + c * peep[0], f + c * peep[1]
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        if peep is not None:
            o = o + c * peep[2]
        h = sigmoid(o) * np.tanh(c)
        outputs.append(h)
    return np.stack(outputs[::-1] if backwards else outputs, 1), h


def gru(x, w, u, b, h0, backwards=False):
    h = np.repeat(h0, x.shape[0], 0)
    outputs = []
    order = range(x.shape[1])[::-1] if backwards else range(x.shape[1])
    for t in order:
        xr, xu, xc = np.split(x[:, t] @ w + b, 3, axis=1)
        hr, hu, hc = np.split(h @ u, 3, axis=1)
        update = sigmoid(xu + hu)
        candidate = np.tanh(xc + sigmoid(xr + hr) * hc)
        h = (1 - update) * h + update * candidate
        outputs.append(h)
    return np.stack(outputs[::-1] if backwards else outputs, 1), h


def rounded(array):
    return np.asarray(array, dtype="float32").astype("float64")


def slope(f, arrays, place, cotangent, step=1e-5):
    """The gradient of sum(f(…) × cotangent) by one of the arrays."""
    given = arrays[place]
    gradient = np.zeros_like(given)
    for index in np.ndindex(given.shape):
        total = 0.0
        for sign in (1, -1):
            moved = given.copy()
            moved[index] += sign * step
            total += sign * float((f(*arrays[:place], moved, *arrays[place + 1 :]) * cotangent).sum())
        gradient[index] = total / (2 * step)
    return gradient


def case(layer, name, f, shapes, options=None, places=(), parameters=None, training=False, gradients=True):
    """`f` of the inputs, then of the parameters by their names."""
    draw = generator("neupy", layer, name)
    inputs = [rounded(draw.standard_normal(shape)) for shape in shapes]
    made = {
        key: rounded(value(draw) if callable(value) else 0.5 * draw.standard_normal(value))
        for key, value in (parameters or {}).items()
    }
    arrays = [*inputs, *made.values()]
    y = f(*arrays)
    cotangent = rounded(draw.standard_normal(y.shape))
    found = {"outputs": tensor(y)}
    if gradients:
        found["cotangent"] = tensor(cotangent)
        found["inputGradients"] = [tensor(slope(f, arrays, place, cotangent)) for place in range(len(inputs))]
        found["gradients"] = {key: tensor(slope(f, arrays, len(inputs) + i, cotangent)) for i, key in enumerate(made)}
    return {
        "layer": layer,
        "name": name,
        "places": list(places),
        "options": options or {},
        "training": training,
        "inputs": [tensor(x.astype("float32")) for x in inputs],
        "parameters": {key: tensor(value.astype("float32")) for key, value in made.items()},
        **found,
    }


def channels(n):
    return {"gamma": lambda d: d.uniform(0.5, 1.5, (1, 1, 1, n)), "beta": (1, 1, 1, n)}


def layer_cases():
    for name, f in ACTIVATIONS.items():
        yield case(name, "alone", f, [(3, 5)])
        dense = lambda x, weight, bias, f=f: f(x @ weight + bias)
        yield case(name, "dense", dense, [(3, 5)], places=[4], parameters={"weight": (5, 4), "bias": (4,)})
    leaky = lambda x: each(x, lambda v: v if v > 0 else 0.3 * v)
    yield case("Relu", "alpha", leaky, [(3, 5)], {"alpha": 0.3})
    yield case("Linear", "no bias", lambda x, weight: x @ weight, [(3, 5)], {"bias": None}, [2], {"weight": (5, 2)})
    prelu = lambda x, alpha: np.maximum(x, 0) + alpha * np.minimum(x, 0)
    yield case("PRelu", "channels", prelu, [(2, 3, 3, 4)], parameters={"alpha": (4,)})
    rows = lambda x, alpha: prelu(x, alpha[:, None, :])
    yield case("PRelu", "rows and channels", rows, [(2, 3, 2, 4)], {"alphaAxes": [1, 3]}, parameters={"alpha": (3, 4)})

    for groups in (1, 2, 3, 6):
        f = lambda x, gamma, beta, groups=groups: group_norm(x, gamma, beta, groups, 1e-5)
        yield case("GroupNorm", f"{groups} groups", f, [(2, 3, 2, 6)], places=[groups], parameters=channels(6))
    f = lambda x, gamma, beta: group_norm(x, gamma, beta, 2, 0.5)
    yield case("GroupNorm", "a large epsilon", f, [(2, 3, 2, 4)], {"epsilon": 0.5}, [2], channels(4))
    yield case("GroupNorm", "one place", f, [(2, 1, 1, 4)], {"epsilon": 0.5}, [2], channels(4))

    def trained(axes, epsilon):
        def f(x, gamma, beta):
            mean, inv_std = batch_statistics(x, axes, epsilon)
            return (x - mean) * inv_std * gamma + beta
        return f

    row = {"gamma": (1, 5), "beta": (1, 5)}
    yield case("BatchNorm", "training, rank 2", trained((0,), 1e-5), [(6, 5)], parameters=row, training=True)
    yield case("BatchNorm", "training, rank 4", trained((0, 1, 2), 1e-5), [(2, 3, 2, 4)], parameters=channels(4), training=True)
    sizes = {"gamma": (1, 3, 1, 4), "beta": (1, 3, 1, 4)}
    yield case("BatchNorm", "axes 0 and 2", trained((0, 2), 0.1), [(2, 3, 2, 4)], {"axes": [0, 2], "epsilon": 0.1}, parameters=sizes, training=True)
    given = lambda x, runningMean, runningInvStd, gamma, beta: (x - runningMean) * runningInvStd * gamma + beta
    running = {"runningMean": (1, 5), "runningInvStd": lambda d: d.uniform(0.5, 2, (1, 5)), **row}
    yield case("BatchNorm", "inference", given, [(6, 5)], parameters=running)

    yield case("LocalResponseNorm", "as it is", lambda x: local_response(x, 1e-4, 0.75, 2, 5), [(2, 2, 3, 7)])
    strong = lambda x: local_response(x, 0.5, 0.6, 1.5, 1)
    yield case("LocalResponseNorm", "strong", strong, [(2, 2, 3, 4)], {"alpha": 0.5, "beta": 0.6, "k": 1.5, "depthRadius": 1})

    for name, options in {
        "valid": {},
        "same": {"padding": "SAME"},
        "padding 2": {"padding": 2},
        "padding by axis, stride": {"padding": [1, 2], "stride": [2, 1]},
        "same, stride 2": {"padding": "same", "stride": [2, 2]},
        "dilation": {"dilation": [2, 1], "padding": 1},
    }.items():
        read = {key: value.lower() if isinstance(value, str) else value for key, value in options.items()}
        f = lambda x, weight, bias, read=read: convolution(x, weight, bias, **read)
        yield case("Convolution", name, f, [(2, 6, 5, 2)], options, [[3, 2, 3]], {"weight": (3, 2, 2, 3), "bias": (3,)})
    no_bias = lambda x, weight: convolution(x, weight, None)
    yield case("Convolution", "no bias", no_bias, [(2, 4, 4, 2)], {"bias": None}, [[3, 3, 2]], {"weight": (3, 3, 2, 2)})

    for name, options in {
        "valid": {},
        "same": {"padding": "same"},
        "valid, stride 2": {"stride": [2, 2]},
        "valid, stride above the window": {"stride": [4, 3]},
        "same, stride 2": {"padding": "same", "stride": [2, 2]},
        "padding 1": {"padding": 1},
        "padding by axis, stride": {"padding": [1, 0], "stride": [2, 3]},
    }.items():
        f = lambda x, weight, bias, options=options: deconvolution(x, weight, bias, **options)
        yield case("Deconvolution", name, f, [(2, 3, 4, 2)], options, [[3, 2, 3]], {"weight": (3, 2, 3, 2), "bias": (3,)})

    for layer, f in {"MaxPooling": np.max, "AveragePooling": np.mean}.items():
        yield case(layer, "as it is", lambda x, f=f: pooling(x, f, (2, 2), (2, 2), "valid"), [(2, 5, 4, 2)], places=[[2, 2]])
        overlapping = lambda x, f=f: pooling(x, f, (3, 2), (1, 2), "same")
        yield case(layer, "same, stride", overlapping, [(2, 5, 5, 2)], {"stride": [1, 2], "padding": "SAME"}, [[3, 2]])
        column = lambda x, f=f: pooling(x, f, (2, 1), (2, 1), "valid")
        yield case(layer, "a column", column, [(2, 5, 1, 2)], places=[[2, 1]])
    yield case("Upscale", "by axis", lambda x: x.repeat(2, 1).repeat(3, 2), [(2, 2, 3, 2)], places=[[2, 3]])
    for name, f in {"avg": np.mean, "max": np.max, "sum": np.sum}.items():
        yield case("GlobalPooling", name, lambda x, f=f: f(x, axis=(1, 2)), [(2, 3, 2, 4)], places=[name])
    yield case("GlobalPooling", "rank 2", lambda x: x, [(3, 4)], places=["avg"])

    yield case("Reshape", "flat", lambda x: x.reshape(2, -1), [(2, 3, 4)])
    yield case("Reshape", "one size follows", lambda x: x.reshape(2, 2, 6), [(2, 3, 4)], places=[[2, -1]])
    yield case("Transpose", "as said", lambda x: x.transpose(0, 2, 1), [(2, 3, 4)], places=[[0, 2, 1]])

    yield case("Elementwise", "add", lambda a, b, c: a + b + c, [(2, 3)] * 3)
    yield case("Elementwise", "multiply", lambda a, b: a * b, [(2, 3)] * 2, places=["multiply"])
    yield case("Concatenate", "the last axis", lambda a, b: np.concatenate([a, b], -1), [(2, 3), (2, 2)])
    yield case("Concatenate", "axis 1", lambda a, b: np.concatenate([a, b], 1), [(2, 3, 2), (2, 1, 2)], places=[1])
    gated = lambda g, a, b: g[:, :1, None] * a + g[:, 1:, None] * b
    yield case("GatedAverage", "the first", gated, [(3, 2), (3, 4, 2), (3, 4, 2)])
    last = lambda a, b, g: g[:, :1] * a + g[:, 1:] * b
    yield case("GatedAverage", "the last", last, [(3, 4), (3, 4), (3, 2)], {"gateIndex": -1})

    for steps, final in ((1, True), (4, True), (4, False)):
        pick = 1 if final else 0
        weights = {"inputWeights": (3, 8), "hiddenWeights": (2, 8), "biases": (8,), "cellInit": (1, 2), "hiddenInit": (1, 2)}
        f = lambda x, w, u, b, c0, h0, pick=pick: lstm(x, w, u, b, c0, h0)[pick]
        yield case("LSTM", f"{steps} steps, final {final}", f, [(2, steps, 3)], {"onlyReturnFinal": final, "learnInit": True}, [2], weights)
        weights = {"inputWeights": (3, 6), "hiddenWeights": (2, 6), "biases": (6,), "hiddenInit": (1, 2)}
        f = lambda x, w, u, b, h0, pick=pick: gru(x, w, u, b, h0)[pick]
        yield case("GRU", f"{steps} steps, final {final}", f, [(2, steps, 3)], {"onlyReturnFinal": final, "learnInit": True}, [2], weights)
    weights = {"inputWeights": (3, 8), "hiddenWeights": (2, 8), "biases": (8,), "cellWeights": (2,)}
    zero = np.zeros((1, 2))
    f = lambda x, w, u, b, p: lstm(x, w, u, b, zero, zero, [p, p, p])[1]
    yield case("LSTM", "peepholes", f, [(2, 3, 3)], {"peepholes": True}, [2], weights, gradients=False)
    weights.pop("cellWeights")
    f = lambda x, w, u, b: lstm(x, w, u, b, zero, zero, backwards=True)[0]
    yield case("LSTM", "backwards", f, [(2, 3, 3)], {"backwards": True, "onlyReturnFinal": False}, [2], weights)
    weights = {"inputWeights": (3, 6), "hiddenWeights": (2, 6), "biases": (6,)}
    f = lambda x, w, u, b: gru(x, w, u, b, zero, backwards=True)[1]
    yield case("GRU", "backwards", f, [(2, 3, 3)], {"backwards": True}, [2], weights)


def running_cases():
    """The running statistics of BatchNorm over three steps of training."""
    draw = generator("neupy", "running")
    batches = [rounded(draw.standard_normal((4, 3)) + step) for step in range(3)]
    mean, inv_std = np.zeros((1, 3)), np.ones((1, 3))
    for x in batches:
        seen_mean, seen_inv_std = batch_statistics(x, (0,), 1e-5)
        mean, inv_std = 0.7 * mean + 0.3 * seen_mean, 0.7 * inv_std + 0.3 * seen_inv_std
    return {
        "alpha": 0.3,
        "batches": [tensor(x.astype("float32")) for x in batches],
        "runningMean": tensor(mean),
        "runningInvStd": tensor(inv_std),
    }


def loss_cases():
    draw = generator("neupy", "losses")
    p = rounded(draw.uniform(0.05, 0.95, (4, 3)))
    p = rounded(p / p.sum(1, keepdims=True))
    t = np.eye(3)[draw.integers(0, 3, 4)]
    signs = np.where(draw.uniform(size=(4, 3)) < 0.5, -1.0, 1.0)
    positive = rounded(draw.uniform(0, 3, (4, 3)))
    losses = {
        "mae": (positive, p, np.abs(p - positive).mean()),
        "mse": (positive, p, ((p - positive) ** 2).mean()),
        "rmse": (positive, p, math.sqrt(((p - positive) ** 2).mean())),
        "msle": (positive, p, ((np.log(p + 1) - np.log(positive + 1)) ** 2).mean()),
        "rmsle": (positive, p, math.sqrt(((np.log(p + 1) - np.log(positive + 1)) ** 2).mean())),
        "binary_crossentropy": (t, p, (-t * np.log(p) - (1 - t) * np.log(1 - p)).mean()),
        "categorical_crossentropy": (t, p, -(t * np.log(p)).sum(-1).mean()),
        "binary_hinge": (signs, 2 * p - 1, np.maximum(0, 1 - signs * (2 * p - 1)).mean()),
        "categorical_hinge": (t, p, np.maximum(0, ((1 - t) * p).max(-1) - (t * p).sum(-1) + 1).mean()),
    }
    for name, (expected, predicted, value) in losses.items():
        yield {
            "loss": name,
            "expected": tensor(expected.astype("float32")),
            "predicted": tensor(rounded(predicted).astype("float32")),
            "value": float(value),
        }


def algorithm_cases():
    """One weight w, output w·x, mean squared error, all samples at once: w after each of five steps."""
    x, y = rounded(np.array([0.5, -1.0, 1.5, 2.0])), rounded(np.array([1.0, 0.5, -1.0, 2.0]))
    slope_of = lambda w: float((2 * (w * x - y) * x).mean())

    def descent(w, g, s, step=0.1):
        return w - step * g

    def momentum(w, g, s, step=0.1, momentum=0.9, nesterov=False):
        s["a"] = momentum * s.get("a", 0) + g
        return w - step * (g + momentum * s["a"] if nesterov else s["a"])

    def rmsprop(w, g, s, step=0.1, decay=0.95, momentum=0.0, epsilon=1e-7, centered=False):
        s["ms"] = decay * s.get("ms", 1) + (1 - decay) * g * g
        s["mg"] = decay * s.get("mg", 0) + (1 - decay) * g
        spread = s["ms"] - s["mg"] ** 2 if centered else s["ms"]
        s["m"] = momentum * s.get("m", 0) + step * g / math.sqrt(spread + epsilon)
        return w - s["m"]

    def adam(w, g, s, step=0.001, beta1=0.9, beta2=0.999, epsilon=1e-7):
        s["t"] = s.get("t", 0) + 1
        s["m"] = beta1 * s.get("m", 0) + (1 - beta1) * g
        s["v"] = beta2 * s.get("v", 0) + (1 - beta2) * g * g
        rate = step * math.sqrt(1 - beta2 ** s["t"]) / (1 - beta1 ** s["t"])
        return w - rate * s["m"] / (math.sqrt(s["v"]) + epsilon)

    def adamax(w, g, s, step=0.002, beta1=0.9, beta2=0.999, epsilon=1e-7):
        s["t"] = s.get("t", 0) + 1
        s["m"] = beta1 * s.get("m", 0) + (1 - beta1) * g
        s["u"] = max(beta2 * s.get("u", 0), abs(g))
        return w - step / (1 - beta1 ** s["t"]) * s["m"] / (s["u"] + epsilon)

    def adadelta(w, g, s, step=1.0, rho=0.95, epsilon=1e-7):
        s["a"] = rho * s.get("a", 0) + (1 - rho) * g * g
        delta = math.sqrt(s.get("d", 0) + epsilon) / math.sqrt(s["a"] + epsilon) * g
        s["d"] = rho * s.get("d", 0) + (1 - rho) * delta * delta
        return w - step * delta

    def adagrad(w, g, s, step=0.1):
        s["a"] = s.get("a", 0.1) + g * g
        return w - step * g / math.sqrt(s["a"])

    rules = [
        ("GradientDescent", descent, {}),
        ("GradientDescent", descent, {"step": 0.3}),
        ("Momentum", momentum, {}),
        ("Momentum", momentum, {"momentum": 0.5, "nesterov": True}),
        ("RMSProp", rmsprop, {}),
        ("RMSProp", rmsprop, {"decay": 0.8, "momentum": 0.5, "centered": True, "step": 0.02}),
        ("Adam", adam, {}),
        ("Adam", adam, {"step": 0.05, "beta1": 0.8, "beta2": 0.9, "epsilon": 1e-3}),
        ("Adamax", adamax, {}),
        ("Adadelta", adadelta, {}),
        ("Adadelta", adadelta, {"rho": 0.5, "epsilon": 1e-2, "step": 0.5}),
        ("Adagrad", adagrad, {}),
    ]
    for name, rule, options in rules:
        w, state, weights, errors = 0.25, {}, [], []
        for _ in range(5):
            errors.append(float(((w * x - y) ** 2).mean()))
            w = rule(w, slope_of(w), state, **options)
            weights.append(w)
        yield {
            "algorithm": name,
            "options": options,
            "x": tensor(x.astype("float32")),
            "y": tensor(y.astype("float32")),
            "weights": weights,
            "errors": errors,
        }


def main():
    content = {
        "formula": f"definitions in float64, numpy {np.__version__}",
        "layers": list(layer_cases()),
        "running": running_cases(),
        "losses": list(loss_cases()),
        "algorithms": list(algorithm_cases()),
    }
    (HERE / "neupy.json").write_text(encode(content) + "\n")


if __name__ == "__main__":
    main()
