"""PyTorch, and Keras on JAX, as the bench's peers on the CPU.

The bench starts this once. It reads a line of JSON, {"framework", "work", "threads", "calls", "stretches", …}, runs that
work in so many stretches of so many calls, and answers with a line: {"seconds"} of each stretch, or {"error"}. Between
lines it sleeps, so that whoever is measured next has the machine to itself. A work is built when it is first asked for,
and dropped by {"forget": true}.
"""

import json
import os
import sys
import time
import warnings

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PLATFORMS"] = "cpu"
warnings.filterwarnings("ignore")

# What libraries print while they work is no answer.
answers = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import keras  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402

random = np.random.default_rng(1)


def uniform(*shape):
    return random.uniform(-1, 1, shape).astype("float32")


def image(layout, shape=(8, 64, 56, 56)):
    """A batch of images as PyTorch has them: [batch, channels, height, width], in memory by the layout."""
    x = torch.from_numpy(uniform(*shape))
    return x.contiguous(memory_format=torch.channels_last) if layout == "NHWC" else x


def gradients(forward, tensors):
    """A function that runs forward and takes the gradient of the sum at all tensors."""
    leaves = [each.detach().requires_grad_(True) for each in tensors]
    return lambda: torch.autograd.grad(forward(*leaves).sum(), leaves)


def either(forward, tensors, gradient, at=None):
    if not gradient:
        def run():
            with torch.inference_mode():
                return forward(*tensors)
        return run
    if at is None:
        return gradients(forward, tensors)
    leaf = tensors[at].detach().requires_grad_(True)
    given = [*tensors[:at], leaf, *tensors[at + 1 :]]
    return lambda: torch.autograd.grad(forward(*given).sum(), leaf)


def torch_normalization(kind, layout, gradient):
    if layout == "rows":
        x, size = torch.from_numpy(uniform(4096, 1024)), 1024
        gamma, beta = torch.ones(size), torch.zeros(size)
        if kind == "rms":
            return either(lambda x, gamma: F.rms_norm(x, (size,), gamma, 1e-3), [x, gamma], gradient)
        return either(lambda x, gamma, beta: F.layer_norm(x, (size,), gamma, beta, 1e-3), [x, gamma, beta], gradient)
    x = image(layout)
    gamma, beta = torch.ones(64), torch.zeros(64)
    if kind == "group":
        forward = lambda x, gamma, beta: F.group_norm(x, 32, gamma, beta, 1e-3)
    elif kind == "instance":
        forward = lambda x, gamma, beta: F.instance_norm(x, None, None, gamma, beta, True, 0.1, 1e-3)
    elif kind == "batch":
        mean, variance = torch.zeros(64), torch.ones(64)
        forward = lambda x, gamma, beta: F.batch_norm(x, mean, variance, gamma, beta, True, 0.01, 1e-3)
    elif layout == "NHWC":
        x = torch.from_numpy(uniform(8, 56, 56, 64))
        forward = lambda x, gamma, beta: F.layer_norm(x, (64,), gamma, beta, 1e-3)
    else:
        gamma, beta = torch.ones(64, 56, 56), torch.zeros(64, 56, 56)
        forward = lambda x, gamma, beta: F.layer_norm(x, (64, 56, 56), gamma, beta, 1e-3)
    return either(forward, [x, gamma, beta], gradient)


def torch_product(size):
    a = torch.from_numpy(uniform(size, size))
    return either(torch.mm, [a, a], False)


def torch_convolution(depthwise, gradient):
    x = image("NHWC")
    kernel = torch.from_numpy(uniform(64, 1 if depthwise else 64, 3, 3)).contiguous(memory_format=torch.channels_last)
    forward = lambda x, kernel: F.conv2d(x, kernel, padding="same", groups=64 if depthwise else 1)
    at = {"x": 0, "kernel": 1}.get(gradient)
    return either(forward, [x, kernel], bool(gradient), at)


