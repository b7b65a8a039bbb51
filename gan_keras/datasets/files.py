"""Arrays in files: NumPy's `.npz` and MNIST's IDX."""

import gzip
import math
import re
import zipfile

import numpy as np

from gan_keras.datasets.checks import as_images
from gan_keras.datasets.checks import as_labels
from gan_keras.datasets.splits import split_indices


def read_npz(path, split="train"):
    """Reads images and labels from a `.npz` archive.

    The archive holds `x_train` (and, if there are labels, `y_train`), with or
    without `x_test` and `y_test`; or `x` and `y`. Without a test part every
    tenth image of each class is held out (see `splits.py`).

    Args:
        path: Path of the archive.
        split: `"train"`, `"test"` or `"all"`.

    Returns:
        `(images, labels)`: `uint8` `[N, H, W, C]`, and `int64` `[N]` or None.

    Raises:
        ValueError: If the file is not such an archive. Pickled objects, which
            could run code, are refused and never loaded.
    """
    arrays = _npz_arrays(path)
    if "x_train" in arrays and "x_test" in arrays:
        return join_parts(
            lambda part: (arrays[f"x_{part}"], arrays.get(f"y_{part}")),
            split,
            path,
        )
    for x, y in (("x_train", "y_train"), ("x", "y")):
        if x in arrays:
            images, labels = _checked(arrays[x], arrays.get(y), path)
            chosen = split_indices(split, len(images), labels)
            return images[chosen], None if labels is None else labels[chosen]
    raise ValueError(
        f"{path} must hold an array `x_train` (with `x_test`) or `x`. "
        f"Received: an archive of {sorted(arrays)}"
    )


def join_parts(read_part, split, source):
    """The asked-for part of a set that comes with its own test part.

    Args:
        read_part: Function of `"train"` or `"test"` that returns unchecked
            images and labels (or None).
        split: `"train"`, `"test"`, or `"all"` for both, one after the other.
        source: What an error message calls the set.

    Returns:
        `(images, labels)` as from `read_npz`.
    """
    parts = ("train", "test") if split == "all" else (split,)
    pieces = [
        _checked(*read_part(part), f"{source} ({part})") for part in parts
    ]
    images, labels = zip(*pieces, strict=True)
    if len({piece.shape[1:] for piece in images}) > 1:
        raise ValueError(
            f"The train and test images of {source} must have one shape. "
            f"Received: {[piece.shape for piece in images]}"
        )
    unlabelled = [piece is None for piece in labels]
    if any(unlabelled) and not all(unlabelled):
        raise ValueError(
            f"Only one part of {source} has labels: load the parts apart. "
            f"Received: split={split!r}"
        )
    labels = None if any(unlabelled) else np.concatenate(labels)
    return np.concatenate(images), labels


def _checked(images, labels, source):
    images = as_images(images, f"The images of {source}")
    if labels is not None:
        labels = as_labels(labels, len(images), f"The labels of {source}")
    return images, labels


def _npz_arrays(path):
    if not zipfile.is_zipfile(path):
        raise ValueError(
            f"{path} must be a .npz archive as `np.savez(path, x=images, "
            "y=labels)` writes it. Received: a file of another kind, or one "
            "that is cut short"
        )
    keys = ("x_train", "y_train", "x_test", "y_test", "x", "y")
    try:
        with np.load(path, allow_pickle=False) as archive:
            # Other entries are listed but not read: they may be pickled.
            return {
                key: archive[key] if key in keys else None for key in archive
            }
    # A damaged archive shows as an error of zipfile, of zlib or of NumPy.
    except Exception as error:
        problem = "the archive is damaged"
        if "pickle" in str(error):
            problem = (
                "it holds pickled objects, which could run code and are never "
                "loaded. Save plain arrays with `np.savez(path, x=images, "
                "y=labels)`"
            )
        raise ValueError(
            f"Cannot load {path}: {problem}. "
            f"Received: {type(error).__name__}: {error}"
        ) from None


