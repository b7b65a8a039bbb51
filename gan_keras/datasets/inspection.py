"""A look at a folder before a network gets to see it."""

import collections
import hashlib
import os
from typing import NamedTuple

import numpy as np

from gan_keras.datasets.decoded import settle
from gan_keras.datasets.folder import SUFFIXES
from gan_keras.datasets.folder import ImageFolder
from gan_keras.datasets.folder import quiet_pillow
from gan_keras.datasets.folder import read_header
from gan_keras.datasets.resizing import resize

SHOWN = 5  # of each kind in the text; `broken` and `duplicates` have all
LARGEST = 256  # height or width of an example: enough to look at
CLASSES = 32  # rows of examples


class Inspection(NamedTuple):
    """What `inspect` found in a folder."""

    path: str
    files: int
    train: int  # of the files; the others are held out
    classes: dict  # from a class's name to its number of files, or {}
    sizes: collections.Counter  # of (height, width), as the files have them
    broken: dict  # from a file's name to what is wrong with it
    duplicates: list  # of lists of names: files with the very same pixels
    ignored: collections.Counter  # of suffixes that no image's name ends in
    statistics: dict  # from a channel's name to (mean, standard deviation)
    # Uint8 [n, H, W, C], as a network sees them but at most 256 pixels high
    # and wide; None if none were asked for or their sizes differ.
    examples: np.ndarray
    example_classes: list  # the name of each example's class, or None

    @property
    def repeated(self):
        """How many files hold the very image of another one."""
        return sum(len(names) - 1 for names in self.duplicates)

    def size_list(self, most):
        """The commonest sizes as text: `64x64 (5,000) and 3 others`."""
        common = self.sizes.most_common(most)
        return ", ".join(f"{w}x{h} ({n:,})" for (h, w), n in common) + more(
            len(self.sizes) - len(common), "others"
        )

    def __str__(self):
        lines = [
            f"{self.path}: {self.files:,} files, {self.train:,} to train on "
            f"and {self.files - self.train:,} held out"
        ]
        for number, (name, count) in enumerate(self.classes.items()):
            lines.append(f"  class {number}: {name}, {count:,} files")
        lines.append(f"sizes: {self.size_list(SHOWN)}")
        lines.append(f"pixels, 0 to 255: {describe(self.statistics)}")
        lines.append(f"broken files: {len(self.broken):,}")
        for name, problem in list(self.broken.items())[:SHOWN]:
            lines.append(f"  {name!r}: {problem}")
        lines.append(
            f"files whose image another one has, too: {self.repeated:,}"
        )
        for names in self.duplicates[:SHOWN]:
            lines.append("  " + " = ".join(map(repr, names[:SHOWN])))
        if self.ignored:
            kinds = self.ignored.most_common(SHOWN)
            lines.append(
                "ignored, as their names are no image's: "
                + ", ".join(f"{n:,} {suffix}" for suffix, n in kinds)
                + more(len(self.ignored) - len(kinds), "other kinds")
            )
        return "\n".join(lines)


def inspect(path, image_size=None, columns=8, progress=None):
    """Reads every file of a folder once, and says what is in it.

    Example:

    ```python
    found = gk.datasets.inspect("my/faces", image_size=64)
    print(found)
    gk.plots.contact_sheet(found).save("sheet.png")
    ```

    Args:
        path: The folder, as of `ImageFolder`.
        image_size: As of `ImageFolder`. Without it there are no `examples`
            unless all images have one size.
        columns: Int, how many `examples` there are of each class (fewer if
            it has no more, and for each that cannot be read), or as many
            times as many. They are of the train part. 0 for no examples.
        progress: As of `ImageFolder`.

    Returns:
        An `Inspection`.

    Raises:
        ValueError: If the folder has no images, or only broken ones.
    """
    folder = ImageFolder(path, image_size, channels=None, split="all")
    folder.progress = progress
    train = ImageFolder(path, image_size, channels=None, split="train")
    wanted = set(train._chosen[spread(train.labels, len(train), columns)])
    sizes, names_by_image = collections.Counter(), {}
    sums = np.zeros((3, 3), np.int64)  # as of `_sums`, for each channel
    examples, of, forms, grey = [], [], set(), True
    for index, image in folder.read(range(len(folder))):
        if image is None:
            continue
        name = folder._names[index]
        with quiet_pillow():
            sizes[read_header(folder.path / name)[0]] += 1
        digest = hashlib.blake2b(image.tobytes(), digest_size=16).digest()
        names_by_image.setdefault((image.shape, digest), []).append(name)
        sums += _sums(image)  # a grey image counts for all three channels
        grey = grey and image.shape[-1] == 1
        forms.add(image.shape[:2])
        if index in wanted:
            examples.append(_thumbnail(image))
            if folder.labels is not None:
                of.append(folder.class_names[folder.labels[index]])
    if not names_by_image:
        folder._raise_none_left()
    counts = {}
    if folder.labels is not None:
        numbers = np.bincount(folder.labels).tolist()
        counts = dict(zip(folder.class_names, numbers, strict=True))
    return Inspection(
        path=str(path),
        files=len(folder),
        train=len(train),
        classes=counts,
        sizes=sizes,
        broken={
            str(file.relative_to(folder.path)): problem
            for file, problem in folder.broken.items()
        },
        duplicates=[n for n in names_by_image.values() if len(n) > 1],
        ignored=_ignored(folder.path),
        statistics=_named(*sums, grey),
        example_classes=of or None,
        examples=(
            _stack(examples, grey) if examples and len(forms) == 1 else None
        ),
    )


