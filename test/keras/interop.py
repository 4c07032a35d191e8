"""Proves that what is saved here opens in real Keras: every model of the zoo goes from Keras to here and back, and
then predicts the same, goes on training the same, and has the same config; models made here are opened the same way.

    npm run test:interop            # all of them
    npm run test:interop graph      # only these
    npm run test:interop onnx       # only ONNX: what its own checker says of every file that the tests of test/onnx write

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
import multiprocessing  # noqa: E402
import re  # noqa: E402
from concurrent.futures import ProcessPoolExecutor  # noqa: E402

import keras  # noqa: E402
import numpy as np  # noqa: E402
import zoo  # noqa: E402

# What files cannot hold; see zoo.ts.
OWN = {"Twin": zoo.Twin, "doubled": lambda x: x * 2 + 1}


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


# What loading works out anew: shapes and calls.
WORKED_OUT = ("build_config", "inbound_nodes", "shared_object_id", "compile_config")


def differs(found, wanted, path="config"):
    """Where two configs differ, or None."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        keys = [key for key in {**found, **wanted} if key not in WORKED_OUT]
        places = (differs(found.get(key), wanted.get(key), f"{path}.{key}") for key in keys)
    elif path.endswith(".layers"):
        # Inputs may stand in another order: the graph is gone through from its outputs.
        return differs(*({layer["config"]["name"]: layer for layer in each} for each in (found, wanted)), path=f"{path}.")
    elif isinstance(found, (list, tuple)) and isinstance(wanted, (list, tuple)) and len(found) == len(wanted):
        places = (differs(a, b, f"{path}[{index}]") for index, (a, b) in enumerate(zip(found, wanted)))
    else:
        return None if found == wanted else f"{path} is {found!r}, not {wanted!r}"
    return next((place for place in places if place), None)


def check(name, folder):
    """What differs in a saved file, or None; a file of the zoo is compared with what Keras wrote, one made here with its record."""
    if not (folder / f"{name}.keras").exists():
        return "was not saved"
    written = HERE / "zoo" / f"{name}.keras"
    record = (written if written.exists() else folder / name).with_suffix(".json")
    recorded = json.loads(record.read_text())
    keras.backend.clear_session()
    original = keras.saving.load_model(written, OWN, safe_mode=False) if written.exists() else None
    keras.backend.clear_session()
    model = keras.saving.load_model(folder / f"{name}.keras", OWN)
    different = original and differs(model.get_config(), original.get_config())
    if different and name not in ("mixed", "scripted"):
        return different
    x = arrays(recorded["inputs"])
    apart = difference(model.predict(x, verbose=0), arrays(recorded["predictions"]))
    if not apart <= 1e-5:
        return f"predictions differ by {apart:.2e}"
    if original:
        for a, b in zip(original.optimizer.variables, model.optimizer.variables, strict=True):
            if not np.array_equal(np.asarray(a), np.asarray(b)):
                return f"{a.path} of the optimizer differs"
    if "losses" in recorded:
        y = arrays(recorded["targets"])
        for step, wanted in enumerate(recorded["losses"]):
            loss = float(keras.tree.flatten(model.train_on_batch(x, y))[0])
            if not abs(loss - wanted) <= 1e-5 * max(1.0, wanted):
                return f"the loss of step {step + 1} is {loss}, not {wanted}"
        apart = difference(model.predict(x, verbose=0), arrays(recorded["after"]))
        if not apart <= 1e-5:
            return f"predictions after training differ by {apart:.2e}"
    return None


def checked(name, folder):
    """The same; whatever Keras says of one file, the others are tried too."""
    try:
        return check(name, folder)
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:2000]}"


# What Keras writes and cannot open itself; see zoo.py.
UNREADABLE = {"shared"}


def here(tests, folder):
    """Runs the half that is done here, on the files in the folder; whether all went well."""
    root = HERE.parent.parent
    vitest = root / "node_modules" / "vitest" / "vitest.mjs"
    arguments = ["run", "--project", "node", "--silent", "--reporter", "dot", tests]
    environment = {**os.environ, "VARVE_INTEROP": str(folder)}
    return subprocess.run(["node", str(vitest), *arguments], cwd=root, env=environment).returncode == 0


