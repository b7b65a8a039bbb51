"""A grid of samples every epoch, and a GIF of the whole training."""

import os

import keras
import numpy as np

from gan_keras import checks
from gan_keras.files import make_directory
from gan_keras.files import replace_file
from gan_keras.gif import GrowingGIF


class SampleGrid(keras.callbacks.Callback):
    """Saves what G draws from the *same* noise after every epoch.

    Fresh noise would show other images each time; fixed latent vectors show
    how the same ones get better. A conditional GAN draws one class a row.
    Written to `directory`:

    - `samples/epoch_0000.png` (before training), `epoch_0001.png`, ...
    - `training.gif`, which is whole whenever training stops.

    Example:

    ```python
    gan.fit(data, epochs=20, callbacks=[gk.callbacks.SampleGrid("runs/a")])
    ```

    Args:
        directory: Where to write; made if it is missing.
        rows: Int, rows of the grid; 8 if not given, or one for each class.
        columns: Int, columns of the grid.
        seed: Int, seed of the fixed latent vectors.
        raw: Boolean; `True` shows the raw generator's images to the right of
            its moving average's. The average can hide a collapse.
        gif: Boolean, whether to write the GIF.
        show: Boolean; `True` shows the grid in a notebook, refreshed in
            place.
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
    ):
        super().__init__()
        checks.count(rows=8 if rows is None else rows, columns=columns)
        self.directory = os.fspath(directory)
        self.rows = rows
        self.columns = columns
        self.seed = seed
        self.raw = raw
        self.gif = gif
        self.show = show
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
        self._epoch = None

    def on_epoch_begin(self, epoch, logs=None):
        if self._epoch is None:
            # The first epoch of this fit. Frame e shows epoch e, so frames
            # of epochs that are about to be run (again) go.
            if self.gif:
                self._gif = GrowingGIF(
                    os.path.join(self.directory, "training.gif"),
                    keep=epoch + 1 if epoch else 0,
                )
            if epoch == 0:
                self._save(0)
        self._epoch = epoch

    def on_epoch_end(self, epoch, logs=None):
        self._save(epoch + 1)

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
        from gan_keras.plots import caption

        image = caption(self.grid(), f"epoch {epoch}")
        path = os.path.join(self.directory, "samples", f"epoch_{epoch:04d}.png")
        replace_file(path, lambda path: image.save(path, compress_level=1))
        if self._gif is not None:
            self._gif.append(image)
        if self.show:
            self._refresh(image)

    def _refresh(self, image):
        from IPython import display

        if self._display is None:
            self._display = display.display(image, display_id=True)
        else:
            self._display.update(image)
