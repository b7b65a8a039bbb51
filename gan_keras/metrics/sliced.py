"""The sliced Wasserstein distance: pixels, without any feature extractor."""

import numpy as np

PATCH = 7
# A binomial filter, close to a Gaussian: what is left has no detail that the
# next, smaller image could not hold.
FILTER = np.array([1, 4, 6, 4, 1]) / 16
BLOCK = 256  # images taken apart at a time: it takes several times their memory


def sliced_wasserstein(
    real_images, fake_images, patches=32, directions=128, seed=0
):
    """Distances between image patches, from fine to coarse.

    Every image is taken apart into a Laplacian pyramid: what is lost when it
    is halved, and again when the half is halved, until it is too small. In
    every layer, patches of 7x7 pixels of both sets are compared: projected to
    a line, two equally large sets of points are matched in their order, and
    the mean way between partners, over many random lines, is the distance.

    A large distance in the first layer means false details (noise,
    blurred edges), in the last one false shapes or colours.

    Source: Karras et al., 2018 (ProGAN), section 5, arXiv:1710.10196; Rabin
    et al., 2011 (slicing). As there, every layer is scaled to mean 0 and
    deviation 1 in each channel, by the statistics of its own set, and the
    result is given times 1,000. (There with 128 patches of each of 16,384
    images and 512 lines; with fewer the figure is the same but for noise.)

    Args:
        real_images: Float array `[n, H, W, C]` in [-1, 1].
        fake_images: Float array of the same shape.
        patches: Int, patches of every image, at random places.
        directions: Int, random lines.
        seed: Int, of places and lines.

    Returns:
        Dict from the height of a layer to its distance, finest first.
    """
    sets = [
        np.asarray(images, "float32") for images in (real_images, fake_images)
    ]
    if sets[0].ndim != 4 or sets[0].shape != sets[1].shape:
        raise ValueError(
            "`real_images` and `fake_images` must be equally many images of "
            "one size, [n, H, W, C]. Received: shapes "
            f"{sets[0].shape} and {sets[1].shape}"
        )
    if min(sets[0].shape[1:3]) < PATCH:
        raise ValueError(
            f"`real_images` must be at least {PATCH} pixels high and wide. "
            f"Received: shape {sets[0].shape}"
        )
    distances = {}
    while sets[0] is not None:
        n, height, width, channels = sets[0].shape
        rng = np.random.default_rng([seed, len(distances)])
        lines = rng.normal(size=(PATCH**2 * channels, directions))
        lines = (lines / np.linalg.norm(lines, axis=0)).astype("float32")
        # Both sets at the same places, so that equal sets are at distance 0:
        # random corners of patches, rows and columns `[n, patches]`.
        places = [
            rng.integers(0, side - PATCH + 1, (n, patches))
            for side in (height, width)
        ]
        (real, fake), sets = zip(*(_patches(s, places) for s in sets))
        ways = [
            np.abs(np.sort(real @ line) - np.sort(fake @ line)).mean()
            for line in lines.T  # one at a time, to save memory
        ]
        distances[height] = float(1000 * np.mean(ways, dtype="float64"))
    return distances


def pyramid(images):
    """A Laplacian pyramid: layers that add up to the images.

    Args:
        images: Float array `[n, H, W, C]`.

    Returns:
        List of arrays, each half as large as the one before, down to the
        last one with both sides at least the patch's; this one holds what
        is left, the small image itself.
    """
    layers = []
    while images is not None:
        layer, images = split(images)
        layers.append(layer)
    return layers


def split(images):
    """The pyramid's first layer, and the images half as large, or None."""
    if min(images.shape[1:3]) < 2 * PATCH:
        return images, None
    small = _blur(images)[:, ::2, ::2]
    return images - enlarge(small, images.shape[1:3]), small


def enlarge(small, size):
    """Twice as large, to the given size, with the new pixels interpolated."""
    large = np.zeros((len(small), *size, small.shape[-1]), small.dtype)
    large[:, ::2, ::2] = small
    # Three of four pixels are zeros so far, hence the factor.
    return 4 * _blur(large)


def _blur(images):
    """Both axes filtered; the image goes on in its mirror image."""
    for axis in (1, 2):
        size = images.shape[axis]
        pads = [(2, 2) if a == axis else (0, 0) for a in range(4)]
        padded = np.pad(images, pads, mode="reflect")
        images = sum(
            weight * padded.take(range(i, i + size), axis=axis)
            for i, weight in enumerate(FILTER.astype(images.dtype))
        )
    return images


def _patches(images, places):
    """Patches of the images' first layer, and the images half as large.

    The patches are rows `[n * patches, 7 * 7 * C]`, each channel scaled.
    """
    chosen, smaller = [], []
    for start in range(0, len(images), BLOCK):
        block = slice(start, start + BLOCK)
        layer, small = split(images[block])
        windows = np.lib.stride_tricks.sliding_window_view(
            layer, (PATCH, PATCH), axis=(1, 2)
        )  # [block, H - 6, W - 6, C, 7, 7]
        rows, columns = (corner[block] for corner in places)
        chosen.append(windows[np.arange(len(layer))[:, None], rows, columns])
        smaller.append(small)
    chosen = np.concatenate(chosen)  # [n, patches, C, 7, 7]
    axes = (0, 1, 3, 4)
    mean = chosen.mean(axis=axes, keepdims=True)
    deviation = chosen.std(axis=axes, keepdims=True)
    chosen -= mean
    chosen /= np.maximum(deviation, 1e-8)
    return (
        chosen.reshape(-1, chosen[0, 0].size),
        None if smaller[0] is None else np.concatenate(smaller),
    )
