"""Writes the golden fixtures: numbers and configs from real Keras, which the tests compare with.

This is the only entry point. It makes its own Python environment beside itself (`.venv`, ignored by
git) from requirements.txt, runs itself again in there, and writes the JSON files of this folder.
It holds no numbers and no cases: those are in the cases_*.py files.

    python3 test/golden/generate.py                 # everything
    python3 test/golden/generate.py Dense losses    # only these layers or subjects

VARVE_GOLDEN_PYTHON names a Python that already has the pinned packages, to skip the environment.
"""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
INSIDE = "VARVE_GOLDEN_INSIDE"
OLDEST = (3, 11)

ENVIRONMENT = {
    "KERAS_BACKEND": "jax",
    "JAX_PLATFORMS": "cpu",
    # The instruction set and the thread count change the order of sums; both are fixed, so that
    # other machines write the same bytes.
    "XLA_FLAGS": "--xla_cpu_max_isa=AVX2 --xla_cpu_multi_thread_eigen=false",
    # Keras reads defaults (data format, epsilon) from a file in this folder; there is none here.
    "KERAS_HOME": str(HERE / ".venv" / "keras-home"),
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    # Some cases are what Keras warns about: an adjusted R2 of few points, float weights for IoU.
    "PYTHONWARNINGS": "ignore",
}


def make_environment():
    """Path of a Python that has the pinned packages, made on first use; where that cannot be, one line says why."""
    given = os.environ.get("VARVE_GOLDEN_PYTHON")
    if given:
        return given
    if sys.version_info < OLDEST:
        sys.exit(f"the pinned packages need Python {OLDEST[0]}.{OLDEST[1]} or newer; this is {sys.version.split()[0]}")
    folder = HERE / ".venv"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    requirements = HERE / "requirements.txt"
    stamp = folder / "requirements.txt"
    wanted = requirements.read_text()
    if stamp.exists() and stamp.read_text() == wanted:
        return str(python)
    has = {name: importlib.util.find_spec(name) is not None for name in ("venv", "ensurepip", "pip")}
    if not has["venv"] or not (has["ensurepip"] or has["pip"]):
        sys.exit("Python's venv or pip is missing, so no environment with Keras can be made (Debian: apt install python3-venv)")
    # Debian's Python has either: pip of its own, or what brings one into the environment.
    without = [] if has["ensurepip"] else ["--without-pip"]
    pip = [str(python), "-m", "pip"] if has["ensurepip"] else [sys.executable, "-m", "pip", "--python", str(python)]
    print(f"installing the pinned packages in {folder} …", flush=True)
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", *without, str(folder)]).returncode == 0
    if not made or subprocess.run(
        [*pip, "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r", str(requirements)]
    ).returncode:
        sys.exit(f"the packages of {requirements.name} cannot be installed: is there a network, and does pip reach PyPI?")
    stamp.write_text(wanted)
    return str(python)


def main():
    if os.environ.get(INSIDE) != "1":
        command = [make_environment(), str(Path(__file__).resolve()), *sys.argv[1:]]
        sys.exit(subprocess.run(command, env={**os.environ, **ENVIRONMENT, INSIDE: "1"}).returncode)

    sys.path.insert(0, str(HERE))
    import jax

    jax.config.update("jax_default_matmul_precision", "highest")

    import subjects

    subjects.write(HERE, sys.argv[1:])


if __name__ == "__main__":
    main()
