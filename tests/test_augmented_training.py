"""Augmentation inside the training step: what D sees, and nobody else."""

import warnings

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

import gan_keras as gk
from gan_keras.gan import Batch


def test_every_look_of_a_step_sees_other_changes():
    seen = []

    class Watched(gk.augment.DiffAugment):
        def __call__(self, images, step, look):
            seen.append((int(step), look, images.numpy()))
            return super().__call__(images, step, look)

    gan = compiled(
        tiny_gan(),
        augmentation=Watched(),
        run_eagerly=True,
        penalties=["r1"],
        critic_steps=2,
    )
    images = tiny_images(8)
    for _ in range(2):
        gan.train_on_batch(tf.constant(images))
    looks = [(step, look) for step, look, _ in seen]
    # Twice reals, fakes and R1's reals; then the reals and fakes for G.
    assert looks == [(0, i) for i in range(8)] + [(1, i) for i in range(8)]
    for i, turn in [(0, 0), (2, 0), (3, 1), (5, 1), (6, 1)]:
        np.testing.assert_array_equal(seen[i][2], images[turn::2])


def test_people_see_d_without_augmentation():
    gan = compiled(tiny_gan(), augmentation="diff_augment")
    plain = compiled(tiny_gan())
    plain.set_weights(gan.get_weights())
    images = tiny_images(6)
    assert same([gan.judge(images)], [plain.judge(images)])
    data = tf.data.Dataset.from_tensor_slices(images).batch(3)
    assert gan.evaluate(data, verbose=0) == plain.evaluate(data, verbose=0)
    gan.turns(tf.constant(images))
    changed = gan.discriminate(images)
    assert not np.allclose(changed, plain.discriminate(images))


def test_gs_gradient_flows_through_the_augmentation():
    """With everything but a quarter cut away, only that quarter is taught."""

    class LeftHalf(gk.augment.Augmentation):
        def transform(self, images, u):
            return images * tf.constant([1.0] * 4 + [0.0] * 4)[:, None]

    gan = compiled(tiny_gan(), augmentation=LeftHalf())
    images = tf.constant(tiny_images(3))
    gan.turns(images)
    gradients, _ = gan.pixel_gradients(Batch(images, images, None, None))
    assert np.abs(gradients[:, :, :4]).min() > 0
    np.testing.assert_array_equal(gradients[:, :, 4:], 0)


@pytest.mark.xla
@pytest.mark.slow
def test_xla_stays_on():
    gan = tiny_gan()
    gan.compile(augmentation="diff_augment")
    assert gan.jit_compile and gan.supports_jit
    history = gan.fit(tiny_images(16), batch_size=8, verbose=0).history
    assert np.isfinite(history["d_loss"]).all()


def ada(seed=1, **kwargs):
    return gk.augment.AdaptiveAugmentation(seed=seed, images=64, **kwargs)


def growing(seed=1, **kwargs):
    return gk.augment.GrowingAugmentation(seed=seed, looks=2, **kwargs)


@pytest.mark.slow
def test_ada_is_steered_logged_saved_and_resumed(tmp_path):
    # A D that finds everything real: r = 1, so p rises by 8 / 64 a step.
    gan = tiny_gan()
    gan.discriminator.get_layer("logits").bias.assign([50.0])
    still = keras.optimizers.SGD(1e-30), keras.optimizers.SGD(1e-30)
    gan.compile(*still, penalties=[], augmentation=ada(), jit_compile=False)
    data = gk.datasets.pipeline(tiny_images(32), batch_size=8)
    history = gan.fit(data, epochs=2, verbose=0).history
    # The values that the steps used: 0, 1/8, 2/8, 3/8; then the next four.
    np.testing.assert_allclose(history["ada_p"], [1.5 / 8, 5.5 / 8])
    assert float(gan.augmentation.p) == 1.0
    gan.save(tmp_path / "gan.keras")
    again = keras.saving.load_model(tmp_path / "gan.keras")
    assert float(again.augmentation.p) == 1.0

    # A D that finds everything fake: back down.
    gan.discriminator.get_layer("logits").bias.assign([-50.0])
    gan.fit(data, verbose=0)
    assert float(gan.augmentation.p) == 0.5

    def fit(directory, epochs):
        keras.utils.set_random_seed(0)
        gan = compiled(
            tiny_gan(), augmentation=ada(target=0.1), penalties=["r1"]
        )
        gan.fit(
            data,
            epochs=epochs,
            verbose=0,
            callbacks=[gk.callbacks.Resume(tmp_path / directory, seconds=0)],
        )
        return gan

    whole = fit("whole", 4)
    fit("parts", 2)
    parts = fit("parts", 4)
    assert same(weights(whole), weights(parts))
    assert 0 < float(parts.augmentation.p) == float(whole.augmentation.p)


