"""Penalties on discriminators whose slopes are known exactly."""

import gc

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import tiny_gan

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


def test_r2_is_r1_at_the_fakes():
    fakes = 3 * IMAGES
    values = penalties.R2(gamma=2.0)(quadratic, 100 * IMAGES, fakes)
    expected = np.sum(fakes.numpy().astype("float64") ** 2, axis=(1, 2, 3))
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
    with pytest.raises(ValueError, match="Received: every=True"):
        penalties.R1(every=True)
    with pytest.raises(ValueError, match="Received: share=0"):
        penalties.R1(share=0)
    with pytest.raises(ValueError, match="Unknown `penalties`.*'r9'"):
        penalties.get_all(["r9"])


# ------------------------------------------------------ slopes of one


@pytest.mark.parametrize("cls", [penalties.GradientPenalty, penalties.Dragan])
@pytest.mark.parametrize("scale", [0.1, 3.0])
def test_unit_slope_penalties_on_a_linear_discriminator(cls, scale):
    norm = scale * np.sqrt(np.sum(SLOPE.astype("float64") ** 2))
    for one_sided in (False, True):
        values = cls(weight=10.0, one_sided=one_sided)(
            lambda x: scale * linear(x), IMAGES, -IMAGES
        )
        expected = 10 * (norm - 1) ** 2
        if one_sided and norm < 1:
            expected = 0
        np.testing.assert_allclose(values, np.full(5, expected), 1e-4)
    assert (norm < 1) == (scale < 1)  # both sides were tried


def test_gradient_penalty_where_d_is_flat_has_a_gradient():
    a = tf.Variable(0.0)
    penalty = penalties.GradientPenalty(weight=10.0)
    with tf.GradientTape() as tape:
        values = penalty(lambda x: a * linear(x), IMAGES, IMAGES)
    np.testing.assert_allclose(values, 10, 1e-4)  # (0 - 1)^2
    assert np.isfinite(float(tape.gradient(values, a)))


def places_of(penalty, real_images, fake_images):
    seen = []

    def discriminate(images):
        seen.append(images.numpy())
        return linear(images)

    penalty(discriminate, real_images, fake_images)
    return seen[0]


def test_interpolates_lie_between_with_one_uniform_share_an_image():
    stats = pytest.importorskip("scipy.stats")
    real = tf.ones([4000, 4, 4, 1])
    penalty = penalties.GradientPenalty(seed=3)
    first = places_of(penalty, real, 3 * real)
    eps = (3 - first) / 2  # x = eps + 3 (1 - eps)
    assert np.ptp(eps, axis=(1, 2, 3)).max() == 0  # one an image
    assert stats.kstest(eps[:, 0, 0, 0], "uniform").pvalue > 1e-3
    second = places_of(penalty, real, 3 * real)
    assert not np.array_equal(first, second)
    again = penalties.GradientPenalty(seed=3)
    np.testing.assert_array_equal(first, places_of(again, real, 3 * real))
    other = penalties.GradientPenalty(seed=4)
    assert not np.array_equal(first, places_of(other, real, 3 * real))


def test_dragan_perturbs_the_real_images_by_half_their_spread():
    stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(0)
    real = tf.constant(rng.normal(0.2, 0.7, (400, 4, 4, 1)), tf.float32)
    places = places_of(penalties.Dragan(seed=3), real, 100 * real)
    u = (places - real.numpy()) / (0.5 * real.numpy().std())
    assert stats.kstest(u.ravel(), "uniform").pvalue > 1e-3


def test_dragans_spread_of_points_far_from_0():
    rng = np.random.default_rng(0)
    real = rng.normal(10, 0.001, (400, 4, 4, 1)).astype("float32")
    places = places_of(penalties.Dragan(seed=3), tf.constant(real), real)
    moved = places.astype("float64") - real
    assert np.isfinite(moved).all()
    # u ~ U(0, 1) has the mean 1/2: of 6400 pixels, within a hundredth.
    spread = moved.mean() / 0.25
    assert spread == pytest.approx(0.001, rel=0.05)


@pytest.mark.parametrize("name", penalties.penalties.classes)
@pytest.mark.parametrize("jit", [False, True])
def test_every_penalty_reaches_ds_weights_compiled_or_not(name, jit):
    penalty = penalties.get(name)
    network = keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(8, "tanh"),
            keras.layers.Dense(1),
        ]
    )

    @tf.function(jit_compile=jit)
    def gradients():
        with tf.GradientTape() as tape:
            values = penalty(lambda x: network(x)[:, 0], IMAGES, -IMAGES)
        return values, tape.gradient(values, network.trainable_variables[0])

    values, gradient = gradients()
    assert values.shape == (5,) and (values.numpy() > 0).all()
    assert np.isfinite(gradient).all() and np.abs(gradient).max() > 0


def test_config_of_random_penalties():
    penalty = penalties.GradientPenalty(5.0, one_sided=True, share=0.5)
    config = keras.saving.serialize_keras_object(penalty)
    again = keras.saving.deserialize_keras_object(config)
    assert again.get_config() == penalty.get_config()
    assert again.seed == penalty.seed
    assert penalty.name == "gradient_penalty"
    with pytest.raises(ValueError, match="Received: weight=-1"):
        penalties.Dragan(weight=-1)


@pytest.mark.parametrize(
    ("make", "shared"),
    [
        (lambda: penalties.R1(every=2), False),
        (lambda: penalties.GradientPenalty(seed=1), False),
        (lambda: penalties.R1(), True),  # each call is like the one before
    ],
)
def test_what_counts_its_calls_is_for_one_model(make, shared):
    penalty, one, other = make(), tiny_gan(), tiny_gan()
    one.compile(penalties=[penalty])
    one.compile(penalties=[penalty])  # the same model may go on with it
    if shared:
        other.compile(penalties=[penalty])
        return
    with pytest.raises(ValueError, match="another model's that count.*'gan'"):
        other.compile(penalties=[penalty])
    del one
    gc.collect()
    other.compile(penalties=[penalty])


def test_seeds_of_random_penalties_are_checked():
    for seed in (-1, 2.7):
        with pytest.raises(ValueError, match="`seed`"):
            penalties.Dragan(seed=seed)