def torch_recurrent(kind, gradient):
    layer = (torch.nn.LSTM if kind == "lstm" else torch.nn.GRU)(128, 128, batch_first=True)
    x = torch.from_numpy(uniform(32, 64, 128))
    if not gradient:
        def run():
            with torch.inference_mode():
                return layer(x)
        return run
    weights = list(layer.parameters())
    return lambda: torch.autograd.grad(layer(x)[0][:, -1].square().sum(), weights)


def torch_attention(gradient):
    layer = torch.nn.MultiheadAttention(256, 8, batch_first=True)
    x = torch.from_numpy(uniform(4, 512, 256))
    if not gradient:
        layer.eval()

        def run():
            with torch.inference_mode():
                return layer(x, x, x, need_weights=False)
        return run
    weights = list(layer.parameters())
    return lambda: torch.autograd.grad(layer(x, x, x, need_weights=False)[0].sum(), weights)


def torch_network(batch):
    nn = torch.nn
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3), nn.GroupNorm(4, 16), nn.ReLU(),
        nn.Conv2d(16, 16, 3), nn.GroupNorm(4, 16), nn.ReLU(),
        nn.Flatten(), nn.Linear(24 * 24 * 16, 10),
    )  # fmt: skip
    x = torch.from_numpy(uniform(batch, 1, 28, 28))
    y = torch.arange(batch) % 10
    return torch_step(model, x, y, F.cross_entropy)


def torch_xor(training):
    nn = torch.nn
    model = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1), nn.Sigmoid())
    x = torch.from_numpy(uniform(8, 2))
    y = (x[:, :1] * x[:, 1:] < 0).float()
    return torch_step(model, x, y, F.binary_cross_entropy)


def torch_step(model, x, y, loss):
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)

    def step():
        optimizer.zero_grad()
        value = loss(model(x), y)
        value.backward()
        optimizer.step()
        return value.item()

    return step


def torch_input(shape, type, below=None, where=None, more=0, **limits):
    """Numbers as the survey describes them: between two limits, whole ones below a limit, or flags."""
    if where is not None:
        values = random.uniform(0, 1, shape) < where
    elif below is not None:
        values = random.integers(0, below, shape) + more
    else:
        values = random.uniform(limits.get("from", -1), limits.get("to", 1), shape)
    return torch.from_numpy(values.astype("int64" if type == "int32" else type))


def torch_expression(inputs, forward, gradient, setup=None, inference=True):
    """An expression of inputs by name, after statements that prepare it; or its gradients, those of modules included."""
    scope = {"torch": torch, "F": F, **{name: torch_input(**each) for name, each in inputs.items()}}
    leaves = [scope[name].requires_grad_(True) for name in gradient or []]
    exec(setup or "", scope)
    run = eval(f"lambda: {forward}", scope)
    if gradient is None:
        def call():
            with torch.inference_mode(inference):
                return run()
        return call
    for each in list(scope.values()):
        if isinstance(each, torch.nn.Module):
            leaves += list(each.parameters())
    return lambda: torch.autograd.grad(run().sum(), leaves)


def compiled(fn, *args):
    """A function that runs the compiled one and waits for it."""
    jitted = jax.jit(fn)
    return lambda: jax.block_until_ready(jitted(*args))


def keras_layer(layer, x, gradient, loss=jnp.sum, apply=None, **options):
    """Forward through a Keras layer, or forward and gradient at its weights and input."""
    apply = apply or (lambda weights, x: layer.stateless_call(weights, states, x, **options)[0])
    layer.build(x.shape) if not layer.built else None
    weights = [weight.value for weight in layer.trainable_variables]
    states = [weight.value for weight in layer.non_trainable_variables]
    if not gradient:
        return compiled(apply, weights, x)
    return compiled(jax.grad(lambda weights, x: loss(apply(weights, x)), argnums=(0, 1)), weights, x)


