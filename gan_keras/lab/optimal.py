"""The best discriminator that there can be, and how far the game is from rest.

For a given generator the discriminator's loss has its minimum, among *all*
functions, at

    D*(x) = p_data(x) / (p_data(x) + p_g(x)),

and there the game is worth `2 JS(p_data, p_g) - log 4`. So a GAN makes the
Jensen-Shannon divergence small, as far as D keeps up. Where both densities
are known, D* and the divergences are, too, and one can look at how well the
network D did.

Source: Goodfellow et al., 2014, section 4, arXiv:1406.2661.
"""

import math

import numpy as np

from gan_keras.batching import in_batches

# ------------------------------------------------------------------ integrals


class Grid:
    """Points that an integral over the line or the plane is taken on.

    The rule is the trapezoidal one, which for smooth densities that have died
    away at the edges is far better than its reputation.

    Args:
        bounds: List of `(low, high)`, one for each axis.
        size: Int, points along each axis.

    Attributes:
        points: Float64 array `[size ** dimensions, dimensions]`; in the plane
            x changes fastest, then y.
        weights: Float64 array, the length or area that each stands for.
        axes: List of float64 arrays `[size]`.
    """

    def __init__(self, bounds, size=1001):
        if not size >= 2:
            raise ValueError(f"`size` must be 2 or more. Received: size={size}")
        for low, high in bounds:
            if not low < high:
                raise ValueError(
                    "`bounds` must be pairs (low, high) with low below high, "
                    f"one for each axis. Received: ({low}, {high})"
                )
        self.size = size
        self.axes = [np.linspace(low, high, size) for low, high in bounds]
        mesh = np.meshgrid(*self.axes, indexing="xy")
        self.points = np.stack([m.ravel() for m in mesh], axis=-1)
        self.weights = np.ones(())
        for axis in reversed(self.axes):  # y outside, x inside
            weights = np.full(size, axis[1] - axis[0])
            weights[[0, -1]] /= 2
            self.weights = np.multiply.outer(self.weights, weights)
        self.weights = self.weights.ravel()

    def integral(self, values):
        """The integral of a function, given by its values at the points."""
        return float(np.sum(self.weights * values))


def kl_divergence(p, q, grid):
    """The Kullback-Leibler divergence.

    Formula: `integral of p log(p / q)`

    Args:
        p: Float array `[n]`, a density at the grid's points.
        q: Float array `[n]`, another.
        grid: A `Grid`.

    Returns:
        Float, in nats; infinite where q is 0 and p is not.
    """
    p, q = _densities(p, q, grid)
    with np.errstate(divide="ignore", invalid="ignore"):
        integrand = np.where(p > 0, p * (np.log(p) - np.log(q)), 0.0)
    return grid.integral(integrand)


def js_divergence(p, q, grid):
    """The Jensen-Shannon divergence.

    Formula: `KL(p, m) / 2 + KL(q, m) / 2` with `m = (p + q) / 2`

    Args: as of `kl_divergence`.

    Returns:
        Float in [0, log 2], in nats (up to the error of the integral): 0 if
        both are the same, log 2 if they do not overlap.
    """
    p, q = _densities(p, q, grid)
    # Above 0: half of the smallest number that there is would be 0.
    m = np.maximum((p + q) / 2, np.nextafter(0, 1))
    return (kl_divergence(p, m, grid) + kl_divergence(q, m, grid)) / 2


def optimal_discriminator(p_data, p_g):
    """What the best possible D says.

    Formula: `p_data / (p_data + p_g)`

    Args:
        p_data: Float array, the density of the real data at some points.
        p_g: Float array of the same shape, that of the fakes.

    Returns:
        Float64 array in [0, 1]; NaN where both densities are 0: no image is
        ever shown there, and D may say what it likes.
    """
    p_data, p_g = np.asarray(p_data, "float64"), np.asarray(p_g, "float64")
    if p_data.shape != p_g.shape:
        raise ValueError(
            "`p_data` and `p_g` must be densities at the same points. "
            f"Received: shapes {p_data.shape} and {p_g.shape}"
        )
    total = p_data + p_g
    return np.divide(
        p_data, total, out=np.full(total.shape, np.nan), where=total > 0
    )


