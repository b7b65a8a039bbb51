"""Is it getting better? Measured while it trains."""

import csv
import math
import os

import keras
import numpy as np

from gan_keras import checks
from gan_keras import files
from gan_keras import replicas
from gan_keras.callbacks.csv_history import read_history

SAMPLES = 5_000


class QualityMonitor(keras.callbacks.Callback):
    """Measures the Fréchet distance every few epochs, and logs it.

    The losses of a GAN do not tell how good its images are; this does. The
    value is logged under the extractor's name, `fd_digits`, for all callbacks
    *behind* this one in the list; in the epochs between it is what was
    measured last. (The first epoch is always measured: `ModelCheckpoint`
    would keep one without a value as the best.)

    Keras' callbacks forget when their process ends. In a run that goes on
    with `Resume`, `best` tells `ModelCheckpoint` what the file it has is worth.

    Example:

    ```python
    evaluator = gk.metrics.Evaluator(train_images, held_out_images)
    monitor = gk.callbacks.QualityMonitor(evaluator, every=2, directory="run")
    least = {"monitor": "fd_digits", "mode": "min"}
    keep = keras.callbacks.ModelCheckpoint(
        "run/best.keras",
        save_best_only=True,
        initial_value_threshold=monitor.best,
        **least,
    )
    stop = keras.callbacks.EarlyStopping(patience=20, **least)
    gan.fit(data, epochs=80, callbacks=[monitor, keep, stop])
    ```

    Args:
        evaluator: A `gan_keras.metrics.Evaluator`.
        every: Int, epochs from one measurement to the next.
        directory: Where to keep `quality.csv` and `quality.png`, the curve
            and its floor; nothing is written if not given.
        samples: Int, how many images are drawn at each measurement; if not
            given, 5,000 or as many as there are training images, but no fewer
            than the evaluator's own `samples`.
        seed: Int, of the latent vectors, the same at every measurement.
        use_ema: Boolean; `False` measures the raw generator.
        labels: Ints `[n]`, the classes of the held-out images, for a
            conditional model: it draws each as often as it is among them.
            All equally often if not given.
    """

    def __init__(
        self,
        evaluator,
        every=1,
        directory=None,
        samples=None,
        seed=0,
        use_ema=True,
        labels=None,
    ):
        super().__init__()
        checks.count(every=every)
        if samples is None:
            samples = max(
                min(len(evaluator.all_train), SAMPLES), evaluator.samples
            )
        self.floor = evaluator.frechet_floor(samples)
        self.evaluator = evaluator
        self.every = every
        self.samples = samples
        self.directory = None if directory is None else os.fspath(directory)
        self.seed = seed
        self.use_ema = use_ema
        self.labels = labels
        self.name = evaluator.extractor.label("fd")
        self.rows = []  # dicts with "epoch" and the value
        self._begun = False

    def on_train_begin(self, logs=None):
        self._begun = False
        shape = self.model.sample_shape
        self.evaluator.extractor.check(self.evaluator.held_out[:1])
        if shape != self.evaluator.held_out.shape[1:]:
            raise ValueError(
                "The evaluator's images must be as large as the generator's. "
                f"Received: {self.evaluator.held_out.shape[1:]} and {shape}"
            )
        if self.labels is not None:
            if not self.model.needs_labels:
                raise ValueError(
                    "`labels` are for a `ConditionalGAN`, which draws what it "
                    "is asked for. Received: labels, and a "
                    f"{type(self.model).__name__}"
                )
            checks.labels(self.model, self.labels, len(self.labels))
        if self.directory is not None:
            files.make_directory(self.directory)

    def on_epoch_begin(self, epoch, logs=None):
        if not self._begun:
            self._begun = True
            # Those of an earlier part of the same run stay.
            self.rows = [r for r in self._known() if r["epoch"] <= epoch]

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every == 0 or not self.rows:
            classes = {}
            if self.labels is not None:
                order = np.random.default_rng(self.seed)
                shares = order.permutation(self.labels)
                classes["labels"] = np.resize(shares, self.samples)
            images = self.model.generate(
                self.samples, self.seed, self.use_ema, **classes
            )
            # A model that has diverged draws nothing that could be measured.
            finite = np.isfinite(images).all()
            value = math.nan
            if finite:
                images = np.clip(images, -1, 1)  # as they would be shown
                value = self.evaluator.frechet(images)
            self.rows.append({"epoch": epoch + 1, self.name: value})
            self._write()
        if logs is not None:
            logs[self.name] = self.rows[-1][self.name]

    @property
    def best(self):
        """Float, the least value in `directory`, or of this object.

        None if there is none, as in a new directory.
        """
        values = [row[self.name] for row in self._known()]
        return min(filter(math.isfinite, values), default=None)

    def _known(self):
        path = self._path("quality.csv")
        rows = read_history(path) if path else self.rows
        # With another extractor they were another curve's.
        return [row for row in rows if self.name in row]

    def figure(self):
        """The curve so far, and its floor: a matplotlib figure."""
        from gan_keras.plots import quality_curve

        return quality_curve(
            [row["epoch"] for row in self.rows],
            [row[self.name] for row in self.rows],
            self.floor,
            self.name,
        )

    def _path(self, name):
        return self.directory and os.path.join(self.directory, name)

    def _write(self):
        if self.directory is None or not replicas.is_chief(self.model):
            return

        def write(path):
            with open(path, "w", newline="") as file:
                writer = csv.DictWriter(file, ["epoch", self.name])
                writer.writeheader()
                writer.writerows(self.rows)

        files.replace_file(self._path("quality.csv"), write)
        figure = self.figure()
        files.replace_file(
            self._path("quality.png"), lambda p: figure.savefig(p, dpi=120)
        )
