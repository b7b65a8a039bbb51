"""Two digit classifiers: the eyes through which samples are judged.

They differ in architecture and in seed. `search` may be looked through as
often as one likes while settings are being tried; `final` only gives the
figures that are published. A setting tuned until it pleases one network
has still to please another.

Both see training images only. They are trained once and then cached:

    python -m benchmarks.classifiers --data mnist.npz
"""

import argparse
import os
import time
import zlib
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from gan_keras import datasets

# Part of the cached file's name: raise it when a network or its training
# changes, so that nobody is judged by yesterday's classifier.
VERSION = 1


def real_digits(data=None):
    """Loads real digits, split into a training and a held-out part.

    Args:
        data: What `gan_keras.datasets.load` takes, such as the path of an
            `mnist.npz`, or of a folder of Fashion-MNIST's own files. Without
            it, the 5,000 digits which come with gan_keras.

    Returns:
        `((train_images, train_labels), (test_images, test_labels))`, the
        images uint8 of shape `[N, 28, 28, 1]`, the labels of shape `[N]`.
    """
    return tuple(
        datasets.load(data or "digits", split=split)
        for split in ("train", "test")
    )


def search_network():
    """Convolutions and max pooling; a dense layer of 128 features."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),  # [B, 14, 14, 32]
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),  # [B, 7, 7, 64]
            layers.Conv2D(96, 3, padding="same", activation="relu"),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(128, activation="relu", name="features"),
            layers.Dropout(0.3),
            layers.Dense(10, activation="softmax"),
        ],
        name="search",
    )


def final_network():
    """Strided, smoother convolutions; a dense layer of 96 features."""

    def down(filters, size, strides):
        return layers.Conv2D(
            filters, size, strides, padding="same", activation="gelu"
        )

    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            # A little grain and haze on black paper, in training only: no
            # eye minds a background of 3/255, as tanh leaves it, but a
            # network that has seen nothing but MNIST's exact 0 does.
            layers.GaussianNoise(0.05),
            layers.ReLU(max_value=1.0),
            down(32, 5, 2),  # [B, 14, 14, 32]
            down(64, 5, 2),  # [B, 7, 7, 64]
            down(96, 3, 1),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(96, activation="gelu", name="features"),
            layers.Dropout(0.3),
            layers.Dense(10, activation="softmax"),
        ],
        name="final",
    )


NETWORKS = {"search": (search_network, 1), "final": (final_network, 2)}


class Classifier:
    """A trained digit classifier.

    Args:
        model: A Keras model from uint8 images to ten probabilities, whose
            penultimate layer is called `"features"`.
    """

    def __init__(self, model):
        self.name = model.name
        self.model = keras.Model(
            model.inputs,
            [model.get_layer("features").output, model.outputs[0]],
        )

    def __call__(self, images):
        """Looks at uint8 images of shape `[N, 28, 28, 1]`.

        Returns:
            `(features, probabilities)`, float32 arrays of shapes
            `[N, 64..128]` and `[N, 10]`.
        """
        images = np.asarray(images)
        if images.dtype != np.uint8 or images.shape[1:] != (28, 28, 1):
            raise ValueError(
                "The classifiers expect uint8 images of shape "
                f"[N, 28, 28, 1]. Received: {images.dtype} images of shape "
                f"{list(images.shape)}"
            )
        return self.model.predict(images, batch_size=500, verbose=0)

    def features(self, images):
        """Penultimate layer of the network, float32 `[N, 64..128]`."""
        return self(images)[0]

    def probabilities(self, images):
        """Probabilities of the ten classes, float32 `[N, 10]`."""
        return self(images)[1]


def train(name, images, labels, verbose=0):
    """Trains one of the two networks.

    Args:
        name: `"search"` or `"final"`.
        images: uint8 array of shape `[N, 28, 28, 1]`.
        labels: Integer array of shape `[N]`.
        verbose: As in `keras.Model.fit`.

    Returns:
        The trained Keras model.
    """
    build, seed = NETWORKS[name]
    keras.utils.set_random_seed(seed)
    model = build()
    batch_size = 128
    # At least 3,000 steps: the embedded digits are few and need more epochs.
    steps = len(images) // batch_size
    epochs = max(6, 3000 // steps)
    model.compile(
        keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(2e-3, steps * epochs)
        ),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        # Measured on two cores: XLA's convolutions at 28x28 take five times
        # as long as TensorFlow's own.
        jit_compile=False,
    )

    def shift(image, label):
        # Two pixels in every direction: generated digits are not centred
        # as carefully as MNIST's, and should not be punished for it.
        image = tf.pad(image, [[2, 2], [2, 2], [0, 0]])
        return tf.image.random_crop(image, [28, 28, 1]), label

    batches = (
        tf.data.Dataset.from_tensor_slices((images, labels))
        .shuffle(len(images))
        .map(shift)
        .batch(batch_size, drop_remainder=True)
        .prefetch(2)
    )
    model.fit(batches, epochs=epochs, verbose=verbose)
    return model


def cache_directory():
    """Where trained classifiers are kept unless told otherwise."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "gan_keras" / "benchmarks"


def load(name, data=None, cache=None, verbose=0):
    """Loads a classifier from the cache, or trains it and caches it.

    Args:
        name: `"search"` or `"final"`.
        data: Optional path of an `mnist.npz` file, see `real_digits`.
        cache: Optional directory of the cached files.
        verbose: As in `keras.Model.fit`.

    Returns:
        A `Classifier`.
    """
    if name not in NETWORKS:
        raise ValueError(
            f"`name` is one of {sorted(NETWORKS)}. Received: name={name!r}"
        )
    (images, labels), _ = real_digits(data)
    # Other training images make another classifier.
    key = zlib.crc32(np.ascontiguousarray(images))
    directory = Path(cache or cache_directory())
    path = directory / f"{name}-v{VERSION}-{key:08x}.keras"
    if not path.exists():
        model = train(name, images, labels, verbose)
        directory.mkdir(parents=True, exist_ok=True)
        # Written aside and renamed: another process that looks meanwhile
        # must find the whole file or none.
        temporary = path.with_name(f"{os.getpid()}-{path.name}")
        model.save(temporary)
        temporary.replace(path)
    # Weights only, into the network above: an older Keras cannot read the
    # configuration that a newer one wrote.
    model = NETWORKS[name][0]()
    model.load_weights(path)
    return Classifier(model)


def add_arguments(parser):
    """Adds the options which every user of the classifiers shares."""
    parser.add_argument(
        "--data",
        metavar="MNIST.NPZ",
        help="full MNIST or its like (default: the 5,000 embedded digits)",
    )
    parser.add_argument(
        "--cache",
        metavar="DIR",
        help=f"trained classifiers (default: {cache_directory()})",
    )


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_arguments(parser)
    options = parser.parse_args(arguments)
    _, (images, labels) = real_digits(options.data)
    for name in NETWORKS:
        start = time.perf_counter()
        classifier = load(name, options.data, options.cache, verbose=2)
        seconds = time.perf_counter() - start
        predicted = classifier.probabilities(images).argmax(-1)
        print(
            f"{name}: accuracy {np.mean(predicted == labels):.2%} on "
            f"{len(labels):,} held-out digits ({seconds:.0f} s)"
        )


if __name__ == "__main__":
    main()
