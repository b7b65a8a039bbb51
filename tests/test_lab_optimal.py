"""The best discriminator, against closed forms and SciPy."""

import keras
import numpy as np
import pytest
from scipy import integrate
from scipy import special
from scipy import stats

import gan_keras as gk
from gan_keras import lab
from gan_keras import networks
from gan_keras.precision import precision

LINE = lab.Grid([(-12.0, 12.0)], 4001)


def normal(mean, sigma):
    return stats.norm.pdf(LINE.axes[0], mean, sigma)


def test_grid_integrates_in_the_plane_with_x_changing_fastest():
    grid = lab.Grid([(0.0, 2.0), (0.0, 1.0)], 3)
    assert grid.points[:4].tolist() == [[0, 0], [1, 0], [2, 0], [0, 0.5]]
    # Exact for what is linear along each axis: of x y over 2 by 1, 2 * 1/2.
    assert grid.integral(grid.points.prod(axis=1)) == pytest.approx(1.0)
    assert grid.integral(np.ones(9)) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("m", "s"), [(0.0, 1.0), (1.5, 1.0), (0.0, 0.5), (-1.0, 2.0)]
)
def test_kl_of_two_gaussians_is_the_closed_form(m, s):
    expected = np.log(s) + (1 + m**2) / (2 * s**2) - 0.5
    got = lab.kl_divergence(normal(0, 1), normal(m, s), LINE)
    assert got == pytest.approx(expected, abs=1e-6)


def test_js_against_scipys_quadrature():
    def integrand(x):
        p, q = stats.norm.pdf(x, 0, 1), stats.norm.pdf(x, 1.5, 0.7)
        m = (p + q) / 2
        return (special.rel_entr(p, m) + special.rel_entr(q, m)) / 2

    expected, _ = integrate.quad(integrand, -10, 10, epsabs=1e-12, limit=200)
    got = lab.js_divergence(normal(0, 1), normal(1.5, 0.7), LINE)
    assert got == pytest.approx(expected, abs=1e-9)
    assert 0.1 < got < np.log(2)


def test_the_ends_of_js():
    assert lab.js_divergence(normal(0, 1), normal(0, 1), LINE) == 0
    apart = lab.js_divergence(normal(-6, 0.3), normal(6, 0.3), LINE)
    assert apart == pytest.approx(np.log(2), abs=1e-9)
    box = np.where(np.abs(LINE.axes[0]) < 1, 0.5, 0.0)
    assert lab.kl_divergence(normal(0, 1), box, LINE) == np.inf


def test_the_best_discriminator_is_best():
    p, q = normal(0, 1), normal(1.5, 0.7)
    best = lab.optimal_discriminator(p, q)
    # At equal heights one half, and a logit that is the log of the ratio.
    shown = np.abs(np.log(p) - np.log(q)) < 10
    np.testing.assert_allclose(
        special.logit(best[shown]), np.log(p[shown] / q[shown]), atol=1e-6
    )
    at_best = lab.value(np.clip(best, 0, 1 - 1e-16), p, q, LINE)
    js = lab.js_divergence(p, q, LINE)
    assert at_best == pytest.approx(2 * js - np.log(4), abs=1e-9)
    rng = np.random.default_rng(0)
    for size in (0.01, 0.1, 1.0):
        change = size * rng.uniform(-1, 1, best.shape)
        # Not where one of the two is next to nothing and D* is 0 or 1.
        near = np.clip(best, 1e-9, 1 - 1e-9)
        other = special.expit(special.logit(near) + change)
        assert lab.value(other, p, q, LINE) < at_best - 1e-6


def test_where_nothing_is_shown_the_best_one_is_silent():
    best = lab.optimal_discriminator([0.0, 0.2, 0.2], [0.0, 0.0, 0.6])
    np.testing.assert_allclose(best, [np.nan, 1.0, 0.25])


# ------------------------------------------------------- p_g of a generator


