import numpy as np
import pytest
from conftest import compiled
from conftest import tiny_gan
from conftest import tiny_recipe
from scipy import stats

import gan_keras as gk
from gan_keras import latent
from gan_keras import state


def test_slerp_stays_on_the_circle_at_even_angles():
    t = np.linspace(0, 1, 7)
    arc = latent.slerp([2.0, 0.0], [0.0, 2.0], t)
    angles = t * np.pi / 2
    expected = 2 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    np.testing.assert_allclose(arc, expected, atol=1e-6)
    assert arc.dtype == np.float32


def test_slerp_of_lengths():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 64))
    lengths = np.linalg.norm(latent.slerp(a, b, np.linspace(0, 1, 9)), axis=1)
    low, high = sorted([np.linalg.norm(a), np.linalg.norm(b)])
    # The chord's middle would be shorter by about sqrt(2).
    assert lengths.min() > 0.95 * low
    assert lengths.max() < 1.05 * high


@pytest.mark.parametrize("end", [[1.0, 2.0], [2.0, 4.0], [-1.0, -2.0]])
def test_slerp_of_parallel_vectors_is_finite(end):
    arc = latent.slerp([1.0, 2.0], end, [0.0, 0.5, 1.0])
    assert np.isfinite(arc).all()
    np.testing.assert_allclose(arc[[0, 2]], [[1.0, 2.0], end], atol=1e-6)


def test_slerp_from_the_middle_is_a_straight_line():
    end = np.array([3.0, -4.0])
    found = latent.slerp(np.zeros(2), end, [0.0, 0.25, 1.0])
    np.testing.assert_allclose(found, [0 * end, end / 4, end], atol=1e-6)


def test_a_threshold_may_be_numpys():
    z = np.zeros((2, 3), "float32")
    assert latent.truncate(z, np.float64(0.5)).dtype == np.float32


def test_walk_visits_every_stop_and_closes():
    stops = np.random.default_rng(0).normal(size=(3, 8)).astype("float32")
    way = latent.walk(stops, frames=5)
    assert way.shape == (15, 8)
    np.testing.assert_allclose(way[::5], stops, atol=1e-6)
    np.testing.assert_allclose(
        way[11], latent.slerp(stops[2], stops[0], [0.2])[0], atol=1e-6
    )


# ------------------------------------------- truncation, sums, projection


@pytest.mark.parametrize("threshold", [0.3, 1.0, 2.0])
def test_truncation_is_the_truncated_normal(threshold):
    z = np.random.default_rng(0).standard_normal((4000, 5), dtype="float32")
    got = latent.truncate(z, threshold, seed=1)
    assert got.dtype == np.float32
    assert np.abs(got).max() <= threshold
    within = np.abs(z) <= threshold
    np.testing.assert_array_equal(got[within], z[within])
    oracle = stats.truncnorm(-threshold, threshold)
    assert stats.kstest(got.ravel(), oracle.cdf).pvalue > 0.01
    assert got.std() == pytest.approx(oracle.std(), rel=0.02)


def test_truncation_needs_room():
    with pytest.raises(ValueError, match="`threshold` must be above 0"):
        latent.truncate(np.zeros((1, 2)), 0.0)


def test_a_model_truncates():
    gan = tiny_gan()
    z = gan.draw_latents(500, seed=3)
    got = gan.draw_latents(500, seed=3, truncation=1.0)
    within = np.abs(z) <= 1
    np.testing.assert_array_equal(got[within], z[within])
    oracle = stats.truncnorm(-1, 1)
    assert stats.kstest(got.ravel(), oracle.cdf).pvalue > 0.01
    np.testing.assert_array_equal(
        gan.generate(500, seed=3, truncation=1.0), gan.generate_from(got)
    )
    with pytest.raises(ValueError, match="truncation.*must be above 0"):
        gan.generate(2, truncation=-1)


def test_combine_adds_and_takes_away_means():
    e = np.eye(4)
    got = latent.combine([e[0], 3 * e[0]], [e[1]], e[2])
    expected = np.array([2.0, -1.0, 1.0, 0.0])
    expected *= 2 / np.linalg.norm(expected)  # sqrt(4)
    np.testing.assert_allclose(got, expected, rtol=1e-6)
    with pytest.raises(ValueError, match="cancel out"):
        latent.combine(e[0], e[0], np.zeros(4))


def test_projection_finds_what_the_generator_drew():
    gan = tiny_gan()
    z = gan.draw_latents(3, seed=4)
    targets = gan.generate_from(z)
    before = state.read(compiled(gan))
    found = latent.project(gan, targets, steps=300, seed=9)
    size = np.mean((targets - targets.mean(axis=0)) ** 2)
    assert found.history[0] > 20 * found.history[-1]
    assert found.errors.max() < 0.05 * size
    np.testing.assert_allclose(
        gan.generate_from(found.latents), found.images, atol=1e-5
    )
    for a, b in zip(before, state.read(gan), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("free", [False, True])
def test_codes_stay_off_the_sphere_in_a_subclass_too(free):
    class Own(gk.InfoGAN):
        pass

    networks = (
        gk.networks.dcgan_generator((8, 8, 1), 12, 4),
        gk.networks.dcgan_discriminator(
            (8, 8, 1), 4, heads={"category": 4, "continuous": 2}
        ),
    )
    gan = Own(*networks, 4, 2) if free else gk.GAN(*networks)
    targets = gan.generate(3, seed=4)
    found = latent.project(gan, targets, steps=2, seed=9)
    lengths = np.linalg.norm(found.latents, axis=1)
    off = np.abs(lengths / np.sqrt(12) - 1)
    if free:
        assert 0.05 < off.max() < 1
    else:
        assert off.max() < 1e-6


def test_projection_of_a_class_asks_for_the_class():
    gan = tiny_recipe("cgan")
    z = gan.draw_latents(2, seed=4)
    targets = gan.generate_from((z, [0, 2]))
    found = latent.project(gan, targets, [0, 2], steps=60)
    np.testing.assert_allclose(
        gan.generate_from((found.latents, [0, 2])), found.images, atol=1e-5
    )
    assert found.history[-1] < found.history[0]
