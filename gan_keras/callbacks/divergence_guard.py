"""When the game explodes: stop, and go back to where it was well."""

import math
import warnings

import keras

from gan_keras import execution
from gan_keras import state


class DivergenceGuard(keras.callbacks.Callback):
    """Stops the training when a logged value is no longer a number.

    Once a loss is NaN or infinite so are the weights, one step later, and
    there is no way back from there but an older state. This callback keeps
    one in memory, from the end of the last epoch in which all was well (or
    from the beginning), and restores it: both networks, the averaged
    generator, both optimizers, the step counter.

    (`keras.callbacks.TerminateOnNaN` looks at a value named `loss` only,
    which a GAN does not have.)

    Example:

    ```python
    guard = gk.callbacks.DivergenceGuard()
    gan.fit(data, epochs=20, callbacks=[guard])
    if guard.diverged:
        ...  # a smaller learning rate, or a penalty
    ```

    Attributes:
        diverged: Boolean, whether it had to stop the last `fit`.
    """

    def __init__(self):
        super().__init__()
        self.diverged = False
        self._running = None  # the epoch that is being trained
        self._epoch = None  # the epoch at whose end the kept state was taken
        self._values = None

    def on_train_begin(self, logs=None):
        self.diverged = False
        self._epoch = self._values = None

    def on_epoch_begin(self, epoch, logs=None):
        if self._epoch is None:
            self._keep(epoch)
        self._running = epoch

    def on_train_batch_end(self, batch, logs=None):
        if not self.diverged:
            batch = execution.steps_done(self, batch) - 1
            moment = f"epoch {self._running + 1}, batch {batch}"
            self._look(logs or {}, moment)

    def on_epoch_end(self, epoch, logs=None):
        if self.diverged:
            return
        self._look(logs or {}, f"the end of epoch {epoch + 1}")
        if not self.diverged:
            self._keep(epoch + 1)

    def _look(self, logs, moment):
        bad = {
            name: float(value)
            for name, value in logs.items()
            if not math.isfinite(value)
        }
        if bad:
            self._go_back(f"{bad} at {moment}")

    def _keep(self, epoch):
        values = state.read(self.model)
        # The last step's losses were taken before its weights changed.
        for variable, value in zip(state.variables(self.model), values):
            if not state.is_finite(value):
                self._go_back(f"`{variable.path}` after epoch {epoch}")
                return
        self._epoch, self._values = epoch, values

    def _go_back(self, finding):
        self.diverged = True
        self.model.stop_training = True
        if self._values is None:
            raise ValueError(
                "The model holds NaN or infinite values before the training: "
                f"{finding}. Make a new one, or load an earlier one."
            )
        state.write(self.model, self._values, "the kept state")
        warnings.warn(
            f"Training diverged: {finding}. It was stopped, and the model is "
            f"what it was after {self._epoch} epochs. A smaller learning "
            "rate, a penalty such as R1 with a larger `gamma`, or another "
            "loss may help.",
            stacklevel=2,
        )
