"""Does what `fit` was given besides the images make sense?"""

import copy

import keras

from gan_keras.checks.data import held_out_data
from gan_keras.checks.numbers import count


def fit_arguments(
    gan,
    epochs,
    callbacks=None,
    validation_data=None,
    validation_split=0.0,
    sample_weight=None,
    class_weight=None,
    **others,
):
    """Does everything else that `fit` was given make sense?"""
    count(epochs=epochs)
    weights(sample_weight=sample_weight, class_weight=class_weight)
    if validation_split:
        raise ValueError(
            "`validation_split` would change with the order of the images. "
            "Hold images out with `gk.datasets.load(name, split='test')`, or "
            "by slicing, and pass them as `validation_data`. Received: "
            f"validation_split={validation_split}"
        )
    if validation_data is not None:
        held_out_data(gan, validation_data, "validation_data")
    check_callbacks(callbacks)


def weights(**found):
    """Were images given weights, which nothing here would read?"""
    for name, weight in found.items():
        if weight is not None:
            raise ValueError(
                f"`{name}` has no effect on a GAN: remove it, and show images "
                "that should count twice twice. "
                f"Received: {name} of type {type(weight).__name__}"
            )


_NOT_FOR_GANS = {
    "TerminateOnNaN": "it looks at a value named `loss` only. Use "
    "`gk.callbacks.DivergenceGuard()`, which looks at all of them",
    "SwapEMAWeights": "it averages the weights of one optimizer's network and "
    "forgets BatchNorm's statistics. A GAN keeps its averaged generator "
    "itself: see `gan.ema_generator` and `GAN(ema_decay=...)`",
}


def check_callbacks(found):
    """Do Keras' own callbacks do here what they say?"""
    if found is None or isinstance(found, keras.callbacks.CallbackList):
        found = found.callbacks if found else []
    if isinstance(found, keras.callbacks.Callback):
        found = [found]
    for callback in found:
        name = type(callback).__name__
        if name in _NOT_FOR_GANS:
            raise ValueError(
                f"`callbacks`: keras.callbacks.{name} does not work with a "
                f"GAN: {_NOT_FOR_GANS[name]}. Received: {callback}"
            )
        monitor = getattr(callback, "monitor", None)
        if monitor in ("loss", "val_loss") and _waits(callback):
            raise ValueError(
                f"`callbacks`: {name} waits for {monitor!r}, but a GAN has "
                "two losses. Name the value and its better direction, e.g. "
                "monitor='g_loss', mode='min'; better one that measures the "
                "samples, as the losses do not tell their quality. "
                f"Received: monitor={monitor!r}"
            )


def _waits(callback):
    """Whether it makes use of its `monitor` at all."""
    return getattr(callback, "save_best_only", True)


def add_callbacks(callbacks, first=(), last=()):
    """Puts our callbacks before and after the user's.

    Args:
        callbacks: What `fit` was given: a callback, a list of them, a
            `CallbackList` or None.
        first: Tuple of callbacks.
        last: Tuple of callbacks.

    Returns:
        The same with ours: a list, or a `CallbackList`.
    """
    if isinstance(callbacks, keras.callbacks.CallbackList):
        # A copy: the user's own list stays as it is for the next `fit`.
        both = copy.copy(callbacks)
        both.callbacks = [*first, *callbacks.callbacks, *last]
        return both
    if callbacks is None:
        callbacks = []
    if isinstance(callbacks, keras.callbacks.Callback):
        callbacks = [callbacks]
    return [*first, *callbacks, *last]
