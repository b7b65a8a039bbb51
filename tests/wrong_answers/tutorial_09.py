"""Plausible wrong answers to the exercises of tutorial 9."""

import numpy as np


def squashed(image):
    side = min(image.shape[:2])
    rows = np.linspace(0, image.shape[0] - 1, side).astype(int)
    columns = np.linspace(0, image.shape[1] - 1, side).astype(int)
    return image[rows][:, columns]


def too_large(image):
    return np.resize(image, (max(image.shape[:2]),) * 2 + (3,))


def half_way(image):
    """Begins in the middle instead of having the middle."""
    side = min(image.shape[:2])
    top, left = np.subtract(image.shape[:2], side)
    return image[top : top + side, left : left + side]


def off_by_one(image):
    side = min(image.shape[:2])
    top = (image.shape[0] - side + 2) // 2
    left = (image.shape[1] - side + 2) // 2
    return np.roll(image, (-top, -left), (0, 1))[:side, :side]


def uneven_columns(image):
    """An odd rest is rounded up, where it is one of columns."""
    side = min(image.shape[:2])
    top, left = np.subtract(image.shape[:2], side)
    left = -(-left // 2)
    return image[top // 2 : top // 2 + side, left : left + side]


def flipped(axis, among=lambda flips: flips):
    def answer(images, flips):
        turned = np.flip(images, axis)
        return np.where(among(flips)[:, None, None, None], turned, images)

    return answer


def in_place(images, flips):
    images[flips] = images[flips][:, :, ::-1]
    return images


def pairs(images, counted=lambda i, j: True):
    n = range(len(images))
    return sum(
        (images[i] == images[j]).all() for i in n for j in n if counted(i, j)
    )


def with_a_copy(images):
    return sum(sum((a == b).all() for b in images) > 1 for a in images)


WRONG = {
    "centre_square": [
        uneven_columns,
        lambda image: image[: min(image.shape[:2]), : min(image.shape[:2])],
        lambda image: image[-min(image.shape[:2]) :, -min(image.shape[:2]) :],
        squashed,
        too_large,
        half_way,
        off_by_one,
        lambda image: image,
    ],
    "mirror_some": [
        lambda images, flips: images[:, :, ::-1],
        lambda images, flips: images,
        flipped(1),
        flipped(3),
        flipped(0),
        flipped(2, np.logical_not),
        in_place,
    ],
    "bytes_needed": [
        lambda count, size: count * size * size,
        lambda count, size: 4 * count * size * size * 3,
        lambda count, size: count * size * 3,
        lambda count, size: size * size * 3,
        lambda count, size: count * size * size * 3 / 2**20,
        lambda count, size: 8 * count * size * size * 3,
    ],
    "extra_copies": [
        with_a_copy,
        lambda images: sum(
            n > 1 for n in np.unique(images, axis=0, return_counts=True)[1]
        ),
        lambda images: len(images) - len(np.unique(images.sum((1, 2, 3)))),
        lambda images: len(images) - len({i.mean().round(1) for i in images}),
        lambda images: len(images) - len(set(map(id, list(images)))),
        lambda images: len(np.unique(images, axis=0)),
        lambda images: len(images),
        pairs,
        lambda images: pairs(images, lambda i, j: i != j),
        lambda images: pairs(images, lambda i, j: i < j),
        lambda images: pairs(images, lambda i, j: i + 1 == j),
    ],
}