# MNIST's own names, zipped or not, as different sites spell them:
# train-images-idx3-ubyte.gz, t10k-labels.idx1-ubyte
_IDX_NAME = re.compile(
    r"(?P<part>train|t10k)-(?P<what>images|labels)[-.]idx[13]-ubyte(\.gz)?"
)
_UINT8 = 0x08  # IDX's code for unsigned bytes


def idx_files(folder):
    """Which IDX files a folder holds: `{("train", "images"): path, ...}`.

    If it holds none, those of its sub-folder `raw`, which is where torchvision
    puts them.
    """
    found = {}
    for place in (folder, folder / "raw"):
        # Reverse order, so that of a file and its .gz the plain one stays.
        for path in sorted(place.glob("*"), reverse=True):
            name = _IDX_NAME.fullmatch(path.name)
            if name and path.is_file():
                part = "train" if name["part"] == "train" else "test"
                found[part, name["what"]] = path
        if found:
            break
    return found


def read_idx_folder(folder, split="train"):
    """Reads a folder of IDX files, the format MNIST is published in.

    Args:
        folder: `pathlib.Path` of a folder with `train-images-idx3-ubyte`,
            `train-labels-idx1-ubyte` and their `t10k` (test) counterparts,
            plain or `.gz`. Labels may be missing.
        split: `"train"`, `"test"` or `"all"`.

    Returns:
        `(images, labels)` as from `read_npz`.

    Raises:
        ValueError: If a file is missing, damaged or cut short.
    """
    files = idx_files(folder)

    def read_part(part):
        if (part, "images") not in files:
            raise ValueError(
                f"{folder} has no {part} images, that is no file "
                f"{'train' if part == 'train' else 't10k'}-images-idx3-ubyte "
                f"or .gz. Received: split={split!r}"
            )
        labels = files.get((part, "labels"))
        return (
            read_idx(files[part, "images"], rank=3),
            None if labels is None else read_idx(labels, rank=1),
        )

    return join_parts(read_part, split, folder)


def read_idx(path, rank):
    """Reads one IDX file of unsigned bytes.

    The format: two zero bytes, a byte for the type, a byte for the number of
    dimensions, each dimension as a big-endian 32-bit number, then the values.

    Args:
        path: `pathlib.Path` of the file; `.gz` is unpacked.
        rank: Number of dimensions it has to have.

    Returns:
        `uint8` array.

    Raises:
        ValueError: If the header is another, or the sizes do not agree.
    """
    try:
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = gzip.decompress(content)
    # gzip raises OSError, EOFError or zlib.error, by where the damage is.
    except Exception as error:
        raise ValueError(
            f"Cannot read {path}: the file is damaged or cut short. "
            f"Received: {type(error).__name__}: {error}"
        ) from None
    magic, header = bytes([0, 0, _UINT8, rank]), 4 + 4 * rank
    if content[:4] != magic:
        raise ValueError(
            f"{path} must be an IDX file of unsigned bytes with {rank} "
            f"dimension(s), so begin with {magic.hex()}. "
            f"Received: {content[:4].hex() or 'an empty file'}"
        )
    if len(content) < header:
        raise ValueError(
            f"{path} ends within its header: it is cut short. "
            f"Received: {len(content)} bytes of {header}"
        )
    # Python's own integers: a damaged header could make NumPy's overflow.
    shape = np.frombuffer(content, ">u4", rank, offset=4).tolist()
    expected = header + math.prod(shape)
    if len(content) != expected:
        raise ValueError(
            f"{path} must have {expected} bytes, as its header promises "
            f"{shape} values: it is damaged or cut short. "
            f"Received: {len(content)} bytes"
        )
    values = np.frombuffer(content, np.uint8, offset=header)
    return values.reshape(shape).copy()  # a copy can be written to
