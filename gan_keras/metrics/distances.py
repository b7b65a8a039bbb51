"""How far generated features are from real ones: pure NumPy functions.

Every function takes two sets of feature vectors and knows nothing about
where they came from: a classifier's penultimate layer, Inception, or the
two coordinates of a toy distribution. Call the Fréchet distance "FID" only
when the features are Inception's.

All of them depend on the number of samples. Compare figures at equal sizes,
and beside the figure of real against other real samples.
"""

import warnings

import numpy as np

# Rows of a distance matrix computed at a time: 128 rows against 10,000 columns
# are 5 MB, which stay in the processor's cache; the whole matrix is 400 MB.
BLOCK = 128


def frechet_distance(real_features, fake_features):
    """Fréchet distance between Gaussians fitted to two sets of features.

    Zero for equal means and covariances. Few samples bias it upwards.

    Formula:

    ```python
    distance = |m1 - m2|**2 + trace(C1 + C2 - 2 * sqrt(C1 @ C2))
    ```

    With roots `C1 = A1 @ A1.T` and `C2 = A2 @ A2.T`, the trace of the
    matrix square root is the sum of the singular values of `A1.T @ A2`.
    This way no general matrix square root is needed, which breaks down, or
    turns complex, for a singular `C1 @ C2`.

    Args:
        real_features: Array of shape `[n_real, features]`.
        fake_features: Array of shape `[n_fake, features]`.

    Returns:
        The squared distance, a non-negative float.

    Reference:
        - [Dowson & Landau, 1982](
          https://doi.org/10.1016/0047-259X(82)90077-X) (closed form)
        - [Heusel et al., 2017](https://arxiv.org/abs/1706.08500) (for GANs)
    """
    real, fake = check_features(real_features, fake_features)
    smaller = min(len(real), len(fake))
    if smaller < 2:
        raise ValueError(
            "A covariance needs at least 2 samples. Received: "
            f"{len(real)} real and {len(fake)} fake samples"
        )
    if smaller <= real.shape[1]:
        warnings.warn(
            f"{smaller} samples of {real.shape[1]} features have a singular "
            "covariance: the Fréchet distance is strongly biased. Use more "
            "samples than features.",
            stacklevel=2,
        )
    mean_difference = real.mean(0) - fake.mean(0)
    real_root = _covariance_root(real)
    fake_root = _covariance_root(fake)
    trace_of_root = np.linalg.svd(
        real_root.T @ fake_root, compute_uv=False
    ).sum()
    distance = (
        mean_difference @ mean_difference
        + np.square(real_root).sum()  # the trace of the covariance
        + np.square(fake_root).sum()
        - 2 * trace_of_root
    )
    # Equal sets come out as ±1e-13: never report a negative distance.
    return max(float(distance), 0.0)


def precision_recall(real_features, fake_features, k=5):
    """Improved precision and recall.

    The real samples' neighbourhood is the union of balls around each of
    them, which reach to its `k`-th nearest real neighbour. Precision is the
    share of fake samples inside it: do samples look real? Recall is the
    share of real samples inside the fake samples' neighbourhood: does the
    generator reach every real sample?

    Args:
        real_features: Array of shape `[n_real, features]`.
        fake_features: Array of shape `[n_fake, features]`.
        k: Which nearest neighbour sets the radius; the sample itself does
            not count.

    Returns:
        `(precision, recall)`, floats between 0 and 1.

    Reference:
        - [Kynkäänniemi et al., 2019](https://arxiv.org/abs/1904.06991)
    """
    return tuple(neighbourhoods(real_features, fake_features, k)[:2])


def density_coverage(real_features, fake_features, k=5):
    """Density and coverage: precision and recall that outliers do not fool.

    Both look only at balls around *real* samples, reaching to the `k`-th
    nearest real neighbour, because a fake outlier's ball may be huge.
    Density counts in how many such balls a fake sample lies, divided by
    `k`. Coverage is the share of real balls with a fake sample inside.

    For two equally large, independent sets from the same distribution,
    density is 1 on average and coverage about `1 - 0.5**k`.

    Args:
        real_features: Array of shape `[n_real, features]`.
        fake_features: Array of shape `[n_fake, features]`.
        k: Which nearest neighbour sets the radius; the sample itself does
            not count.

    Returns:
        `(density, coverage)`: floats, density at least 0 and possibly more
        than 1, coverage between 0 and 1.

    Reference:
        - [Naeem et al., 2020](https://arxiv.org/abs/2002.09797)
    """
    return tuple(neighbourhoods(real_features, fake_features, k)[2:])


