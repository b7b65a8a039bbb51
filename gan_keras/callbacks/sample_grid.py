"""A grid of samples every epoch, and a GIF of the whole training."""

import os
import re
import time

import keras
import numpy as np

from gan_keras import checks
from gan_keras import execution
from gan_keras.files import make_directory
from gan_keras.files import replace_file
from gan_keras.gif import GrowingGIF

# A partial one was left by a process that was killed, see `replace_file`.
_NAME = re.compile(r"epoch_(\d+)(_step_\d+)?(\.partial)?\.png")


class SampleGrid(keras.callbacks.Callback):
    """Saves what G draws from the *same* noise after every epoch.

    Fresh noise would show other images each time; fixed latent vectors show
    how the same ones get better. A conditional GAN draws one class a row.
    Written to `directory`:

    - `samples/epoch_0000.png` (before training), `epoch_0001.png`, ...
    - `training.gif`, which is whole whenever training stops;
    - with `minutes`, `samples/epoch_0002_step_00150.png` and the like (150
      steps after epoch 2) where an epoch takes longer than that. They are not
      in the GIF, whose frames are the same in every run of the same seed.

    What an earlier `fit` has written of the epochs to come is removed. Keras
    counts from 0 in every `fit`: to go on where one ended, say
    `fit(initial_epoch=20, epochs=30, ...)`, or take another directory.

    Example:

    ```python
    gan.fit(data, epochs=20, callbacks=[gk.callbacks.SampleGrid("runs/a")])
    ```

    Args:
        directory: Where to write; made if it is missing.
        rows: Int, rows of the grid; if not given 8, or one for each class, 32
            at most.
        columns: Int, columns of the grid.
        seed: Int, seed of the fixed latent vectors.
        raw: Boolean; `True` shows the raw generator's images to the right of
            its moving average's. The average can hide a collapse.
        gif: Boolean, whether to write the GIF.
        show: Boolean; `True` shows the grid in a notebook, refreshed in
            place.
        minutes: Float, the longest time without a new grid; None to wait for
            the end of the epoch, however long that takes.
    """

    writes_files = True  # and nothing else: for the chief worker only

    def __init__(
        self,
        directory,
        rows=None,
        columns=8,
        seed=0,
        raw=False,
        gif=True,
        show=False,
        minutes=None,
    ):
        super().__init__()
        checks.count(rows=8 if rows is None else rows, columns=columns)
        if minutes is not None and not minutes > 0:
            raise ValueError(
                "`minutes` must be above 0, or None. "
                f"Received: minutes={minutes!r}"
            )
        self.directory = os.fspath(directory)
        self.rows = rows
        self.columns = columns
        self.seed = seed
        self.raw = raw
        self.gif = gif
        self.show = show
        self.minutes = minutes
        self._saved = None  # when the last grid was
        self._inputs = None
        self._gif = None
        self._display = None
        self._epoch = None

    def on_train_begin(self, logs=None):
        samples = os.path.join(self.directory, "samples")
        make_directory(self.directory)
        make_directory(samples)
        self._inputs = self.model.grid_inputs(
            self.rows, self.columns, self.seed
        )
        self._gif = None
        self._display = None  # each `fit` has a cell of its own
        self._epoch = None
        self._saved = time.monotonic()

    def on_epoch_begin(self, epoch, logs=None):
        if self._epoch is None:
            # The first epoch of this fit. Frames and grids of epochs that are
            # about to be run (again) go.
            if self.gif:
                self._gif = GrowingGIF(
                    os.path.join(self.directory, "training.gif"),
                    last=epoch if epoch else -1,
                    like=self._picture(f"epoch {epoch}") if epoch else None,
                )
            self._remove_after(epoch)
            if epoch == 0:
                self._save(0)
        self._epoch = epoch

    def _remove_after(self, epoch):
        samples = os.path.join(self.directory, "samples")
        for name in os.listdir(samples):
            match = _NAME.fullmatch(name)
            if match and (
                match[3] or (int(match[1]), bool(match[2])) > (epoch, False)
            ):
                os.remove(os.path.join(samples, name))

    def on_epoch_end(self, epoch, logs=None):
        self._save(epoch + 1)

    def on_train_batch_end(self, batch, logs=None):
        if self.minutes is None:
            return
        if time.monotonic() - self._saved >= 60 * self.minutes:
            step = execution.steps_done(self, batch)
            self._write(
                f"epoch {self._epoch}, step {step}",
                f"epoch_{self._epoch:04d}_step_{step:05d}.png",
            )

    def grid(self):
        """The grid as it is now: uint8 array `[height, width, channels]`."""
        from gan_keras.plots import image_grid

        grids = [
            image_grid(
                self.model.generate_from(self._inputs, use_ema=use_ema),
                self.columns,
            )
            for use_ema in ([True, False] if self.raw else [True])
        ]
        if len(grids) == 1:
            return grids[0]
        gap = np.full_like(grids[0][:, :16], 255)
        return np.concatenate([grids[0], gap, grids[1]], axis=1)

    def _save(self, epoch):
        image = self._write(f"epoch {epoch}", f"epoch_{epoch:04d}.png")
        if self._gif is not None:
            self._gif.append(image, epoch)

    def _picture(self, text):
        from gan_keras.plots import caption

        if self.raw:
            text += ": left the averaged generator, right the raw one"
        return caption(self.grid(), text)

    def _write(self, text, name):
        image = self._picture(text)
        path = os.path.join(self.directory, "samples", name)
        replace_file(path, lambda path: image.save(path, compress_level=1))
        if self.show:
            self._refresh(image)
        self._saved = time.monotonic()
        return image

    def _refresh(self, image):
        from IPython import display

        if self._display is None:
            self._display = display.display(image, display_id=True)
        else:
            self._display.update(image)
