"""Distances against independent oracles: SciPy, closed forms, loops."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from gan_keras.metrics import density_coverage
from gan_keras.metrics import distances
from gan_keras.metrics import frechet_distance
from gan_keras.metrics import precision_recall


def features(n, d, seed, shift=0.0, scale=1.0):
    """Correlated, unevenly scaled Gaussian features."""
    rng = np.random.default_rng(seed)
    mix = np.random.default_rng(99).normal(size=(d, d))
    return scale * rng.normal(size=(n, d)) @ mix + shift


def frechet_by_sqrtm(real, fake):
    c1, c2 = np.cov(real, rowvar=False), np.cov(fake, rowvar=False)
    difference = real.mean(0) - fake.mean(0)
    return difference @ difference + np.trace(
        c1 + c2 - 2 * np.real(sqrtm(c1 @ c2))
    )


def by_loops(real, fake, k):
    """The definitions of the two papers, one ball at a time."""

    def radius(x, samples, own):
        others = [
            np.linalg.norm(x - y) for i, y in enumerate(samples) if i != own
        ]
        return sorted(others)[k - 1]

    real_radii = [radius(x, real, i) for i, x in enumerate(real)]
    fake_radii = [radius(y, fake, j) for j, y in enumerate(fake)]
    in_real_ball = np.zeros((len(real), len(fake)), bool)
    in_fake_ball = np.zeros((len(real), len(fake)), bool)
    for i, x in enumerate(real):
        for j, y in enumerate(fake):
            distance = np.linalg.norm(x - y)
            in_real_ball[i, j] = distance <= real_radii[i]
            in_fake_ball[i, j] = distance <= fake_radii[j]
    return {
        "precision": np.mean(
            [in_real_ball[:, j].any() for j in range(len(fake))]
        ),
        "recall": np.mean([in_fake_ball[i, :].any() for i in range(len(real))]),
        "density": in_real_ball.sum() / (k * len(fake)),
        "coverage": np.mean(
            [in_real_ball[i, :].any() for i in range(len(real))]
        ),
    }


@pytest.mark.parametrize("shift, scale", [(0, 1), (0.5, 1), (3, 0.2)])
def test_frechet_agrees_with_sqrtm(shift, scale):
    real = features(400, 12, seed=0)
    fake = features(300, 12, seed=1, shift=shift, scale=scale)
    np.testing.assert_allclose(
        frechet_distance(real, fake),
        frechet_by_sqrtm(real, fake),
        rtol=1e-4,
    )


def test_frechet_of_one_feature_is_the_closed_form():
    real = np.array([[1.0], [3.0]])  # mean 2, standard deviation sqrt(2)
    fake = np.array([[2.0], [8.0]])  # mean 5, standard deviation 3 sqrt(2)
    # (2 - 5)² + (sqrt(2) - 3 sqrt(2))²
    np.testing.assert_allclose(frechet_distance(real, fake), 9 + 8)


def test_frechet_of_gaussians_is_the_closed_form():
    rng = np.random.default_rng(0)
    mean, scales = np.array([1.0, -2.0, 0.5]), np.array([2.0, 0.5, 3.0])
    real = rng.normal(size=(200_000, 3))
    fake = mean + scales * rng.normal(size=(200_000, 3))
    expected = np.square(mean).sum() + np.square(scales - 1).sum()
    np.testing.assert_allclose(
        frechet_distance(real, fake), expected, rtol=0.02
    )


def test_frechet_of_equal_sets_is_zero_and_of_moved_sets_the_shift():
    real = features(500, 20, seed=0)
    assert 0 <= frechet_distance(real, real) < 1e-9
    # A large common offset must not drown the difference.
    np.testing.assert_allclose(
        frechet_distance(real + 1e6, real + 1e6 + 0.1), 20 * 0.01, rtol=1e-4
    )


def test_frechet_is_symmetric():
    real, fake = features(200, 8, seed=0), features(150, 8, seed=1, shift=1)
    np.testing.assert_allclose(
        frechet_distance(real, fake), frechet_distance(fake, real)
    )


def test_frechet_with_fewer_samples_than_features_warns_and_is_right():
    real, fake = features(20, 50, seed=0), features(30, 50, seed=1)
    with pytest.warns(UserWarning, match="more samples than features"):
        distance = frechet_distance(real, fake)
    # The same trace, without a 50 x 50 covariance: the singular values of
    # the product of the two centred data matrices.
    a = (real - real.mean(0)) / np.sqrt(19)
    b = (fake - fake.mean(0)) / np.sqrt(29)
    expected = (
        np.square(real.mean(0) - fake.mean(0)).sum()
        + np.square(a).sum()
        + np.square(b).sum()
        - 2 * np.linalg.norm(a @ b.T, "nuc")
    )
    np.testing.assert_allclose(distance, expected, rtol=1e-4)


def test_frechet_with_a_dead_feature():
    real, fake = features(200, 6, seed=0), features(200, 6, seed=1)
    real[:, 2] = fake[:, 2] = 0.0  # a ReLU which never fires
    np.testing.assert_allclose(
        frechet_distance(real, fake),
        frechet_distance(np.delete(real, 2, 1), np.delete(fake, 2, 1)),
        rtol=1e-4,
    )


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shift, scale", [(0, 1), (1, 1), (0.5, 0.4)])
def test_neighbourhoods_agree_with_loops(k, dtype, shift, scale, monkeypatch):
    # Blocks which divide neither set: the last one is ragged.
    monkeypatch.setattr(distances, "BLOCK", 16)
    real = features(90, 4, seed=0).astype(dtype)
    fake = features(70, 4, seed=1, shift=shift, scale=scale).astype(dtype)
    expected = by_loops(real.astype("float64"), fake.astype("float64"), k)
    precision, recall = precision_recall(real, fake, k=k)
    density, coverage = density_coverage(real, fake, k=k)
    for name, value in [
        ("precision", precision),
        ("recall", recall),
        ("density", density),
        ("coverage", coverage),
    ]:
        np.testing.assert_allclose(
            value, expected[name], rtol=1e-4, err_msg=name
        )
        assert type(value) is float


def test_neighbourhoods_survive_a_large_common_offset():
    real, fake = features(90, 4, seed=0), features(70, 4, seed=1)
    moved = (real + 1e5, fake + 1e5)
    assert precision_recall(*moved) == precision_recall(real, fake)
    assert density_coverage(*moved) == density_coverage(real, fake)


def test_a_missing_mode_lowers_recall_and_coverage_only():
    rng = np.random.default_rng(0)
    real = rng.normal(size=(400, 2))
    real[200:] += 50
    fake = rng.normal(size=(400, 2))  # one of the two modes
    precision, recall = precision_recall(real, fake)
    density, coverage = density_coverage(real, fake)
    assert precision > 0.9 and density > 0.8
    assert 0.4 < recall <= 0.5 and 0.4 < coverage <= 0.5


def test_a_fake_outlier_raises_recall_but_not_coverage():
    rng = np.random.default_rng(0)
    real = rng.normal(size=(200, 2))
    fake = 0.01 * rng.normal(size=(200, 2)) - 3
    before = precision_recall(real, fake), density_coverage(real, fake)
    fake[0] = [100.0, 100.0]  # its ball reaches over everything real
    after = precision_recall(real, fake), density_coverage(real, fake)
    assert before[0][1] < 0.1 and after[0][1] > 0.9
    assert abs(before[1][1] - after[1][1]) < 0.02


def test_equal_distributions_reach_the_published_expectations():
    real, fake = features(2000, 5, seed=0), features(2000, 5, seed=1)
    density, coverage = density_coverage(real, fake, k=5)
    np.testing.assert_allclose(density, 1, atol=0.05)
    np.testing.assert_allclose(coverage, 1 - 0.5**5, atol=0.02)


def test_a_collapsed_generator():
    real = features(50, 4, seed=0)
    fake = np.repeat(features(1, 4, seed=1, shift=100), 50, axis=0)
    assert precision_recall(real, fake) == (0.0, 0.0)
    assert density_coverage(real, fake) == (0.0, 0.0)


ALL = [frechet_distance, precision_recall, density_coverage]


@pytest.mark.parametrize("function", ALL)
def test_wrong_shapes_and_values_are_named(function):
    good = features(50, 4, seed=0)
    with pytest.raises(ValueError, match=r"Received: real_features\.shape="):
        function(good.reshape(50, 2, 2), good)
    with pytest.raises(ValueError, match=r"Received: fake_features\.shape="):
        function(good, good[0])
    with pytest.raises(ValueError, match="neither is zero"):
        function(good, good[:0])
    with pytest.raises(ValueError, match="same number of features"):
        function(good, good[:, :3])
    bad = good.copy()
    bad[3, 1], bad[4, 0] = np.nan, np.inf
    with pytest.raises(ValueError, match="fake_features.*Received: 2 such"):
        function(good, bad)


def test_a_single_sample_has_no_covariance():
    with pytest.raises(ValueError, match="Received: 1 real and 9 fake"):
        frechet_distance(np.ones((1, 3)), np.ones((9, 3)))


@pytest.mark.parametrize("function", [precision_recall, density_coverage])
@pytest.mark.parametrize("k", [0, 6, 7])
def test_k_out_of_range(function, k):
    real, fake = features(50, 4, seed=0), features(6, 4, seed=1)
    with pytest.raises(ValueError, match=rf"Received: k={k}, .* samples"):
        function(real, fake, k=k)
