"""The optimizers, step by step on given gradients, and the learning rate schedules."""

import keras
import numpy as np
from keras import optimizers
from keras.optimizers import schedules
from keras.src.optimizers import ALL_OBJECTS_DICT
from writing import generator, number, plain, tensor

STEPS = 5
SHAPES = {"kernel": (3, 4), "bias": (4,)}


def entry(kind, name, steps=STEPS, constraint=None, exclude=None, scale=1.0, **options):
    """Applies the same gradients, one set a step, to a matrix and a vector."""
    keras.backend.clear_session()
    optimizer = getattr(optimizers, kind)(**options)
    random = generator("optimizers data")
    start = {key: random.standard_normal(shape).astype("float32") for key, shape in SHAPES.items()}
    gradients = [
        {key: (scale * random.standard_normal(shape)).astype("float32") for key, shape in SHAPES.items()} for _ in range(steps)
    ]
    if steps > 2:
        gradients[2]["bias"] = np.zeros_like(gradients[2]["bias"])
    variables = []
    for key, value in start.items():
        variable = keras.Variable(value, name=key)
        if constraint and key == "kernel":
            variable.constraint = keras.constraints.get(constraint)
        variables.append(variable)
    if exclude:
        optimizer.exclude_from_weight_decay(var_names=exclude)
    optimizer.build(variables)
    result = {
        "class": kind,
        "name": name,
        "config": plain(optimizer.get_config()),
        "constraint": constraint,
        "excludedFromWeightDecay": exclude,
        "start": [tensor(start[key]) for key in SHAPES],
        "steps": [],
    }
    for step in gradients:
        optimizer.apply([step[key] for key in SHAPES], variables)
        result["steps"].append({
            "gradients": [tensor(step[key]) for key in SHAPES],
            "weights": [tensor(variable) for variable in variables],
            "learningRate": number(np.float32(optimizer.learning_rate)),
        })
    result["iterations"] = number(np.asarray(optimizer.iterations))
    # `path` is what a saved file calls the slot.
    result["slots"] = [{"name": slot.name, "path": slot.path, **tensor(slot)} for slot in optimizer.variables]
    if options.get("use_ema"):
        optimizer.finalize_variable_values(variables)
        result["weightsAfterFinalize"] = [tensor(variable) for variable in variables]
    return result


COMMON = [
    ("clipnorm", dict(clipnorm=0.5)),
    ("clipvalue", dict(clipvalue=0.3)),
    ("global_clipnorm", dict(global_clipnorm=0.7)),
    ("weight_decay", dict(weight_decay=0.1)),
    ("use_ema", dict(use_ema=True, ema_momentum=0.8)),
    ("use_ema, overwritten every 2 steps", dict(use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=2)),
    ("gradient_accumulation_steps 2", dict(gradient_accumulation_steps=2, steps=6)),
    ("loss_scale_factor 8", dict(loss_scale_factor=8.0, scale=8.0)),
    ("ExponentialDecay", dict(learning_rate=lambda: schedules.ExponentialDecay(0.1, 2, 0.5))),
]

# Each optimizer's own options; the learning rate is large so that steps show.
OWN = {
    "SGD": [("momentum 0.9", dict(momentum=0.9)), ("momentum 0.9, nesterov", dict(momentum=0.9, nesterov=True)),
            ("momentum, weight_decay, clipnorm", dict(momentum=0.8, weight_decay=0.05, clipnorm=1.0)),
            ("constraint non_neg", dict(constraint="non_neg")), ("momentum, gradient_accumulation_steps 3", dict(momentum=0.9, gradient_accumulation_steps=3, steps=7)),
            ("weight_decay, bias excluded", dict(weight_decay=0.1, exclude=["bias"])),
            ("gradient_accumulation_steps 2, clipnorm, use_ema", dict(gradient_accumulation_steps=2, clipnorm=0.5, use_ema=True, ema_momentum=0.9, steps=6)),
            ("use_ema, gradient_accumulation_steps 2, overwritten every 2", dict(gradient_accumulation_steps=2, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=2, steps=6))],
    "Adam": [("betas", dict(beta_1=0.8, beta_2=0.95)), ("epsilon", dict(epsilon=0.1)), ("amsgrad", dict(amsgrad=True)),
             ("amsgrad, weight_decay", dict(amsgrad=True, weight_decay=0.1))],
    "AdamW": [("betas, epsilon", dict(beta_1=0.8, beta_2=0.95, epsilon=1e-3)), ("amsgrad", dict(amsgrad=True)),
              ("bias excluded", dict(weight_decay=0.2, exclude=["bias"]))],
    "Adamax": [("betas", dict(beta_1=0.8, beta_2=0.95)), ("epsilon", dict(epsilon=0.1))],
    "Nadam": [("betas", dict(beta_1=0.8, beta_2=0.95)), ("epsilon", dict(epsilon=0.1))],
    "RMSprop": [("rho", dict(rho=0.7)), ("momentum", dict(momentum=0.9)), ("centered", dict(centered=True)),
                ("centered, momentum, epsilon", dict(centered=True, momentum=0.5, epsilon=0.01))],
    "Adagrad": [("initial_accumulator_value 0", dict(initial_accumulator_value=0.0)), ("initial_accumulator_value 1, epsilon", dict(initial_accumulator_value=1.0, epsilon=0.01))],
    "Adadelta": [("rho", dict(rho=0.7)), ("epsilon", dict(epsilon=0.01)), ("learning rate 1", dict(learning_rate=1.0))],
    "Lion": [("betas", dict(beta_1=0.5, beta_2=0.8))],
    "Ftrl": [("l1", dict(l1_regularization_strength=0.1)), ("l2", dict(l2_regularization_strength=0.1)),
             ("l2 shrinkage", dict(l2_shrinkage_regularization_strength=0.1)), ("beta", dict(beta=0.5)),
             ("learning_rate_power", dict(learning_rate_power=-0.3)),
             ("everything", dict(l1_regularization_strength=0.05, l2_regularization_strength=0.1, l2_shrinkage_regularization_strength=0.05,
                                 beta=0.2, learning_rate_power=-0.7, initial_accumulator_value=0.5))],
    "Lamb": [("betas, epsilon", dict(beta_1=0.8, beta_2=0.95, epsilon=0.01))],
    "Adafactor": [("not relative", dict(relative_step=False)), ("clip_threshold", dict(clip_threshold=0.5)),
                  ("beta_2_decay, epsilons", dict(beta_2_decay=-0.5, epsilon_1=1e-10, epsilon_2=0.1))],
    "ScheduleFreeAdamW": [("betas", dict(beta_1=0.8, beta_2=0.95)), ("warmup", dict(warmup_steps=3))],
    "Muon": [("plain", dict(nesterov=False, momentum=0.8)), ("adam_lr_ratio", dict(adam_lr_ratio=0.5))],
}


