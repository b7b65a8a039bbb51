"""Bad data sets and bad samples; the other mistakes are in test_mistakes."""

import numpy as np
import pytest
import tensorflow as tf
from conftest import compiled
from conftest import tiny_gan
from conftest import tiny_images

import gan_keras as gk
from gan_keras import state

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
}


@pytest.mark.parametrize("case", DATA)
def test_data_sets_are_checked_as_arrays_are(case):
    make, message = DATA[case]
    gan = tiny_gan()
    gan.compile()
    with pytest.raises(ValueError, match=message):
        gan.fit(tf.data.Dataset.from_tensors(make()), verbose=0)
    assert gan.steps.numpy() == 0


@pytest.mark.parametrize("n", [0, -1, 2.5, "8", True])
def test_how_many(n):
    with pytest.raises(ValueError, match="`n` must be a whole number"):
        tiny_gan().generate(n)


def test_judge_checks_its_images():
    gan = tiny_gan()
    gan.compile()
    with pytest.raises(ValueError, match="uint8"):
        gan.judge(np.zeros((2, 8, 8, 1), "uint8"))


@pytest.mark.slow
def test_pale_images_that_we_have_scaled_are_what_they_are():
    pale = np.uint8(200 + 50 * tiny_images(16))  # not a pixel below 150
    gan = compiled(tiny_gan())
    data = gk.datasets.pipeline(pale, batch_size=8)
    gan.fit(data, validation_data=data, verbose=0)
    assert gan.steps.numpy() == 2
    # Of a few that somebody else has scaled nobody can tell.
    few = tf.data.Dataset.from_tensors(np.abs(tiny_images(4)))
    with pytest.warns(UserWarning, match=r"`x` seem to lie in \[0, 1\]"):
        gan.fit(few, verbose=0)


@pytest.mark.slow
@pytest.mark.parametrize("augmentation", [None, "diff_augment", "growing"])
@pytest.mark.parametrize("fixed", [False, True])
def test_a_data_set_need_not_know_its_shapes(augmentation, fixed):
    """Nor its length; it may know the shapes, too."""
    images = tiny_images(16)
    shape = (8, 8, 1) if fixed else None
    data = tf.data.Dataset.from_generator(
        lambda: images, output_signature=tf.TensorSpec(shape, "float32")
    ).batch(8, drop_remainder=fixed)
    assert data.element_spec.shape == ((8, 8, 8, 1) if fixed else None)
    if augmentation == "growing":
        augmentation = gk.augment.GrowingAugmentation(looks=9, images=16)
    generator = gk.networks.dcgan_generator((8, 8, 1), 4, width=4)
    discriminator = gk.networks.dcgan_discriminator(
        (8, 8, 1), width=4, wrap=gk.layers.SpectralNormalization
    )
    penalties = [gk.penalties.R1(every=2)]
    gan = compiled(
        gk.GAN(generator, discriminator, seed=1),
        augmentation=augmentation,
        penalties=penalties,
    )
    twin = gan.explain_step(tiny_images(8)).gan  # a copy, after one step
    state.write(twin, state.read(gan), "the test")
    gan.fit(data, validation_data=data, verbose=0)
    # Nothing was counted when the data came to their end.
    assert gan.steps.numpy() == penalties[0].calls.numpy() == 2
    for batch in np.split(images, 2):
        twin.train_on_batch(batch)
    for one, other in zip(state.read(gan), state.read(twin), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
