"""Folders of image files, in any common format and of any size."""

import collections
import contextlib
import itertools
import os
import pathlib
import stat
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from gan_keras.datasets.checks import as_size
from gan_keras.datasets.checks import check_channels
from gan_keras.datasets.resizing import fit
from gan_keras.datasets.splits import check_split
from gan_keras.datasets.splits import split_indices

ORIENTATION = 0x0112  # EXIF's tag
SUFFIXES = (
    *(".jpg", ".jpeg", ".jfif", ".png", ".bmp", ".gif", ".webp"),
    *(".tif", ".tiff", ".pgm", ".ppm", ".avif", ".jp2", ".tga"),
)


class ImageFolder:
    """The image files of a folder, listed but not yet read.

    Small folders become arrays with `load()` (which is what
    `gan_keras.datasets.load(path)` calls). Of a folder that does not fit in
    memory, `gan_keras.datasets.decoded` makes what can be trained on all the
    same. Or it is given to `gan_keras.datasets.pipeline` as it is: then files
    are read as they are needed, in every epoch anew.

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
        shape: Tuple `(N, height, width, channels)`, where these are fixed.
        labels: `int64` `[N]`, or None without class sub-folders.
        class_names: The sub-folders' names, or None.
        broken: `{path: reason}` of the files that could not be read so far.
        progress: Callable of two ints, how many files of how many are read;
            None, unless somebody waits for it.

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
        self.path = pathlib.Path(os.path.expanduser(path))
        if not self.path.is_dir():
            raise ValueError(
                "`path` must be a folder of images. "
                f"Received: path={str(path)!r}"
            )
        self.split = split
        # Names and not paths, which take ten times the memory.
        self._names, labels, self.class_names = _list_images(self.path)
        self._chosen = split_indices(split, len(self._names), labels)
        self.labels = None if labels is None else labels[self._chosen]
        self.broken = {}
        self.progress = None
        self._warned = False

    def __len__(self):
        return len(self._chosen)

    @property
    def files(self):
        return [self.path / self._names[index] for index in self._chosen]

    @property
    def shape(self):
        return (len(self), *(self.image_size or (None, None)), self.channels)

    @property
    def alike(self):
        """Which files decide on what all have in common: places in the folder.

        The common size and "all are grey" are facts about the whole folder:
        its train and test part must come out alike.
        """
        if self.image_size is None or self.channels is None:
            return range(len(self._names))
        return self._chosen

    def thin(self, most):
        """Keeps so many files, evenly spread, where there are more.

        Args:
            most: Int >= 1.
        """
        if most < len(self):
            rows = np.arange(most) * len(self) // most
            self._chosen = self._chosen[rows]
            if self.labels is not None:
                self.labels = self.labels[rows]

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
        indices = self.alike
        images = self._read_alike(indices)
        kept = [row for row, i in enumerate(self._chosen) if i in images]
        self.check_broken(len(indices), len(kept))
        # 3 channels if any image has them.
        shape = np.max([image.shape for image in images.values()], axis=0)
        loaded = np.empty((len(kept), *shape), np.uint8)
        for target, row in zip(loaded, kept, strict=True):
            # Grey [H, W, 1] spreads over three channels by itself; popping
            # keeps one copy in memory, not two.
            target[:] = images.pop(self._chosen[row])
        return loaded, None if self.labels is None else self.labels[kept]

    def read(self, indices):
        """Reads files, several at a time.

        Args:
            indices: Which, as places in the whole folder; a sequence.

        Yields:
            `(index, image)` in the given order; image is None where a file
            could not be read, and `broken` then says why.
        """
        workers = os.cpu_count() or 1
        # So few are read ahead, as each of them is in memory: enough for all
        # workers while one of them is busy with a large file.
        ahead = collections.deque()
        with quiet_pillow(), ThreadPoolExecutor(workers) as pool:
            for done, index in enumerate(indices):
                if self.progress is not None:
                    self.progress(done, len(indices))
                file = self.path / self._names[index]
                ahead.append(
                    (index, file, pool.submit(self._try_to_read, file))
                )
                if len(ahead) > 4 * workers:
                    yield self._next_read(ahead)
            while ahead:
                yield self._next_read(ahead)

    def _next_read(self, ahead):
        """`(index, image)` of the first file that `read` waits for."""
        index, file, reading = ahead.popleft()
        image, problem = reading.result()
        if image is None:
            self.broken[file] = problem
        return index, image

    def check_broken(self, tried, kept):
        """Counts the broken files in one warning; raises if none is left."""
        if self.broken:
            file, reason = next(iter(self.broken.items()))
            warnings.warn(
                f"Skipped {len(self.broken)} of {tried} files in "
                f"{self.path} that could not be read as images, for example "
                f"{file.name!r}: {reason}",
                stacklevel=3,
            )
        if not kept:
            self._raise_none_left()

    def _read_alike(self, indices):
        """`{index: image}` of all readable files, which have one size."""
        images, size = {}, None
        with contextlib.closing(self.read(indices)) as found:
            for index, image in found:
                if image is None:
                    continue
                images[index], size = image, size or image.shape[:2]
                self.check_size(size, image.shape[:2], self._names[index])
        return images

    def check_size(self, size, other, name):
        """Raises if two images, which are not resized, differ in size."""
        if size != other:
            raise ValueError(
                f"The images in {self.path} differ in size: pass "
                "`image_size` to resize and crop them to one. "
                f"Received: image_size=None, {size} (height, width) at "
                f"first, {other} in {os.path.basename(name)!r}"
            )

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
            file = self.path / self._names[self._chosen[place]]
            if file in self.broken:
                continue
            image, problem = self._try_to_read(file)
            if image is not None:
                return image, np.int64(place)
            self.broken[file] = problem
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
        """`(image, None)`, or `(None, reason)`."""
        try:
            return read_image(file, self.image_size, self.channels), None
        # On damaged files Pillow raises nearly everything: OSError,
        # SyntaxError, struct.error, zlib.error, IndexError, MemoryError...
        except Exception as error:
            return None, f"{type(error).__name__}: {error}"

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

    check_file(file)
    with Image.open(file) as image:
        check_pixels(image)
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


def read_header(file):
    """What the first bytes of an image file say, without its pixels.

    Args:
        file: Path of the file.

    Returns:
        `((height, width), channels)` as `read_image` would return them.

    Raises:
        Exception: Of any kind, if the file is no image.
    """
    from PIL import Image

    check_file(file)
    with Image.open(file) as image:
        width, height = image.size
        check_pixels(image)
        if image.format == "TIFF":  # whose `size` may be the upright one
            width, height = image.tag_v2[256], image.tag_v2[257]
        # Pillow may have to decode a PNG to be sure that it has no EXIF.
        if width != height and image.getexif().get(ORIENTATION, 1) >= 5:
            width, height = height, width  # it lies on its side
        return (height, width), 1 if is_grey(image) else 3


def check_file(file):
    """Raises for what is no file: opening a pipe would wait for ever."""
    if not stat.S_ISREG(os.stat(file).st_mode):
        raise ValueError("neither a file nor a link to one")


def check_pixels(image):
    """Raises for a small file of very many pixels: they fill the memory.

    (Pillow raises at twice its limit, and only warns below that.)
    """
    from PIL import Image

    pixels, limit = image.width * image.height, Image.MAX_IMAGE_PIXELS
    if limit is not None and pixels > limit:
        raise ValueError(f"{pixels} pixels, more than {limit}")


def is_grey(image):
    """Whether a PIL image becomes one with a single channel."""
    return image.mode in ("1", "L", "LA") or image.mode.startswith("I")


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
    mode = "L" if is_grey(image) else "RGB"
    if image.mode.endswith("A") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert(mode)


@contextlib.contextmanager
def quiet_pillow():
    """Silences Pillow's own warnings: ours counts the files they are about."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="PIL")
        yield


