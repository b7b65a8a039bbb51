"""Does G invent, or has it learnt its training images by heart?"""

import hashlib
import math
from typing import NamedTuple

import numpy as np

from gan_keras.datasets.pixels import as_float
from gan_keras.metrics.distances import _squared_distances

PART = 10_000_000  # numbers


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
    samples, others = flat(samples), np.asarray(others)
    check_alike(samples=samples)
    middle = samples.mean(axis=0)  # distances of large numbers would be rough
    indices = np.zeros(len(samples), "int64")
    least = np.full(len(samples), np.inf)  # squared distances
    # A part at a time: a whole data set as floats may fill the memory.
    size = max(1, PART // samples.shape[1])
    for start in range(0, max(1, len(others)), size):
        part = flat(others[start : start + size])
        check_alike(samples=samples, others=part)
        both = samples - middle, part - middle
        for rows, squared in _squared_distances(*both):
            nearer = squared.min(axis=1) < least[rows]
            indices[rows][nearer] = start + squared.argmin(axis=1)[nearer]
            least[rows][nearer] = squared.min(axis=1)[nearer]
    return Neighbours(indices, np.sqrt(least))


def check_alike(**sets):
    """Whether all are numbers, of vectors of one length; else a ValueError."""
    for name, vectors in sets.items():
        if not np.isfinite(vectors).all():
            raise ValueError(
                f"`{name}` contains NaN or infinity. Received: "
                f"{np.count_nonzero(~np.isfinite(vectors))} such values"
            )
    sizes = {name: vectors.shape[1] for name, vectors in sets.items()}
    if len(set(sizes.values())) > 1:
        raise ValueError(
            "The images of all sets must be equally large. Received: "
            + ", ".join(f"`{n}` of {size} numbers" for n, size in sizes.items())
        )


class Memorisation(NamedTuple):
    """How many samples lie nearer to what was trained on."""

    share: float  # of the samples
    low: float
    high: float
    chance: float  # the share if nothing was learnt by heart

    @property
    def flagged(self):
        """Whether a fifth of the samples or more look copied."""
        return self.low > COPIED + (1 - COPIED) * self.chance


COPIED = 0.2


def memorisation(samples, train, held_out):
    """The share of samples that lie nearer to training images.

    A generator that knows the distribution, and not the images, draws as
    near to an image that it was never trained on as to one that it was. Of m
    training and k other images, the nearest is then one of the first with a
    chance of `m / (m + k)`: one half if they are equally many. If all samples
    are copies the share is one.

    Pass *all* images that G was trained on: a copy of one that is missing
    looks new.

    Source: the idea of Meehan et al., 2020, arXiv:2004.05675.

    Args:
        samples: Array `[n, ...]`, images or features.
        train: Array `[m, ...]` of such, which G was trained on.
        held_out: Array `[k, ...]`, which it was not.

    Returns:
        `Memorisation`: the share, with a 95 % interval (Wilson's), and what
        it is by chance.
    """
    to_train, to_others = nearest(samples, train), nearest(samples, held_out)
    wins = to_train.distances < to_others.distances
    ties = to_train.distances == to_others.distances
    share = float(np.mean(wins + ties / 2))
    # Samples that are nearest to the same image tell the same thing again:
    # they count as one (Kish's effective number).
    image = np.where(wins, to_train.indices, len(train) + to_others.indices)
    counts = np.unique(image, return_counts=True)[1]
    n = counts.sum() ** 2 / np.square(counts).sum()
    chance = len(train) / (len(train) + len(held_out))
    return Memorisation(share, *wilson(share, n), chance)


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
    samples, real = flat(samples), flat(real)
    check_alike(samples=samples, real=real)
    middle = samples.mean(axis=0)
    samples, real = samples - middle, real - middle
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
        first.setdefault(hashlib.blake2b(point.tobytes()).digest(), i)
    return points[list(first.values())]


def flat(images):
    """Images (or anything) as vectors `[n, d]`; uint8 in [-1, 1].

    So that samples, which are floats in [-1, 1], may be compared with real
    images as they were loaded.
    """
    images = as_float(np.asarray(images))
    if not images.size:
        raise ValueError(
            "There must be at least one image. Received: an array of shape "
            f"{images.shape}"
        )
    return images.reshape(len(images), -1).astype("float32")