def optimizer_cases():
    cases = []
    for kind, own in OWN.items():
        defaults = entry(kind, "defaults")
        cases.append(defaults)
        for name, options in own + [(name, options) for name, options in COMMON if name not in dict(own)]:
            options = {key: value() if callable(value) else value for key, value in options.items()}
            if kind == "AdamW" and name == "weight_decay":
                name = "weight_decay 0.1"
            cases.append(entry(kind, name, **{"learning_rate": 0.1, **options}))
    return cases


SCHEDULES = {
    "ExponentialDecay": [dict(initial_learning_rate=0.1, decay_steps=4, decay_rate=0.5),
                         dict(initial_learning_rate=0.1, decay_steps=4, decay_rate=0.5, staircase=True),
                         dict(initial_learning_rate=1.0, decay_steps=10, decay_rate=0.96, name="slow")],
    "CosineDecay": [dict(initial_learning_rate=0.1, decay_steps=10), dict(initial_learning_rate=0.1, decay_steps=10, alpha=0.2),
                    dict(initial_learning_rate=0.0, decay_steps=8, warmup_target=0.1, warmup_steps=4),
                    dict(initial_learning_rate=0.01, decay_steps=8, warmup_target=0.1, warmup_steps=4, alpha=0.1)],
    "CosineDecayRestarts": [dict(initial_learning_rate=0.1, first_decay_steps=4),
                            dict(initial_learning_rate=0.1, first_decay_steps=4, t_mul=1.0, m_mul=0.5, alpha=0.1),
                            dict(initial_learning_rate=0.1, first_decay_steps=3, t_mul=1.5, m_mul=0.8)],
    "PiecewiseConstantDecay": [dict(boundaries=[3, 6], values=[1.0, 0.5, 0.1]), dict(boundaries=[2.5], values=[0.1, 0.01])],
    "PolynomialDecay": [dict(initial_learning_rate=0.1, decay_steps=8), dict(initial_learning_rate=0.1, decay_steps=8, end_learning_rate=0.01, power=2.0),
                        dict(initial_learning_rate=0.1, decay_steps=5, end_learning_rate=0.01, cycle=True),
                        dict(initial_learning_rate=0.1, decay_steps=5, end_learning_rate=0.01, power=0.5, cycle=True)],
    "InverseTimeDecay": [dict(initial_learning_rate=0.1, decay_steps=4, decay_rate=0.5),
                         dict(initial_learning_rate=0.1, decay_steps=4, decay_rate=0.5, staircase=True)],
}
AT = [*range(14), 20, 35, 100]


def schedule_cases():
    missing = {name for name in dir(schedules) if isinstance(getattr(schedules, name), type)} - set(SCHEDULES) - {"LearningRateSchedule"}
    assert not missing, missing
    cases = []
    for kind, variants in SCHEDULES.items():
        for options in variants:
            schedule = getattr(schedules, kind)(**options)
            values = [number(np.float32(schedule(step))) for step in AT]
            cases.append({"class": kind, "config": plain(schedule.get_config()), "at": AT, "values": values})
    return cases


def content():
    return {
        # Every name that `optimizers.get` takes (in any case of letters), with the class behind it.
        "names": {name: thing.__name__ for name, thing in sorted(ALL_OBJECTS_DICT.items())},
        "cases": optimizer_cases(),
        "schedules": schedule_cases(),
    }
