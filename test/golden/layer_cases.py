"""Runs one layer case through Keras and records everything a test may compare. Holds no cases."""

import warnings

import jax
import keras
import numpy as np
from keras import tree
from keras.src import backend
from writing import generator, number, numbers, plain, tensor

LEARNING_RATE = 0.05
STEPS = 3


class Case:
    """One configuration of one layer, on given inputs.

    layer       builds it (a function, so that names start afresh in each case)
    shapes      of the inputs, batch first; several make a list input
    inputs      arrays instead of random normals of those shapes
    mask        one array (or a list of them for list inputs)
    training    as passed to the call; None passes nothing
    weights     values by path, instead of random ones; "initial" keeps what the layer starts with
    spread, shift  of the random inputs
    prepare     called with the built layer before anything is read
    assigns     True when the call itself overwrites a trainable weight; see `record`
    call        how the layer is called on its inputs, where it is not called on one or on a list of them; it is then
                built for the first one
    whole_batch True where the layer must know the batch size when it is built; what a second call gives is recorded too
    configured  called with the config, returns it with names that are this script's own replaced
    positional  True where several inputs are arguments of the call and not a list
    arguments   of the call, by keyword, beside training
    extra       called with nothing at the end, returns more fields
    note        what is surprising here
    """

    def __init__(self, name, layer, *shapes, inputs=None, mask=None, training=None, weights=None, spread=1.0,
                 shift=0.0, prepare=None, extra=None, note=None, as_list=None,
                 assigns=False, call=None, whole_batch=False, configured=None, positional=False, arguments=None):
        self.name = name
        self.layer = layer
        self.shapes = shapes
        self.inputs = inputs
        self.mask = mask
        self.training = training
        self.weights = weights or {}
        self.spread = spread
        self.shift = shift
        self.prepare = prepare
        self.extra = extra
        self.note = note
        self.assigns = assigns
        self.call = call
        self.positional = positional
        self.arguments = arguments or {}
        self.whole_batch = whole_batch
        self.configured = configured or (lambda config: config)
        self.as_list = len(inputs if inputs is not None else shapes) > 1 if as_list is None else as_list


def maker(kind):
    """
    `make(name, shape…, options)`: a case of one layer class, by its name in Keras or as it is; the case's own options
    are picked out by name.
    """
    layer_class = kind if isinstance(kind, type) else getattr(keras.layers, kind)
    own = ("shift", "spread", "mask", "note", "training", "inputs", "weights", "as_list", "positional", "arguments")

    def make(name, /, *shapes, **options):
        case_options = {key: options.pop(key) for key in own if key in options}
        given = options.pop("given", None)  # Embedding's own `weights` option
        arguments = options if given is None else {**options, "weights": [given]}
        return Case(name, lambda: layer_class(**arguments), *shapes, **case_options)

    return make


def weight_path(layer, variable):
    """The variable's path below its layer: `gamma`, or `dense/kernel` inside a wrapper."""
    prefix = layer.name + "/"
    return variable.path.removeprefix(prefix)


def random_weight(random, path, shape):
    """A value far from the initial one, and legal for what the weight is."""
    draw = random.standard_normal(shape)
    name = path.split("/")[-1]
    if name in ("gamma", "scale"):
        return 1 + 0.3 * draw
    if "variance" in name or "stddev" in name:
        return random.uniform(0.5, 2, shape)
    if name in ("beta", "bias") or "mean" in name:
        return 0.3 * draw
    if name == "alpha":
        return 0.25 + 0.1 * draw
    if name == "kernel":
        return draw / np.sqrt(max(1, np.prod(shape[:-1])))
    return 0.5 * draw


def as_float32(values):
    return np.asarray(values, dtype="float32")


def fresh_layer(case):
    keras.backend.clear_session()
    keras.utils.set_random_seed(20260901)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return case.layer()


def unknown_batch(case, inputs):
    shapes = [(x.shape[0] if case.whole_batch else None, *x.shape[1:]) for x in inputs]
    return shapes if case.as_list and not case.call else shapes[0]


def told(case, shapes):
    """The shapes as `build` and its like take them."""
    return shapes if case.positional else [shapes]


def listed(value):
    return list(value) if isinstance(value, (list, tuple)) else [value]