@pytest.mark.slow
@pytest.mark.parametrize("epoch_size", [None, 8])
def test_growing_counts_images_not_epochs(epoch_size):
    flips = gk.augment.GrowingAugmentation("flip", p=0.8, looks=4)
    gan = compiled(tiny_gan(), augmentation=flips)
    data = gk.datasets.pipeline(
        tiny_images(32), batch_size=8, epoch_size=epoch_size
    )
    epochs = 2 if epoch_size is None else 8
    history = gan.fit(data, epochs=epochs, verbose=0).history
    # Eight steps of a quarter of all images, each with the p before it.
    p = np.arange(8) / 4 / 4 * 0.8
    np.testing.assert_allclose(
        history["augment_p"], p.reshape(epochs, -1).mean(axis=1), rtol=1e-5
    )
    # The same images in an array: there is no more that D could know.
    gan.fit(tiny_images(32), batch_size=8, epochs=9, verbose=0)
    assert float(flips.seen) == 4


class Pairs(keras.utils.PyDataset):
    def __len__(self):
        return 3

    def __getitem__(self, i):
        return tiny_images(8)


@pytest.mark.slow
@pytest.mark.parametrize(
    "data",
    [
        lambda: tf.data.Dataset.from_tensor_slices(tiny_images(24)).batch(8),
        lambda: Pairs(),
    ],
)
def test_growing_asks_any_data_how_many_images_there_are(data):
    flips = gk.augment.GrowingAugmentation("flip", looks=60)
    gan = compiled(tiny_gan(), augmentation=flips)
    gan.fit(data(), verbose=0)
    assert float(flips.part) == pytest.approx(1 / 24)
    assert float(flips.seen) == pytest.approx(1)


@pytest.mark.slow
def test_growing_of_images_without_an_end():
    """They train all the same, as new ones do: unchanged."""
    data = gk.datasets.pipeline(tiny_images(8), batch_size=4).repeat()
    gan = compiled(tiny_gan(), augmentation=growing())
    with pytest.warns(UserWarning, match=r"takes them for endless.*images=N"):
        gan.fit(data, steps_per_epoch=2, verbose=0)
    assert float(gan.augmentation.dose()) == 0
    gan.augmentation.begin(8)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*endless")
        gan.fit(data, steps_per_epoch=2, verbose=0)
    assert float(gan.augmentation.seen) == 1


@pytest.mark.slow
def test_growing_is_saved_and_resumed(tmp_path):
    data = gk.datasets.pipeline(tiny_images(32), batch_size=8)
    guard = gk.callbacks.DivergenceGuard()  # all that is saved is finite

    def fit(directory, epochs):
        keras.utils.set_random_seed(0)
        cutout = gk.augment.GrowingAugmentation("cutout", looks=8, seed=1)
        gan = compiled(tiny_gan(), augmentation=cutout)
        gan.fit(
            data,
            epochs=epochs,
            verbose=0,
            callbacks=[
                gk.callbacks.Resume(tmp_path / directory, seconds=0),
                guard,
            ],
        )
        return gan

    whole = fit("whole", 4)
    fit("parts", 2)
    parts = fit("parts", 4)
    assert same(weights(whole), weights(parts))
    assert float(parts.augmentation.seen) == 4
    # How many images there are is the data's to say, not the checkpoint's.
    assert float(parts.augmentation.part) == 1 / 32
    whole.save(tmp_path / "gan.keras")
    again = keras.saving.load_model(tmp_path / "gan.keras")
    assert float(again.augmentation.dose()) == 0.25


@pytest.mark.slow
def test_the_boundary_is_the_losss():
    """Least squares says real above 1/2."""
    rising = {}
    for loss, bias in [("least_squares", 0.4), ("least_squares", 0.6),
                       ("hinge", 0.4)]:  # fmt: skip
        gan = tiny_gan()
        gan.discriminator.get_layer("logits").set_weights(
            [np.zeros((64, 1)), np.array([bias])]
        )
        still = keras.optimizers.SGD(1e-30), keras.optimizers.SGD(1e-30)
        gan.compile(
            *still, loss, penalties=[], augmentation=ada(), jit_compile=False
        )
        gan.train_on_batch(tf.constant(tiny_images(8)))
        rising[loss, bias] = float(gan.augmentation.p) > 0
    assert rising == {
        ("least_squares", 0.4): False,
        ("least_squares", 0.6): True,
        ("hinge", 0.4): True,
    }


@pytest.mark.slow
@pytest.mark.parametrize("augmentation", [gk.augment.DiffAugment, ada, growing])
def test_two_replicas_equal_one_device(augmentation):
    def trained(strategy):
        keras.utils.set_random_seed(0)
        with strategy.scope():
            gan = compiled(
                tiny_gan(),
                augmentation=augmentation(seed=1),
                penalties=[gk.penalties.R1(gamma=0.1)],
            )
        data = tf.data.Dataset.from_tensor_slices(tiny_images(27)).batch(6)
        return gan, gan.fit(data, epochs=2, verbose=0).history

    one = trained(tf.distribute.get_strategy())
    assert_equal_runs(one, trained(two_cpus()))


def test_lazy_penalties_and_augmentation_under_a_strategy():
    with two_cpus().scope():
        gan = tiny_gan()
        lazy = gk.penalties.R1(every=2)
        with pytest.raises(ValueError, match="Use `share=` instead of `every="):
            gan.compile(augmentation="diff_augment", penalties=[lazy])
