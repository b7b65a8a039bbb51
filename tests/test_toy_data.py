"""Gaussians in the plane: what is drawn, and what is counted."""

import sys
from pathlib import Path

import numpy as np
import pytest

# The benchmarks are not a part of the installed package.
sys.path.append(str(Path(__file__).parents[1]))

from benchmarks import toy  # noqa: E402

# Two modes, 10 apart, so that every distance is easily told.
PAIR = toy.Mixture(np.array([[0.0, 0.0], [10.0, 0.0]]), sigma=0.5)


def test_ring_is_where_the_literature_has_it():
    mixture = toy.ring()
    h = np.sqrt(2)
    expected = [
        [2, 0], [h, h], [0, 2], [-h, h], [-2, 0], [-h, -h], [0, -2], [h, -h],
    ]  # fmt: skip
    np.testing.assert_allclose(mixture.centres, expected, atol=1e-12)
    assert mixture.sigma == 0.02


def test_grid_is_where_the_literature_has_it():
    mixture = toy.grid()
    expected = {(x, y) for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)}
    assert set(map(tuple, mixture.centres.tolist())) == expected
    assert len(mixture.centres) == 25
    assert mixture.sigma == 0.05


def test_points_belong_to_the_nearest_mode():
    points = [[0.3, 0.4], [4.9, 0.0], [5.1, 0.0], [10.0, -2.0], [-30.0, 40.0]]
    modes, distances = toy.nearest_modes(PAIR, points)
    np.testing.assert_array_equal(modes, [0, 0, 1, 1, 0])
    # In units of sigma = 0.5: 0.5, 4.9, 4.9, 2 and 50 on the ruler.
    np.testing.assert_allclose(distances, [1.0, 9.8, 9.8, 4.0, 100.0])


def test_three_sigma_is_a_circle_and_not_a_square():
    # 1.5 is three sigma. (1.2, 1.2) is within 1.5 along both axes, but
    # 1.2 * sqrt(2) = 1.697 away.
    points = [[1.49, 0.0], [1.51, 0.0], [1.2, 1.2], [10.0, 1.4]]
    assert toy.share_within(PAIR, points) == 0.5
    assert toy.share_within(PAIR, points, sigmas=3.5) == 1.0
    assert toy.share_within(PAIR, points, sigmas=2.0) == 0.0


@pytest.mark.parametrize(
    ("inside", "near", "expected"), [(5, 0, 2), (4, 0, 1), (4, 50, 1)]
)
def test_a_mode_needs_a_tenth_of_its_fair_share(inside, near, expected):
    # A fair share of 100 points is 50, a tenth of it 5. Points that are near
    # a mode, but not within three sigma, do not count for it.
    points = np.zeros((100, 2))
    points[:inside] = [10.0, 1.0]
    points[inside : inside + near] = [10.0, 1.6]
    assert toy.modes_covered(PAIR, points) == expected


def test_modes_that_nothing_is_near_are_not_covered():
    assert toy.modes_covered(PAIR, np.full((10, 2), 99.0)) == 0
    assert toy.share_within(PAIR, np.full((10, 2), 99.0)) == 0.0


@pytest.mark.parametrize("name", ["ring", "grid"])
def test_true_samples_have_the_closed_form(name):
    mixture, n = toy.DISTRIBUTIONS[name], 50_000
    points = toy.samples(mixture, n, seed=1)
    assert points.shape == (n, 2)
    assert points.dtype == np.float32
    modes, distances = toy.nearest_modes(mixture, points)

    # The squared distance in sigmas is chi-square of 2 degrees of freedom:
    # P(distance > r) = exp(-r^2 / 2), mean 2, variance 4. Four standard
    # errors either side.
    for r in (1.0, 2.0, 3.0):
        p = 1 - np.exp(-(r**2) / 2)
        error = 4 * np.sqrt(p * (1 - p) / n)
        assert abs(toy.share_within(mixture, points, r) - p) < error
    assert abs(np.mean(distances**2) - 2) < 4 * np.sqrt(4 / n)

    # Every mode has its share, and points on both sides of its centre.
    count = len(mixture.centres)
    shares = np.bincount(modes, minlength=count) / n
    error = 5 * np.sqrt((1 / count) * (1 - 1 / count) / n)
    np.testing.assert_allclose(shares, 1 / count, atol=error)
    for mode, centre in enumerate(mixture.centres):
        own = points[modes == mode]
        error = 5 * mixture.sigma / np.sqrt(len(own))
        np.testing.assert_allclose(own.mean(axis=0), centre, atol=error)
    assert toy.modes_covered(mixture, points) == count


def test_samples_are_a_function_of_the_seed():
    draw = [toy.samples(toy.ring(), 20, seed) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(draw[0], draw[1])
    assert np.abs(draw[0] - draw[2]).max() > 0.1


@pytest.mark.parametrize(
    ("name", "variance"),
    # Ring: the mean of (2 cos)^2 is 2. Grid: that of 16, 4, 0, 4, 16 is 8.
    [("ring", 2 + 0.02**2), ("grid", 8 + 0.05**2)],
)
def test_spread_is_the_standard_deviation(name, variance):
    mixture = toy.DISTRIBUTIONS[name]
    assert toy.spread(mixture) == pytest.approx(variance**0.5, rel=1e-12)
    points = toy.samples(mixture, 50_000, seed=3)
    assert points.std() == pytest.approx(variance**0.5, rel=0.01)


def test_results_are_appended_and_found_again(tmp_path):
    path = tmp_path / "toy.csv"
    assert toy.finished(path) == set()
    for seed in (1, 2):
        values = ("r3gan", "grid", seed, 25, "0.950", 60_000, "1.5")
        toy.append(path, dict(zip(toy.COLUMNS, values)))
    assert toy.finished(path) == {("r3gan", "grid", 1), ("r3gan", "grid", 2)}
    assert path.read_text().splitlines() == [
        "method,distribution,seed,modes,within_3_sigma,steps,minutes",
        "r3gan,grid,1,25,0.950,60000,1.5",
        "r3gan,grid,2,25,0.950,60000,1.5",
    ]
