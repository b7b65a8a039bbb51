"""Small networks and data that the tests share."""

import functools
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import pytest
import tensorflow as tf

import gan_keras as gk
from gan_keras import recipes
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


def compiled(gan, **kwargs):
    """The model, compiled for plain arithmetic: SGD, no penalty, no XLA."""
    kwargs.setdefault("d_optimizer", keras.optimizers.SGD(0.1))
    kwargs.setdefault("g_optimizer", keras.optimizers.SGD(0.1))
    kwargs.setdefault("penalties", [])
    kwargs.setdefault("jit_compile", False)
    gan.compile(**kwargs)
    return gan


@functools.cache  # a second one would get the first one's messages
def two_cpus():
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


def assert_equal_runs(one, two):
    """Whether two runs, each a model and its history, learnt the same.

    Sums over two halves of a batch are rounded in another order than sums
    over the whole; these bounds are for ten steps of SGD.
    """
    for a, b in zip(weights(one[0]), weights(two[0]), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=2e-6)
    assert one[1].keys() == two[1].keys()
    for name in one[1]:
        np.testing.assert_allclose(one[1][name], two[1][name], 1e-4, 1e-5)


def tiny_recipe(name, steps=16, width=4, seed=2, shape=(8, 8, 1)):
    """A recipe's model, as small as it gets."""
    recipe = recipes.get(name)
    classes = {"num_classes": 3} if recipe.classes else {}
    return recipe(
        shape, steps=steps, latent_dim=16, width=width, seed=seed, **classes
    )


def data_for(gan, steps=4, batch_size=8):
    """Small images, and labels where they are needed, for so many steps."""
    batch_size *= gan.critic_steps
    images = tiny_images(steps * batch_size)
    labels = np.arange(len(images)) % 3 if gan.needs_labels else None
    return gk.datasets.pipeline(images, labels, batch_size=batch_size, seed=1)


# Every recipe, for tests that compile it with XLA: most of them take long.
RECIPES = [
    name if name == "gan" else pytest.param(name, marks=pytest.mark.slow)
    for name in recipes.RECIPES
]


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
