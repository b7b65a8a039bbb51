"""Mistakes that learners make, and what they are told."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import tiny_gan
from conftest import tiny_images

import gan_keras as gk

D = gk.networks.dcgan_discriminator
G = gk.networks.dcgan_generator


def network_with(last):
    return keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Flatten(), last]
    )


def drawing_with(activation):
    return keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(64, activation=activation),
            keras.layers.Reshape((8, 8, 1)),
            keras.layers.Activation(activation),
        ]
    )


NETWORKS = {
    "two sizes": (
        lambda: gk.GAN(G((8, 8, 1)), D((16, 16, 1))),
        r"same `image_shape`.*\(8, 8, 1\).*\(16, 16, 1\)",
    ),
    "sigmoid in D": (
        lambda: gk.GAN(
            G((8, 8, 1)), network_with(keras.layers.Dense(1, "sigmoid"))
        ),
        "must return logits, but ends in a sigmoid",
    ),
    "two logits": (
        lambda: gk.GAN(G((8, 8, 1)), network_with(keras.layers.Dense(2))),
        r"one logit an image.*\(None, 2\)",
    ),
    "sigmoid in G": (
        lambda: gk.GAN(drawing_with("sigmoid"), D((8, 8, 1))),
        "end it in a tanh. Received: 'sigmoid'",
    ),
    "one network twice": (
        lambda: gk.GAN(D((8, 8, 1)), None),
        "`discriminator` must be a `keras.Model`",
    ),
    "not built": (
        lambda: gk.GAN(keras.Sequential([keras.layers.Dense(2)]), D((8, 8, 1))),
        "`generator` is not built",
    ),
    "decay of 1": (
        lambda: tiny_gan(ema_decay=1.0),
        r"`ema_decay` must lie in \[0, 1\).*ema_decay=1.0",
    ),
}


@pytest.mark.parametrize("case", NETWORKS)
def test_networks_that_do_not_fit(case):
    call, message = NETWORKS[case]
    with pytest.raises(ValueError, match=message):
        call()


def test_optimizers():
    gan = tiny_gan()
    adam = keras.optimizers.Adam()
    with pytest.raises(ValueError, match="are the same object.*Make two"):
        gan.compile(adam, adam)
    gan.compile(adam)
    with pytest.raises(ValueError, match="`g_optimizer` has already been used"):
        tiny_gan().compile(keras.optimizers.Adam(), adam)
    with pytest.raises(ValueError, match=r"not a class: write Adam\(\)"):
        tiny_gan().compile(keras.optimizers.Adam)


DATA = {
    "uint8": (
        lambda: np.zeros((16, 8, 8, 1), "uint8"),
        r"floating point in \[-1, 1\].*gk.datasets.pipeline.*uint8",
    ),
    "0 to 255": (
        lambda: 127.5 + 127.5 * tiny_images(16),
        r"must lie in \[-1, 1\].*values in \[",
    ),
    "0 to 1": (
        lambda: 0.5 + 0.5 * tiny_images(16),
        r"seem to lie in \[0, 1\].*images \* 2 - 1",
    ),
    "no channels": (
        lambda: tiny_images(16)[..., 0],
        r"Add the channel axis: `images\[..., None\]`.*\(16, 8, 8\)",
    ),
    "another size": (
        lambda: tiny_images(16, size=9),
        r"\[batch, 8, 8, 1\].*\(16, 9, 9, 1\)",
    ),
    "NaN": (
        lambda: np.full((16, 8, 8, 1), np.nan, "float32"),
        "must be finite",
    ),
    "a list": (lambda: [1, 2], "must be an array, .*Received: list"),
    "None": (lambda: None, "Received: x=None"),
}


@pytest.mark.parametrize("wrapped", [False, True], ids=["array", "tf.data"])
@pytest.mark.parametrize("case", DATA)
def test_data_that_does_not_fit(case, wrapped):
    make, message = DATA[case]
    data = make()
    if wrapped:
        if not isinstance(data, np.ndarray):
            pytest.skip("not something a data set can hold")
        data = tf.data.Dataset.from_tensors(data)
    gan = tiny_gan()
    gan.compile()
    with pytest.raises(ValueError, match=message):
        gan.fit(data, verbose=0)
    assert gan.steps.numpy() == 0


def test_empty_data():
    gan = tiny_gan()
    gan.compile()
    data = tf.data.Dataset.from_tensor_slices(tiny_images(4))
    with pytest.raises(ValueError, match="at least one batch.*empty"):
        gan.fit(data.batch(8, drop_remainder=True), verbose=0)
    with pytest.raises(ValueError, match="batch_size=64 for 4 images"):
        gan.fit(tiny_images(4), verbose=0)


def test_batch_size_goes_with_arrays():
    gan = tiny_gan()
    gan.compile()
    data = tf.data.Dataset.from_tensors(tiny_images(4))
    with pytest.raises(ValueError, match="a dataset brings its own"):
        gan.fit(data, batch_size=4)


def test_fit_before_compile():
    with pytest.raises(ValueError, match="compile"):
        tiny_gan().fit(tiny_images(8))


@pytest.mark.parametrize("n", [0, -1, 2.5, "8", True])
def test_how_many(n):
    with pytest.raises(ValueError, match="`n` must be a whole number"):
        tiny_gan().generate(n)


def test_judge_checks_its_images():
    gan = tiny_gan()
    gan.compile()
    with pytest.raises(ValueError, match="uint8"):
        gan.judge(np.zeros((2, 8, 8, 1), "uint8"))