def value(d, p_data, p_g, grid):
    """The value of the game for a given discriminator.

    Formula: `V(D) = E_data[log D(x)] + E_g[log(1 - D(x))]`, which is minus
    the mean `d_loss` of the cross-entropy losses. D maximises it; at D* it is
    `2 JS - log 4`.

    Args:
        d: Float array `[n]` in [0, 1], D's probability at the grid's points.
        p_data: Float array `[n]`, the density of the data there.
        p_g: Float array `[n]`, that of the fakes.
        grid: A `Grid`.

    Returns:
        Float, at most 0.
    """
    p_data, p_g = _densities(p_data, p_g, grid)
    d = np.asarray(d, "float64")
    with np.errstate(divide="ignore", invalid="ignore"):
        real = np.where(p_data > 0, p_data * np.log(d), 0.0)
        fake = np.where(p_g > 0, p_g * np.log1p(-d), 0.0)
    return grid.integral(real + fake)


def _densities(p, q, grid):
    p, q = np.asarray(p, "float64"), np.asarray(q, "float64")
    expected = grid.weights.shape
    for name, density in [("first", p), ("second", q)]:
        if density.shape != expected:
            raise ValueError(
                f"The {name} density must be given at the grid's points, "
                f"shape {expected}. Received: shape {density.shape}"
            )
    return p, q


# ------------------------------------------------------- what does G draw from?


class ChangeOfVariables:
    """The density of a generator from one number to one number.

    G stretches the line of latents here and squeezes it there; where it
    stretches, its samples lie thin.

    Formula: `p_g(x) = sum over all z with G(z) = x of N(z; 0, 1) / |G'(z)|`

    It is computed on a fine grid of z, between whose points G counts as
    straight. Then every piece of the grid carries its probability to a piece
    of the x axis, evenly: no probability is lost, wherever G folds back or
    stands still.

    Args:
        generate: Callable, latents `[n, 1]` to points `[n, 1]`.
        size: Int, points of the grid of z.
        reach: Float; z runs from -reach to reach. Beyond 8 there is a
            probability of 1e-15.
    """

    label = "change of variables"

    def __init__(self, generate, size=20_001, reach=8.0):
        z = np.linspace(-reach, reach, size)
        self.x = np.asarray(generate(z[:, None].astype("float32")))
        self.x = self.x.astype("float64").reshape(-1)
        if len(self.x) != size:
            raise ValueError(
                "`generate` must turn latents [n, 1] into points [n, 1]. "
                f"Received: {len(self.x)} numbers for {size} latents"
            )
        # Of each piece: by what lies beyond it, which is exact far out, too.
        beyond = np.array([math.erfc(abs(v) / math.sqrt(2)) / 2 for v in z])
        # The piece in the middle, if 0 is none of the points, has two sides.
        middle = (z[:-1] < 0) & (z[1:] > 0)
        self.mass = np.where(
            middle, 1 - beyond[:-1] - beyond[1:], np.abs(np.diff(beyond))
        )

    def cumulative(self, x):
        """The probability that a sample lies at or below each x.

        Args:
            x: Float array `[n]`.

        Returns:
            Float64 array `[n]` in [0, 1].
        """
        x = np.asarray(x, "float64")
        low = np.minimum(self.x[:-1], self.x[1:])
        high = np.maximum(self.x[:-1], self.x[1:])
        wide = high - low > 1e-7
        # Uniform pieces: each rises linearly from `low` to `high`. Their sum
        # is piecewise linear, and its slope changes at these places only.
        slope = self.mass[wide] / (high - low)[wide]
        places = np.concatenate([x[:1], low[wide], high[wide]])
        change = np.concatenate([[0], slope, -slope])
        order = np.argsort(places, kind="stable")
        places, change = places[order], change[order]
        slopes = np.cumsum(change)[:-1]
        heights = np.concatenate([[0], np.cumsum(slopes * np.diff(places))])
        rising = np.interp(x, places, heights)
        # Where G stands still a piece is a single place: there is a jump.
        jumps = np.sort(low[~wide])
        total = np.concatenate(
            [[0], np.cumsum(self.mass[~wide][np.argsort(low[~wide])])]
        )
        return rising + total[np.searchsorted(jumps, x, side="right")]

    def density(self, points):
        """The density, as the mean over a cell around every point.

        A single point can sit on the spike that a flat place of G makes; the
        mean over a cell, which is as wide as the points lie apart, holds the
        right probability.

        Args:
            points: Float array `[n, 1]`, ascending.

        Returns:
            Float64 array `[n]`.
        """
        x = np.asarray(points, "float64").reshape(-1)
        if len(x) < 2 or not (np.diff(x) > 0).all():
            raise ValueError(
                "`points` must be at least two, in ascending order, as in "
                "`Grid.points`: the density is taken between them. "
                f"Received: {len(x)} points"
            )
        middles = (x[1:] + x[:-1]) / 2
        edges = np.concatenate(
            [[2 * x[0] - middles[0]], middles, [2 * x[-1] - middles[-1]]]
        )
        return np.diff(self.cumulative(edges)) / np.diff(edges)


