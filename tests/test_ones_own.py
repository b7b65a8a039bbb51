"""A new loss, penalty or augmentation in ten lines, everything else as is."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import same
from conftest import tiny_gan
from conftest import tiny_images
from conftest import weights

import gan_keras as gk


@keras.saving.register_keras_serializable("ones_own")
class SquaredHinge(gk.losses.Loss):
    def discriminator(self, real_logits, fake_logits):
        return (
            tf.nn.relu(1 - real_logits) ** 2 + tf.nn.relu(1 + fake_logits) ** 2
        )

    def generator(self, real_logits, fake_logits):
        return -fake_logits


@keras.saving.register_keras_serializable("ones_own")
class Halfway(gk.penalties.Penalty):
    """D must be flat in the middle between real and fake."""

    def places(self, real_images, fake_images):
        return (real_images + fake_images) / 2

    def price(self, squared_slope):
        return 3 * squared_slope


def small_logits(discriminate, real_images, fake_images):
    """A penalty may be any function that has a name."""
    return 0.001 * discriminate(real_images) ** 2


small_logits.name = "drift"


@keras.saving.register_keras_serializable("ones_own")
class Upside(gk.augment.Augmentation):
    """Half of the images stand on their heads."""

    numbers = 1

    def transform(self, images, u):
        return tf.where(u[:, :1, None, None] < 0.5, images[:, ::-1], images)


def trained(**kwargs):
    keras.utils.set_random_seed(0)
    gan = tiny_gan()
    gan.compile(jit_compile=False, **kwargs)
    logs = gan.fit(tiny_images(16), batch_size=8, epochs=2, verbose=0).history
    assert all(np.isfinite(values).all() for values in logs.values())
    return gan, logs


@pytest.mark.slow
@pytest.mark.parametrize(
    "ingredient",
    [
        {"loss": SquaredHinge()},
        {"penalties": [Halfway(share=0.5)]},
        {"penalties": [Halfway(every=2)]},
        {"augmentation": Upside(seed=1)},
    ],
    ids=["loss", "penalty in part", "lazy penalty", "augmentation"],
)
def test_it_trains_changes_the_training_and_comes_back(ingredient, tmp_path):
    usual, _ = trained(penalties=[])
    gan, logs = trained(**{"penalties": [], **ingredient})
    assert not same(weights(usual), weights(gan))
    if ingredient.get("penalties"):
        assert max(logs["halfway"]) > 1e-6
    gan.save(tmp_path / "gan.keras")
    again = keras.saving.load_model(tmp_path / "gan.keras")
    for model in (gan, again):
        model.fit(tiny_images(16), batch_size=8, verbose=0)
    assert same(weights(gan), weights(again))


def test_a_penalty_may_be_a_function():
    _, logs = trained(penalties=[small_logits])
    assert logs["drift"][0] > 0
