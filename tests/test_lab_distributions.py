"""Known distributions: what is drawn, how dense it is, what is counted."""

import numpy as np
import pytest
from scipy import integrate
from scipy import stats

from gan_keras import lab

DISTRIBUTIONS = {"ring": lab.ring(), "grid": lab.grid()}

# Two modes, 10 apart, so that every distance is easily told.
PAIR = lab.Mixture(np.array([[0.0, 0.0], [10.0, 0.0]]), sigma=0.5)


def test_ring_is_where_the_literature_has_it():
    mixture = lab.ring()
    h = np.sqrt(2)
    expected = [
        [2, 0], [h, h], [0, 2], [-h, h], [-2, 0], [-h, -h], [0, -2], [h, -h],
    ]  # fmt: skip
    np.testing.assert_allclose(mixture.centres, expected, atol=1e-12)
    assert mixture.sigma == 0.02


def test_grid_is_where_the_literature_has_it():
    mixture = lab.grid()
    expected = {(x, y) for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)}
    assert set(map(tuple, mixture.centres.tolist())) == expected
    assert len(mixture.centres) == 25
    assert mixture.sigma == 0.05


def test_points_belong_to_the_nearest_mode():
    points = [[0.3, 0.4], [4.9, 0.0], [5.1, 0.0], [10.0, -2.0], [-30.0, 40.0]]
    modes, distances = PAIR.nearest_modes(points)
    np.testing.assert_array_equal(modes, [0, 0, 1, 1, 0])
    # In units of sigma = 0.5: 0.5, 4.9, 4.9, 2 and 50 on the ruler.
    np.testing.assert_allclose(distances, [1.0, 9.8, 9.8, 4.0, 100.0])


def test_three_sigma_is_a_circle_and_not_a_square():
    # 1.5 is three sigma. (1.2, 1.2) is within 1.5 along both axes, but
    # 1.2 * sqrt(2) = 1.697 away.
    points = [[1.49, 0.0], [1.51, 0.0], [1.2, 1.2], [10.0, 1.4]]
    assert PAIR.share_within(points) == 0.5
    assert PAIR.share_within(points, sigmas=3.5) == 1.0
    assert PAIR.share_within(points, sigmas=2.0) == 0.0


@pytest.mark.parametrize(
    ("inside", "near", "expected"), [(5, 0, 2), (4, 0, 1), (4, 50, 1)]
)
def test_a_mode_needs_a_tenth_of_its_fair_share(inside, near, expected):
    # A fair share of 100 points is 50, a tenth of it 5. Points that are near
    # a mode, but not within three sigma, do not count for it.
    points = np.zeros((100, 2))
    points[:inside] = [10.0, 1.0]
    points[inside : inside + near] = [10.0, 1.6]
    assert PAIR.modes_covered(points) == expected


def test_a_fair_share_is_by_weight():
    uneven = lab.Mixture([[0.0], [9.0]], 0.1, weights=[0.96, 0.04])
    points = np.zeros((1000, 1))
    points[:4] = 9.0  # a tenth of 40
    assert uneven.modes_covered(points) == 2
    points[0] = 0.0
    assert uneven.modes_covered(points) == 1
    assert uneven.modes_covered(points[:9] * 0) == 1
    assert uneven.modes_covered(np.full((3, 1), 99.0), least=0.0) == 0


def test_modes_that_nothing_is_near_are_not_covered():
    assert PAIR.modes_covered(np.full((10, 2), 99.0)) == 0
    assert PAIR.share_within(np.full((10, 2), 99.0)) == 0.0


@pytest.mark.parametrize("name", ["ring", "grid"])
def test_true_samples_have_the_closed_form(name):
    mixture, n = DISTRIBUTIONS[name], 50_000
    points = mixture.sample(n, seed=1)
    assert points.shape == (n, 2)
    assert points.dtype == np.float32
    modes, distances = mixture.nearest_modes(points)

    # The squared distance in sigmas is chi-square of 2 degrees of freedom:
    # P(distance > r) = exp(-r^2 / 2), mean 2, variance 4. Four standard
    # errors either side.
    for r in (1.0, 2.0, 3.0):
        p = 1 - np.exp(-(r**2) / 2)
        error = 4 * np.sqrt(p * (1 - p) / n)
        assert abs(mixture.share_within(points, r) - p) < error
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
    assert mixture.modes_covered(points) == count


