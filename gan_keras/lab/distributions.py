"""Data of which everything is known: points on a line and in the plane.

Of images nobody knows the density, so nobody can say what the best possible
discriminator would answer. Of these one can. Every distribution draws
samples, and tells the exact density at any point.
"""

import math

import numpy as np


class Distribution:
    """Something that points are drawn from.

    To add one, say how it draws and, if that is known, how dense it is.
    """

    #: Int, 1 for the line and 2 for the plane.
    dimensions = None

    def sample(self, n, seed=0):
        """Draws points.

        Args:
            n: Int, how many.
            seed: Int, or a `numpy.random.Generator` to go on with.

        Returns:
            Float32 array `[n, dimensions]`.
        """
        raise TypeError(f"{type(self).__name__} must define `sample(n, seed)`.")

    def density(self, points):
        """The probability density, exactly.

        Args:
            points: Float array `[n, dimensions]`.

        Returns:
            Float64 array `[n]`, zero or more; over all space it has the
            integral 1.

        Raises:
            ValueError: If this distribution has no density.
        """
        raise TypeError(f"{type(self).__name__} must define `density(points)`.")

    def smoothed(self, sigma):
        """The distribution of the same points with Gaussian noise added.

        `Comparison` asks for it in the plane.

        Args:
            sigma: Float > 0, the noise's standard deviation along each axis.

        Returns:
            A `Distribution`.
        """
        raise TypeError(f"{type(self).__name__} must define `smoothed(sigma)`.")

    def bounds(self):
        """A frame around nearly all samples: list of `(low, high)` by axis."""
        raise TypeError(f"{type(self).__name__} must define `bounds()`.")


def _as_points(points, dimensions, argument="points"):
    points = np.asarray(points, "float64")
    if points.ndim != 2 or points.shape[1] != dimensions:
        hint = ""
        if points.ndim == 1 and dimensions == 1:
            hint = f" Add the axis: `{argument}[:, None]`."
        raise ValueError(
            f"`{argument}` must have shape [n, {dimensions}].{hint} "
            f"Received: shape {points.shape}"
        )
    return points


def _positive(**arguments):
    for name, value in arguments.items():
        if not (np.isscalar(value) and np.isfinite(value) and value > 0):
            raise ValueError(
                f"`{name}` must be a number above 0. Received: {name}={value!r}"
            )


