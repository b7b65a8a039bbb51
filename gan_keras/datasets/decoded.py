"""A folder's images, decoded once and then at hand in every epoch.

Decoding a file takes longer than using it. Memory is the best place for what
was decoded, but a folder may have more images than memory has room; then a
file of plain pixels does nearly as well, since reading it is only copying.
"""

import contextlib
import copy
import shutil
import tempfile
import threading

import numpy as np

from gan_keras.datasets.folder import quiet_pillow
from gan_keras.datasets.folder import read_header

# Bytes: 5,461 colour images of 64x64. Not more, as a file does nearly as well
# (`benchmarks/README.md`), and TensorFlow makes a copy of what is in memory.
MEMORY = 64 * 2**20
SPARE = 2**30  # bytes that are left free on the disk


def decoded(folder, memory=MEMORY, directory=None):
    """Decodes a folder, as far as there is room.

    | what the decoded images fit into | what is returned                    |
    | -------------------------------- | ----------------------------------- |
    | `memory`                         | an array                            |
    | the disk, with 1 GiB to spare    | `ImagesOnDisk`                      |
    | neither                          | the folder: files are read as they  |
    |                                  | are needed, in every epoch anew     |

    `gan_keras.datasets.pipeline` takes any of them, and the batches are the
    same, unless files are broken: an array and a file on the disk go without
    them, in a folder that is streamed others take their places.

    Args:
        folder: An `ImageFolder`.
        memory: Int, bytes.
        directory: Where a file for the pixels may be made; the system's
            folder for temporary files if not given. It has no name there and
            is gone when the process ends, in whatever way.

    Returns:
        `(images, labels)`: images as above, labels `int64` `[N]` or None.

    Raises:
        ValueError: If no file can be read, or if the sizes differ and the
            folder has no `image_size`.
    """
    settled = settle(folder)
    size, channels = settled.image_size, settled.channels
    needed = len(folder) * size[0] * size[1] * channels
    if needed <= memory:
        return folder.load()
    folder = settled
    where = tempfile.gettempdir() if directory is None else directory
    if needed + SPARE > shutil.disk_usage(where).free:
        return folder, folder.labels
    images = ImagesOnDisk((*size, channels), where)
    kept = []
    for row, (_, image) in enumerate(folder.read(folder.alike)):
        if image is not None:
            images.append(image)
            kept.append(row)
    folder.check_broken(len(folder), len(kept))
    return images, None if folder.labels is None else folder.labels[kept]


def settle(folder):
    """A copy of a folder that leaves neither size nor channels open.

    Args:
        folder: An `ImageFolder`.

    Returns:
        An `ImageFolder` that need not look at other images to read one.
    """
    size, channels = common_form(folder)
    folder = copy.copy(folder)
    folder.image_size, folder.channels = size, channels
    return folder


def common_form(folder):
    """The size and the channels that a folder's images will all have.

    Args:
        folder: An `ImageFolder`. What it leaves open is looked up in the
            headers of its files. They are decoded only if these differ in
            size: a file may be broken behind its header.

    Returns:
        `((height, width), channels)`.
    """
    if folder.image_size is not None and folder.channels is not None:
        return folder.image_size, folder.channels
    size, channels = None, 1
    agreed = []  # the files that have this size

    def sound(file):
        return folder._try_to_read(file)[0] is not None

    with quiet_pillow():
        for index in folder.alike:
            name = folder._names[index]
            file = folder.path / name
            try:
                found, found_channels = read_header(file)
            except Exception:  # counted when it is decoded
                continue
            if folder.image_size is None and found != size:
                if size is not None and not sound(file):
                    continue
                if any(map(sound, agreed)):
                    folder.check_size(size, found, name)
                size, agreed = found, []
            agreed.append(file)
            channels = max(channels, found_channels)
            if folder.image_size is not None and channels == 3:
                break  # whatever the others hold
    return folder.image_size or size or (1, 1), folder.channels or channels


def first_size(folder):
    """The size of the first image whose header can be read.

    Args:
        folder: An `ImageFolder`.

    Returns:
        `(height, width)`, or None if there is no such image.
    """
    with quiet_pillow():
        for index in folder.alike:
            with contextlib.suppress(Exception):
                return read_header(folder.path / folder._names[index])[0]
    return None


class ImagesOnDisk:
    """Many images of one size, one after the other in a file without a name.

    Args:
        image_shape: Tuple `(height, width, channels)`.
        directory: Where the file is made.

    Attributes:
        shape: Tuple `(N, height, width, channels)`.
    """

    dtype = np.dtype(np.uint8)

    def __init__(self, image_shape, directory):
        self.image_shape = tuple(image_shape)
        self._bytes = int(np.prod(self.image_shape))
        self._file = tempfile.TemporaryFile(prefix=".pixels-", dir=directory)
        self._count = 0
        self._reading = threading.Lock()  # the file has one position

    def append(self, image):
        """Adds an image, uint8 `[height, width, channels]`."""
        self._file.seek(self._count * self._bytes)
        self._file.write(np.ascontiguousarray(image).data)
        self._count += 1

    def __len__(self):
        return self._count

    @property
    def shape(self):
        return (self._count, *self.image_shape)

    def __array__(self, dtype=None, copy=None):
        """All of them in memory, for `np.asarray`."""
        images = self[np.arange(len(self))]
        return images if dtype is None else images.astype(dtype)

    def __getitem__(self, rows):
        """Reads images: rows as int64 `[B]` to uint8 `[B, *image_shape]`."""
        # Plain reading: a memory map would count as memory of the process.
        images = np.empty((len(rows), *self.image_shape), np.uint8)
        with self._reading:
            for image, row in zip(images, rows, strict=True):
                self._file.seek(int(row) * self._bytes)
                self._file.readinto(image.reshape(-1).data)
        return images
