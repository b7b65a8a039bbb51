"""Stopping in one lesson, going on in the next, as if nothing had happened."""

import math
import os
import re
import time
import warnings

import keras
import numpy as np

from gan_keras import replicas
from gan_keras import state
from gan_keras.files import make_directory
from gan_keras.files import replace_file
from gan_keras.optimizer_pair import learning_rate

_NAME = re.compile(r"epoch_(\d+)\.npz")
_PARTIAL = re.compile(r"epoch_\d+\.partial\.npz")  # see `replace_file`


class Resume(keras.callbacks.Callback):
    """Keeps checkpoints, and lets `fit` go on from the newest one.

    A run that is stopped (or killed) and started again with the same
    arguments and seeds (of the model, or `keras.utils.set_random_seed`) ends
    with the same weights, bit for bit, as one that never stopped: a checkpoint
    holds both networks, the averaged generator, both optimizers and all random
    states, and the order of the data is a pure function of seed and epoch.
    (That of arrays and of `gan_keras.datasets.pipeline`, without a
    `steps_per_epoch` below their length. A `PyDataset`, a `tf.data.Dataset`
    that shuffles or a generator begins its order anew in every process, and
    callbacks such as `EarlyStopping` count anew.)

    The learning rates are those of the checkpoint, too, unless they are
    schedules; if the model was compiled with others, a warning says so.

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

    Raises:
        ValueError: In `fit`, if there are checkpoints and none can be read.
    """

    def __init__(self, directory, seconds=20.0):
        super().__init__()
        self.directory = checkpoints(directory)
        self.seconds = seconds
        self.kept = None  # (epoch, values) that this epoch began with
        self._readable = []  # epochs of the newest checkpoints, two at most
        self._written = None
        self._done = None

    def on_train_begin(self, logs=None):
        self.kept = self._done = None
        self._readable = []
        make_directory(self.directory)
        found = newest(self.directory)
        if found is not None:
            epoch, values = found
            self._readable = [epoch]  # whatever is newer is damaged
            asked = _constant_rates(self.model)
            state.write(self.model, values, path_of(self.directory, epoch))
            _tell_of(asked, _constant_rates(self.model))
            # Keras' own `BackupAndRestore` tells `fit` in the same way.
            self.model._initial_epoch = epoch
        self._written = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        # Else there is no state to go on from, or not the one of its end.
        well = self._is_finite(logs or {}) and self._is_whole()
        self._done = epoch + 1 if well else None

    def _is_finite(self, logs):
        """Whether the model's own figures are; what others log may not be."""
        names = [metric.name for metric in self.model.metrics]
        return all(math.isfinite(logs[name]) for name in names if name in logs)

    def _is_whole(self):
        """Whether nobody stopped the epoch on the way (`stop_training`)."""
        if not self.model.stop_training:
            return True  # with fewer steps than told, if the data ran out
        steps = self.params.get("steps")  # None: nobody knows beforehand
        return steps is None or self._steps_made() >= steps

    def _steps_made(self):
        """How many there were since the state that is kept."""
        _, (before, *_) = self.kept
        return int(self.model.steps.numpy()) - int(before)

    # Kept when the epoch is over for *all* callbacks: by then its row, its
    # picture and its events are on the disk, wherever in the list they stand,
    # and a run that goes on from here will not miss them.
    def on_epoch_begin(self, epoch, logs=None):
        if self._done is not None or self.kept is None:
            self.kept = epoch, state.read(self.model)
        if (
            self._done is not None
            and time.monotonic() - self._written >= self.seconds
        ):
            self.save()

    def on_train_end(self, logs=None):
        # The last epoch always, whatever made it the last one; unless it was
        # cut short, or the model taken back: by `DivergenceGuard`, or by
        # `EarlyStopping`, which restores weights and leaves the optimizers.
        if self._done is not None and self._steps_made() > 0:
            self.kept = self._done, state.read(self.model)
        self.save()

    def save(self):
        """Writes what the model was when the last whole epoch was over.

        For who catches what ended `fit`, Ctrl-C or a full disk: no callback
        is called then.
        """
        if self.kept is not None and replicas.is_chief(self.model):
            epoch, values = self.kept
            # Losses are taken before the weights change; the last step of an
            # epoch may have spoilt them unseen.
            if all(map(state.is_finite, values)):
                before = [e for e in self._readable if e != epoch][-1:]
                write_checkpoint(self.directory, epoch, values, *before)
                self._readable = [*before, epoch]
        self._written = time.monotonic()