@pytest.mark.parametrize("slope", [0.5, -2.0])
def test_change_of_variables_of_a_straight_line(slope):
    found = lab.ChangeOfVariables(lambda z: slope * z + 1)
    got = found.density(LINE.points)
    # The cells are narrow, and the second derivative is what they blur.
    np.testing.assert_allclose(got, normal(1, abs(slope)), atol=2e-5)


@pytest.mark.parametrize("size", [100, 101])
def test_change_of_variables_with_and_without_a_latent_of_0(size):
    found = lab.ChangeOfVariables(lambda z: z, size=size)
    assert found.mass.sum() == pytest.approx(1, abs=1e-12)
    # The piece in the middle: from -h/2 to h/2, or from 0 to h.
    edges = np.linspace(-8, 8, size)[size // 2 - 1 :][:2]
    expected = np.diff(stats.norm.cdf(edges))[0]
    assert found.mass[size // 2 - 1] == pytest.approx(expected, abs=1e-12)


def test_change_of_variables_where_two_latents_meet():
    # G(z) = z^2 folds the line; the density is that of chi-square, which is
    # infinite at 0: only the probability of a cell is finite there.
    found = lab.ChangeOfVariables(lambda z: z**2, size=200_001)
    x = np.array([0.01, 0.1, 1.0, 3.0, 9.0])
    np.testing.assert_allclose(
        found.cumulative(x), stats.chi2.cdf(x, 1), atol=1e-6
    )
    edges = np.linspace(0.5, 5, 400)
    np.testing.assert_allclose(
        found.density(edges[:, None]), stats.chi2.pdf(edges, 1), rtol=1e-3
    )


def test_no_probability_is_lost_where_a_generator_stands_still():
    found = lab.ChangeOfVariables(lambda z: np.where(z > 0, z, 0.0))
    density = found.density(LINE.points)
    assert LINE.integral(density) == pytest.approx(1, abs=1e-6)
    step = LINE.axes[0][1] - LINE.axes[0][0]
    # Half of it sits in the cell around 0 (and a little of the other half).
    assert density.max() * step == pytest.approx(
        0.5 + stats.norm.cdf(step / 2) - 0.5, abs=1e-4
    )


def test_a_kernel_estimate_says_so_and_is_one():
    samples = lab.gaussian(0.0, 1.0).sample(4000, seed=1)
    estimate = lab.KernelEstimate(samples)
    oracle = stats.gaussian_kde(samples[:, 0], bw_method="scott")
    x = np.linspace(-3, 3, 13)
    np.testing.assert_allclose(
        estimate.density(x[:, None]), oracle(x), rtol=1e-3
    )
    assert estimate.label == "kernel estimate"
    assert lab.ChangeOfVariables(lambda z: z).label == "change of variables"


@pytest.mark.parametrize(
    "p_g", [lab.gaussian(1.0, 0.7), lab.mixture((-1.0, 1.0), 0.5, (0.3, 0.7))]
)
def test_a_held_generator_draws_what_it_should(p_g):
    gan = lab.gan(lab.mixture(), generator=lab.held_generator(p_g), seed=1)
    assert gan.generator.trainable_variables == []
    points = gan.generate(50_000, seed=2)[:, 0]
    cumulative = integrate.cumulative_trapezoid(
        p_g.density(LINE.points), LINE.axes[0], initial=0
    )
    got = stats.kstest(points, lambda x: np.interp(x, LINE.axes[0], cumulative))
    assert got.pvalue > 0.01
    found = lab.generator_density(gan).density(LINE.points)
    np.testing.assert_allclose(found, p_g.density(LINE.points), atol=5e-3)


def test_a_held_generator_is_exact_whatever_the_policy():
    p_g = lab.gaussian(1.0, 0.7)
    with precision("mixed_bfloat16"):
        gan = lab.gan(lab.mixture(), generator=lab.held_generator(p_g), seed=1)
    z = np.linspace(-3, 3, 7, dtype="float32")[:, None]
    np.testing.assert_allclose(gan.generate_from(z), 1 + 0.7 * z, atol=1e-3)


# --------------------------------------------------------------- a comparison


def known_gan(slope=0.7, shift=1.0, logit=lambda x: 0 * x):
    """G draws from N(shift, slope^2), and D says what it is told to."""
    gan = lab.gan(
        lab.gaussian(),
        generator=lab.held_generator(lab.gaussian(shift, slope)),
        seed=1,
    )
    x = keras.Input((1,))
    said = keras.layers.Lambda(logit)(x)
    gan.discriminator = keras.Model(x, said, name="discriminator")
    return gan


def test_comparison_of_a_perfect_d():
    def logit(x):  # log of N(x; 0, 1) / N(x; 1, 1.2)
        return -(x**2) / 2 + (x - 1) ** 2 / 2 / 1.44 + np.float32(np.log(1.2))

    found = lab.Comparison(known_gan(1.2, logit=logit), lab.gaussian())
    assert found.method == "change of variables"
    assert found.worst() < 0.01
    expected = lab.js_divergence(normal(0, 1), normal(1, 1.2), LINE)
    assert found.js() == pytest.approx(expected, abs=5e-4)
    expected = np.log(1.2) + 2 / (2 * 1.44) - 0.5
    assert found.kl() == pytest.approx(expected, abs=1e-3)
    assert found.value() == pytest.approx(found.best_value(), abs=1e-4)
    assert found.best_value() == pytest.approx(
        2 * found.js() - np.log(4), abs=1e-3
    )


def test_comparison_of_a_d_that_cannot_tell():
    found = lab.Comparison(known_gan(), lab.gaussian())
    np.testing.assert_array_equal(found.d, 0.5)
    # Far left only real points lie; D* is nearly 1 there.
    assert 0.45 < found.worst() <= 0.5
    # The integral of p_data + p_g, log 2 each.
    assert found.value() == pytest.approx(-np.log(4), abs=1e-3)


def test_the_value_of_a_d_that_is_sure_is_finite():
    def logit(x):
        return 0 * x + 40.0  # a probability of 1 in 32 bits

    found = lab.Comparison(known_gan(logit=logit), lab.gaussian())
    np.testing.assert_array_equal(found.d, 1)
    # Minus d_loss: softplus(-40) of real points, softplus(40) of fakes.
    assert found.value() == pytest.approx(-40, abs=0.02)


def test_fakes_far_off_count():
    found = lab.Comparison(known_gan(0.5, 40.0), lab.gaussian())
    assert found.js() == pytest.approx(np.log(2), abs=2e-3)


def test_fakes_beyond_the_grid_count_too():
    data = lab.gaussian()
    grid = lab.Grid([(-6.0, 6.0)], 2001)
    found = lab.Comparison(known_gan(0.5, 40.0), data, grid)
    assert grid.integral(found.p_g) < 1e-6
    assert found.js() == pytest.approx(np.log(2), abs=1e-4)
    assert found.best_value() == pytest.approx(0, abs=1e-4)
    # Half of them: where the data end, p_g is N(6, 0.1^2) from its middle on.
    found = lab.Comparison(known_gan(0.1, 6.0), data, grid)
    assert found.js() == pytest.approx(np.log(2), abs=1e-3)


def test_a_gan_that_draws_nan_is_refused():
    gan = known_gan()
    gan.generate = lambda n, **kwargs: np.full((n, 1), np.nan, "float32")
    message = "`gan` must draw points.*2000 of 2000 coordinates"
    with pytest.raises(ValueError, match=message):
        lab.Comparison(gan, lab.gaussian())


def test_the_best_d_of_smoothed_labels_is_less_sure():
    def logit(x):  # of 0.9 / 2: the fakes are as the data
        return 0 * x + np.float32(np.log(0.45 / 0.55))

    gan = known_gan(1.0, 0.0, logit)
    gan.compile(loss=gk.losses.NonSaturating(real_label=0.9), penalties=[])
    found = lab.Comparison(gan, lab.gaussian())
    assert found.worst() < 1e-4
    with pytest.raises(ValueError, match="real_label=0.9"):
        found.value()


@pytest.mark.parametrize("make", [lab.gaussian, lab.ring])
def test_points_do_not_lie_on_a_lattice_whatever_the_policy(make):
    data = make()
    with precision("mixed_bfloat16"):
        gan = lab.gan(data, seed=1)
    points = gan.generate(2000, seed=0)
    # 16 bits hold some 200 numbers from 1 to 2 and as many of each octave.
    assert len(np.unique(points)) > 0.8 * points.size


def test_a_score_is_not_compared_with_a_probability():
    gan = known_gan()
    gan.compile(loss="wasserstein", penalties=[])
    with pytest.raises(ValueError, match="Received: loss=Wasserstein"):
        lab.Comparison(gan, lab.gaussian()).worst()


def known_points(data, points):
    """A GAN in the plane whose generator draws these points."""
    gan = lab.gan(data, seed=1)
    gan.generate = lambda n, seed=None, use_ema=True: points[:n]
    return gan


@pytest.mark.slow
@pytest.mark.parametrize("data", [lab.ring(), lab.grid(), lab.two_moons()])
def test_a_perfect_generator_in_the_plane_is_near_0(data):
    gan = known_points(data, data.sample(2000, seed=7))
    found = lab.Comparison(gan, data)
    assert found.method == "kernel estimate"
    for density in (found.p_data, found.p_g):
        assert found.grid.integral(density) == pytest.approx(1, abs=1e-3)
    assert 0 < found.js() < 0.002
    assert 0 < found.kl() < 0.006
    assert found.best_value() == pytest.approx(
        2 * found.js() - np.log(4), abs=1e-3
    )


@pytest.mark.slow
def test_a_lost_mode_in_the_plane():
    data = lab.Mixture([[-1.0, 0.0], [1.0, 0.0]], 0.02)
    points = lab.Mixture([[1.0, 0.0]], 0.02).sample(2000, seed=7)
    found = lab.Comparison(known_points(data, points), data)
    # Of 1 and 0 in the place of 1/2 and 1/2.
    assert found.js() == pytest.approx(0.75 * np.log(4 / 3), abs=2e-3)
    # Scott's rule for the data, of which only one coordinate varies.
    wide = np.sqrt(0.5) * 2000 ** (-1 / 6)
    assert found.bandwidth == pytest.approx(wide, rel=0.02)
    found = lab.Comparison(known_points(data, points * 0 + 1), data)
    assert found.js() == pytest.approx(np.log(2), abs=2e-2)
    found = lab.Comparison(known_points(lab.ring(), points + 30), lab.ring())
    assert found.js() == pytest.approx(np.log(2), abs=1e-3)


def test_on_the_line_a_generator_of_many_latents_is_estimated():
    data = lab.mixture()
    gan = lab.gan(data, generator=networks.mlp_generator((1,), 8), seed=1)
    points = data.sample(2000, seed=7)
    gan.generate = lambda n, seed=None, use_ema=True: points[:n]
    found = lab.Comparison(gan, data)
    assert found.method == "kernel estimate"
    # Both are smoothed by it, so that a perfect G is near 0.
    spread = np.sqrt(data.sample(2000).var())
    assert found.bandwidth == pytest.approx(spread * 2000**-0.2, rel=0.02)
    assert 0 < found.js() < 0.002
    with pytest.raises(ValueError, match="one with a single latent number"):
        found.worst()


def test_in_the_plane_d_is_not_held_against_smoothed_densities():
    data = lab.ring()
    found = lab.Comparison(known_points(data, data.sample(500)), data)
    for ask in (found.worst, found.value):
        with pytest.raises(ValueError, match="one on the line.*2 dimensions"):
            ask()


@pytest.mark.parametrize(
    ("bounds", "size", "integral"),
    [((0.0, 8.0), 801, "0.500"), ((-9.0, 9.0), 2, "0.000")],
)
def test_a_grid_that_does_not_hold_the_data(bounds, size, integral):
    grid = lab.Grid([bounds], size)
    match = f"`grid` must hold.*integral {integral} instead of 1"
    with pytest.raises(ValueError, match=match):
        lab.Comparison(known_gan(), lab.gaussian(), grid)
    fine = lab.Comparison(known_gan(), lab.gaussian(), LINE)
    assert fine.grid is LINE and fine.bandwidth == 0


def test_a_divergence_of_the_smallest_numbers_is_finite():
    p, q = normal(0, 1), normal(6, 0.1)
    p[0] = 5e-324  # half of it is 0
    assert lab.js_divergence(p, q, LINE) == pytest.approx(np.log(2), abs=1e-6)


def train_d(p_g, steps, seed=3):
    data = lab.mixture()
    keras.utils.set_random_seed(seed)
    gan = lab.gan(data, steps, lab.held_generator(p_g), seed)
    gan.fit(
        lab.pipeline(data, steps=1000, seed=seed),
        epochs=steps // 1000,
        verbose=0,
    )
    return lab.Comparison(gan, data)


@pytest.mark.slow
def test_d_alone_becomes_one_half_where_the_fakes_are_true():
    found = train_d(lab.mixture(), 4000)
    total = found.p_data + found.p_g
    shown = total > 0.01 * total.max()
    assert np.abs(found.d[shown] - 0.5).max() < 0.02


@pytest.mark.slow
def test_d_alone_becomes_the_best_one_elsewhere():
    found = train_d(lab.gaussian(1.0, 0.7), 4000)
    assert found.js() > 0.1
    assert found.worst() < 0.05
    assert found.best_value() - 0.005 < found.value() <= found.best_value()


@pytest.mark.slow
@pytest.mark.xla
def test_the_game_comes_to_rest_on_the_line():
    keras.utils.set_random_seed(20)
    data = lab.mixture()
    gan = lab.gan(data, seed=20)
    gan.fit(
        lab.pipeline(data, steps=1000, seed=20),
        epochs=8,
        verbose=0,
    )
    found = lab.Comparison(gan, data)
    assert found.worst() <= 0.1
    assert 0 < found.js() <= 0.02


def two_classes():
    return gk.ConditionalGAN(
        gk.networks.mlp_generator((2,), 2, (4,), num_classes=2),
        gk.networks.mlp_discriminator((2,), (4,), num_classes=2),
    )


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: lab.Grid([(1.0, 1.0)]), "`bounds` must be pairs"),
        (lambda: lab.Grid([(0.0, 1.0)], 1), "`size` must be 2 or more"),
        (
            lambda: lab.js_divergence(np.ones(3), np.ones(3), LINE),
            r"shape \(4001,\). Received: shape \(3,\)",
        ),
        (
            lambda: lab.optimal_discriminator([1.0], [1.0, 2.0]),
            "at the same points",
        ),
        (
            lambda: lab.ChangeOfVariables(lambda z: z).density([[1.0], [0.0]]),
            "ascending",
        ),
        (lambda: lab.KernelEstimate(np.zeros(5)), "`samples` must have shape"),
        (lambda: lab.held_generator(lab.ring()), "one on the line"),
        (
            lambda: lab.Comparison(lab.gan(lab.ring()), lab.gaussian()),
            "1 dimensions for samples of shape .2,.",
        ),
        (
            lambda: lab.Comparison(two_classes(), lab.ring()),
            "`gan` must be one without classes.*ConditionalGAN",
        ),
    ],
)
def test_bad_input_is_explained(make, match):
    with pytest.raises(ValueError, match=match):
        make()


def test_a_gan_of_the_lab_is_saved_and_loaded(tmp_path):
    gan = lab.gan(
        lab.mixture(), generator=lab.held_generator(lab.gaussian()), seed=1
    )
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    np.testing.assert_array_equal(
        gan.generate(9, seed=1), loaded.generate(9, seed=1)
    )
    assert isinstance(loaded, gk.GAN)
