"""Kernel distance, class figures and sliced distance against oracles."""

import itertools

import numpy as np
import pytest
from scipy import stats

from gan_keras import metrics
from gan_keras.metrics import sliced


@pytest.fixture
def rng():
    """Its own in every test: numbers do not depend on the order of tests."""
    return np.random.default_rng(0)


# ------------------------------------------------------------------- kernel


def mmd_by_loops(real, fake):
    """The U-statistic, written out pair by pair."""

    def k(x, y):
        return (sum(a * b for a, b in zip(x, y)) / len(x) + 1) ** 3

    def others(a):
        pairs = list(itertools.permutations(range(len(a)), 2))
        return sum(k(a[i], a[j]) for i, j in pairs) / len(pairs)

    both = [k(x, y) for x in real for y in fake]
    return others(real) + others(fake) - 2 * sum(both) / len(both)


def test_kernel_distance_against_loops(rng):
    real, fake = rng.normal(size=(2, 30, 4))
    fake = fake * 1.3 + 0.4
    assert metrics.kernel_distance(real, fake) == pytest.approx(
        mmd_by_loops(real, fake), rel=1e-9
    )


def test_kernel_distance_of_two_gaussians_in_closed_form(rng):
    """One feature: E (xy + 1)^3 = m3 n3 + 3 m2 n2 + 3 m1 n1 + 1."""

    def moments(m, s):  # the first three of N(m, s^2)
        return [m, m**2 + s**2, m**3 + 3 * m * s**2]

    def mean_kernel(a, b):
        return a[2] * b[2] + 3 * a[1] * b[1] + 3 * a[0] * b[0] + 1

    p, q = moments(1.0, 0.5), moments(-1.0, 0.7)
    expected = mean_kernel(p, p) + mean_kernel(q, q) - 2 * mean_kernel(p, q)
    real = 1.0 + 0.5 * rng.normal(size=(40_000, 1))
    fake = -1.0 + 0.7 * rng.normal(size=(40_000, 1))
    found = metrics.kernel_distance(real, fake, subsets=40)
    # From seed to seed it scatters by about one per cent.
    assert found == pytest.approx(expected, rel=0.05)


def test_kernel_distance_is_unbiased_where_frechet_is_not():
    kernel, frechet = [], []
    for seed in range(60):
        real, fake = np.random.default_rng(seed).normal(size=(2, 40, 5))
        kernel.append(metrics.kernel_distance(real, fake))
        frechet.append(metrics.frechet_distance(real, fake))
    assert min(kernel) < 0 < max(kernel)
    assert stats.ttest_1samp(kernel, 0).pvalue > 0.01
    assert min(frechet) > 0.1


def test_kernel_distance_averages_subsets_without_repetition(rng):
    real, fake = rng.normal(size=(2, 50, 3))
    # Subsets as large as the smaller set hold each of its samples once.
    found = metrics.kernel_distance(real, fake[:20], 7, 1000, seed=3)
    chance = np.random.default_rng(3)
    expected = [
        mmd_by_loops(
            real[chance.choice(50, 20, replace=False)],
            fake[chance.choice(20, 20, replace=False)],
        )
        for _ in range(7)
    ]
    assert found == pytest.approx(np.mean(expected), rel=1e-9)


# ------------------------------------------------------------------ classes


def test_classifier_score_by_hand(rng):
    even = np.full((10, 4), 0.25)
    assert metrics.classifier_score(even) == pytest.approx(1)
    sure = np.eye(4)[np.arange(8) % 4]
    assert metrics.classifier_score(sure) == pytest.approx(4)
    p = rng.dirichlet(np.ones(5), 30)
    by_scipy = np.exp(
        np.mean([stats.entropy(row, p.mean(axis=0)) for row in p])
    )
    assert metrics.classifier_score(p) == pytest.approx(by_scipy, rel=1e-9)
    halves = [metrics.classifier_score(half) for half in (p[:15], p[15:])]
    assert metrics.classifier_score(p, splits=2) == pytest.approx(
        np.mean(halves)
    )


def test_class_divergence_by_hand():
    divergence = metrics.class_divergence
    assert divergence([5, 5], [3, 3]) == 0
    assert divergence([1, 1, 1, 1], [0, 9, 0, 0]) == pytest.approx(np.log(4))
    counts = [4, 1, 7], [2, 2, 3]
    assert divergence(*counts) == pytest.approx(
        stats.entropy(counts[1], counts[0])
    )
    assert divergence([1, 0], [1, 1]) == np.inf


def test_modes_covered_by_hand():
    labels = np.array([0, 0, 0, 2, 2, 5, -1, -1])
    assert metrics.modes_covered(labels, 7) == 3
    assert metrics.modes_covered(labels, 7, least=2) == 2
    assert metrics.modes_covered(labels, 7, least=4) == 0


# ------------------------------------------------------------------- sliced


def test_the_pyramid_adds_up_to_the_image(rng):
    images = rng.uniform(-1, 1, (3, 28, 30, 2)).astype("float32")
    layers = sliced.pyramid(images)
    assert [x.shape[1:3] for x in layers] == [(28, 30), (14, 15), (7, 8)]
    built = layers[-1]
    for layer in layers[-2::-1]:
        built = layer + sliced.enlarge(built, layer.shape[1:3])
    np.testing.assert_allclose(built, images, atol=1e-5)
    # An even area has no details at all.
    flat = sliced.pyramid(np.full((1, 28, 28, 1), 0.3, "float32"))
    np.testing.assert_allclose(flat[0], 0, atol=1e-6)
    np.testing.assert_allclose(flat[-1], 0.3, atol=1e-6)