class KernelEstimate:
    """A density estimated from samples: a small Gaussian around each.

    An estimate, and a smoothed one: sharp modes come out wider than they
    are, by the bandwidth. Its label says so wherever it is drawn.

    Args:
        samples: Float array `[n, dimensions]`.
        bandwidth: Float, the Gaussians' standard deviation. If not given,
            Scott's rule: `spread * n ** (-1 / (dimensions + 4))` with the
            mean standard deviation of the samples.

    Source: Scott, 1992, Multivariate Density Estimation.
    """

    label = "kernel estimate"

    def __init__(self, samples, bandwidth=None):
        from gan_keras.lab.distributions import Mixture

        samples = np.asarray(samples, "float64")
        if samples.ndim != 2 or len(samples) < 2:
            raise ValueError(
                "`samples` must have shape [n, dimensions] with at least two "
                f"of them. Received: shape {samples.shape}"
            )
        if bandwidth is None:
            n, dimensions = samples.shape
            spread = np.sqrt(samples.var(axis=0).mean())
            # Samples that are all the same have no spread to go by.
            bandwidth = max(spread, 1e-3) * n ** (-1 / (dimensions + 4))
        self._mixture = Mixture(samples, bandwidth)
        self.bandwidth = self._mixture.sigma

    def density(self, points):
        """The estimate at points `[n, dimensions]`: float64 `[n]`."""
        return self._mixture.density(points)


def generator_density(gan, use_ema=False, samples=2_000, seed=0):
    """What a GAN's generator draws from: p_g.

    Args:
        gan: A `GAN` of points.
        use_ema: Boolean; the raw generator is the default here, since it is
            the one that D plays against.
        samples: Int, for a kernel estimate.
        seed: Int, for a kernel estimate.

    Returns:
        A `ChangeOfVariables` if G goes from the line to the line, and a
        `KernelEstimate` of its samples otherwise.
    """
    if gan.latent_dim == 1 and gan.sample_shape == (1,):
        return ChangeOfVariables(lambda z: gan.generate_from(z, use_ema))
    return KernelEstimate(gan.generate(samples, seed=seed, use_ema=use_ema))


