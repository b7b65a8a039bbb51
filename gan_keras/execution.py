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
    try:
        _set(model, steps)
        yield
    finally:
        _set(model, before)


def _set(model, steps):
    if steps != model.steps_per_execution:
        model.steps_per_execution = steps
        # Both know the number since they were traced.
        model.train_function = model.test_function = None