def test_sliced_wasserstein_against_scipy_line_by_line(rng):
    """Of images as large as the patch, each patch is the whole image."""
    real, fake = rng.normal(size=(2, 40, 7, 7, 1)).astype("float32")
    fake = fake + 0.5 * np.linspace(-1, 1, 7, dtype="float32")[:, None]
    found = metrics.sliced_wasserstein(real, fake, patches=1, directions=20)
    lines = np.random.default_rng([0, 0]).normal(size=(49, 20))
    lines /= np.linalg.norm(lines, axis=0)
    flat = [((x - x.mean()) / x.std()).reshape(40, 49) for x in (real, fake)]
    expected = np.mean(
        [
            stats.wasserstein_distance(flat[0] @ line, flat[1] @ line)
            for line in lines.T
        ]
    )
    assert list(found) == [7]
    assert found[7] == pytest.approx(1000 * expected, rel=1e-4)


def test_sliced_wasserstein_of_patches_in_colour_against_scipy(rng):
    """Patches at the places that are drawn, each channel scaled by itself."""
    spread = np.array([1.0, 20.0, 0.1])
    real, fake = rng.normal(size=(2, 30, 9, 11, 3)) * spread + [0, 5, -1]
    fake[..., 2] *= np.linspace(0.5, 2, 11)  # wider on the right
    real, fake = real.astype("float32"), fake.astype("float32")
    found = metrics.sliced_wasserstein(
        real, fake, patches=4, directions=16, seed=3
    )
    numbers = np.random.default_rng([3, 0])
    lines = numbers.normal(size=(7 * 7 * 3, 16))
    lines /= np.linalg.norm(lines, axis=0)
    rows, columns = (numbers.integers(0, n - 6, (30, 4)) for n in (9, 11))

    def patches(images):
        cut = np.stack(
            [
                images[i, r : r + 7, c : c + 7].transpose(2, 0, 1)
                for i in range(30)
                for r, c in zip(rows[i], columns[i])
            ]
        )  # [120, C, 7, 7]
        for channel in range(3):
            one = cut[:, channel]
            cut[:, channel] = (one - one.mean()) / one.std()
        return cut.reshape(120, -1)

    assert len({*zip(rows.flat, columns.flat)}) > 8
    expected = np.mean(
        [
            stats.wasserstein_distance(patches(real) @ x, patches(fake) @ x)
            for x in lines.T
        ]
    )
    assert list(found) == [9]
    assert found[9] == pytest.approx(1000 * expected, rel=1e-4)


def test_sliced_wasserstein_does_not_depend_on_the_block(rng, monkeypatch):
    real, fake = rng.normal(size=(2, 23, 28, 16, 3)).astype("float32")
    whole = metrics.sliced_wasserstein(real, fake, directions=8)
    monkeypatch.setattr(sliced, "BLOCK", 5)
    assert metrics.sliced_wasserstein(real, fake, directions=8) == whole
    # By the pyramid as a whole, of which these are patches.
    monkeypatch.setattr(sliced, "BLOCK", 23)
    layers = zip(sliced.pyramid(real), sliced.pyramid(fake))
    assert [layer.shape[1] for layer, _ in layers] == list(whole) == [28, 14]


@pytest.mark.slow
def test_sliced_wasserstein_tells_where_the_difference_is(rng):
    base = rng.normal(size=(2, 400, 7, 7, 1))
    smooth = np.kron(base, np.ones((1, 1, 4, 4, 1))).astype("float32")
    real, other = smooth
    noisy = other + 0.8 * rng.normal(size=other.shape).astype("float32")
    assert metrics.sliced_wasserstein(real, real)[28] == 0
    floor = metrics.sliced_wasserstein(real, other)
    found = metrics.sliced_wasserstein(real, noisy)
    assert list(floor) == [28, 14, 7]
    # Noise is in the finest layer, and hardly in the coarsest.
    assert found[28] > 3 * floor[28]
    assert found[7] < 2 * floor[7]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.classifier_score([[0.5, 0.1]]), "rows add up to 1"),
        (lambda: metrics.classifier_score(np.eye(3), 4), "splits=4 of 3"),
        (lambda: metrics.class_divergence([1, 2], [0, 0]), "`fake_counts`"),
        (lambda: metrics.class_divergence([1, 2], [1]), "2 and 1 classes"),
        (lambda: metrics.modes_covered([3], 3), "a label 3"),
        (lambda: metrics.modes_covered([0.5], 3), "dtype float64"),
        (
            lambda: metrics.kernel_distance(np.ones((1, 2)), np.ones((5, 2))),
            "1 real and 5 fake",
        ),
        (
            lambda: metrics.sliced_wasserstein(
                np.ones((2, 6, 6, 1)), np.ones((2, 6, 6, 1))
            ),
            "at least 7 pixels",
        ),
        (
            lambda: metrics.sliced_wasserstein(
                np.ones((2, 8, 8, 1)), np.ones((3, 8, 8, 1))
            ),
            "equally many",
        ),
    ],
)
def test_mistakes_are_explained(call, message):
    with pytest.raises(ValueError, match=message):
        call()