def keras_normalization(kind, layout, gradient):
    layers = keras.layers
    if layout == "rows":
        layer = layers.RMSNormalization(epsilon=1e-3) if kind == "rms" else layers.LayerNormalization()
        return keras_layer(layer, uniform(4096, 1024), gradient)
    axis, shape = (-1, (8, 56, 56, 64)) if layout == "NHWC" else (1, (8, 64, 56, 56))
    layer = {
        "group": lambda: layers.GroupNormalization(32, axis=axis),
        "instance": lambda: layers.GroupNormalization(-1, axis=axis),
        "batch": lambda: layers.BatchNormalization(axis=axis),
        "layer": lambda: layers.LayerNormalization(axis=-1 if layout == "NHWC" else [1, 2, 3]),
    }[kind]()
    return keras_layer(layer, uniform(*shape), gradient, **({"training": True} if kind == "batch" else {}))


def keras_product(size):
    a = uniform(size, size)
    return compiled(jnp.matmul, a, a)


def keras_convolution(depthwise, gradient):
    x = uniform(8, 56, 56, 64)
    kernel = uniform(3, 3, 64, 1 if depthwise else 64)
    convolve = keras.ops.depthwise_conv if depthwise else keras.ops.conv
    forward = lambda x, kernel: convolve(x, kernel, 1, "same")
    if not gradient:
        return compiled(forward, x, kernel)
    at = {"x": 0, "kernel": 1}.get(gradient, (0, 1))
    return compiled(jax.grad(lambda x, kernel: forward(x, kernel).sum(), argnums=at), x, kernel)


def keras_recurrent(kind, gradient):
    layer = (keras.layers.LSTM if kind == "lstm" else keras.layers.GRU)(128)
    return keras_layer(layer, uniform(32, 64, 128), gradient, lambda y: (y * y).sum())


def keras_attention(gradient):
    layer = keras.layers.MultiHeadAttention(8, 32)
    x = uniform(4, 512, 256)
    layer.build(x.shape, x.shape)
    states = [weight.value for weight in layer.non_trainable_variables]
    apply = lambda weights, x: layer.stateless_call(weights, states, x, x)[0]
    return keras_layer(layer, x, gradient, apply=apply)


def keras_network(batch):
    layers = keras.layers
    model = keras.Sequential([
        layers.Conv2D(16, 3), layers.GroupNormalization(4), layers.ReLU(),
        layers.Conv2D(16, 3), layers.GroupNormalization(4), layers.ReLU(),
        layers.Flatten(), layers.Dense(10),
    ])  # fmt: skip
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    x, y = uniform(batch, 28, 28, 1), np.arange(batch) % 10
    return lambda: model.train_on_batch(x, y)


def keras_xor(training):
    layers = keras.layers
    model = keras.Sequential([layers.Dense(8, activation="relu"), layers.Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy")
    x = uniform(8, 2)
    y = (x[:, :1] * x[:, 1:] < 0).astype("float32")
    if training == "batch":
        return lambda: model.train_on_batch(x, y)
    x, y = np.tile(x, (100, 1)), np.tile(y, (100, 1))
    return lambda: model.fit(x, y, batch_size=8, epochs=1, verbose=0, shuffle=False)


built = {}


def run(framework, work, threads, calls, stretches, **options):
    torch.set_num_threads(threads)
    key = json.dumps([framework, work, options])
    if key not in built:
        built[key] = globals()[f"{framework}_{work}"](**options)
    call = built[key]
    seconds = []
    for _ in range(stretches):
        start = time.perf_counter()
        for _ in range(calls):
            call()
        seconds.append(time.perf_counter() - start)
    return seconds


print(json.dumps({"torch": torch.__version__.split("+")[0], "keras": keras.__version__, "jax": jax.__version__}), file=answers)
for line in sys.stdin:
    request = json.loads(line)
    if request.get("forget"):
        built.clear()
        continue
    try:
        answer = {"seconds": run(**request)}
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {str(error).splitlines()[0][:200]}"}
    print(json.dumps(answer), file=answers)