class Mixture(Distribution):
    """Round Gaussians of one width.

    Formula: `p(x) = sum over k of weight_k * N(x; centre_k, sigma^2)`

    Args:
        centres: Float array `[modes, dimensions]`.
        sigma: Float, the standard deviation of each Gaussian along every
            axis.
        weights: Float array `[modes]`, how likely each of them is; equally
            likely if not given.

    Raises:
        ValueError: If the shapes or ranges are not these.
    """

    def __init__(self, centres, sigma, weights=None):
        self.centres = np.asarray(centres, "float64")
        if self.centres.ndim != 2 or not self.centres.size:
            raise ValueError(
                "`centres` must have shape [modes, dimensions], one row for "
                f"each Gaussian. Received: shape {self.centres.shape}"
            )
        if not np.isfinite(self.centres).all():
            raise ValueError(
                "`centres` must be finite. Received: NaN or infinite values"
            )
        _positive(sigma=sigma)
        self.sigma = float(sigma)
        if weights is not None:
            weights = np.asarray(weights, "float64")
            if weights.shape != (len(self.centres),) or not (
                (weights > 0).all() and np.isclose(weights.sum(), 1)
            ):
                raise ValueError(
                    "`weights` must be one positive number for each centre, "
                    "and add up to 1: divide them by their sum. "
                    f"Received: weights={weights.tolist()} for "
                    f"{len(self.centres)} centres"
                )
            weights = weights / weights.sum()  # NumPy wants it more exact
        self.weights = weights

    @property
    def dimensions(self):
        return self.centres.shape[1]

    def sample(self, n, seed=0):
        random = np.random.default_rng(seed)
        modes = random.choice(len(self.centres), size=n, p=self.weights)
        noise = self.sigma * random.standard_normal((n, self.dimensions))
        return (self.centres[modes] + noise).astype("float32")

    def density(self, points):
        points = _as_points(points, self.dimensions)
        weights = self.weights
        if weights is None:
            weights = np.full(len(self.centres), 1 / len(self.centres))
        total = np.zeros(len(points))
        # One centre at a time: thousands of drawn points fit into memory.
        for weight, centre in zip(weights, self.centres):
            squares = ((points - centre) ** 2).sum(axis=1)
            total += weight * np.exp(-squares / (2 * self.sigma**2))
        return total / (2 * math.pi * self.sigma**2) ** (self.dimensions / 2)

    def smoothed(self, sigma):
        # The variances of independent Gaussians add up.
        wide = math.hypot(self.sigma, sigma)
        return Mixture(self.centres, wide, self.weights)

    def bounds(self):
        room = np.maximum(4 * self.sigma, 0.15 * np.ptp(self.centres, axis=0))
        low = self.centres.min(axis=0) - room
        return list(zip(low, self.centres.max(axis=0) + room))

    # ------------------------------------------------------ modes, counted

    def spread(self):
        """The standard deviation of one coordinate, the mean of all axes."""
        mean = np.average(self.centres, axis=0, weights=self.weights)
        squares = np.average(
            (self.centres - mean) ** 2, axis=0, weights=self.weights
        )
        return np.sqrt(squares.mean() + self.sigma**2)

    def nearest_modes(self, points):
        """The mode that each point belongs to.

        Args:
            points: Float array `[n, dimensions]`.

        Returns:
            Tuple of the nearest centres' indices, int `[n]`, and the
            distances from them in units of sigma, float64 `[n]`.
        """
        steps = _as_points(points, self.dimensions)[:, None] - self.centres
        distances = np.linalg.norm(steps, axis=-1) / self.sigma  # [n, modes]
        return distances.argmin(axis=1), distances.min(axis=1)

    def share_within(self, points, sigmas=3.0):
        """The share of the points that lie near a centre.

        Args:
            points: Float array `[n, dimensions]`.
            sigmas: Float, how near, in standard deviations. In the plane true
                samples do with a probability of `1 - exp(-sigmas**2 / 2)`.

        Returns:
            Float in [0, 1].
        """
        return float(np.mean(self.nearest_modes(points)[1] <= sigmas))

    def modes_covered(self, points, sigmas=3.0, least=0.1):
        """How many modes the points have found.

        Much of the literature counts a mode for a single sample; one in
        10,000 may be there by chance, on the way from one mode to another.

        Args:
            points: Float array `[n, dimensions]`.
            sigmas: Float, how near a point must be to count.
            least: Float, the part of its fair share, `n` times its weight,
                that a mode needs; and one point at the least.

        Returns:
            Int, from 0 to the number of modes.
        """
        modes, distances = self.nearest_modes(points)
        count = len(self.centres)
        found = np.bincount(modes[distances <= sigmas], minlength=count)
        shares = 1 / count if self.weights is None else self.weights
        return int(np.sum(found >= np.maximum(least * len(points) * shares, 1)))


