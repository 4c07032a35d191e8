"""How values become JSON: exact, short, and readable in a diff. Knows nothing of layers."""

import json
import math
import zlib

import jax
import keras
import numpy as np

WIDTH = 110


def generator(*names):
    """A random generator that depends only on the names given, so a new case changes no other."""
    return np.random.default_rng(zlib.crc32("/".join(names).encode()))


def number(value):
    """A JSON number: for float32 the shortest one that rounds back to it."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, np.floating) and value.dtype == np.float32:
        value = float(str(value))
    value = float(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def numbers(array):
    return [number(value) for value in np.asarray(array).ravel()]


def tensor(array):
    array = np.asarray(array)
    return {"shape": list(array.shape), "dtype": str(array.dtype), "values": numbers(array)}


def plain(value):
    """A Keras config as it would be in a saved model's JSON."""
    if isinstance(value, dict):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if isinstance(value, (np.ndarray, jax.Array)):
        return plain(np.asarray(value).tolist())
    if value is None or isinstance(value, str):
        return value
    return number(value)


def encode(value, indent=""):
    """JSON with one line for each array of plain values and for whatever fits on a line."""
    if not isinstance(value, (dict, list)):
        return json.dumps(value)
    parts = value.values() if isinstance(value, dict) else value
    flat = not any(isinstance(part, (dict, list)) for part in parts)
    short = json.dumps(value)
    if isinstance(value, list) and flat or len(indent) + len(short) <= WIDTH:
        return short
    inner = indent + " "
    if isinstance(value, dict):
        lines = [f"{inner}{json.dumps(key)}: {encode(entry, inner)}" for key, entry in value.items()]
        return "{\n" + ",\n".join(lines) + "\n" + indent + "}"
    return "[\n" + ",\n".join(inner + encode(entry, inner) for entry in value) + "\n" + indent + "]"


def write_json(path, content):
    header = {"keras": keras.__version__, "backend": f"jax {jax.__version__}"}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(encode({**header, **content}) + "\n")
