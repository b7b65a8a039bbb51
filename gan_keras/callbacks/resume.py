"""Stopping in one lesson, going on in the next, as if nothing had happened."""

import math
import os
import re
import time
import warnings
import zipfile

import keras
import numpy as np

from gan_keras import replicas
from gan_keras import state
from gan_keras.files import make_directory
from gan_keras.files import replace_file

_NAME = re.compile(r"epoch_(\d+)\.npz")


class Resume(keras.callbacks.Callback):
    """Keeps checkpoints, and lets `fit` go on from the newest one.

    A run that is stopped (or killed) and started again with the same
    arguments and seeds (of the model, or `keras.utils.set_random_seed`) ends
    with the same weights, bit for bit, as one that never stopped: a checkpoint
    holds both networks, the averaged generator, both optimizers and all random
    states, and the order of the data is a pure function of seed and epoch.

    A checkpoint is written under another name, brought to the disk and then
    renamed, so that there is none half written; the one before is kept, too.

    Example:

    ```python
    gan.fit(data, epochs=100, callbacks=[gk.callbacks.Resume("runs/a")])
    # ... interrupted at epoch 37; the same line goes on at about epoch 37.
    ```

    Args:
        directory: Where checkpoints are kept, in a sub-directory
            `checkpoints`.
        seconds: Float, the shortest time between two checkpoints; with 0 one
            is written after every epoch. The last epoch always gets one.
    """

    def __init__(self, directory, seconds=20.0):
        super().__init__()
        self.directory = os.path.join(os.fspath(directory), "checkpoints")
        self.seconds = seconds
        self._written = None
        self._due = None
        self._done = None

    def on_train_begin(self, logs=None):
        self._due = self._done = None
        make_directory(self.directory)
        for epoch in sorted(epochs_in(self.directory), reverse=True):
            try:
                values = self._read(epoch)
            except (OSError, EOFError, ValueError, zipfile.BadZipFile) as error:
                warnings.warn(
                    f"The checkpoint {self._path(epoch)} is damaged "
                    f"({error}); going on from the one before.",
                    stacklevel=2,
                )
                continue
            state.write(self.model, values, self._path(epoch))
            # Keras' own `BackupAndRestore` tells `fit` in the same way.
            self.model._initial_epoch = epoch
            break
        self._written = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        finite = all(map(math.isfinite, (logs or {}).values()))
        # Else there is no state to go on from.
        self._done = epoch + 1 if finite else None
        if finite and time.monotonic() - self._written >= self.seconds:
            self._due = self._done

    # Written when the epoch is over for *all* callbacks: by then its row,
    # its picture and its events are on the disk, wherever in the list they
    # stand, and a run that goes on from here will not miss them.
    def on_epoch_begin(self, epoch, logs=None):
        self._write_if_due()

    def on_train_end(self, logs=None):
        # The last epoch always, whatever made it the last one.
        self._due = self._done
        self._write_if_due()

    def _write_if_due(self):
        if self._due is not None:
            if replicas.is_chief(self.model):
                self._write(self._due)
            self._written = time.monotonic()
            self._due = None

    def _path(self, epoch):
        return os.path.join(self.directory, f"epoch_{epoch:05d}.npz")

    def _write(self, epoch):
        def write(path):
            # An .npz holds checksums: damage does not go unnoticed.
            with open(path, "wb") as file:
                np.savez(file, *state.read(self.model))
                file.flush()
                os.fsync(file.fileno())

        replace_file(self._path(epoch), write)
        for old in sorted(epochs_in(self.directory))[:-2]:
            os.remove(self._path(old))

    def _read(self, epoch):
        # Read as a whole, and the checksums with it, before any of it is used.
        with np.load(self._path(epoch), allow_pickle=False) as archive:
            values = [archive[f"arr_{i}"] for i in range(len(archive.files))]
        return values


def epochs_in(directory):
    """The epochs of which there are checkpoints, in no order."""
    found = map(_NAME.fullmatch, os.listdir(directory))
    return [int(match[1]) for match in found if match]