def test_samples_are_a_function_of_the_seed():
    draw = [lab.ring().sample(20, seed) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(draw[0], draw[1])
    assert np.abs(draw[0] - draw[2]).max() > 0.1


@pytest.mark.parametrize(
    ("name", "variance"),
    # Ring: the mean of (2 cos)^2 is 2. Grid: that of 16, 4, 0, 4, 16 is 8.
    [("ring", 2 + 0.02**2), ("grid", 8 + 0.05**2)],
)
def test_spread_is_the_standard_deviation(name, variance):
    mixture = DISTRIBUTIONS[name]
    assert mixture.spread() == pytest.approx(variance**0.5, rel=1e-12)
    points = mixture.sample(50_000, seed=3)
    assert points.std() == pytest.approx(variance**0.5, rel=0.01)


# ------------------------------------------------------------------ densities

ALL = {
    "gaussian": lab.gaussian(1.0, 0.7),
    "mixture": lab.mixture((-2.0, 0.5, 1.5), 0.3, (0.5, 0.2, 0.3)),
    "ring": lab.ring(sigma=0.1),
    "grid": lab.grid(side=3, sigma=0.15),
    "two_moons": lab.two_moons(0.1),
    "spiral": lab.spiral(sigma=0.08),
    "drawn": lab.drawn([[0.0, 0.0], [1.0, 2.0], [1.1, 2.0]], 0.1),
}


def test_the_density_is_the_closed_form():
    x = np.array([-1.0, 0.3, 2.0])
    np.testing.assert_allclose(
        lab.gaussian(1.0, 0.7).density(x[:, None]), stats.norm.pdf(x, 1, 0.7)
    )
    expected = 0.5 * stats.norm.pdf(x, -2, 0.3)
    expected += 0.2 * stats.norm.pdf(x, 0.5, 0.3)
    expected += 0.3 * stats.norm.pdf(x, 1.5, 0.3)
    np.testing.assert_allclose(ALL["mixture"].density(x[:, None]), expected)
    at = np.array([[2.0, 0.05], [0.0, 0.0], [1.3, 1.5]])
    expected = np.mean(
        [
            stats.multivariate_normal.pdf(at, centre, 0.1**2)
            for centre in lab.ring().centres
        ],
        axis=0,
    )
    np.testing.assert_allclose(ALL["ring"].density(at), expected)


@pytest.mark.parametrize("name", ["two_moons", "spiral"])
def test_a_curves_density_is_the_integral_along_it(name):
    # An independent oracle: SciPy's adaptive quadrature.
    curve = ALL[name]
    at = curve.sample(4, seed=2).astype("float64") + [[0.05, -0.1]]
    expected = []
    for point in at:
        branches = [
            integrate.quad(
                lambda t, path=path, point=point: stats.multivariate_normal.pdf(
                    path(np.array([t]))[0], point, curve.sigma**2
                ),
                0,
                1,
                limit=500,
                epsabs=1e-10,
            )[0]
            for path in curve.paths
        ]
        expected.append(np.mean(branches))
    assert max(expected) > 0.1
    np.testing.assert_allclose(curve.density(at), expected, rtol=1e-6)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow) if name == "spiral" else name
        for name in ALL
    ],
)
def test_density_and_samples_belong_together(name):
    distribution = ALL[name]
    size = 4001 if distribution.dimensions == 1 else 401
    grid = lab.Grid(distribution.bounds(), size)
    density = distribution.density(grid.points)
    # Nearly everything lies within the bounds: 4 sigma or more.
    total = grid.integral(density)
    assert 0.998 < total < 1.0005
    points = distribution.sample(40_000, seed=5)
    assert points.dtype == np.float32
    assert points.shape == (40_000, distribution.dimensions)
    # Mean and mean square of each axis, by the integral and by the samples.
    for axis in range(distribution.dimensions):
        x = grid.points[:, axis]
        mean = grid.integral(density * x) / total
        square = grid.integral(density * x**2) / total
        error = 5 * np.sqrt(square / 40_000)
        assert abs(points[:, axis].mean() - mean) < error + 2e-3
        assert (points[:, axis] ** 2).mean() == pytest.approx(square, rel=0.03)


