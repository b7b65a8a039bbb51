"""Small faces that a program draws: colour images that need no network.

Nobody's face and nobody's drawing: circles and curves in the manner of
Japanese comics, each face another draw of eleven properties. They stand in
for a folder of real pictures in the tutorials and the tests, and what a
generator makes of them can be checked against what is known of them.
"""

import colorsys
import os
import pathlib
from typing import NamedTuple

import numpy as np

HAIR_SHAPES = ("short", "long", "tails")
FRINGES = ("straight", "parted", "spiky")
MOUTHS = ("smile", "line", "open", "cat")


class Face(NamedTuple):
    """What is drawn, one property a line; colours are (red, green, blue)."""

    hair: tuple
    hair_shape: str  # one of HAIR_SHAPES
    fringe: str  # one of FRINGES
    skin: tuple
    eyes: tuple
    eye_size: float  # 1 is the usual size
    mouth: str  # one of MOUTHS
    blush: bool
    tilt: float  # degrees, to the left
    clothes: tuple
    background: tuple


def random_face(seed, index):
    """Face number `index`: the same one for the same seed, always.

    Args:
        seed: Int, 0 to 2**32 - 1.
        index: Int, from 0.

    Returns:
        A `Face`.
    """
    # RandomState, as its stream never changes.
    random = np.random.RandomState([seed, index])

    def colour(saturation, value):
        """Any hue; saturation and value each from a range."""
        hue, s, v = random.random(), *(random.uniform(*r) for r in
                                       (saturation, value))  # fmt: skip
        return tuple(round(255 * c) for c in colorsys.hsv_to_rgb(hue, s, v))

    light = random.uniform(0.72, 1.0)
    return Face(
        hair=colour((0.25, 0.85), (0.25, 0.95)),
        hair_shape=HAIR_SHAPES[random.randint(3)],
        fringe=FRINGES[random.randint(3)],
        skin=(round(255 * light), round(222 * light), round(200 * light)),
        eyes=colour((0.5, 1.0), (0.35, 0.8)),
        eye_size=random.uniform(0.8, 1.25),
        mouth=MOUTHS[random.randint(4)],
        blush=bool(random.randint(2)),
        tilt=random.uniform(-14, 14),
        clothes=colour((0.2, 0.8), (0.3, 0.9)),
        background=colour((0.05, 0.45), (0.6, 1.0)),
    )


def drawn_faces(n=1000, image_size=64, seed=0):
    """Draws faces.

    Example:

    ```python
    images = gk.datasets.drawn_faces(1000)
    data = gk.datasets.pipeline(images, batch_size=32, flip=True)
    ```

    Args:
        n: Int, how many; about 400 a second.
        image_size: Int, height and width.
        seed: Int; image i is a pure function of `(seed, i)`.

    Returns:
        Uint8 array `[n, image_size, image_size, 3]`.
    """
    images = np.empty((n, image_size, image_size, 3), np.uint8)
    for index, image in enumerate(images):
        image[:] = np.asarray(draw(random_face(seed, index), image_size))
    return images


def write_drawn_faces(directory, n=1000, image_size=64, seed=0):
    """Draws faces into a folder: `00000.png`, `00001.png`, ...

    Args:
        directory: A folder, which is made if it is missing. Faces that are in
            it already are not drawn again. Several processes may draw into it
            at once.
        n: As of `drawn_faces`, like the others.
        image_size: Int.
        seed: Int.

    Returns:
        The folder, a `pathlib.Path`.
    """
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    for index in range(n):
        path = directory / f"{index:05d}.png"
        if not path.exists():
            # Half a file would be taken for a face that is drawn already, and
            # by `ImageFolder` for one of the faces, unless it is hidden.
            hidden = directory / f".{index:05d}-{os.getpid()}.png"
            try:
                draw(random_face(seed, index), image_size).save(hidden)
                os.replace(hidden, path)
            finally:
                hidden.unlink(missing_ok=True)
    return directory


FINE = 4  # drawn four times as large, for smooth edges
PAPER = 64  # the units of all coordinates below: the picture is 64 wide


