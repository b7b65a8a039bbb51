"""How many training steps one compiled call makes."""

import contextlib
import math
import numbers


@contextlib.contextmanager
def whole_calls(model, *lengths):
    """Makes no call longer than what is left of an epoch.

    Where somebody says how many steps an epoch has (`steps_per_epoch`), Keras
    rounds up to whole calls: of ten steps, eight at a time, become sixteen. As
    long as this lasts, a call makes as many steps as divide all the lengths.

    Args:
        model: The `keras.Model`.
        *lengths: The numbers of steps that `fit` or `evaluate` was given; None
            where there is none: then the data ends where it ends.
    """
    before = model.steps_per_execution
    given = [n for n in lengths if isinstance(n, numbers.Integral)]
    steps = math.gcd(before, *map(int, given))
    if steps == before:
        yield
        return
    # Both know the number since they were traced. They are put back, as a
    # callback's `evaluate` must leave a `fit` around it what it trains with.
    functions = model.train_function, model.test_function
    outer = model._steps_asked
    model.train_function = model.test_function = None
    model.steps_per_execution = steps
    model._steps_asked = outer or before
    try:
        yield
    finally:
        model.train_function, model.test_function = functions
        model.steps_per_execution = before
        model._steps_asked = outer


def asked(model):
    """The steps in a call that `compile` was given, whatever is done now."""
    return model._steps_asked or model.steps_per_execution


def steps_done(callback, batch):
    """How many steps of the epoch are done when Keras tells of this batch.

    Keras counts as many steps for the last call of an epoch as for any other,
    and so may count beyond the last one.

    Args:
        callback: The `keras.callbacks.Callback` that is told.
        batch: Int, what its `on_train_batch_end` was given.

    Returns:
        Int.
    """
    steps = (callback.params or {}).get("steps")  # None: nobody knows
    return min(batch + 1, steps or batch + 1)