def statistics(images, most=2000):
    """Mean and standard deviation of each channel, pixels from 0 to 255.

    Args:
        images: Uint8 `[N, H, W, C]`, `ImagesOnDisk` or an `ImageFolder`.
        most: Int, how many of the images are looked at, evenly spread.

    Returns:
        Dict from a channel's name to `(mean, standard deviation)`.
    """
    if isinstance(images, ImageFolder):
        images = settle(images)  # grey, if all of them are
    rows = np.linspace(0, len(images) - 1, min(most, len(images)))
    rows = np.unique(rows.astype(np.int64))
    sums = 0
    for row in rows:  # one by one: they may be large
        if isinstance(images, ImageFolder):
            image, _ = images.sample(row)
        else:
            image = images[[row]]
        sums = sums + _sums(image)
    return _named(*sums, grey=image.shape[-1] == 1)


def describe(found):
    """Statistics as text: `red 180 ± 60, green ...`."""
    return ", ".join(f"{n} {m:.0f} ± {s:.0f}" for n, (m, s) in found.items())


def spread(labels, count, columns):
    """Which images to show: evenly spread, a row for each class if any.

    (Of very many classes only some: all examples are in memory at once.)
    """
    if labels is None:
        groups = [np.arange(count)]
        columns **= 2
    else:
        classes = np.unique(labels)
        shown = np.linspace(0, len(classes) - 1, min(CLASSES, len(classes)))
        groups = [
            np.flatnonzero(labels == c) for c in classes[shown.astype(int)]
        ]
    chosen = [
        group[np.linspace(0, len(group) - 1, columns).astype(int)]
        for group in groups
    ]
    return np.unique(np.concatenate(chosen))


def _ignored(path):
    """Counts the files that `ImageFolder` passes over for their names."""
    found = collections.Counter()
    for _, folders, names in os.walk(path):
        folders[:] = [name for name in folders if name[0] != "."]
        for name in names:
            suffix = os.path.splitext(name)[1].lower()
            if name[0] != "." and suffix not in SUFFIXES:
                found[suffix or "without a suffix"] += 1
    return found


def more(count, what):
    return f" and {count:,} {what}" if count > 0 else ""


def _sums(pixels):
    """Count, sum and sum of squares of each channel: int64 `[3, C]`.

    (Whole numbers, and no copy of the pixels as floats.)
    """
    pixels = pixels.reshape(-1, pixels.shape[-1])  # [H * W, C]
    total = pixels.sum(axis=0, dtype=np.int64)
    squares = np.einsum("nc,nc->c", pixels, pixels, dtype=np.int64)
    return np.stack([np.full_like(total, len(pixels)), total, squares])


def _thumbnail(image):
    """A large image made small: 64 photographs would fill the memory."""
    height, width = image.shape[:2]
    scale = LARGEST / max(height, width)
    if scale >= 1:
        return image
    size = max(1, round(scale * height)), max(1, round(scale * width))
    return resize(image[None], size)[0]


def _named(count, total, squares, grey):
    mean = total / count
    deviation = np.sqrt(np.maximum(squares / count - mean**2, 0))
    names = ["grey"] if grey else ["red", "green", "blue"]
    return {
        name: (float(m), float(d)) for name, m, d in zip(names, mean, deviation)
    }


def _stack(images, grey):
    """Images of one size as one array."""
    channels = 1 if grey else 3
    return np.stack(
        [np.broadcast_to(i, (*i.shape[:2], channels)) for i in images]
    )
