"""Small networks and data that the tests share."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import pytest
import tensorflow as tf

import gan_keras as gk
from gan_keras import xla

# A second processor to be a second device (see test_replicas); it must be
# there before TensorFlow computes anything.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0],
    [tf.config.LogicalDeviceConfiguration()] * 2,
)


# Compiling with XLA takes seconds a test; those that are about it, or about
# what people get by default, ask for it with `@pytest.mark.xla`.
SMALL, xla.SMALL = xla.SMALL, 0


@pytest.fixture(autouse=True)
def xla_on_request(request, monkeypatch):
    if "xla" in request.keywords:
        monkeypatch.setattr(xla, "SMALL", SMALL)


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(0)


def tiny_gan(seed=7, **kwargs):
    """A DCGAN on 8x8 grey images that trains in no time."""
    return gk.GAN(
        gk.networks.dcgan_generator((8, 8, 1), latent_dim=4, width=4),
        gk.networks.dcgan_discriminator((8, 8, 1), width=4),
        seed=seed,
        **kwargs,
    )


def tiny_images(n=32, size=8, channels=1, seed=0):
    """Float32 `[n, size, size, channels]` in [-1, 1]."""
    rng = np.random.default_rng(seed)
    shape = (n, size, size, channels)
    return rng.uniform(-1, 1, shape).astype("float32")


def weights(model):
    """Copies of all of a model's weights, as a list of arrays."""
    return [np.array(w) for w in model.get_weights()]


def same(some, others):
    """Whether two lists of arrays are equal bit for bit."""
    return len(some) == len(others) and all(
        np.array_equal(a, b) for a, b in zip(some, others)
    )
