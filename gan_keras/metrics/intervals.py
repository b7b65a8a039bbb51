"""How sure is a figure? Intervals from halves of the samples."""

import math
import os
import statistics
import warnings
from concurrent import futures

import numpy as np

MEMORY = 2**31  # bytes, for the copies that are looked at at the same time


def half_sample_interval(statistic, sets, splits=10, level=0.95, seed=0):
    """A figure, and the interval that another draw would fall around.

    All sets are split into halves at random, several times. If a figure is
    nearly a sum over samples, the difference between both halves' figures
    scatters as twice the whole figure's error does:

    Formula: `error^2 = mean over splits of ((figure(A) - figure(B)) / 2)^2`,
    and the interval is `figure +- t * error`, with Student's t for as many
    degrees of freedom as there are splits.

    The halves are drawn *without* replacement. The bootstrap draws with
    replacement, and its duplicates are neighbours at distance zero and make
    covariances singular: it would bias every figure here. Figures of half as
    many samples are biased too, but both halves alike, so it cancels.

    The interval is about chance, at this number of samples. That few samples
    make the Fréchet distance too large it does not tell: the floor does.

    Source: Shao & Wu, 1989 (the jackknife that deletes half of the samples),
    https://doi.org/10.1214/aos/1176347263.

    Args:
        statistic: Function of as many arrays as there are sets, to a float
            or an array of floats `[figures]`.
        sets: List of arrays, split along their first axis.
        splits: Int, how many splits.
        level: Float in (0, 1), the confidence.
        seed: Int, of the splits.

    Returns:
        Tuple `(value, low, high)` of floats, or of arrays `[figures]`.

    Raises:
        ValueError: If there are too few samples or splits.
    """
    smallest = min(map(len, sets))
    if smallest < 4 or splits < 2:
        raise ValueError(
            "An interval needs 4 samples and 2 splits at the least. "
            f"Received: {smallest} samples, splits={splits}"
        )
    if not 0 < level < 1:
        raise ValueError(
            f"`level` lies between 0 and 1. Received: level={level}"
        )
    rng = np.random.default_rng(seed)
    value = np.asarray(statistic(*sets), "float64")
    orders = [
        [rng.permutation(len(one)) for one in sets] for _ in range(splits)
    ]

    def difference(orders):
        first, second = (
            statistic(
                *(
                    one[order[half : len(one) // 2 * 2 : 2]]
                    for one, order in zip(sets, orders)
                )
            )
            for half in (0, 1)
        )
        return (np.asarray(first, "float64") - second) / 2

    # NumPy lets other threads work while it computes, each with a copy of half
    # of the samples: of large images only few at a time. (What a half is too
    # small for is no matter, as both halves have it; the whole has warned.)
    at_once = MEMORY // max(1, sum(np.asarray(one).nbytes for one in sets))
    workers = max(1, min(os.cpu_count() or 1, at_once))
    with (
        warnings.catch_warnings(action="ignore"),
        futures.ThreadPoolExecutor(workers) as threads,
    ):
        differences = list(threads.map(difference, orders))
    error = np.sqrt(np.mean(np.square(differences), axis=0))
    reach = student_t((1 + level) / 2, splits) * error
    return value, value - reach, value + reach


def student_t(probability, degrees):
    """Student's quantile, by the normal one's expansion in 1 / degrees.

    (Fisher & Cornish's four terms: right to 1 in 1,000 from 5 degrees on, at
    the usual levels. SciPy would be another dependency.)
    """
    z = statistics.NormalDist().inv_cdf(probability)
    return math.fsum(
        [
            z,
            (z**3 + z) / (4 * degrees),
            (5 * z**5 + 16 * z**3 + 3 * z) / (96 * degrees**2),
            (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * degrees**3),
        ]
    )