def neighbourhoods(real_features, fake_features, k=5):
    """Precision, recall, density and coverage, from the same distances.

    Args:
        real_features: Array of shape `[n_real, features]`.
        fake_features: Array of shape `[n_fake, features]`.
        k: Which nearest neighbour sets the radii.

    Returns:
        List of four floats, as `precision_recall` and `density_coverage`
        describe them.
    """
    real, fake = check_features(real_features, fake_features, k)
    real_radii = _squared_radii(real, k)
    fake_radii = _squared_radii(fake, k)
    in_real = np.zeros(len(fake), np.int64)  # in how many balls of real ones
    in_fake = np.zeros(len(real), bool)
    covered = np.zeros(len(real), bool)
    for rows, squared in _squared_distances(real, fake):
        inside = squared <= real_radii[rows, None]
        in_real += np.count_nonzero(inside, axis=0)
        covered[rows] = inside.any(axis=1)
        in_fake[rows] = (squared <= fake_radii).any(axis=1)
    return [
        float(np.mean(in_real > 0)),
        float(in_fake.mean()),
        float(in_real.sum() / (k * len(fake))),
        float(covered.mean()),
    ]


def check_features(real, fake, k=None, centre=True):
    """Both sets as float64, centred (if told so) on the real one's mean."""
    sets = {}
    for name, features in [("real_features", real), ("fake_features", fake)]:
        # float64: features with a large mean and a small spread would lose
        # their distances to rounding in float32.
        features = np.asarray(features, "float64")
        if features.ndim != 2 or 0 in features.shape:
            raise ValueError(
                f"`{name}` has shape [samples, features], and neither is "
                f"zero. Received: {name}.shape={features.shape}"
            )
        if not np.isfinite(features).all():
            raise ValueError(
                f"`{name}` contains NaN or infinity. Received: "
                f"{np.count_nonzero(~np.isfinite(features))} such values"
            )
        if k is not None and not 1 <= k < len(features):
            raise ValueError(
                "`k` is at least 1 and smaller than the number of samples. "
                f"Received: k={k}, {name} with {len(features)} samples"
            )
        sets[name] = features
    real, fake = sets.values()
    if real.shape[1] != fake.shape[1]:
        raise ValueError(
            "Real and fake samples need the same number of features. "
            f"Received: real_features.shape={real.shape}, "
            f"fake_features.shape={fake.shape}"
        )
    if not centre:
        return real, fake
    # All results here are blind to a common shift, but |x|² + |y|² - 2 x·y is
    # exact only as far as the norms are of the distances' own size.
    mean = real.mean(0)
    return real - mean, fake - mean


def _covariance_root(features):
    """`A` with `A @ A.T` the unbiased covariance of `[n, d]` features."""
    centred = features - features.mean(0)
    values, vectors = np.linalg.eigh(centred.T @ centred / (len(centred) - 1))
    # Rounding turns zero eigenvalues into tiny negative ones.
    return vectors * np.sqrt(np.maximum(values, 0))


def _squared_distances(a, b):
    """Yields `(rows, distances)`: a block of rows of the matrix `[a, b]`.

    In float32, half the time: both sets are centred by now, and a comparison
    of two distances does not need more digits.
    """
    a, b = a.astype("float32"), b.astype("float32")
    b_norms = np.square(b).sum(1)
    for start in range(0, len(a), BLOCK):
        rows = slice(start, start + BLOCK)
        squared = a[rows] @ b.T
        squared *= -2
        squared += np.square(a[rows]).sum(1)[:, None]
        squared += b_norms
        yield rows, np.maximum(squared, 0, out=squared)


def _squared_radii(features, k):
    """Squared distance of every sample to its `k`-th nearest neighbour."""
    radii = np.empty(len(features))
    for rows, squared in _squared_distances(features, features):
        own = np.arange(len(squared))
        squared[own, own + rows.start] = np.inf  # not its own neighbour
        squared.partition(k - 1)
        radii[rows] = squared[:, k - 1]
    return radii
