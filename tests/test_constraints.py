import keras
import numpy as np
import pytest
from conftest import tiny_images

import gan_keras as gk
from gan_keras.constraints import ClipWeights
from gan_keras.constraints import clip_weights


def largest(network):
    return [np.abs(w).max() for w in network.get_weights()]


def test_every_weight_of_d_stays_within_the_limit(tmp_path):
    d = gk.networks.dcgan_discriminator((16, 16, 1), 4, batch_norm=True)
    assert max(largest(d)) > 0.5
    gan = gk.GAN(
        gk.networks.dcgan_generator((16, 16, 1), 4, 4), clip_weights(d, 0.02)
    )
    trainable = [np.abs(v.numpy()).max() for v in d.trainable_variables]
    assert max(trainable) == pytest.approx(0.02)
    gan.compile(
        "rmsprop", "rmsprop", loss="wasserstein", penalties=[],
        jit_compile=False,
    )  # fmt: skip
    images = tiny_images(32, size=16)
    gan.fit(images, batch_size=8, verbose=0)
    for variable in d.trainable_variables:
        assert np.abs(variable.numpy()).max() <= 0.02
    assert max(largest(gan.generator)) > 0.02  # only D

    gan.save(tmp_path / "gan.keras")
    again = keras.saving.load_model(tmp_path / "gan.keras")
    for model in (gan, again):
        model.fit(images, batch_size=8, epochs=2, initial_epoch=1, verbose=0)
    for a, b in zip(gan.get_weights(), again.get_weights()):
        np.testing.assert_array_equal(a, b)
    assert all(
        isinstance(v.constraint, ClipWeights)
        for v in again.discriminator.trainable_variables
    )


def test_values():
    clipped = ClipWeights(0.5)(np.array([-2.0, -0.5, 0.1, 0.7], "float32"))
    np.testing.assert_allclose(clipped, [-0.5, -0.5, 0.1, 0.5])
    with pytest.raises(ValueError, match="`limit` must be above 0.*limit=0"):
        ClipWeights(0)


def test_a_layer_that_cannot_be_constrained_is_named():
    class Mine(keras.layers.Layer):
        def build(self, input_shape):
            self.add_weight(shape=(1,), name="mine")

        def call(self, inputs):
            return inputs

    network = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.PReLU()])
    clip_weights(network)
    network = keras.Sequential([keras.Input((4,)), Mine(name="own")])
    with pytest.raises(ValueError, match="layer 'own'.*'mine'"):
        clip_weights(network)
