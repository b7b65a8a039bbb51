import pytest
import tensorflow as tf
from conftest import tiny_gan

import gan_keras as gk
from gan_keras import xla

pytestmark = pytest.mark.xla


def test_small_networks_are_compiled_and_large_ones_are_not():
    gan = tiny_gan()
    gan.compile()
    assert gan.jit_compile is True
    large = gk.GAN(
        gk.networks.mlp_generator((28, 28, 1), hidden=(512, 512)),
        gk.networks.mlp_discriminator((28, 28, 1)),
    )
    large.compile()
    assert large.jit_compile is False
    large.compile(jit_compile=True)
    assert large.jit_compile is True


def test_not_for_debugging_and_not_under_a_strategy():
    gan = tiny_gan()
    gan.compile(run_eagerly=True)
    assert gan.jit_compile is False
    with tf.distribute.OneDeviceStrategy("CPU:0").scope():
        assert not xla.pays(gan)
