"""Does G invent, or has it learnt its training images by heart?"""

import math
from typing import NamedTuple

import numpy as np

from gan_keras.datasets import to_float
from gan_keras.metrics.distances import _squared_distances
from gan_keras.metrics.distances import check_features


class Neighbours(NamedTuple):
    """The nearest of one set to each of another."""

    indices: np.ndarray  # int64 [n]
    distances: np.ndarray  # float64 [n]


def nearest(samples, others):
    """The nearest of the others to every sample.

    Args:
        samples: Array `[n, ...]`, flattened to vectors.
        others: Array `[m, ...]` of such.

    Returns:
        `Neighbours`.
    """
    samples, others = check_features(flat(samples), flat(others))
    parts = [
        (squared.argmin(axis=1), squared.min(axis=1))
        for _, squared in _squared_distances(samples, others)
    ]
    indices, squared = map(np.concatenate, zip(*parts))
    return Neighbours(indices, np.sqrt(squared))


class Memorisation(NamedTuple):
    """How many samples lie nearer to what was trained on."""

    share: float  # of the samples: 0.5 by chance
    low: float
    high: float

    @property
    def flagged(self):
        """Whether the samples look copied, and not by chance."""
        return self.low > FLAG


#: If every fifth sample is a copy and the others are new, the share is 0.6.
FLAG = 0.6


def memorisation(samples, train, held_out):
    """The share of samples that lie nearer to training images.

    A generator that knows the distribution, and not the images, draws as
    near to images that it was never trained on: the share is one half. If all
    samples are copies it is one.

    Source: the idea of Meehan et al., 2020, arXiv:2004.05675.

    Args:
        samples: Array `[n, ...]`, images or features.
        train: Array `[m, ...]` of such, which G was trained on.
        held_out: Array `[m, ...]`, equally many, which it was not.

    Returns:
        `Memorisation`: the share, with a 95 % interval (Wilson's).

    Raises:
        ValueError: If the two real sets are not equally large: the larger
            one would be nearer by that alone.
    """
    if len(train) != len(held_out):
        raise ValueError(
            "`train` and `held_out` must be equally many images, or the "
            "larger set is nearer by that alone. "
            f"Received: {len(train)} and {len(held_out)}"
        )
    to_train, to_others = nearest(samples, train), nearest(samples, held_out)
    wins = to_train.distances < to_others.distances
    ties = to_train.distances == to_others.distances
    share = float(np.mean(wins + ties / 2))
    # Samples that are nearest to the same image tell the same thing again:
    # they count as one (Kish's effective number).
    image = np.where(wins, to_train.indices, len(train) + to_others.indices)
    counts = np.unique(image, return_counts=True)[1]
    n = counts.sum() ** 2 / np.square(counts).sum()
    return Memorisation(share, *wilson(share, n))


def wilson(share, n, z=1.96):
    """Wilson's 95 % interval of a share of n (a float): `(low, high)`."""
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    reach /= 1 + z**2 / n
    return middle - reach, middle + reach


class Support(NamedTuple):
    """How many different images a generator seems to know."""

    size: float  # infinite if no two samples were alike
    at_least: float  # with 95 % confidence
    pairs: int  # of samples that were alike
    threshold: float  # the distance up to which two count as alike


def support_size(samples, real, threshold=None):
    """How many different images are there, if samples repeat themselves?

    In a room of 23 people two are likely to share a birthday, because they
    make 253 pairs for 365 days. The other way round, a room's pairs with the
    same birthday tell how long the year is:

    Formula: `size = pairs of samples / pairs that are alike`

    exact if all images are equally likely, and too small otherwise. Two
    samples are alike if they are nearer to each other than any two of equally
    many *real* images that are not the same.

    Source: Arora & Zhang, 2017, arXiv:1706.08224. (They let people look at
    the nearest pairs, and square the number of samples.)

    Args:
        samples: Array `[n, ...]`, images or features.
        real: Array `[n, ...]` of such, at least as many; the first n count.
        threshold: Float, the distance up to which samples are alike, to set
            it by hand.

    Returns:
        `Support`.
    """
    samples, real = check_features(flat(samples), flat(real))
    n = len(samples)
    if threshold is None:
        if len(real) < n:
            raise ValueError(
                "`real` must have as many images as `samples`. "
                f"Received: {len(real)} and {n}"
            )
        threshold = min(
            d.min(initial=math.inf) for d in _pair_distances(once(real[:n]))
        )
        if threshold == math.inf:
            raise ValueError(
                "`real` must hold two images that differ. Received: "
                f"{len(real)} times the same"
            )
    alike = sum(
        int(np.count_nonzero(d < threshold)) for d in _pair_distances(samples)
    )
    pairs = n * (n - 1) / 2
    # The number of alike pairs scatters about as Poisson's does: 95 % of the
    # time it is not below what has this upper limit (3 for none at all).
    limit = alike + 1.645 * math.sqrt(alike + 1) + 1.4
    return Support(
        size=pairs / alike if alike else math.inf,
        at_least=pairs / limit,
        pairs=alike,
        threshold=float(threshold),
    )


def _pair_distances(points):
    """Yields the distances of all pairs of different points, in blocks."""
    for rows, squared in _squared_distances(points, points):
        first = np.arange(len(points))[rows, None]
        yield np.sqrt(squared[first < np.arange(len(points))])


def once(points):
    """The points without repetitions: nothing is nearer than a copy."""
    first = {}
    for i, point in enumerate(points):
        first.setdefault(point.tobytes(), i)
    return points[list(first.values())]


def flat(images):
    """Images (or anything) as vectors `[n, d]`; uint8 in [-1, 1].

    So that samples, which are floats in [-1, 1], may be compared with real
    images as they were loaded.
    """
    images = np.asarray(images)
    if images.dtype == np.uint8:
        images = to_float(images)
    return images.reshape(len(images), -1).astype("float32")
