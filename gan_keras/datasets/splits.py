"""The train part and the held-out part of a set that comes in one piece."""

import numpy as np

SPLITS = ("train", "test", "all")


def check_split(split):
    if split not in SPLITS:
        raise ValueError(
            f"`split` must be one of {SPLITS}. Received: split={split!r}"
        )


def split_indices(split, num_images, labels=None, every=10):
    """Indices of the images that belong to `split`, in their own order.

    Every `every`-th image is held out, counted within each class so that the
    test part has the class proportions of the whole. A rule rather than a
    random draw: it gives the same parts with every version of every library.

    Args:
        split: `"train"`, `"test"` or `"all"`.
        num_images: Number of images N.
        labels: Integer array `[N]`, or None.
        every: One image in how many is held out.

    Returns:
        `int64` array of indices.

    Raises:
        ValueError: If `split` would be empty.

    Example:

    >>> split_indices("test", 6, labels=np.array([0, 0, 1, 0, 1, 1]), every=3)
    array([3, 5])
    """
    if labels is None:
        labels = np.zeros(num_images, np.int64)
    order = np.argsort(labels, kind="stable")  # class by class
    _, counts = np.unique(labels, return_counts=True)
    place = np.arange(num_images)  # of each image within its class
    place -= np.repeat(np.cumsum(counts) - counts, counts)
    held_out = np.zeros(num_images, bool)
    held_out[order[place % every == every - 1]] = True
    if split == "test" and not held_out.any():
        raise ValueError(
            f"Every {every}th image is held out for testing, and here no class "
            f'has {every}: bring more, or use split="all". '
            f"Received: split={split!r} of {num_images} images"
        )
    if split == "all":
        return np.arange(num_images)
    return np.flatnonzero(held_out if split == "test" else ~held_out)
