"""Exercises of tutorial 9: faces in colour from a folder."""

import numpy as np

from gan_keras.exercises.core import Hint
from gan_keras.exercises.core import close
from gan_keras.exercises.core import exercise
from gan_keras.exercises.core import expect
from gan_keras.exercises.core import numbers


@exercise(
    "centre_square",
    "A picture of any shape becomes a square, and nothing in it is squashed.",
)
def centre_square(answer):
    for height, width in [(4, 8), (10, 6), (5, 5), (9, 4), (4, 9)]:
        image = np.arange(height * width * 3).reshape(height, width, 3)
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        wanted = image[top : top + side, left : left + side]
        found = np.asarray(numbers(answer(image.copy())))
        what = f"For an image of {height} rows and {width} columns, "
        if found.shape != wanted.shape:
            if found.shape[:2] == (max(height, width),) * 2:
                raise Hint(
                    f"{what}you returned a square of the longer side: there "
                    "are no pixels for it. Take the shorter one."
                )
            raise Hint(
                f"{what}the square should have the shape {wanted.shape}: the "
                f"shorter side twice, and all colours. Yours: {found.shape}."
            )
        if close(found, wanted):
            continue
        if close(found, image[:side, :side]):
            raise Hint(
                f"{what}that is its first corner. A face is usually in the "
                "middle: leave out as much before it as behind it."
            )
        if close(found, image[-side:, -side:]):
            raise Hint(f"{what}that is its last corner. Take the middle.")
        rows = np.linspace(0, height - 1, side).astype(int)
        columns = np.linspace(0, width - 1, side).astype(int)
        if close(found, image[rows][:, columns]):
            raise Hint(
                f"{what}you kept every so many pixels: all of the image is "
                "there, but squashed. Cut, do not skip."
            )
        raise Hint(
            f"{what}take {side} rows from row {top} on, and {side} columns "
            f"from column {left} on."
        )


@exercise(
    "mirror_some",
    "Every face looks to both sides now: twice as much to see, for nothing.",
)
def mirror_some(answer):
    images = np.random.default_rng(0).uniform(-1, 1, (5, 4, 4, 3))
    flips = np.array([True, False, False, True, False])
    given = images.copy()
    found = numbers(answer(given, flips.copy()), images.shape)
    if not close(given, images):
        raise Hint(
            "You changed the images you were given: those that are shown "
            "again later would be mirrored once more. Work on a copy."
        )
    wanted = np.where(flips[:, None, None, None], images[:, :, ::-1], images)
    if close(found, images[:, :, ::-1]):
        raise Hint("You mirrored all of them. Only where `flips` is True.")
    if close(found, np.where(~flips[:, None, None, None],
                             images[:, :, ::-1], images)):  # fmt: skip
        raise Hint("The other way round: you mirrored where `flips` is False.")
    for axis, problem in [
        (1, "They stand on their heads: axis 1 is top to bottom."),
        (3, "You swapped red and blue: the last axis has the colours."),
        (0, "You changed the order of the images: axis 0 counts them."),
    ]:
        turned = np.flip(images, axis)
        if close(
            found, np.where(flips[:, None, None, None], turned, images)
        ) or close(found, turned):
            raise Hint(
                f"{problem} The axes are image, row, column, colour; left and "
                "right are columns."
            )
    expect(
        found,
        wanted,
        "Where `flips` is True the columns should come in reverse order, and "
        "everything else stay as it is.",
    )


@exercise(
    "bytes_needed",
    "You can say whether a folder fits into memory before you load it.",
)
def bytes_needed(answer):
    for count, size in [(6000, 64), (7, 10)]:
        wanted = count * size * size * 3
        found = float(numbers(answer(count, size), ()))
        if found == wanted:
            continue
        what = f"For {count:,} images of {size}x{size}: "
        known = {
            count * size * size: "you forgot that each pixel has three "
            "colours.",
            4 * wanted: "that is for float32. A decoded file has whole "
            "numbers from 0 to 255, each of them one byte.",
            8 * wanted: "that is in bits, or for float64. Whole numbers from "
            "0 to 255 fit into one byte each.",
            count * size * 3: "an image has `size` rows *and* as many columns.",
            size * size * 3: "that is for one image.",
            wanted / 2**20: "that is in mebibytes. Bytes, please.",
        }
        problem = known.get(
            found, "multiply the images, the rows, the columns, the colours."
        )
        raise Hint(what + problem)


@exercise(
    "extra_copies",
    "You can find what a folder has twice; D would learn those by heart first.",
)
def extra_copies(answer):
    rng = np.random.default_rng(1)
    a, b, c, d = rng.integers(0, 256, (4, 6, 6, 3), dtype=np.uint8)
    near = b.copy()
    near[0, 0, 0] ^= 1  # one level of one pixel
    images = np.stack([a, b, a, c, near, a, d, c, a, a, c])
    found = float(numbers(answer(images.copy()), ()))
    # Five of a and three of c: every mistake has a number of its own.
    known = {
        8: "you counted all images that have a copy, the first ones too. One "
        "of each is to stay: count the others.",
        2: "you counted the pictures that are there more than once. One of "
        "them is there five times, and so has four copies too many.",
        5: "you counted the different pictures. These stay; count the others.",
        7: "one image differs from another in a single level of a single "
        "pixel: it is no copy.",
        13: "you counted pairs: three that are alike make three pairs, but "
        "only two of them can go.",
        26: "you counted pairs, each of them from both sides: three that are "
        "alike make six, but only two of them can go.",
        37: "you counted pairs, and compared every image with itself, too. "
        "Count the images that can go.",
        11: "that is the number of all images.",
        1: "you compared each image with its neighbour only. A copy can be "
        "anywhere in the folder.",
        0: "you found none: compare all pixels of two images, not the objects.",
    }
    if found != 6:
        raise Hint(
            "Of eleven images [a, b, a, c, b', a, d, c, a, a, c] six should "
            "go: "
            + known.get(
                found,
                "a four times and c twice. (b' is nearly b, but not quite.) "
                f"Received: {found:g}",
            )
        )
    # The same colours in other places are another picture.
    shuffled = np.stack([a, a[::-1], a[:, ::-1]])
    if float(numbers(answer(shuffled), ())) != 0:
        raise Hint(
            "An image upside down has the same pixels, and the same sum and "
            "mean, but it is another image: compare them place by place."
        )
