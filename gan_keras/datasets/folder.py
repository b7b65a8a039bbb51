"""Folders of image files, in any common format and of any size."""

import os
import pathlib
import warnings

import numpy as np

from gan_keras.datasets.checks import as_size
from gan_keras.datasets.checks import check_channels
from gan_keras.datasets.resizing import fit
from gan_keras.datasets.splits import check_split
from gan_keras.datasets.splits import split_indices

SUFFIXES = (
    *(".jpg", ".jpeg", ".jfif", ".png", ".bmp", ".gif", ".webp"),
    *(".tif", ".tiff", ".pgm", ".ppm"),
)


class ImageFolder:
    """The image files of a folder, listed but not yet read.

    Small folders become arrays with `load()` (which is what
    `gan_keras.datasets.load(path)` calls). A folder that does not fit in
    memory is given to `gan_keras.datasets.pipeline` as it is: then files are
    read as they are needed.

    With one sub-folder per class, the sub-folders sorted by name are the
    classes 0 to K - 1. Files are sorted by name, so the order is the same
    everywhere. Hidden files, and files without an image's suffix, are ignored.

    A folder has no test part of its own: every tenth image of each class is
    held out as one (see `splits.py`).

    Args:
        path: The folder.
        image_size: Images are resized and centre-cropped to this, an int or
            `(height, width)`. None: they must agree in size already (`load`
            only).
        channels: 3 for colour, 1 for grey, None for grey only if all images
            are grey (`load` only).
        split: `"train"`, `"test"` or `"all"`.

    Attributes:
        files: List of `pathlib.Path`, N of them.
        labels: `int64` `[N]`, or None without class sub-folders.
        class_names: The sub-folders' names, or None.
        broken: `{path: reason}` of the files that could not be read so far.

    Raises:
        ValueError: If an argument is unusable or the folder has no images.

    Example:

    ```python
    faces = gan_keras.datasets.ImageFolder("faces", image_size=64)
    data = gan_keras.datasets.pipeline(faces, batch_size=32)
    ```
    """

    def __init__(self, path, image_size=None, channels=3, split="train"):
        check_split(split)
        check_channels(channels)
        self.image_size = as_size(image_size)
        self.channels = channels
        self.path = pathlib.Path(path).expanduser()
        if not self.path.is_dir():
            raise ValueError(
                "`path` must be a folder of images. "
                f"Received: path={str(path)!r}"
            )
        self._all_files, labels, self.class_names = _list_images(self.path)
        self._chosen = split_indices(split, len(self._all_files), labels)
        self.files = [self._all_files[index] for index in self._chosen]
        self.labels = None if labels is None else labels[self._chosen]
        self.broken = {}
        self._warned = False

    def __len__(self):
        return len(self.files)

    def load(self):
        """Reads all images of the split into memory.

        Files that cannot be read are left out and counted in one warning.

        Returns:
            `(images, labels)`: `uint8` `[N, H, W, C]`, and `int64` `[N]` or
            None.

        Raises:
            ValueError: If no file can be read, or if the sizes differ and
                `image_size` was not given.
        """
        from PIL import Image

        indices = self._chosen
        if self.image_size is None or self.channels is None:
            # The common size and "all are grey" are facts about the whole
            # folder: its train and test part must come out alike.
            indices = range(len(self._all_files))
        with warnings.catch_warnings():  # ours, below, counts these files too
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            images = self._read_alike(indices)
        kept = [row for row, i in enumerate(self._chosen) if i in images]
        if self.broken:
            file, reason = next(iter(self.broken.items()))
            warnings.warn(
                f"Skipped {len(self.broken)} of {len(indices)} files in "
                f"{self.path} that could not be read as images, for example "
                f"{file.name!r}: {reason}",
                stacklevel=2,
            )
        if not kept:
            self._raise_none_left()
        # 3 channels if any image has them.
        shape = np.max([image.shape for image in images.values()], axis=0)
        loaded = np.empty((len(kept), *shape), np.uint8)
        for target, row in zip(loaded, kept, strict=True):
            # Grey [H, W, 1] spreads over three channels by itself; popping
            # keeps one copy in memory, not two.
            target[:] = images.pop(self._chosen[row])
        return loaded, None if self.labels is None else self.labels[kept]

    def _read_alike(self, indices):
        """`{index: image}` of all readable files, which have one size."""
        images, size = {}, None
        for index in indices:
            file = self._all_files[index]
            image = self._try_to_read(file)
            if image is None:
                continue
            images[index], size = image, size or image.shape[:2]
            if image.shape[:2] != size:
                raise ValueError(
                    f"The images in {self.path} differ in size: pass "
                    "`image_size` to resize and crop them to one. "
                    f"Received: image_size=None, {size} (height, width) at "
                    f"first, {image.shape[:2]} in {file.name!r}"
                )
        return images

    def sample(self, index):
        """Reads one image, for `pipeline`.

        The place of a file that cannot be read is taken by the next one that
        can, so that every epoch has the same number of images. The first such
        file is warned about; `broken` lists them all.

        Args:
            index: Which of `files`.

        Returns:
            The image, `uint8` `[H, W, C]`, and its own index, `int64`.

        Raises:
            ValueError: If no file can be read at all.
        """
        for step in range(len(self)):
            place = (index + step) % len(self)
            file = self.files[place]
            if file in self.broken:
                continue
            image = self._try_to_read(file)
            if image is not None:
                return image, np.int64(place)
            if not self._warned:
                self._warned = True
                warnings.warn(
                    f"{file.name!r} in {self.path} could not be read as an "
                    "image and the next one takes its place: "
                    f"{self.broken[file]}. Further such files are only listed "
                    "in the attribute `broken`.",
                    stacklevel=2,
                )
        self._raise_none_left()

    def _try_to_read(self, file):
        try:
            return read_image(file, self.image_size, self.channels)
        # On damaged files Pillow raises nearly everything: OSError,
        # SyntaxError, struct.error, zlib.error, IndexError, MemoryError...
        except Exception as error:
            self.broken[file] = f"{type(error).__name__}: {error}"
            return None

    def _raise_none_left(self):
        reason = next(iter(self.broken.values()), "")
        raise ValueError(
            f"None of the {len(self)} files in {self.path} could be read as "
            f"an image. Received, for the first: {reason}"
        )