def output_shapes(layer, shapes, outputs):
    """What the layer says of its outputs: one shape, or a flat list; a cell says nothing, so its outputs do."""
    if hasattr(layer, "state_size") and not isinstance(layer, keras.layers.RNN):
        return [(None, *y.shape[1:]) for y in outputs]
    shapes = layer.compute_output_shape(*shapes)

    def flat(each):
        return [each] if all(size is None or isinstance(size, int) for size in each) else [s for e in each for s in flat(e)]

    found = flat(shapes)
    return found if len(found) > 1 else found[0]


def record(subject, case):
    """The case's entry in the layer's file."""
    random = generator(subject, case.name)
    if case.inputs is not None:
        inputs = [np.asarray(x) for x in case.inputs]
    else:
        inputs = [as_float32(case.shift + case.spread * random.standard_normal(shape)) for shape in case.shapes]

    layer = fresh_layer(case)
    config = case.configured(plain(layer.get_config()))
    if not layer.built:
        layer.build(*told(case, unknown_batch(case, inputs)))
    if case.prepare:
        case.prepare(layer)
    if case.weights != "initial":
        for variable in layer.weights:
            path = weight_path(layer, variable)
            if path in case.weights:
                variable.assign(as_float32(case.weights[path]))
            elif "float" in variable.dtype and not getattr(layer, "adapt_mean", None) is variable:
                variable.assign(as_float32(random_weight(random, path, variable.shape)))

    result = {"name": case.name}
    if case.note:
        result["note"] = case.note
    result["config"] = config
    after = case.configured(plain(layer.get_config()))
    if after != config:
        result["configAfterBuild"] = after
    result["buildConfig"] = plain(layer.get_build_config())
    result["inputIsList"] = case.as_list
    if case.whole_batch:
        result["wholeBatch"] = True
    result["inputs"] = [tensor(x) for x in inputs]
    masks = None if case.mask is None else listed(case.mask) if case.as_list else [case.mask]
    masks = None if masks is None else [None if mask is None else np.asarray(mask) for mask in masks]
    encoded = None if masks is None else [None if mask is None else tensor(mask) for mask in masks]
    result["mask"] = encoded if case.as_list or encoded is None else encoded[0]
    result["training"] = case.training
    if case.arguments:
        result["arguments"] = {
            name: tensor(value) if isinstance(value, np.ndarray) else value for name, value in case.arguments.items()
        }
    paths = [weight_path(layer, variable) for variable in layer.weights]
    trainable = {id(variable) for variable in layer.trainable_weights}
    result["weights"] = [
        {"path": path, "trainable": id(variable) in trainable, **tensor(variable)}
        for path, variable in zip(paths, layer.weights)
    ]
    start = [np.asarray(variable) for variable in layer.weights]

    def run(weights, xs, training):
        """Outputs, losses, masks and new weights of one real call, as a pure function of the values."""
        mapping = list(zip(layer.weights, weights))
        with backend.StatelessScope(state_mapping=mapping, collect_losses=True) as scope:
            for x, mask in zip(xs, masks or []):
                if mask is not None:
                    backend.set_keras_mask(x, mask)
            arguments = {**case.arguments, **({} if training is None else {"training": training})}
            layer._clear_losses()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                given = case.call(layer, xs, **arguments) if case.call else layer(*(xs if case.positional else [list(xs) if case.as_list else xs[0]]), **arguments)
                outputs = tree.flatten(given)
            losses = sum(layer.losses) if layer.losses else np.float32(0)
            out_masks = [backend.get_keras_mask(y) for y in outputs]
            new = [scope.get_current_value(variable) for variable in layer.weights]
            new = [variable.value if value is None else value for variable, value in zip(layer.weights, new)]
        return outputs, losses, out_masks, new

    shapes = jax.eval_shape(lambda weights, xs: run(weights, xs, case.training)[0], start, inputs)
    cotangent = [as_float32(random.standard_normal(y.shape)) for y in shapes]
    train = [i for i, variable in enumerate(layer.weights) if id(variable) in trainable]
    float_inputs = [i for i, x in enumerate(inputs) if x.dtype == np.float32]

    def objective(trained, traced, weights, xs, with_losses, training):
        weights, xs = list(weights), list(xs)
        for i, value in zip(train, trained):
            weights[i] = value
        for i, value in zip(float_inputs, traced):
            xs[i] = value
        outputs, losses, out_masks, new = run(weights, xs, training)
        total = sum((y * dy).sum() for y, dy in zip(outputs, cotangent))
        return total + losses * with_losses, (outputs, losses, out_masks, new)

    step = jax.jit(jax.value_and_grad(objective, argnums=(0, 1), has_aux=True), static_argnums=5)

    def evaluate(weights, with_losses, training):
        trained = [weights[i] for i in train]
        traced = [inputs[i] for i in float_inputs]
        return step(trained, traced, weights, inputs, np.float32(with_losses), training)

    def gradients_of(through_assignment):
        """Both kinds of gradient at the start, and the weights after three steps.

        Where the call overwrites a weight there are two answers: the gradient with respect to the
        value before, through the assignment (Keras's JAX trainer, which also forgets the assignment),
        or with respect to the assigned value (its eager, TensorFlow and PyTorch ways).
        """

        def gradients_at(weights, with_losses):
            (_, (_, _, _, new)), gradients = evaluate(weights, with_losses, case.training)
            if not through_assignment:
                weights = [np.asarray(value) for value in new]
                _, gradients = evaluate(weights, with_losses, False)
            return new, gradients

        _, at_start = gradients_at(start, 0)
        optimizer = keras.optimizers.SGD(learning_rate=LEARNING_RATE)
        for variable, value in zip(layer.weights, start):
            variable.assign(value)
        if train:
            optimizer.build(layer.trainable_variables)
        for _ in range(STEPS):
            new, (gradients, _) = gradients_at([np.asarray(v) for v in layer.weights], 1)
            for i, variable in enumerate(layer.weights):
                if i not in train or not through_assignment:
                    variable.assign(new[i])
            if train:
                optimizer.apply(gradients, layer.trainable_variables)
        return at_start, [numbers(variable) for variable in layer.weights]

    (_, (outputs, losses, out_masks, new)), _ = evaluate(start, 0, case.training)
    (weight_gradients, input_gradients), after_three = gradients_of(not case.assigns)
    result["outputs"] = [tensor(y) for y in outputs]
    result["outputMask"] = None if out_masks[0] is None else tensor(out_masks[0])
    result["cotangent"] = [tensor(dy) for dy in cotangent]
    by_input = dict(zip(float_inputs, input_gradients))
    result["inputGradients"] = [tensor(by_input[i]) if i in by_input else None for i in range(len(inputs))]
    result["weightGradients"] = [tensor(gradient) for gradient in weight_gradients]
    result["weightsAfterCall"] = [numbers(value) for value in new]
    result["weightsAfterThreeSteps"] = after_three
    if case.assigns:
        (weight_gradients, _), after_three = gradients_of(True)
        result["throughAssignment"] = {
            "weightGradients": [tensor(gradient) for gradient in weight_gradients],
            "weightsAfterThreeSteps": after_three,
        }
    if case.whole_batch:
        for variable, value in zip(layer.weights, start):
            variable.assign(value)
        calls = [tree.flatten(layer(inputs[0])) for _ in range(2)]
        result["secondOutputs"] = [tensor(y) for y in calls[1]]
    result["losses"] = number(np.float32(losses))
    result["trainableWeights"] = [paths[i] for i in train]
    result["countParams"] = layer.count_params()
    result["computeOutputShape"] = plain(output_shapes(layer, told(case, unknown_batch(case, inputs)), outputs))
    if case.extra:
        result.update(case.extra())
    return result


def config_file(subject, cases):
    """For a layer that computes nothing: what it says of itself."""
    entries = []
    for name, options in cases:
        layer = fresh_layer(Case(name, lambda: getattr(keras.layers, subject)(**options)))
        output = layer.output
        entries.append({
            "name": name,
            "options": plain(options),
            "config": plain(layer.get_config()),
            "outputShape": plain(output.shape),
            "outputDtype": output.dtype,
        })
    return {"layer": subject, "cases": entries}


def layer_file(subject, cases):
    names = [case.name for case in cases]
    assert len(set(names)) == len(names), f"{subject}: case names repeat"
    return {"layer": subject, "cases": [record(subject, case) for case in cases]}
