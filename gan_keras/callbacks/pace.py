"""How fast the training goes, and when it will be over."""

import time

import keras

from gan_keras import execution


class Pace(keras.callbacks.Callback):
    """Prints now and then how much is done and how long the rest will take.

    Keras' progress bar knows the rest of the epoch; this one of the run:

        12 % done, 128 images/s, 41 minutes left

    Example:

    ```python
    gan.fit(data, epochs=100, callbacks=[gk.callbacks.Pace(batch_size=64)])
    ```

    Args:
        batch_size: Int, the images of a training step.
        seconds: Float, the time between two lines.
        first: Float, the time before the first one.
    """

    writes_files = True  # or prints: for the chief worker only

    def __init__(self, batch_size, seconds=60.0, first=10.0):
        super().__init__()
        self.batch_size = batch_size
        self.seconds = seconds
        self.first = first
        self._begin = None  # when the first step was over, and which it was
        self._due = None
        self._epoch = 0

    def on_train_begin(self, logs=None):
        self._begin = None

    # Where an epoch ends, Keras' bar is not finished yet; where the next one
    # begins, it is.
    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch
        self._tell(self._step(-1), "")

    def on_train_batch_end(self, batch, logs=None):
        step = self._step(batch)
        if self._begin is None:
            # The first step does not count: it is compiled meanwhile.
            self._begin = time.monotonic(), step
            self._due = self._begin[0] + self.first
        self._tell(step, "\n")  # Keras' bar has not ended its line

    def _of(self, name, default=0):
        """What `fit` said of itself, or the default if it said nothing."""
        return (self.params or {}).get(name) or default

    def _step(self, batch):
        """How many steps of the whole run are done after this batch."""
        before = self._epoch * self._of("steps")
        return before + execution.steps_done(self, batch)

    def _tell(self, step, before):
        now = time.monotonic()
        total = self._of("epochs", 1) * self._of("steps")
        if self._begin is None or now < self._due or not total:
            return
        begin, first_step = self._begin
        if step > first_step:
            pace = (now - begin) / (step - first_step)
            print(
                f"{before}{step / total:.0%} done, "
                f"{self.batch_size / pace:,.0f} images/s, "
                f"{duration((total - step) * pace)} left",
                flush=True,
            )
            self._due = now + self.seconds


def duration(seconds):
    """Seconds in words that are exact enough to wait by."""
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.1f} hours"
