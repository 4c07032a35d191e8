"""What the scripts that write files with Keras share: arrays as JSON has them, and small files that are always the same."""

import re
import zipfile

import numpy as np


def tensors(values):
    """Arrays by name or number, as JSON has them; float32 with as few digits as give it back."""
    items = values.items() if isinstance(values, dict) else enumerate(values if isinstance(values, list) else [values])
    return {
        str(key): {
            "shape": list(np.shape(value)),
            "dtype": str(np.asarray(value).dtype),
            "values": [float(str(v)) if np.asarray(value).dtype.kind == "f" else int(v) for v in np.ravel(value)],
        }
        for key, value in items
    }


def pack(path):
    """The same entries, deflated: what is in the repository should be small."""
    with zipfile.ZipFile(path) as archive:
        entries = [(info.filename, archive.read(info)) for info in archive.infolist()]
    # The moment of saving would make every file another one.
    entries = [(name, re.sub(rb'("date_saved": )"[^"]*"', rb'\1"2026-01-01@00:00:00"', content) if name == "metadata.json" else content) for name, content in entries]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in entries:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED, 9)
