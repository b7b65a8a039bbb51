"""A film of any figure, and other looks at a training as it goes on."""

import os

import keras
import tensorflow as tf

from gan_keras import checks
from gan_keras.callbacks.tensorboard import drop_events_after
from gan_keras.callbacks.tensorboard import event_writer
from gan_keras.files import make_directory
from gan_keras.gif import GrowingGIF


class Frames(keras.callbacks.Callback):
    """Draws the same figure after every epoch, as a frame of a GIF.

    The first frame shows the model before training.

    Example:

    ```python
    film = gk.callbacks.Frames("runs/ring.gif", gk.lab.FieldPicture(ring))
    gan.fit(data, epochs=60, callbacks=[film])
    ```

    Args:
        path: The GIF, which is whole whenever training stops.
        picture: Callable, from the model to a `matplotlib.figure.Figure`,
            always of one size: `gan_keras.lab.DensityPicture`,
            `gan_keras.lab.FieldPicture` or one's own.
        frame_ms: Int, milliseconds that a frame is shown.
    """

    writes_files = True  # and nothing else: for the chief worker only

    def __init__(self, path, picture, frame_ms=150):
        super().__init__()
        _callable(picture)
        checks.count(frame_ms=frame_ms)
        self.path = os.fspath(path)
        self.picture = picture
        self.frame_ms = frame_ms
        self._gif = None

    def on_train_begin(self, logs=None):
        self._gif = None
        folder = os.path.dirname(self.path)
        if folder:
            make_directory(folder, "the folder of path")

    def on_epoch_begin(self, epoch, logs=None):
        if self._gif is None:
            # Frames of epochs that are about to be run (again) go.
            frame = self._frame()
            self._gif = GrowingGIF(
                self.path,
                last=epoch if epoch else -1,
                like=frame,
                frame_ms=self.frame_ms,
            )
            if epoch == 0:
                self._gif.append(frame, 0)

    def on_epoch_end(self, epoch, logs=None):
        self._gif.append(self._frame(), epoch + 1)

    def _frame(self):
        from gan_keras.plots import style

        return style.to_pil(self.picture(self.model))


class TensorBoardPicture(keras.callbacks.Callback):
    """Draws the same figure after every epoch, as a TensorBoard image.

    Args:
        log_dir: Where to write the event files: into its folder `pictures`.
        picture: As of `Frames`.
        name: String, the image's name in TensorBoard.
    """

    writes_files = True

    def __init__(self, log_dir, picture, name="picture"):
        super().__init__()
        _callable(picture)
        self.directory = os.path.join(os.fspath(log_dir), "pictures", name)
        self.picture = picture
        self.name = name
        self._writer = None

    def on_train_begin(self, logs=None):
        self._writer = None

    def on_epoch_begin(self, epoch, logs=None):
        if self._writer is None:
            drop_events_after(self.directory, epoch)
            self._writer = event_writer(self.directory)

    def on_epoch_end(self, epoch, logs=None):
        import numpy as np

        from gan_keras.plots import style

        image = np.asarray(style.to_pil(self.picture(self.model)))
        with self._writer.as_default():
            tf.summary.image(self.name, image[None], epoch + 1)
        self._writer.flush()

    def on_train_end(self, logs=None):
        if self._writer is not None:
            self._writer.close()


class Record(keras.callbacks.Callback):
    """Asks the model the same question after every epoch, and keeps answers.

    Example:

    ```python
    scores = gk.callbacks.Record(
        lambda gan: (gan.judge(reals), gan.judge(gan.generate(256, seed=0)))
    )
    gan.fit(data, epochs=20, callbacks=[scores])
    gk.plots.score_histograms(scores.epochs, scores.answers, loss=gan.loss)
    ```

    Args:
        question: Callable, from the model to anything.
        every: Int, epochs from one answer to the next; the first is given
            before training.

    Attributes:
        epochs: List of ints, how many epochs the model had been trained in
            this `fit`, or in those that it goes on from (`initial_epoch`).
        answers: List of what the question returned.
    """

    def __init__(self, question, every=1):
        super().__init__()
        _callable(question, "question")
        checks.count(every=every)
        self.question = question
        self.every = every
        self.epochs = []
        self.answers = []
        self._begun = False

    def on_train_begin(self, logs=None):
        self._begun = False

    def on_epoch_begin(self, epoch, logs=None):
        if self._begun:
            return
        self._begun = True
        # What is about to be run (again) goes: all, if it begins anew.
        kept = sum(e <= epoch for e in self.epochs) if epoch else 0
        self.epochs, self.answers = self.epochs[:kept], self.answers[:kept]
        if epoch == 0:
            self._ask(0)

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every == 0:
            self._ask(epoch + 1)

    def _ask(self, epoch):
        self.epochs.append(epoch)
        self.answers.append(self.question(self.model))


def _callable(picture, name="picture"):
    if not callable(picture):
        raise ValueError(
            f"`{name}` must be a callable that takes the model. "
            f"Received: {name}={picture!r}"
        )
