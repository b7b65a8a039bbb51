import keras
import pytest
import tensorflow as tf
from conftest import tiny_gan

import gan_keras as gk
from gan_keras import xla
from gan_keras.precision import precision

pytestmark = pytest.mark.xla


def test_small_networks_are_compiled_and_large_ones_are_not():
    gan = tiny_gan()
    gan.compile()
    assert gan.jit_compile is True
    large = gk.GAN(
        gk.networks.dcgan_generator((64, 64, 3), width=16),
        gk.networks.dcgan_discriminator((64, 64, 3), width=16),
    )
    large.compile()
    assert large.jit_compile is False
    large.compile(jit_compile=True)
    assert large.jit_compile is True


def test_not_with_bfloat16():
    with precision("mixed_bfloat16"):
        gan = tiny_gan()
    gan.compile()
    assert gan.jit_compile is False
    assert keras.config.dtype_policy().name == "float32"


def test_work_by_hand():
    d = gk.networks.dcgan_discriminator(
        (16, 16, 3), width=2, wrap=gk.layers.SpectralNormalization
    )
    # To 8x8x2, to 4x4x4, to one logit; kernels of 4x4.
    assert xla.work(d) == 64 * 16 * 3 * 2 + 16 * 16 * 2 * 4 + 64
    g = gk.networks.dcgan_generator((16, 16, 3), latent_dim=5, width=2)
    # To 4x4x4; transposed from 4x4 to 8x8x2, from 8x8 to 16x16x3.
    assert xla.work(g) == 5 * 64 + 16 * 16 * 4 * 2 + 64 * 16 * 2 * 3
    # As much within another network, and in a layer of layers.
    outer = keras.Sequential([keras.Input((16, 16, 3)), d])
    assert xla.work(outer) == xla.work(d)
    # Places do not count for what has none.
    assert xla.work(gk.networks.mlp_discriminator((8, 8, 1), (3,))) == 65 * 3


def test_not_for_debugging_and_not_under_a_strategy():
    gan = tiny_gan()
    gan.compile(run_eagerly=True)
    assert gan.jit_compile is False
    with tf.distribute.OneDeviceStrategy("CPU:0").scope():
        assert not xla.pays(gan)


def test_not_where_a_metric_has_many_features():
    network = gk.extractors.small_cnn((8, 8, 1), 3)
    metric = gk.metrics.FrechetDistance(gk.extractors.Extractor("own", network))
    gan = tiny_gan()
    gan.compile(metrics=[metric])
    assert gan.jit_compile is True
    metric.features = 2048  # Inception's
    gan.compile(metrics=[metric])
    assert gan.jit_compile is False
