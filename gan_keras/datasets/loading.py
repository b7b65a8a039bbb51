"""`load`: one door to every data set."""

import difflib
import os
import pathlib

from gan_keras.datasets.checks import as_int
from gan_keras.datasets.checks import as_size
from gan_keras.datasets.checks import check_channels
from gan_keras.datasets.decoded import decoded
from gan_keras.datasets.decoded import settle
from gan_keras.datasets.digits import load_digits
from gan_keras.datasets.files import idx_files
from gan_keras.datasets.files import join_parts
from gan_keras.datasets.files import read_idx_folder
from gan_keras.datasets.files import read_npz
from gan_keras.datasets.folder import ImageFolder
from gan_keras.datasets.resizing import resize
from gan_keras.datasets.splits import check_split

KERAS_SETS = ("mnist", "fashion_mnist", "cifar10")
NAMES = ("digits", *KERAS_SETS)
OFFLINE = (
    '"digits" (comes with the package), a folder of images, a folder of IDX '
    "files, a .npz file"
)


def load(
    name_or_path="digits",
    split="train",
    image_size=None,
    *,
    channels=None,
    memory=None,
    directory=None,
    most=None,
    progress=None,
):
    """Loads a data set into memory.

    | `name_or_path`                         | what it is                    |
    | -------------------------------------- | ----------------------------- |
    | `"digits"`                             | 5,000 MNIST digits, offline   |
    | `"mnist"`, `"fashion_mnist"`, `"cifar10"` | Keras downloads them once  |
    | a `.npz` file                          | arrays `x_train`... or `x`    |
    | a folder of IDX files                  | MNIST's own format            |
    | a folder of images                     | one sub-folder a class, or none |

    Train on `"train"` only, so that `"test"` can tell whether a generator has
    learnt or memorised. The digits are split 4,000 to 1,000; Keras' sets and
    IDX folders have their official test part, as has an archive with `x_test`.
    An image folder, or an archive without `x_test`, has none: of these every
    tenth image of each class is held out.

    Args:
        name_or_path: A name or a path as above. A name comes first: for a
            folder that is called "digits" write `"./digits"`.
        split: `"train"`, `"test"`, or `"all"` for both.
        image_size: Images are resized and centre-cropped to this, an int or
            `(height, width)`. None keeps their size, which must then be the
            same for all.
        channels: 1 for grey, 3 for colour. None keeps what there is; a folder
            is grey only if all its images are.
        memory: Int, bytes. Of a folder of images that would need more,
            something else than an array is returned, which `pipeline` takes
            as well: see `gan_keras.datasets.decoded`. None, the default, for
            an array in any case.
        directory: As of `gan_keras.datasets.decoded`.
        most: Int. Of a folder of images with more in this split, only so many
            are read, evenly spread.
        progress: As of `ImageFolder`, for whoever waits for a large folder.

    Returns:
        `(images, labels)`: `uint8` `[N, H, W, C]` with values 0 to 255, and
        `int64` `[N]`, or None for images without labels.

    Raises:
        ValueError: If an argument is unusable or a file is damaged. Single
            broken images in a folder are only warned about.
        ConnectionError: If one of Keras' sets cannot be downloaded.

    Example:

    ```python
    images, labels = gan_keras.datasets.load("digits")  # [4000, 28, 28, 1]
    held_out, _ = gan_keras.datasets.load("digits", split="test")
    faces, _ = gan_keras.datasets.load("path/to/faces", image_size=64)
    ```
    """
    if not isinstance(name_or_path, (str, os.PathLike)):
        raise ValueError(
            "`name_or_path` must be a name or a path. "
            f"Received: name_or_path of type {type(name_or_path).__name__}"
        )
    check_split(split)
    image_size = as_size(image_size)
    check_channels(channels)
    if name_or_path == "digits":
        images, labels = load_digits(split)
    elif name_or_path in KERAS_SETS:
        images, labels = _load_keras_set(name_or_path, split)
    else:
        path = _existing_path(name_or_path)
        if path.is_dir() and not idx_files(path):
            # Files of different sizes are resized as they are read.
            folder = ImageFolder(path, image_size, channels, split)
            folder.progress = progress
            if most is not None and as_int("most", most, 1) < len(folder):
                folder = settle(folder)  # or `load` reads all, to compare
                folder.thin(most)
            if memory is None:
                return folder.load()
            return decoded(folder, as_int("memory", memory, 0), directory)
        read = read_idx_folder if path.is_dir() else read_npz
        images, labels = read(path, split)
    return resize(images, image_size, channels), labels


def listed(data):
    """The `ImageFolder` of these data, not yet read; None for all others."""
    path = pathlib.Path(os.path.expanduser(data))
    if data in NAMES or not path.is_dir() or idx_files(path):
        return None
    return ImageFolder(path)


def _load_keras_set(name, split):
    import keras

    try:
        train, test = getattr(keras.datasets, name).load_data()
    except Exception as error:
        # Keras raises a bare Exception; its traceback helps nobody.
        raise ConnectionError(
            f"Keras could not download the data set {name!r}. These need no "
            f"network: {OFFLINE}. Received: {error}"
        ) from None
    return join_parts({"train": train, "test": test}.get, split, repr(name))


def _existing_path(name_or_path):
    name = os.fspath(name_or_path)
    path = os.path.expanduser(name)
    if os.path.isdir(path) or (
        os.path.isfile(path) and path.lower().endswith(".npz")
    ):
        return pathlib.Path(path)
    nearest = difflib.get_close_matches(name, NAMES, n=1)
    if os.path.exists(path):
        problem = "is a file, but not a .npz archive"
    elif nearest:
        problem = f'is neither; did you mean "{nearest[0]}"?'
    else:
        problem = "is neither"
    raise ValueError(
        "`name_or_path` must name a data set or an existing path. Choose from "
        f"{OFFLINE}; with a network also {', '.join(KERAS_SETS)}. "
        f"Received: name_or_path={name!r}, which {problem}"
    )