def draw(face, image_size=64):
    """Draws one face.

    Args:
        face: A `Face`.
        image_size: Int, height and width.

    Returns:
        A `PIL.Image.Image` in RGB.
    """
    from PIL import Image

    side = FINE * image_size
    figure = Image.new("RGBA", (side, side), (*face.hair, 0))
    pen = Pen(figure)
    hair_behind(pen, face)
    body(pen, face)
    head(pen, face)
    for x in (-9, 9):
        eye(pen, face, 32 + x)
    mouth(pen, face)
    fringe(pen, face)
    figure = figure.rotate(
        face.tilt, Image.Resampling.BILINEAR, center=(side / 2, 0.8 * side)
    )
    picture = Image.new("RGBA", (side, side), face.background)
    return Image.alpha_composite(picture, figure).convert("RGB").reduce(FINE)


class Pen:
    """Draws on an image in units of 1/64 of its side."""

    def __init__(self, image):
        from PIL import ImageDraw

        self.unit = image.width / PAPER
        self.draw = ImageDraw.Draw(image)

    def scale(self, numbers):
        return [number * self.unit for number in numbers]

    def oval(self, x, y, width, height, colour):
        """An oval about (x, y)."""
        box = x - width / 2, y - height / 2, x + width / 2, y + height / 2
        self.draw.ellipse(self.scale(box), fill=colour)

    def shape(self, colour, *points):
        """A polygon: x, y, x, y, ..."""
        self.draw.polygon(self.scale(points), fill=colour)

    def bow(self, x, y, width, height, begin, end, colour, thick=1.2):
        """A part of an oval's line, between two angles."""
        box = x - width / 2, y - height / 2, x + width / 2, y + height / 2
        self.draw.arc(
            self.scale(box), begin, end, colour, round(thick * self.unit)
        )


def darker(colour, share=0.75):
    return tuple(round(share * level) for level in colour)


def hair_behind(pen, face):
    colour = darker(face.hair)
    pen.oval(32, 27, 50, 50, colour)
    if face.hair_shape == "long":
        pen.shape(colour, 7, 27, 57, 27, 60, 70, 4, 70)
    elif face.hair_shape == "tails":
        for x in (6, 58):
            pen.oval(x, 38, 13, 44, face.hair)


def body(pen, face):
    pen.oval(32, 70, 46, 28, face.clothes)
    pen.shape(darker(face.skin, 0.85), 27, 46, 37, 46, 38, 60, 26, 60)


def head(pen, face):
    pen.oval(32, 32, 38, 38, face.skin)
    pen.shape(face.skin, 13.5, 36, 50.5, 36, 38, 53, 32, 55, 26, 53)
    if face.blush:
        red, green, blue = face.skin
        for x in (20, 44):
            pen.oval(x, 43, 8, 4, (red, round(0.8 * green), round(0.8 * blue)))


def eye(pen, face, x):
    width, height = 9 * face.eye_size, 11 * face.eye_size
    pen.oval(x, 36, width, height, (255, 255, 255))
    pen.oval(x, 36.5, 0.75 * width, 0.9 * height, face.eyes)
    pen.oval(x, 37, 0.4 * width, 0.5 * height, (25, 20, 30))
    pen.oval(x - 1, 34, 2.4, 2.8, (255, 255, 255))
    pen.bow(x, 36, width + 1, height + 1, 195, 345, (30, 20, 25), 1.6)


def mouth(pen, face):
    colour = (150, 60, 60)
    if face.mouth == "smile":
        pen.bow(32, 45, 10, 8, 20, 160, colour)
    elif face.mouth == "line":
        pen.shape(colour, 28, 48, 36, 48, 36, 49.2, 28, 49.2)
    elif face.mouth == "open":
        pen.oval(32, 48.5, 7, 5, colour)
    else:
        for x in (29.5, 34.5):
            pen.bow(x, 47, 5, 4, 10, 170, colour)


def fringe(pen, face):
    hair = face.hair
    # A cap over the head, open below.
    pen.draw.pieslice(pen.scale((9, 4, 55, 50)), 180, 360, fill=hair)
    if face.fringe == "straight":
        pen.shape(hair, 12, 26, 52, 26, 50, 31, 14, 31)
    elif face.fringe == "parted":
        pen.shape(hair, 9.5, 25, 34, 22, 20, 32, 11, 42)
        pen.shape(hair, 54.5, 25, 30, 22, 44, 32, 53, 42)
    else:
        for x in (10, 19, 28, 37, 46):
            pen.shape(hair, x, 25, x + 9, 25, x + 4, 36)
    # Light falls from the left.
    pen.bow(32, 27, 38, 36, 200, 250, tuple(
        min(255, level + 60) for level in hair), 2.5)  # fmt: skip
