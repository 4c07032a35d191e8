"""Trains a model that Varve saved with Keras on JAX, every batch shared out over all devices, and saves it again.

    KERAS_BACKEND=jax python examples/scaling.py model.keras data.npz trained.keras --epochs 5 --batch-size 256

data.npz holds x and y. The model has to be compiled; the state of its optimizer goes along both ways, so that training
goes on where it stopped, here and there. Needs keras and jax. Without accelerators, several devices can be had with
XLA_FLAGS=--xla_force_host_platform_device_count=4.
"""

import argparse
import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras  # noqa: E402
import numpy as np  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description="Trains a model of Varve over several devices.")
    for name in ("model", "data", "trained"):
        parser.add_argument(name)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--batch-size", type=int, default=32)
    given = parser.parse_args()
    devices = keras.distribution.list_devices()
    # Before the model is there: its weights are laid out as the distribution says.
    keras.distribution.set_distribution(keras.distribution.DataParallel(devices=devices))
    model = keras.saving.load_model(given.model)
    with np.load(given.data) as data:
        x, y = data["x"], data["y"]
    history = model.fit(x, y, epochs=given.epochs, batch_size=given.batch_size, shuffle=False, verbose=0)
    model.save(given.trained)
    first, last = (history.history["loss"][index] for index in (0, -1))
    print(f"{len(devices)} devices: loss {first:.6f} -> {last:.6f}")


if __name__ == "__main__":
    main()
