"""Proves that what is saved here opens in real Keras: every model of the zoo goes from Keras to here and back, and
then predicts the same, goes on training the same, and has the same config.

    npm run test:interop            # all of them
    npm run test:interop graph      # only these

It runs in the environment that ../golden/generate.py makes (VARVE_GOLDEN_PYTHON names another Python that has the same
versions); resave.test.ts does the part in between.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "golden"), str(HERE)]
sys.dont_write_bytecode = True
import generate  # noqa: E402

if os.environ.get(generate.INSIDE) != "1":
    command = [generate.make_environment(), str(Path(__file__).resolve()), *sys.argv[1:]]
    environment = {**os.environ, **generate.ENVIRONMENT, generate.INSIDE: "1"}
    sys.exit(subprocess.run(command, env=environment).returncode)

import json  # noqa: E402

import keras  # noqa: E402
import numpy as np  # noqa: E402


def arrays(recorded):
    """As models take them: by name, in a list, or one alone."""
    found = {
        key: np.asarray(item["values"], dtype=item["dtype"]).reshape(item["shape"]) for key, item in recorded.items()
    }
    if not all(key.isdigit() for key in found):
        return found
    values = list(found.values())
    return values if len(values) > 1 else values[0]


def flat(values):
    if isinstance(values, dict):
        return list(values.values())
    return values if isinstance(values, list) else [values]


def difference(found, wanted):
    """The largest difference, as a part of the largest value."""
    return max(
        float(np.max(np.abs(a - b)) / max(1.0, np.max(np.abs(b)))) for a, b in zip(flat(found), flat(wanted), strict=True)
    )


def described(value):
    """A config without what loading works out anew: shapes, and calls."""
    if isinstance(value, list):
        return [described(item) for item in value]
    if not isinstance(value, dict):
        return value
    worked_out = ("build_config", "inbound_nodes", "shared_object_id", "compile_config")
    return {key: described(item) for key, item in value.items() if key not in worked_out}


def check(name, folder):
    if not (folder / f"{name}.keras").exists():
        return "was not saved"
    recorded = json.loads((HERE / "zoo" / f"{name}.json").read_text())
    keras.backend.clear_session()
    original = keras.saving.load_model(HERE / "zoo" / f"{name}.keras")
    keras.backend.clear_session()
    model = keras.saving.load_model(folder / f"{name}.keras")
    if name != "mixed" and described(model.get_config()) != described(original.get_config()):
        return "the config differs"
    x = arrays(recorded["inputs"])
    apart = difference(model.predict(x, verbose=0), arrays(recorded["predictions"]))
    if apart > 1e-5:
        return f"predictions differ by {apart:.2e}"
    for path, a, b in zip(
        [variable.path for variable in original.optimizer.variables],
        original.optimizer.variables,
        model.optimizer.variables,
        strict=True,
    ):
        if not np.array_equal(np.asarray(a), np.asarray(b)):
            return f"{path} of the optimizer differs"
    if "losses" in recorded:
        y = arrays(recorded["targets"])
        for step, wanted in enumerate(recorded["losses"]):
            loss = float(np.ravel(model.train_on_batch(x, y))[0])
            if abs(loss - wanted) > 1e-5 * max(1.0, wanted):
                return f"the loss of step {step + 1} is {loss}, not {wanted}"
        apart = difference(model.predict(x, verbose=0), arrays(recorded["after"]))
        if apart > 1e-5:
            return f"predictions after training differ by {apart:.2e}"
    return None


# What Keras writes and cannot open itself; see zoo.py.
UNREADABLE = {"shared"}


def main():
    names = sys.argv[1:] or sorted(path.stem for path in (HERE / "zoo").glob("*.keras") if path.stem not in UNREADABLE)
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        vitest = HERE.parent.parent / "node_modules" / "vitest" / "vitest.mjs"
        arguments = ["run", "--project", "node", "--silent", "--reporter", "dot", "test/keras/resave.test.ts"]
        environment = {**os.environ, "VARVE_INTEROP": folder}
        subprocess.run(["node", str(vitest), *arguments], cwd=HERE.parent.parent, env=environment)
        for name in names:
            try:
                problem = check(name, Path(folder))
            except Exception as error:  # whatever Keras says of one file, the others are tried too
                problem = f"{type(error).__name__}: {str(error)[:2000]}"
            failed += problem is not None
            print(f"{'FAILED' if problem else 'ok':7}{name}{f': {problem}' if problem else ''}", flush=True)
    if failed:
        sys.exit(f"{failed} of {len(names)} models do not come back from Keras as they were")
    print(f"{len(names)} models written by Keras {keras.__version__} were saved again and opened by it, the same")


if __name__ == "__main__":
    main()