class Comparison:
    """A GAN of points beside the truth, as it stands now.

    On the line both densities are exact, if G makes one number of one. In the
    plane (or of more latent numbers) nobody knows p_g, so it is a
    kernel estimate, and the kernel, as wide as Scott's rule wants it for the
    data, would itself look like a difference. So p_data is smoothed by the
    same kernel there: both are the densities of points with that much noise.
    A perfect G then has a divergence near 0. It is at most what it would be
    without the noise, and nothing finer than the kernel is seen.

    Args:
        gan: A compiled `GAN` of points.
        distribution: The `Distribution` that the data come from.
        grid: A `Grid`; one over all real and fake samples if not given.

    Attributes:
        grid: The `Grid` that all of these are given on.
        p_data: Float64 `[n]`, the density of the data, smoothed if p_g is.
        p_g: Float64 `[n]`, the density of the fakes.
        bandwidth: Float, the standard deviation of the kernel that both are
            smoothed by; 0 where p_g is exact.
        method: String, how p_g was found.
        d: Float64 `[n]`, what the network D says; a probability, or the score
            of a loss without one.
        d_star: Float64 `[n]`, what the best D would say, if it were shown
            points of these two densities.

    Raises:
        ValueError: If the dimensions differ, the model has classes, or the
            grid is too coarse or too small for the data: p_data must have
            the integral 1, within 0.02.
    """

    def __init__(self, gan, distribution, grid=None):
        dimensions = distribution.dimensions
        if gan.sample_shape != (dimensions,):
            raise ValueError(
                "`distribution` must have as many dimensions as the model's "
                f"samples. Received: {dimensions} dimensions for "
                f"samples of shape {gan.sample_shape}"
            )
        if gan.needs_labels:
            raise ValueError(
                "`gan` must be one without classes: D would say something "
                f"else for every class. Received: {type(gan).__name__}"
            )
        fakes = gan.generate(2_000, seed=0, use_ema=False)
        if not np.isfinite(fakes).all():
            raise ValueError(
                "`gan` must draw points, and this one draws NaN or infinite "
                "ones: it has diverged. Received: "
                f"{np.count_nonzero(~np.isfinite(fakes))} of {fakes.size} "
                "coordinates are no numbers"
            )
        self.bandwidth = 0.0
        if dimensions == gan.latent_dim == 1:
            estimate = generator_density(gan)
        else:
            # By the data, not the fakes: one kernel for the whole training,
            # and one that a collapsed G does not make a needle of.
            real = KernelEstimate(distribution.sample(2_000))
            self.bandwidth = real.bandwidth
            estimate = KernelEstimate(fakes, self.bandwidth)
            distribution = distribution.smoothed(self.bandwidth)
        if grid is None:
            size = 801 if dimensions == 1 else 101
            # Wide enough for fakes that lie far off: they count, too.
            room = 4 * self.bandwidth
            bounds = [
                (min(low, axis.min() - room), max(high, axis.max() + room))
                for (low, high), axis in zip(distribution.bounds(), fakes.T)
            ]
            grid = Grid(bounds, size)
        self.grid = grid
        self.loss = gan.loss
        self.p_data = distribution.density(grid.points)
        found = grid.integral(self.p_data)
        if not abs(found - 1) <= 0.02:
            steps = ", ".join(f"{axis[1] - axis[0]:.3g}" for axis in grid.axes)
            raise ValueError(
                "`grid` must hold the whole of the data's density, in steps "
                "that are not much wider than its modes. Give "
                "`grid=lab.Grid(bounds, size)` with wider bounds or a larger "
                f"size. Received: steps of {steps}, on which p_data has the "
                f"integral {found:.3f} instead of 1"
            )
        self.method = estimate.label
        self.p_g = estimate.density(grid.points)
        points = grid.points.astype("float32")
        self.d = np.asarray(gan.judge(points), "float64")
        # A probability of 1 in 32 bits may be less than 1 in truth.
        self._logits = in_batches(
            lambda batch: gan.discriminate(batch, training=False), points
        ).astype("float64")
        # The best D says no more than it is paid for, with smoothed labels.
        self.d_star = optimal_discriminator(self.p_data, self.p_g)
        self.d_star *= getattr(gan.loss, "real_label", 1.0)

    def worst(self, least=0.01):
        """The largest distance of D from D*, where images are shown.

        Args:
            least: Float; only places count where `p_data + p_g` is above this
                part of its maximum. Elsewhere D has seen next to nothing.

        Returns:
            Float in [0, 1].

        Raises:
            ValueError: If the loss's scores are no probabilities, or the
                densities smoothed: D was never shown points with that noise.
        """
        self._check_comparable()
        total = self.p_data + self.p_g
        shown = total > least * total.max()
        return float(np.abs(self.d - self.d_star)[shown].max())

    def _check_comparable(self):
        """Raises a ValueError unless D and D* are about the same points."""
        if not getattr(self.loss, "is_probability", False):
            raise ValueError(
                "D* is a probability, and the scores of this loss are none: "
                "compile with 'non_saturating' or 'minimax'. Received: "
                f"loss={type(self.loss).__name__}"
            )
        if self.bandwidth:
            raise ValueError(
                "`distribution` must be one on the line, and `gan` one with a "
                "single latent number, to hold D against D*. Elsewhere D* is "
                "that of smoothed densities, and D has seen points without "
                "the smoothing; look at `js()`. Received: "
                f"{len(self.grid.axes)} dimensions, p_g by {self.method}"
            )

    def js(self):
        """The Jensen-Shannon divergence of p_data and p_g, in nats.

        Fakes beyond the grid, where there are no data, count, too.
        """
        beyond = max(0.0, 1 - self.grid.integral(self.p_g))
        divergence = js_divergence(self.p_data, self.p_g, self.grid)
        return divergence + beyond * math.log(2) / 2

    def kl(self):
        """The Kullback-Leibler divergence of p_g from p_data, in nats."""
        return kl_divergence(self.p_data, self.p_g, self.grid)

    def value(self):
        """The value of the game with the network D; at most `best_value`.

        Raises:
            ValueError: As of `worst`.
        """
        self._check_comparable()
        if getattr(self.loss, "real_label", 1.0) != 1:
            raise ValueError(
                "The value of the game is that of the loss without smoothed "
                "labels. Compile with `real_label=1.0` to compare it with "
                f"`best_value`. Received: real_label={self.loss.real_label}"
            )
        return self.grid.integral(
            -self.p_data * np.logaddexp(0, -self._logits)
            - self.p_g * np.logaddexp(0, self._logits)
        )

    def best_value(self):
        """The value of the game with D*: `2 JS - log 4`."""
        # As two divergences: where D* is 1 but for what a float can hold, the
        # logarithm of 1 - D* would be infinite.
        total = self.p_data + self.p_g
        return sum(
            kl_divergence(density, total, self.grid)
            for density in (self.p_data, self.p_g)
        )