def test_points_without_noise_have_no_density():
    points = lab.Points([[0.0, 1.0], [2.0, 3.0]])
    drawn = points.sample(100, seed=0)
    assert {tuple(p) for p in drawn.tolist()} == {(0, 1), (2, 3)}
    with pytest.raises(ValueError, match="no density.*lab.drawn"):
        points.density([[0.0, 0.0]])


def test_weights_are_how_often_a_mode_is_drawn():
    mixture = lab.mixture((-10.0, 10.0), 0.5, (0.8, 0.2))
    share = (mixture.sample(20_000, seed=0) < 0).mean()
    assert abs(share - 0.8) < 4 * np.sqrt(0.16 / 20_000)


def test_weights_of_five_digits_will_do():
    mixture = lab.mixture((-2.0, 0.0, 2.0), 0.1, [0.33333] * 3)
    assert len(mixture.sample(9)) == 9
    np.testing.assert_allclose(mixture.weights, 1 / 3, rtol=1e-12)


def test_the_pipeline_never_repeats_but_can_be_repeated():
    def epochs(count):
        data = lab.pipeline(lab.ring(), steps=3, batch_size=8, seed=4)
        assert len(data) == 3
        return data, [np.stack([b.numpy() for b in data]) for _ in range(count)]

    data, (first, second) = epochs(2)
    _, again = epochs(2)
    assert first.shape == (3, 8, 2) and first.dtype == np.float32
    np.testing.assert_array_equal([first, second], again)
    assert not np.isin(second, first).any()
    data.set_epoch(1)
    np.testing.assert_array_equal([b.numpy() for b in data], second)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: lab.gaussian(sigma=0.0), "`sigma` must be a number above 0"),
        (lambda: lab.Mixture([1.0, 2.0], 0.1), r"`centres` must have shape"),
        (lambda: lab.mixture((0, 1), 1, (0.5, 0.6)), "`weights`.*add up to 1"),
        (lambda: lab.Mixture([[np.nan]], 1), "`centres` must be finite"),
        (lambda: lab.spiral(turns=-1.0), "`turns` must be"),
        (
            lambda: lab.gaussian().density(np.zeros(3)),
            r"shape \[n, 1\]. Add the axis.*Received: shape \(3,\)",
        ),
        (lambda: lab.ring().density(np.zeros((3, 1))), r"shape \[n, 2\]"),
        (lambda: lab.pipeline(lab.ring(), steps=0), "`steps` must be"),
    ],
)
def test_bad_distributions_are_explained(make, match):
    with pytest.raises(ValueError, match=match):
        make()


@pytest.mark.parametrize(
    "data",
    [
        lab.Mixture([[0.0, 0.0], [0.5, 0.2]], 0.2, [0.3, 0.7]),
        lab.two_moons(sigma=0.2),
    ],
)
def test_smoothed_is_the_mean_over_the_noise(data):
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    noise = 0.15 * np.stack(np.meshgrid(nodes, nodes), -1).reshape(-1, 2)
    shares = np.outer(weights, weights).ravel() / weights.sum() ** 2
    for point in [(0.1, 0.0), (0.6, 0.3), (-0.5, 0.7)]:
        expected = data.density(point + noise) @ shares
        (found,) = data.smoothed(0.15).density([point])
        assert found == pytest.approx(expected, rel=1e-4)
        assert abs(found / data.density([point])[0] - 1) > 0.002


def test_points_are_smoothed_into_gaussians():
    points = np.array([[0.0, 0.0], [1.0, 2.0]])
    wide = lab.Points(points).smoothed(0.3)
    (found,) = wide.density([[1.0, 2.0]])
    assert found == pytest.approx(0.5 / (2 * np.pi * 0.3**2), rel=1e-6)

    class Own(lab.Distribution):
        pass

    with pytest.raises(TypeError, match="Own must define `smoothed"):
        Own().smoothed(0.1)
