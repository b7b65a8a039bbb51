"""Landing on time, however fast the machine turns out to be."""

import statistics
import time

import keras

from gan_keras.schedules import set_steps


class Deadline(keras.callbacks.Callback):
    """Ends a training after so many minutes, its learning rates at zero.

    A run that is merely cut off ends in the middle of its game. This one is
    told in time: after every epoch it asks how many more will fit in at the
    pace of the last few, and lets both learning rates (where they are
    `gan_keras.schedules.HoldThenDecay`) reach zero at the end of those. It
    ends with a whole epoch, within half of one of the time asked for, so give
    it a good number of them.

    It plans for one `fit`: where `Resume` lets a run go on, the minutes begin
    anew, and the first epoch has the rates that the model was compiled with.

    Example:

    ```python
    # At most 100 epochs, and at most about five minutes.
    gan.fit(data, epochs=100, callbacks=[gk.callbacks.Deadline(minutes=5)])
    ```

    Args:
        minutes: Float > 0, from the beginning of `fit`.
        clock: Callable that returns seconds.

    Raises:
        ValueError: If `minutes` is not above 0.
    """

    def __init__(self, minutes, clock=time.monotonic):
        super().__init__()
        if not minutes > 0:
            raise ValueError(
                f"`minutes` must be above 0. Received: minutes={minutes!r}"
            )
        self.minutes = minutes
        self.clock = clock
        self.epochs = None  # in all, as things stand; none is over yet

    def on_train_begin(self, logs=None):
        self._most = self.params["epochs"]
        self._took = []  # seconds, by epoch
        self._compiled = self._evaluated = False
        self._last = self._stepped = self.clock()
        self._end = self._last + 60 * self.minutes

    def on_epoch_begin(self, epoch, logs=None):
        self._step = self._from = self._steps()
        self._aside = 0.0  # seconds that say nothing of the pace

    def on_train_batch_end(self, batch, logs=None):
        self._stepped = self.clock()
        if not self._compiled:
            # The first call compiles its steps before it makes them: time is
            # taken from its end on.
            self._compiled = True
            self._last = self._stepped
            self._from = self._steps()

    def on_test_begin(self, logs=None):
        self._began = self.clock()

    def on_test_end(self, logs=None):
        if not self._evaluated:  # the first one compiles, too
            self._evaluated = True
            self._aside = self.clock() - self._began

    def _steps(self):
        # What rates are a function of: the optimizer's own count (a model that
        # was compiled anew has made more steps), of every step (its public
        # `iterations` are fewer with `gradient_accumulation_steps`).
        return int(self.model.g_optimizer._iterations)

    def on_epoch_end(self, epoch, logs=None):
        if self.model.stop_training:
            return  # cut short, or gone back: nothing to measure or to plan
        now = self.clock()
        steps = self._steps()
        if steps > self._from:
            # From one end to the next: what callbacks do there takes time,
            # too, and evaluating. Only of the steps it was a part.
            part = (steps - self._from) / (steps - self._step)
            rest = now - self._stepped - self._aside
            self._took.append((self._stepped - self._last) / part + rest)
        elif now < self._end:
            self._last = now
            return  # the whole epoch was one call, the first
        self._last = now
        left = max(0.0, self._end - now)
        more = self._most if left else 0  # for a clock that stands still
        if self._took and (pace := statistics.median(self._took[-5:])):
            more = round(left / pace)
        self.epochs = min(epoch + 1 + more, self._most)
        # All callbacks share this: `Pace` tells what is left.
        self.params["epochs"] = self.epochs
        if self.epochs == epoch + 1:
            self.model.stop_training = True
        to_come = (self.epochs - epoch - 1) * (steps - self._step)
        set_steps(self.model, steps + to_come)
