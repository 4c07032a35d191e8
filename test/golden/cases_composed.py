"""Models of layers of several families together: what they predict, and their weights after five optimizer steps."""

import keras
import numpy as np
from cases_models import randomize, structure
from keras import layers, losses, optimizers
from writing import generator, number, plain, tensor

STEPS = 5


def case(name, model, x, y, optimizer, loss, note=None):
    """Five steps on the whole batch, from weights that are random."""
    randomize(model, generator("composed", name))
    config = plain(keras.saving.serialize_keras_object(model))
    written = {
        "optimizer": plain(optimizers.serialize(optimizer)),
        "loss": plain(losses.serialize(loss)),
    }
    initial = [tensor(weight) for weight in model.weights]
    predictions = structure(model.predict(x, verbose=0))
    model.compile(optimizer=optimizer, loss=loss)
    steps = [number(float(model.train_on_batch(x, y, return_dict=True)["loss"])) for _ in range(STEPS)]
    return {
        "name": name,
        **({"note": note} if note else {}),
        "config": config,
        **written,
        "x": structure(x),
        "y": structure(y),
        "weightPaths": [weight.path for weight in model.weights],
        "initialWeights": initial,
        "predictions": predictions,
        "losses": steps,
        "weights": [tensor(weight) for weight in model.weights],
        "predictionsAfter": structure(model.predict(x, verbose=0)),
    }


def resnet(random):
    """Two residual blocks with group normalization; the second halves the image and doubles the channels."""

    def block(x, filters, strides, name):
        short = x
        x = layers.Conv2D(filters, 3, strides, padding="same", use_bias=False, name=f"{name}_conv1")(x)
        x = layers.GroupNormalization(2, name=f"{name}_norm1")(x)
        x = layers.ReLU(name=f"{name}_relu1")(x)
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False, name=f"{name}_conv2")(x)
        x = layers.GroupNormalization(2, name=f"{name}_norm2")(x)
        if strides != 1:
            short = layers.Conv2D(filters, 1, strides, use_bias=False, name=f"{name}_short")(short)
            short = layers.GroupNormalization(2, name=f"{name}_short_norm")(short)
        x = layers.Add(name=f"{name}_add")([x, short])
        return layers.ReLU(name=f"{name}_relu2")(x)

    inputs = layers.Input((8, 8, 3), name="image")
    x = layers.Conv2D(4, 3, padding="same", name="stem")(inputs)
    x = layers.GroupNormalization(2, name="stem_norm")(x)
    x = layers.ReLU(name="stem_relu")(x)
    x = block(x, 4, 1, "first")
    x = block(x, 8, 2, "second")
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    outputs = layers.Dense(3, activation="softmax", name="class")(x)
    return case(
        "ResNet with group normalization",
        keras.Model(inputs, outputs, name="resnet"),
        random.standard_normal((3, 8, 8, 3)).astype("float32"),
        np.array([0, 2, 1], "int32"),
        optimizers.SGD(0.05, momentum=0.9),
        losses.SparseCategoricalCrossentropy(),
    )


def unet(random):
    """Down twice and up twice, once by a transposed convolution, once by bilinear upsampling."""

    def double(x, filters, name):
        x = layers.Conv2D(filters, 3, padding="same", activation="elu", name=f"{name}_1")(x)
        return layers.Conv2D(filters, 3, padding="same", activation="elu", name=f"{name}_2")(x)

    inputs = layers.Input((8, 8, 1), name="image")
    first = double(inputs, 3, "down1")
    second = double(layers.MaxPooling2D(name="pool1")(first), 4, "down2")
    x = double(layers.AveragePooling2D(2, name="pool2")(second), 5, "bottom")
    x = layers.Conv2DTranspose(4, 3, strides=2, padding="same", name="up2")(x)
    x = double(layers.Concatenate(name="join2")([x, second]), 4, "up2_mix")
    x = layers.UpSampling2D(2, interpolation="bilinear", name="up1")(x)
    x = double(layers.Concatenate(name="join1")([x, first]), 3, "up1_mix")
    outputs = layers.Conv2D(1, 1, name="mask")(x)
    return case(
        "U-Net",
        keras.Model(inputs, outputs, name="unet"),
        random.standard_normal((2, 8, 8, 1)).astype("float32"),
        random.integers(0, 2, (2, 8, 8, 1)).astype("float32"),
        # With the default epsilon, Adam would turn rounding into whole steps where a gradient is almost nothing.
        optimizers.Adam(0.01, epsilon=1e-4),
        # Of logits: where a probability is at the very limit that it is clipped to, JAX gives half of the gradient.
        losses.BinaryCrossentropy(from_logits=True),
    )


