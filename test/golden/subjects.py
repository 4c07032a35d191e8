"""Which files there are, and what writes each of them."""

import importlib
import time

from layer_cases import config_file, layer_file
from writing import write_json

LAYER_MODULES = [
    "cases_normalization",
    "cases_core",
    "cases_attention",
    "cases_convolutions",
    "cases_activation_layers",
    "cases_pooling",
    "cases_reshaping",
    "cases_merging",
    "cases_random_layers",
    "cases_recurrent",
]
OTHERS = [
    "activations",
    "losses",
    "metrics",
    "optimizers",
    "initializers",
    "regularizers",
    "constraints",
    "models",
    "composed",
]


def write(folder, wanted):
    """Writes the files asked for (by layer class or subject), or all of them."""
    left = set(wanted)
    for module_name in LAYER_MODULES:
        module = importlib.import_module(module_name)
        writers = {subject: (layer_file, cases) for subject, cases in module.LAYERS.items()}
        writers |= {subject: (config_file, cases) for subject, cases in getattr(module, "CONFIG_ONLY", {}).items()}
        for subject, (content, cases) in writers.items():
            if wanted and subject not in wanted:
                continue
            left.discard(subject)
            begin = time.time()
            write_json(folder / "layers" / f"{subject}.json", content(subject, cases))
            print(f"{subject}: {len(cases)} cases, {time.time() - begin:.1f} s", flush=True)
    for module_name in OTHERS:
        if wanted and module_name not in wanted:
            continue
        left.discard(module_name)
        begin = time.time()
        write_json(folder / f"{module_name}.json", importlib.import_module(f"cases_{module_name}").content())
        print(f"{module_name}: {time.time() - begin:.1f} s", flush=True)
    if left:
        raise SystemExit(f"nothing writes {', '.join(sorted(left))}")
