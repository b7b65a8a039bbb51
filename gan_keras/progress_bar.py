"""Keras' progress bar, which counts right when `fit` does unusual things."""

import keras

from gan_keras import execution


class ProgressBar(keras.callbacks.ProgbarLogger):
    """The bar that `GAN.fit` shows in the place of Keras' own.

    Keras' own, of 83 steps of which a call makes eight, shows `88/83` for a
    moment (see `execution.steps_done`). And it goes on counting towards the
    epochs that it was told of at first, when `Deadline` plans others by now.
    """

    async_safe = True  # as Keras takes its own to be

    def set_params(self, params):
        super().set_params(params)
        self.params = params  # Keras' own only takes numbers out of it

    def on_epoch_begin(self, epoch, logs=None):
        self.epochs = self.params["epochs"]
        super().on_epoch_begin(epoch, logs)

    def on_train_batch_end(self, batch, logs=None):
        done = execution.steps_done(self, batch)
        super().on_train_batch_end(done - 1, logs)


def wanted(callbacks=None, verbose="auto", **others):
    """Whether Keras would show a bar of its own: arguments as of `fit`."""
    shown = keras.tree.flatten(callbacks) if callbacks is not None else []
    return (
        verbose != 0
        and not isinstance(callbacks, keras.callbacks.CallbackList)
        and not any(
            isinstance(callback, keras.callbacks.ProgbarLogger)
            for callback in shown
        )
    )