def transformer(random):
    """Attention and a feed-forward part, each behind a normalization and beside a residual."""
    inputs = layers.Input((6, 8), name="tokens")
    x = layers.LayerNormalization(epsilon=1e-6, name="norm1")(inputs)
    x = layers.MultiHeadAttention(2, 4, name="attention")(x, x)
    middle = layers.Add(name="add1")([inputs, x])
    x = layers.LayerNormalization(epsilon=1e-6, name="norm2")(middle)
    x = layers.Dense(16, activation="gelu", name="wide")(x)
    x = layers.Dense(8, name="narrow")(x)
    x = layers.Add(name="add2")([middle, x])
    x = layers.LayerNormalization(name="norm3")(x)
    outputs = layers.Dense(3, name="logits")(x)
    return case(
        "Transformer encoder block",
        keras.Model(inputs, outputs, name="encoder"),
        random.standard_normal((3, 6, 8)).astype("float32"),
        random.integers(0, 3, (3, 6)).astype("int32"),
        optimizers.SGD(0.05, momentum=0.9, nesterov=True),
        losses.SparseCategoricalCrossentropy(from_logits=True),
        note="SGD, because the gradient of the keys' bias is zero but for rounding, and Adam makes steps of rounding.",
    )


def tagger(random):
    """Sequences of several lengths, padded with zeros; the mask goes through to the loss."""
    ids = random.integers(1, 9, (4, 6)).astype("int32")
    for row, length in enumerate([6, 4, 1, 3]):
        ids[row, length:] = 0
    inputs = layers.Input((None,), dtype="int32", name="ids")
    x = layers.Embedding(9, 5, mask_zero=True, name="words")(inputs)
    x = layers.Bidirectional(layers.LSTM(4, return_sequences=True, name="lstm"), name="both_ways")(x)
    outputs = layers.TimeDistributed(layers.Dense(3, activation="softmax", name="tag"), name="tags")(x)
    return case(
        "bidirectional LSTM tagger",
        keras.Model(inputs, outputs, name="tagger"),
        ids,
        random.integers(0, 3, (4, 6)).astype("int32"),
        # As for the U-Net: the rows of words that do not occur have no gradient at all.
        optimizers.Adam(0.02, epsilon=1e-4),
        losses.SparseCategoricalCrossentropy(),
    )


def predictor(random):
    """Frames in, the next frame out."""
    inputs = layers.Input((4, 5, 5, 1), name="frames")
    x = layers.ConvLSTM2D(3, 3, padding="same", return_sequences=True, name="first")(inputs)
    x = layers.LayerNormalization(name="norm")(x)
    x = layers.ConvLSTM2D(2, 3, padding="same", recurrent_activation="hard_sigmoid", name="second")(x)
    outputs = layers.Conv2D(1, 3, padding="same", name="next")(x)
    return case(
        "ConvLSTM predictor",
        keras.Model(inputs, outputs, name="predictor"),
        random.standard_normal((2, 4, 5, 5, 1)).astype("float32"),
        random.standard_normal((2, 5, 5, 1)).astype("float32"),
        optimizers.SGD(0.05, momentum=0.9),
        losses.MeanSquaredError(),
    )


def content():
    keras.backend.clear_session()
    makers = {"resnet": resnet, "unet": unet, "transformer": transformer, "tagger": tagger, "predictor": predictor}
    return {"cases": [make(generator("composed data", name)) for name, make in makers.items()]}