def _constant_rates(gan):
    """The learning rates that are no schedule, by the optimizer's name."""
    schedule = keras.optimizers.schedules.LearningRateSchedule
    return {
        name: learning_rate(optimizer)
        for name, optimizer in [
            ("d_optimizer", gan.d_optimizer),
            ("g_optimizer", gan.g_optimizer),
        ]
        if not isinstance(optimizer._learning_rate, schedule)
    }


def _tell_of(asked, found):
    for name, rate in found.items():
        if rate != asked[name]:
            warnings.warn(
                f"The checkpoint's learning rate {rate:g} takes the place of "
                f"the compiled one, {asked[name]:g}, in `{name}`: the run goes "
                "on as it was. For another rate take another directory, or "
                f"set `gan.{name}.learning_rate` in a callback.",
                stacklevel=2,
            )


def checkpoints(directory):
    """Where the checkpoints of a run are."""
    return os.path.join(os.fspath(directory), "checkpoints")


def path_of(directory, epoch):
    """The file of a checkpoint."""
    return os.path.join(directory, f"epoch_{epoch:05d}.npz")


def epochs_in(directory):
    """The epochs of which there are checkpoints, in no order."""
    if not os.path.isdir(directory):
        return []
    found = map(_NAME.fullmatch, os.listdir(directory))
    return [int(match[1]) for match in found if match]


def write_checkpoint(directory, epoch, values, before=None):
    """Writes a checkpoint, and removes all but it and the one before.

    What a process that was killed has left half written goes, too.

    Args:
        directory: An existing directory.
        epoch: Int, how many epochs were trained.
        values: List of arrays, from `gan_keras.state.read`.
        before: Int, the epoch of the one before, if it is known that it can
            be read. (A damaged one may be newer.) Without, none is removed.
    """

    def write(path):
        # An .npz holds checksums: damage does not go unnoticed.
        with open(path, "wb") as file:
            np.savez(file, *values)
            file.flush()
            os.fsync(file.fileno())

    replace_file(path_of(directory, epoch), write)
    if before is not None:
        for old in set(epochs_in(directory)) - {epoch, before}:
            os.remove(path_of(directory, old))
    for name in filter(_PARTIAL.fullmatch, os.listdir(directory)):
        os.remove(os.path.join(directory, name))


def newest(directory):
    """The newest checkpoint that can be read.

    Args:
        directory: The checkpoints' directory; may be missing.

    Returns:
        Tuple `(epoch, values)`, or None if there is no checkpoint.

    Raises:
        ValueError: If there are some, and all that were trained are damaged.
            To begin anew then would be to delete what the run has left.
    """
    damage = []
    for epoch in sorted(epochs_in(directory), reverse=True):
        if epoch == 0 and damage:
            break
        path = path_of(directory, epoch)
        try:
            values = _read(path)
        except MemoryError:
            raise  # no damage
        except Exception as error:  # of many kinds: a bit may flip anywhere
            damage.append(f"{path} is damaged ({error})")
            continue
        if damage:
            warnings.warn(
                f"The checkpoint {'; '.join(damage)}; going on from the one "
                "before.",
                stacklevel=3,
            )
        return epoch, values
    if damage:
        raise ValueError(
            "The run cannot go on, as its checkpoints cannot be read. Bring "
            "back a copy of them, or begin anew in another directory. "
            f"Received: {'; '.join(damage)}"
        )
    return None


def _read(path):
    # Read as a whole, and the checksums with it, before any of it is used.
    with np.load(path, allow_pickle=False) as archive:
        return [archive[f"arr_{i}"] for i in range(len(archive.files))]
