"""Penalties on discriminators whose slopes are known exactly."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from gan_keras import penalties

IMAGES = tf.constant(
    np.random.default_rng(0).uniform(-1, 1, (5, 4, 4, 1)), tf.float32
)
SLOPE = np.random.default_rng(1).normal(size=(4, 4, 1)).astype("float32")


def linear(images):
    """D(x) = <slope, x>: its gradient is `slope` everywhere."""
    return tf.reduce_sum(images * SLOPE, axis=[1, 2, 3])


def quadratic(images):
    """D(x) = |x|^2 / 2: its gradient at x is x."""
    return tf.reduce_sum(images**2, axis=[1, 2, 3]) / 2


def test_squared_slope_of_a_linear_discriminator():
    expected = np.full(5, np.sum(SLOPE.astype("float64") ** 2))
    np.testing.assert_allclose(
        penalties.squared_slope(linear, IMAGES), expected, 1e-6
    )


@pytest.mark.parametrize("gamma", [0.0, 1.0, 10.0])
def test_r1_is_half_gamma_times_the_squared_slope_at_real_images(gamma):
    r1 = penalties.R1(gamma=gamma)
    values = r1(quadratic, IMAGES, 100 * IMAGES)  # the fakes do not count
    expected = gamma / 2 * np.sum(IMAGES.numpy() ** 2, axis=(1, 2, 3))
    np.testing.assert_allclose(values, expected, 1e-5)


def test_r1_gradient_reaches_the_discriminators_weights():
    # D(x) = a <slope, x>: R1 = gamma / 2 a^2 |slope|^2, so its derivative
    # by a is gamma a |slope|^2.
    a = tf.Variable(1.5)
    r1 = penalties.R1(gamma=3.0)
    with tf.GradientTape() as tape:
        fine = tf.reduce_mean(r1(lambda x: a * linear(x), IMAGES, IMAGES))
    expected = 3.0 * 1.5 * np.sum(SLOPE.astype("float64") ** 2)
    assert float(tape.gradient(fine, a)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("jit", [False, True])
def test_lazy_penalty_pays_every_kth_step_k_times_as_much(jit):
    lazy = penalties.R1(gamma=2.0, every=3)
    full = penalties.R1(gamma=2.0)(linear, IMAGES, IMAGES).numpy()
    step = tf.function(lambda: lazy(linear, IMAGES, IMAGES), jit_compile=jit)
    paid = np.array([step().numpy() for _ in range(7)])
    for i, values in enumerate(paid):
        expected = 3 * full if i % 3 == 0 else 0 * full
        np.testing.assert_allclose(values, expected, 1e-5)
    assert paid[:6].mean() == pytest.approx(full.mean(), rel=1e-5)


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize(("share", "paying"), [(0.2, 1), (0.5, 3), (1.0, 5)])
def test_shared_penalty_has_the_same_mean(share, paying, jit):
    # A linear D: every image's penalty is the same, so is their mean.
    full = penalties.R1(gamma=2.0)(linear, IMAGES, IMAGES).numpy()
    shared = penalties.R1(gamma=2.0, share=share)
    values = tf.function(
        lambda: shared(linear, IMAGES, IMAGES), jit_compile=jit
    )().numpy()
    assert values.shape == (5,)
    assert values.mean() == pytest.approx(full.mean(), rel=1e-5)
    # The first ones pay, each for more than itself; the rest do not.
    np.testing.assert_allclose(values[:paying], full[0] * 5 / paying, 1e-5)
    assert (values[paying:] == 0).all()


def test_half_precision_images_do_not_underflow():
    # Slopes of 1e-4: their squares, 1e-8, are below float16's smallest.
    images = tf.cast(IMAGES, tf.float16)
    values = penalties.squared_slope(
        lambda x: tf.reduce_sum(x * tf.constant(1e-4, x.dtype), [1, 2, 3]),
        images,
    )
    np.testing.assert_allclose(values, 16e-8, rtol=2e-2)


def test_config_round_trip():
    r1 = penalties.R1(gamma=0.5, every=8, share=0.5, name="flatness")
    config = keras.saving.serialize_keras_object(r1)
    again = keras.saving.deserialize_keras_object(config)
    assert (again.gamma, again.every) == (0.5, 8)
    assert (again.share, again.name) == (0.5, "flatness")


def test_names_and_mistakes():
    assert isinstance(penalties.get("r1"), penalties.R1)
    assert penalties.get_all([]) == []
    with pytest.raises(ValueError, match=r"must be a list.*R1\(\)"):
        penalties.get_all("r1")
    with pytest.raises(ValueError, match="must be a list"):
        penalties.get_all(penalties.R1())
    with pytest.raises(ValueError, match="different names.*'r1', 'r1'"):
        penalties.get_all(["r1", penalties.R1(gamma=2)])
    with pytest.raises(ValueError, match="Received: gamma=-1"):
        penalties.R1(gamma=-1)
    with pytest.raises(ValueError, match="Received: every=0"):
        penalties.R1(every=0)
    with pytest.raises(ValueError, match="Received: share=0"):
        penalties.R1(share=0)
    with pytest.raises(ValueError, match="Unknown `penalties`.*'r9'"):
        penalties.get_all(["r9"])
