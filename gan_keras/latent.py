"""Walking through latent space."""

import numpy as np


def slerp(start, end, t):
    """Spherical interpolation: along the arc instead of the chord.

    Latent vectors drawn from N(0, 1) in many dimensions nearly all have the
    same length, sqrt(latent_dim). The straight line between two of them cuts
    through the middle, where G has hardly ever been; the arc does not.

    Formula: `sin((1 - t) w) / sin(w) * start + sin(t w) / sin(w) * end`,
    where w is the angle between the two.

    Source: White, 2016, arXiv:1609.04468.

    Args:
        start: Float array `[latent_dim]`.
        end: Float array `[latent_dim]`.
        t: Float array `[n]` in [0, 1], where on the way.

    Returns:
        Float32 array `[n, latent_dim]`.
    """
    start, end = np.asarray(start, "float64"), np.asarray(end, "float64")
    t = np.asarray(t, "float64")[:, None]
    cosine = start @ end / (np.linalg.norm(start) * np.linalg.norm(end))
    angle = np.arccos(np.clip(cosine, -1, 1))
    if np.sin(angle) < 1e-6:  # the same direction, or the opposite one
        return ((1 - t) * start + t * end).astype("float32")
    arc = np.sin((1 - t) * angle) * start + np.sin(t * angle) * end
    return (arc / np.sin(angle)).astype("float32")


def walk(stops, frames=12):
    """A closed walk from stop to stop and back to the first.

    Args:
        stops: Float array `[n, latent_dim]`.
        frames: Int, steps from one stop to the next.

    Returns:
        Float32 array `[n * frames, latent_dim]`; the first of every `frames`
        rows is a stop.
    """
    t = np.arange(frames) / frames
    pairs = zip(stops, np.roll(stops, -1, axis=0))
    return np.concatenate([slerp(start, end, t) for start, end in pairs])


def straight_walk(stops, frames=12):
    """As `walk`, in straight lines: for classes and codes, which are bounded.

    Args:
        stops: Float array `[n, numbers]`.
        frames: Int, steps from one stop to the next.

    Returns:
        Float32 array `[n * frames, numbers]`.
    """
    t = np.arange(frames)[:, None] / frames
    pairs = zip(stops, np.roll(stops, -1, axis=0))
    ways = [(1 - t) * start + t * end for start, end in pairs]
    return np.concatenate(ways).astype("float32")
