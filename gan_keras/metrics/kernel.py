"""The kernel distance: two sets of features, compared pair by pair."""

import math

import numpy as np

from gan_keras.metrics.distances import check_features

# Rows of a kernel matrix computed at a time: 64 rows of 10,000 are 5 MB.
BLOCK = 64


def kernel_distance(
    real_features, fake_features, subsets=100, subset_size=1000, seed=0
):
    """Squared maximum mean discrepancy with a cubic kernel.

    Zero on average for two sets of one distribution, at any number of
    samples: unlike the Fréchet distance it is not biased, and so may come out
    a little below zero. It does not take the features for Gaussian either.

    Formula, averaged over random subsets of n samples each:

    ```
    k(x, y) = (x . y / features + 1)^3
    distance = mean of k(r, r') + mean of k(f, f') - 2 * mean of k(r, f)
    ```

    where r and r' (f and f') are always two different samples. Call it "KID"
    only when the features are Inception's.

    Source: Bińkowski et al., 2018, arXiv:1801.01401.

    Args:
        real_features: Array of shape `[n_real, features]`.
        fake_features: Array of shape `[n_fake, features]`.
        subsets: Int, how many subsets.
        subset_size: Int, their size n; all samples if there are fewer.
        seed: Int, of the choice of subsets.

    Returns:
        Float.
    """
    real, fake = check_features(real_features, fake_features, centre=False)
    size = min(subset_size, len(real), len(fake))
    if size < 2 or subsets < 1:
        raise ValueError(
            "The kernel distance needs at least one subset of 2 samples. "
            f"Received: subsets={subsets}, subset_size={subset_size}, "
            f"{len(real)} real and {len(fake)} fake samples"
        )
    if size == len(real) == len(fake):
        subsets = 1  # they would all be the same
    rng = np.random.default_rng(seed)
    values = [
        _unbiased(
            real[rng.choice(len(real), size, replace=False)],
            fake[rng.choice(len(fake), size, replace=False)],
        )
        for _ in range(subsets)
    ]
    return float(np.mean(values))


def _unbiased(real, fake):
    """The formula above for one pair of subsets of n samples."""
    n = len(real)

    def total(a, b):
        """The sum of all k(x, y), in blocks that fit into the cache."""
        sums = []
        for start in range(0, len(a), BLOCK):
            k = a[start : start + BLOCK] @ b.T
            k /= a.shape[1]
            k += 1
            cube = k * k
            cube *= k  # `k**3` takes ten times as long
            sums.append(cube.sum())
        return math.fsum(sums)

    def mean_of_others(a):
        itself = (np.einsum("ij,ij->i", a, a) / a.shape[1] + 1) ** 3
        return (total(a, a) - itself.sum()) / (n * (n - 1))

    return (
        mean_of_others(real)
        + mean_of_others(fake)
        - 2 * total(real, fake) / n**2
    )
