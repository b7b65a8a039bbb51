"""Every epoch's numbers, in a file that survives interruptions."""

import csv
import os

import keras

from gan_keras.files import make_directory
from gan_keras.files import replace_file


class CSVHistory(keras.callbacks.Callback):
    """Writes one row an epoch: `epoch` (from 1), then every logged value.

    Unlike `keras.callbacks.CSVLogger` it knows epochs: a `fit` that begins
    at `initial_epoch=e` keeps the rows up to e and drops any later ones, so
    that a run which is resumed has neither a gap nor a repeat. And it
    replaces the file in one move, so that no reader finds half a row.

    Args:
        path: The file.
    """

    writes_files = True  # and nothing else: for the chief worker only

    def __init__(self, path):
        super().__init__()
        self.path = os.fspath(path)
        self.rows = None

    def on_train_begin(self, logs=None):
        self.rows = None
        make_directory(os.path.dirname(self.path) or ".", "the folder of path")

    def on_epoch_begin(self, epoch, logs=None):
        if self.rows is None:
            rows = read_history(self.path)
            self.rows = [row for row in rows if 1 <= row["epoch"] <= epoch]

    def on_epoch_end(self, epoch, logs=None):
        values = {name: float(value) for name, value in (logs or {}).items()}
        self.rows.append({"epoch": epoch + 1, **values})
        # Values that come and go (`val_...` every k epochs) get a column.
        columns = list(dict.fromkeys(name for row in self.rows for name in row))

        def write(path):
            with open(path, "w", newline="") as file:
                writer = csv.DictWriter(file, columns)
                writer.writeheader()
                writer.writerows(self.rows)

        replace_file(self.path, write)


def read_history(path):
    """The rows of a history file, as dicts of numbers; `[]` without a file.

    Args:
        path: The file.

    Returns:
        List of dicts: `"epoch"` is an int, the others are floats. Values
        that were not logged in an epoch are missing from its dict.

    Raises:
        ValueError: If the file is something else.
    """
    if not os.path.exists(path):
        return []
    with open(path, newline="") as file:
        try:
            return [_numbers(row) for row in csv.DictReader(file)]
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(
                "`path` exists and is not a history that this package wrote: "
                "a table of numbers with a column `epoch`. Move it away or "
                f"name another file. Received: {path!r}"
            ) from error


def _numbers(row):
    """A row of text as numbers."""
    epoch = int(row.pop("epoch"))
    values = {name: float(value) for name, value in row.items() if value}
    return {"epoch": epoch, **values}