def read_image(file, image_size=None, channels=None):
    """Reads one image file as pixels.

    An animation gives its first frame, a photograph stands upright as its EXIF
    tag says, see-through pixels are laid on white, 16-bit greys become 8-bit.

    Args:
        file: Path of the file.
        image_size: `(height, width)` to resize and centre-crop to, or None.
        channels: 1, 3, or None for what the file holds.

    Returns:
        `uint8` `[H, W, C]`, C 1 or 3.

    Raises:
        Exception: Of any kind, if the file is damaged, is no image, or has
            more pixels than `PIL.Image.MAX_IMAGE_PIXELS`.
    """
    from PIL import Image
    from PIL import ImageOps

    with Image.open(file) as image:
        # A small file of very many pixels can exhaust the memory. Pillow
        # raises at twice its limit and only warns below that.
        pixels, limit = image.width * image.height, Image.MAX_IMAGE_PIXELS
        if limit is not None and pixels > limit:
            raise ValueError(f"{pixels} pixels, more than {limit}")
        if image_size is not None:
            # A large JPEG is decoded at a half, a quarter or an eighth of its
            # size, which is much faster; other formats ignore this. Twice the
            # target leaves the resizing enough pixels to average over.
            image.draft(None, [2 * max(image_size)] * 2)
        image = _eight_bit(ImageOps.exif_transpose(image))
    if channels is not None:
        image = image.convert("L" if channels == 1 else "RGB")
    if image_size is not None:
        image = fit(image, image_size)
    pixels = np.asarray(image)
    return pixels.reshape(*pixels.shape[:2], -1)  # [H, W] -> [H, W, 1]


def _eight_bit(image):
    """Any PIL image as mode L (grey) or RGB, with 8 bits a channel."""
    from PIL import Image

    if image.mode.startswith("I"):  # "I;16" or "I", by Pillow's version
        values = np.asarray(image)
        if values.min() < 0 or values.max() > 65535:
            raise ValueError("grey values beyond 16 bits")
        return Image.fromarray((values / 257 + 0.5).astype(np.uint8))
    if image.mode == "F":
        raise ValueError("floating-point pixels, of unknown range")
    mode = "L" if image.mode in ("1", "L", "LA") else "RGB"
    if image.mode.endswith("A") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert(mode)


def _list_images(root):
    """All image files under `root`, their labels and the class names."""
    classes = {}
    for folder in sorted(root.iterdir(), key=_by_name):
        # A link that leads back up would make the folder its own class.
        if (
            folder.is_dir()
            and not folder.name.startswith(".")
            and not root.resolve().is_relative_to(folder.resolve())
        ):
            classes[folder.name] = _images_below(folder)
    classes = {name: files for name, files in classes.items() if files}
    loose = sorted(filter(_is_image, root.iterdir()), key=_by_name)
    if loose and classes:
        raise ValueError(
            f"{root} holds images and, beside them, sub-folders with images: "
            "move all images into class sub-folders, or none. "
            f"Received: {len(loose)} images beside {list(classes)}"
        )
    if not loose and not classes:
        raise ValueError(
            f"{root} holds no image files ({', '.join(SUFFIXES)}), neither "
            "directly nor in class sub-folders."
        )
    if loose:
        return loose, None, None
    counts = [len(files) for files in classes.values()]
    labels = np.repeat(np.arange(len(classes), dtype=np.int64), counts)
    return sum(classes.values(), []), labels, list(classes)


def _images_below(folder):
    """Image files in a class folder and the folders inside it, sorted."""
    files = []
    # os.walk does not follow links to folders, so no loop is endless.
    for parent, subfolders, names in os.walk(folder):
        subfolders[:] = [name for name in subfolders if name[0] != "."]
        paths = (pathlib.Path(parent, name) for name in names)
        files += filter(_is_image, paths)
    return sorted(files, key=_by_name)


def _by_name(path):
    # Paths themselves compare without regard to case on Windows.
    return path.parts


def _is_image(path):
    # Judged by name alone: a broken link or a text file with an image's name
    # is counted as a broken image later, not silently passed over.
    return (
        path.suffix.lower() in SUFFIXES
        and not path.name.startswith(".")
        and not path.is_dir()
    )
