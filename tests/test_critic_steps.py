"""D ahead of G: `critic_steps` turns on images of their own."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import assert_equal_runs
from conftest import compiled
from conftest import same
from conftest import tiny_gan
from conftest import tiny_images
from conftest import two_cpus
from conftest import weights
from test_conditional import labels
from test_conditional import tiny_conditional

import gan_keras as gk


def with_turns(gan, critic_steps, **kwargs):
    optimizers = {
        "d_optimizer": keras.optimizers.SGD(0.05),
        "g_optimizer": keras.optimizers.SGD(0.05),
    }
    kwargs.setdefault("loss", "wasserstein")
    return compiled(gan, critic_steps=critic_steps, **optimizers, **kwargs)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_three_turns_by_hand(jit_compile):
    gan = with_turns(tiny_gan(), 3, jit_compile=jit_compile)
    twin = tiny_gan()
    twin.set_weights(gan.get_weights())
    images = tiny_images(12)
    # Noise is a pure function of how many draws there were before.
    latents = []
    for turn in range(3):
        latents.append(gan.generator_inputs(4, turn=turn))
    assert len({float(z[0, 0]) for z in latents}) == 3
    variables = twin.discriminator.trainable_variables
    d_losses = []
    for turn in range(3):
        fake_images = twin.generator(latents[turn], training=True)
        with tf.GradientTape() as tape:
            real = twin.discriminator(images[turn::3], training=True)
            fake = twin.discriminator(fake_images, training=True)
            d_loss = tf.reduce_mean(fake) - tf.reduce_mean(real)
        d_losses.append(float(d_loss))
        for v, gradient in zip(variables, tape.gradient(d_loss, variables)):
            v.assign_sub(0.05 * gradient) if gradient is not None else None
    variables = twin.generator.trainable_variables
    with tf.GradientTape() as tape:
        fake_images = twin.generator(latents[-1], training=True)
        g_loss = -tf.reduce_mean(twin.discriminator(fake_images))
    for v, gradient in zip(variables, tape.gradient(g_loss, variables)):
        v.assign_sub(0.05 * gradient)

    logs = gan.train_on_batch(tf.constant(images), return_dict=True)
    for a, b in [
        (gan.generator, twin.generator),
        (gan.discriminator, twin.discriminator),
    ]:
        for v, w in zip(a.trainable_variables, b.trainable_variables):
            np.testing.assert_allclose(v, w, rtol=1e-4, atol=1e-6)
    # The logs are means over all three turns.
    assert logs["d_loss"] == pytest.approx(np.mean(d_losses), rel=1e-4)
    assert logs["g_loss"] == pytest.approx(float(g_loss), rel=1e-4)
    assert gan.steps.numpy() == gan.g_optimizer.iterations.numpy() == 1
    assert gan.d_optimizer.iterations.numpy() == 3
    assert gan.optimizer.iterations.numpy() == 1
    # And the next step draws other noise than all of these.
    following = [float(gan.generator_inputs(4, turn=t)[0, 0]) for t in range(3)]
    assert not {*following} & {float(z[0, 0]) for z in latents}


def test_every_image_is_seen_once_and_labels_stay_with_their_images():
    seen = []

    class Watched(gk.ConditionalGAN):
        def discriminator_gradients(self, batch):
            seen.append([batch.real_images[:, 0, 0, 0], batch.labels])
            return super().discriminator_gradients(batch)

    plain = tiny_conditional()
    gan = Watched(plain.generator, plain.discriminator)
    with_turns(gan, 2, jit_compile=False, run_eagerly=True)
    images = np.zeros((12, 8, 8, 1), "float32")
    images[:, 0, 0, 0] = np.linspace(-0.9, 0.9, 12)
    data = tf.data.Dataset.from_tensor_slices((images, labels(12)))
    data = data.batch(6, drop_remainder=True)
    gan.fit(data, verbose=0)
    assert len(seen) == 4
    pixels = np.concatenate([pixels for pixels, _ in seen])
    found = np.concatenate([found for _, found in seen])
    assert len(np.unique(pixels)) == 12
    order = np.argsort(pixels)
    np.testing.assert_array_equal(pixels[order], images[:, 0, 0, 0])
    np.testing.assert_array_equal(found[order], labels(12))


@pytest.mark.slow
@pytest.mark.parametrize("conditional", [False, True])
def test_two_replicas_equal_one_device(conditional):
    def trained(strategy):
        keras.utils.set_random_seed(0)
        with strategy.scope():
            gan = tiny_conditional() if conditional else tiny_gan()
            with_turns(gan, 2, penalties=[gk.penalties.GradientPenalty(seed=1)])
        images, found = tiny_images(24), labels(24)
        data = (images, found) if conditional else images
        data = tf.data.Dataset.from_tensor_slices(data)
        data = data.batch(8, drop_remainder=True)
        return gan, gan.fit(data, epochs=2, verbose=0).history

    one = trained(tf.distribute.get_strategy())
    assert_equal_runs(one, trained(two_cpus()))


@pytest.mark.slow
def test_arrays_are_cut_into_batches_for_all_turns():
    gan = with_turns(tiny_gan(), 4)
    gan.fit(tiny_images(512), verbose=0)  # 64 for each turn
    assert gan.steps.numpy() == 2


@pytest.mark.slow
def test_a_later_batch_that_cannot_be_dealt_out():
    """No turn of D's goes without images: BatchNorm's mean would be NaN."""
    message = "multiple of 3. Received: a batch of 4"
    gan = with_turns(tiny_gan(), 3)
    batches = (tiny_images(n) for n in (6, 6, 4))
    # TensorFlow wraps what a generator raises into an error of its own.
    with pytest.raises(Exception, match=message):
        gan.fit(batches, verbose=0)
    assert gan.steps.numpy() == 2
    with pytest.raises(ValueError, match=message):
        gan.train_on_batch(tiny_images(4))
    assert gan.steps.numpy() == 2
    assert np.isfinite(gan.generate(4)).all()


@pytest.mark.slow
def test_saved_with_the_model_and_resumed(tmp_path):
    data = gk.datasets.pipeline(tiny_images(24), batch_size=6)

    def fit(directory, epochs):
        keras.utils.set_random_seed(0)
        gan = with_turns(tiny_gan(), 3, penalties=["gradient_penalty"])
        gan.fit(
            data,
            epochs=epochs,
            verbose=0,
            callbacks=[gk.callbacks.Resume(tmp_path / directory, seconds=0)],
        )
        return gan

    whole = fit("whole", 3)
    fit("parts", 2)
    assert same(weights(whole), weights(fit("parts", 3)))
    whole.save(tmp_path / "gan.keras")
    assert keras.saving.load_model(tmp_path / "gan.keras").critic_steps == 3


@pytest.mark.slow
def test_a_data_set_without_an_end():
    class Endless(keras.utils.PyDataset):
        num_batches = None

        def __getitem__(self, index):
            return tiny_images(16, seed=index)

    gan = with_turns(tiny_gan(), 2)
    gan.fit(Endless(), steps_per_epoch=3, epochs=2, verbose=0)
    assert int(gan.steps) == 6

    class Odd(Endless):
        def __getitem__(self, index):
            return tiny_images(15)

    with pytest.raises(ValueError, match="a batch of 15"):
        gan.fit(Odd(), steps_per_epoch=3, verbose=0)