def _list_images(root):
    """Names of all image files below `root`, their labels, class names."""
    entries = sorted(os.listdir(root))
    classes = {}
    for name in entries:
        folder = root / name
        # A link that leads back up would make the folder its own class.
        if (
            not name.startswith(".")
            and folder.is_dir()
            and not root.resolve().is_relative_to(folder.resolve())
        ):
            classes[name] = _images_below(root, name)
    classes = {name: files for name, files in classes.items() if files}
    loose = [
        name
        for name in entries
        if _is_image(name) and not os.path.isdir(root / name)
    ]
    if loose and classes:
        raise ValueError(
            f"{root} holds images and, beside them, sub-folders with images: "
            "move all images into class sub-folders, or none. "
            f"Received: {len(loose)} images beside {list(classes)}"
        )
    if not loose and not classes:
        raise ValueError(
            f"{root} holds no image files ({', '.join(SUFFIXES)}), neither "
            "directly nor in class sub-folders. (A folder of MNIST's own IDX "
            "files, train-images-idx3-ubyte, ..., is read by `load`.)"
        )
    if loose:
        return loose, None, None
    counts = [len(files) for files in classes.values()]
    labels = np.repeat(np.arange(len(classes), dtype=np.int64), counts)
    names = list(itertools.chain.from_iterable(classes.values()))
    return names, labels, list(classes)


def _images_below(root, name):
    """Image files in a class folder and the folders inside it, sorted."""
    files = []
    # os.walk does not follow links to folders, so no loop is endless.
    for parent, subfolders, names in os.walk(root / name, onerror=_fail):
        subfolders[:] = [name for name in subfolders if name[0] != "."]
        inside = os.path.relpath(parent, root)
        files += [os.path.join(inside, n) for n in names if _is_image(n)]
    return sorted(files, key=lambda file: file.split(os.sep))


def _fail(error):
    # Without its images a class would be missing, and the others renumbered.
    raise error


def _is_image(name):
    # Judged by name alone: a broken link or a text file with an image's name
    # is counted as a broken image later, not silently passed over.
    suffix = os.path.splitext(name)[1]
    return suffix.lower() in SUFFIXES and not name.startswith(".")