class Curve(Distribution):
    """Points along a curve in the plane, with Gaussian noise around it.

    Formula: `p(x) = integral of N(x; path(t), sigma^2) dt` over t in [0, 1],
    the mean over the branches. The integrand is smooth, and Gauss's rule on
    pieces that are no longer than sigma gives all digits.

    Args:
        paths: List of callables, the branches: float64 `t [n]` in [0, 1] to
            points `[n, 2]`.
        sigma: Float, the noise's standard deviation along each axis.
    """

    dimensions = 2

    def __init__(self, paths, sigma):
        _positive(sigma=sigma)
        self.paths = list(paths)
        self.sigma = float(sigma)
        t = np.linspace(0, 1, 10_001)
        self._extent = np.concatenate([path(t) for path in self.paths])
        steps = [np.diff(path(t), axis=0) for path in self.paths]
        # The longest branch, at its fastest place, in pieces of one sigma.
        fastest = max(np.linalg.norm(s, axis=1).max() for s in steps) * 10_000
        pieces = max(8, math.ceil(fastest / self.sigma))
        nodes, shares = np.polynomial.legendre.leggauss(6)
        starts = np.arange(pieces)[:, None]
        t = ((starts + (nodes + 1) / 2) / pieces).ravel()
        share = np.tile(shares / 2 / pieces, pieces) / len(self.paths)
        self._places = np.concatenate([path(t) for path in self.paths])
        self._shares = np.tile(share, len(self.paths))

    def sample(self, n, seed=0):
        random = np.random.default_rng(seed)
        branches = random.integers(len(self.paths), size=n)
        t = random.uniform(size=n)
        points = np.empty((n, 2))
        for i, path in enumerate(self.paths):
            points[branches == i] = path(t[branches == i])
        noise = self.sigma * random.standard_normal((n, 2))
        return (points + noise).astype("float32")

    def density(self, points):
        points = _as_points(points, 2)
        parts = [
            np.exp(
                -((part[:, None] - self._places) ** 2).sum(axis=-1)
                / (2 * self.sigma**2)
            )
            @ self._shares
            for part in np.array_split(points, max(1, len(points) // 512))
        ]
        return np.concatenate(parts) / (2 * math.pi * self.sigma**2)

    def smoothed(self, sigma):
        return Curve(self.paths, math.hypot(self.sigma, sigma))

    def bounds(self):
        low, high = self._extent.min(axis=0), self._extent.max(axis=0)
        room = np.maximum(4 * self.sigma, 0.1 * (high - low))
        return list(zip(low - room, high + room))


class Points(Distribution):
    """A set of points, of which each is drawn equally often.

    Such a distribution has no density: it sits on finitely many places. With
    a little noise around each point it has one, see `drawn`.

    Args:
        points: Float array `[n, dimensions]`.
    """

    def __init__(self, points):
        self.points = np.asarray(points, "float64")
        if self.points.ndim != 2 or not self.points.size:
            raise ValueError(
                "`points` must have shape [n, dimensions], one row for each "
                f"point. Received: shape {self.points.shape}"
            )

    @property
    def dimensions(self):
        return self.points.shape[1]

    def sample(self, n, seed=0):
        random = np.random.default_rng(seed)
        chosen = random.integers(len(self.points), size=n)
        return self.points[chosen].astype("float32")

    def density(self, points):
        raise ValueError(
            "A set of points has no density. Give every point a little noise, "
            "`lab.drawn(points, sigma=0.05)`, or estimate one, "
            "`lab.KernelEstimate(points)`. Received: a `Points` distribution "
            f"of {len(self.points)} points"
        )

    def smoothed(self, sigma):
        return Mixture(self.points, sigma)

    def bounds(self):
        low, high = self.points.min(axis=0), self.points.max(axis=0)
        room = 0.1 * np.maximum(high - low, 1e-3)
        return list(zip(low - room, high + room))


# ---------------------------------------------------------------- on the line


def gaussian(mean=0.0, sigma=1.0):
    """One Gaussian on the line.

    Args:
        mean: Float.
        sigma: Float > 0, the standard deviation.

    Returns:
        A `Mixture` of one mode.
    """
    return Mixture([[mean]], sigma)


def mixture(centres=(-1.5, 1.5), sigma=0.5, weights=None):
    """Several Gaussians on the line.

    Args:
        centres: Floats `[modes]`, where they are.
        sigma: Float > 0, the standard deviation of each.
        weights: Floats `[modes]` that add up to 1; equal if not given.

    Returns:
        A `Mixture`.
    """
    return Mixture(np.asarray(centres, "float64")[:, None], sigma, weights)


# --------------------------------------------------------------- in the plane


def ring(modes=8, radius=2.0, sigma=0.02):
    """Gaussians evenly spaced on a circle, the first one on the x axis.

    Source: Metz et al., 2017 (unrolled GANs), arXiv:1611.02163.

    Args:
        modes: Int, how many.
        radius: Float, the circle's.
        sigma: Float, every Gaussian's standard deviation.

    Returns:
        A `Mixture`.
    """
    angles = 2 * np.pi * np.arange(modes) / modes
    centres = radius * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    return Mixture(centres, sigma)


def grid(side=5, spacing=2.0, sigma=0.05):
    """Gaussians on a square grid around the origin.

    Source: Lin et al., 2018 (PacGAN), arXiv:1712.04086: 25 at -4, -2, 0, 2, 4.

    Args:
        side: Int, Gaussians in a row.
        spacing: Float, from each to the next one.
        sigma: Float, every Gaussian's standard deviation.

    Returns:
        A `Mixture`.
    """
    ticks = spacing * (np.arange(side) - (side - 1) / 2)
    centres = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    return Mixture(centres, sigma)


def two_moons(sigma=0.1):
    """Two half circles of radius 1 that reach into each other.

    The upper one is centred at (-0.5, -0.25), the lower one at (0.5, 0.25),
    so that together they are centred at the origin.

    Args:
        sigma: Float, the noise's standard deviation along each axis.

    Returns:
        A `Curve`.
    """

    def upper(t):
        angle = np.pi * t
        return np.stack([np.cos(angle) - 0.5, np.sin(angle) - 0.25], axis=-1)

    return Curve([upper, lambda t: -upper(t)], sigma)


def spiral(turns=1.5, radius=2.0, sigma=0.05):
    """A spiral from near the origin outwards.

    Its points are equally likely along the angle's *square*, so that it is
    about as dense outside as inside.

    Args:
        turns: Float > 0.
        radius: Float, the distance of the outer end from the origin.
        sigma: Float, the noise's standard deviation along each axis.

    Returns:
        A `Curve`.
    """
    _positive(turns=turns, radius=radius)
    inner = 0.1  # of the outer radius: the centre itself would be a cusp

    def path(t):
        # r^2 grows evenly, and so does the arc's length, nearly.
        r = np.sqrt(inner**2 + (1 - inner**2) * t)
        angle = 2 * np.pi * turns * r
        arm = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
        return radius * r[:, None] * arm

    return Curve([path], sigma)


def drawn(points, sigma=0.05):
    """Your own points, each with a little Gaussian noise around it.

    Args:
        points: Float array `[n, 2]` (or `[n, 1]`), drawn with a mouse or
            typed in.
        sigma: Float > 0, the noise's standard deviation. For none at all,
            take `Points(points)`.

    Returns:
        A `Mixture` of as many modes as there are points.
    """
    return Mixture(points, sigma)


# ------------------------------------------------------------------- pipeline


def pipeline(distribution, steps=1000, batch_size=None, seed=0):
    """Batches for training, like `gk.datasets.pipeline`, but never twice.

    From a known distribution new points can be drawn for ever. What epoch e
    sees is a pure function of (seed, e), so that a run can be resumed: the
    data set has the same `set_epoch`.

    Args:
        distribution: A `Distribution`.
        steps: Int, batches of an epoch.
        batch_size: Int, points in a batch. If not given, 64 in the plane, and
            1,024 on the line, where D is held against D*: where both
            densities are small, few points come by.
        seed: Int, 0 or more.

    Returns:
        A `tf.data.Dataset` of float32 batches `[batch_size, dimensions]`.
    """
    import tensorflow as tf

    from gan_keras import checks
    from gan_keras.datasets import pipelines

    if batch_size is None:
        batch_size = 1024 if distribution.dimensions == 1 else 64
    checks.count(steps=steps, batch_size=batch_size)
    shape = [steps, batch_size, distribution.dimensions]
    epochs = pipelines.Epochs()

    def draw():
        points = distribution.sample(
            steps * batch_size, np.random.default_rng([seed, epochs.next()])
        )
        return points.reshape(shape)

    def next_batches(_):
        points = tf.numpy_function(draw, [], tf.float32)
        points.set_shape(shape)
        return tf.data.Dataset.from_tensor_slices(points)

    batches = tf.data.Dataset.range(1).flat_map(next_batches)
    batches = batches.apply(tf.data.experimental.assert_cardinality(steps))
    dataset = batches.prefetch(2).with_options(pipelines.data_options())
    dataset.set_epoch = epochs.set_epoch
    return dataset
