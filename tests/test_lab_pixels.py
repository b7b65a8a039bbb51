"""What D tells every pixel, by numbers and by pushing."""

import numpy as np
import pytest
import tensorflow as tf
from conftest import compiled
from conftest import tiny_gan
from conftest import tiny_images
from conftest import tiny_recipe

import gan_keras as gk
from gan_keras import lab
from gan_keras import state
from gan_keras.gan import Batch


def trained(loss="non_saturating"):
    gan = compiled(tiny_gan(), loss=loss)
    data = gk.datasets.pipeline(tiny_images(32), batch_size=8)
    gan.fit(data, epochs=3, verbose=0)
    return gan


@pytest.mark.parametrize("loss", ["non_saturating", "least_squares"])
def test_finite_differences_on_single_pixels_agree(loss):
    gan = trained(loss)
    fakes, gradients = lab.pixel_gradients(gan, gan.draw_latents(4, seed=1))
    assert fakes.shape == gradients.shape == (4, 8, 8, 1)
    assert gradients.dtype == np.float32

    def g_loss(images):
        logits = gan.discriminate(tf.constant(images))
        return np.mean(gan.loss.generator(None, logits), dtype="float64")

    strongest = np.argsort(-np.abs(gradients).ravel())[[0, 5, 40]]
    for place in strongest:
        step = np.zeros(fakes.size, "float32")
        step[place] = 0.02
        step = step.reshape(fakes.shape)
        slope = (g_loss(fakes + step) - g_loss(fakes - step)) / 0.04
        assert slope == pytest.approx(gradients.ravel()[place], rel=0.03)


def test_pushing_along_it_raises_ds_score_and_against_it_lowers_it():
    gan = trained()
    fakes, gradients = lab.pixel_gradients(gan, gan.draw_latents(16, seed=2))
    before = gan.judge(fakes)
    push = 0.05 * gradients / np.abs(gradients).max()
    assert (gan.judge(fakes - push) > before).all()
    assert (gan.judge(fakes + push) < before).all()


@pytest.mark.parametrize("name", ["dcgan", "r3gan", "cgan"])
def test_the_chain_through_it_is_the_gradient_of_g(name):
    """Against one tape through D and G together."""
    gan = tiny_recipe(name)
    real = tf.constant(tiny_images(8))
    labels = tf.constant(np.arange(8) % 3) if gan.needs_labels else None
    batch, tape = gan.make_fakes(real, labels)
    chained, _ = gan.generator_gradients(batch, tape)
    with tf.GradientTape() as whole:
        fakes = gan.generator(batch.inputs, training=True)
        # With the units that do not drop out in this turn.
        logits = gan.look(fakes, labels, dice=batch.dice)["logits"]
        against = gan.look(real, labels, dice=batch.dice)["logits"]
        loss = tf.reduce_mean(gan.loss.generator(against, logits))
    direct = whole.gradient(loss, gan.generator.trainable_variables)
    for a, b in zip(chained, direct, strict=True):
        size = np.abs(b).max()
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5 * size)
    assert max(np.abs(b).max() for b in direct) > 0


def test_it_is_the_gradient_that_training_hands_on():
    gan = trained()
    real = tf.constant(tiny_images(8))
    batch, _ = gan.make_fakes(real)
    expected, _ = gan.pixel_gradients(batch)
    _, got = lab.pixel_gradients(gan, batch.inputs.numpy())
    np.testing.assert_array_equal(got, expected)
    assert isinstance(batch, Batch)


def test_looking_leaves_no_trace():
    gan = trained()
    before = state.read(gan)
    lab.pixel_gradients(gan, gan.draw_latents(4, seed=1))
    for a, b in zip(before, state.read(gan), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_relativistic_loss_asks_for_real_images():
    gan = trained("relativistic")
    latents = gan.draw_latents(4, seed=1)
    with pytest.raises(ValueError, match="`real_images` must be given"):
        lab.pixel_gradients(gan, latents)
    _, some = lab.pixel_gradients(gan, latents, tiny_images(4))
    _, others = lab.pixel_gradients(gan, latents, tiny_images(4, seed=9))
    assert np.abs(some - others).max() > 0
    with pytest.raises(ValueError, match="3 real images for 4 latents"):
        lab.pixel_gradients(gan, latents, tiny_images(3))


def test_classes_are_part_of_the_question():
    gan = tiny_recipe("cgan")
    latents = gan.draw_latents(3, seed=1)
    _, some = lab.pixel_gradients(gan, (latents, [0, 1, 2]), tiny_images(3))
    _, others = lab.pixel_gradients(gan, (latents, [1, 1, 2]), tiny_images(3))
    assert np.abs(some[0] - others[0]).max() > 0


def test_an_objective_of_ones_own_may_ask_for_real_images():
    class Match(gk.auxiliaries.Auxiliary):
        def discriminator(self, real, fake, batch):
            return 0 * fake["logits"]

        def generator(self, real, fake, batch):
            return tf.square(real["logits"] - fake["logits"])

    gan = compiled(tiny_gan(), auxiliaries=[Match()], penalties=[])
    latents = gan.draw_latents(4, seed=0)
    with pytest.raises(ValueError, match="`real_images` must.*'match'"):
        lab.pixel_gradients(gan, latents)
    _, found = lab.pixel_gradients(gan, latents, tiny_images(4))
    assert np.abs(found).max() > 0