def scaled(folder):
    """What is wrong with training a saved model over four devices (docs/scaling.md), or None: it equals training on
    one, and training goes on here as it would there."""
    script = HERE.parent.parent / "examples" / "scaling.py"
    generator = np.random.default_rng(0)
    x = generator.standard_normal((64, 4)).astype("float32")
    np.savez(folder / "data.npz", x=x, y=np.tanh(x[:, :2] - x[:, 2:]))
    weights = []
    for devices in (1, 4):
        environment = {**os.environ, "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}"}
        trained = folder / f"trained-{devices}.keras"
        paths = [folder / "optimizer-Adam.keras", folder / "data.npz", trained]
        run = subprocess.run(
            [sys.executable, str(script), *map(str, paths), "--epochs", "5"], env=environment, capture_output=True, text=True
        )
        said = re.search(rf"{devices} devices: loss (\S+) -> (\S+)", run.stdout)
        if not said:
            return run.stderr[-2000:]
        if not float(said[2]) < float(said[1]):
            return f"the loss does not fall: {said[0]}"
        weights.append(keras.saving.load_model(trained).get_weights())
    apart = difference(*weights)
    if not apart <= 1e-5:
        return f"weights of one and four devices differ by {apart:.2e}"
    model = keras.saving.load_model(folder / "trained-4.keras")
    x, y = x[:16], np.tanh(x[:16, :2] - x[:16, 2:])
    predictions = model.predict(x, verbose=0)
    losses = [float(keras.tree.flatten(model.train_on_batch(x, y))[0]) for _ in range(3)]
    record = {"x": x.tolist(), "y": y.tolist(), "predictions": predictions.tolist(), "losses": losses}
    (folder / "trained-4.json").write_text(json.dumps(record))
    return None if here("test/keras/scaled.test.ts", folder) else "it does not go on here; see above"


def valid(path):
    """What ONNX's checker, with its inference of shapes and types, has against a file; or None."""
    import onnx

    try:
        onnx.checker.check_model(onnx.load(path), full_check=True)
    except Exception as error:
        return f"{path.name}: {type(error).__name__}: {str(error)[:1000]}"
    return None


def exported(pool, folder):
    """What is wrong with the ONNX files that the tests write, or None."""
    if not here("test/onnx", folder):
        return "the tests of ONNX failed; see above"
    files = sorted(folder.glob("*.onnx"))
    problems = [problem for problem in pool.map(valid, files, chunksize=32) if problem]
    print(f"{len(files)} ONNX files checked", flush=True)
    return "\n".join(problems[:20]) or (None if files else "no files were written")


def main():
    asked = sys.argv[1:]
    failed = 0

    def report(name, problem):
        nonlocal failed
        failed += problem is not None
        print(f"{'FAILED' if problem else 'ok':7}{name}{f': {problem}' if problem else ''}", flush=True)

    # Most of the time goes into compiling, which uses one processor.
    pool = ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn"))
    with tempfile.TemporaryDirectory() as path, pool:
        folder = Path(path)
        names = [name for name in asked if name != "onnx"]
        if names != asked or not asked:
            onnx_folder = folder / "onnx"
            onnx_folder.mkdir()
            report("ONNX", exported(pool, onnx_folder))
        if names or not asked:
            if not here("test/keras/resave.test.ts", folder):
                sys.exit("files could not be saved again; see above")
            names = names or sorted(file.stem for file in folder.glob("*.keras") if file.stem not in UNREADABLE)
            for name, problem in zip(names, pool.map(checked, names, [folder] * len(names)), strict=True):
                report(name, problem)
        if not asked:
            report("over several devices", scaled(folder))
    if failed:
        sys.exit(f"{failed} of these do not come back as they were, or are no ONNX")
    print(f"{len(names)} models saved here were opened by Keras {keras.__version__}, the same, and went on training the same")


if __name__ == "__main__":
    main()
