"""Are single numbers in their range?"""

import numbers


def decay(ema_decay):
    if not (isinstance(ema_decay, (int, float)) and 0 <= ema_decay < 1):
        raise ValueError(
            "`ema_decay` must lie in [0, 1): 0.995 remembers some hundred "
            "steps, 0 turns the averaging off. "
            f"Received: ema_decay={ema_decay!r}"
        )


def count(least=1, **arguments):
    for name, value in arguments.items():
        whole = isinstance(value, numbers.Integral)  # NumPy's, too
        if isinstance(value, bool) or not (whole and value >= least):
            raise ValueError(
                f"`{name}` must be a whole number, {least} or more. "
                f"Received: {name}={value!r}"
            )


def seed(seed):
    whole = isinstance(seed, numbers.Integral) and not isinstance(seed, bool)
    if seed is not None and not (whole and 0 <= seed < 2**32):
        raise ValueError(
            "`seed` must be a whole number from 0 to 2**32 - 1. "
            f"Received: seed={seed!r}"
        )


def share(**arguments):
    for name, value in arguments.items():
        if isinstance(value, bool) or not (
            isinstance(value, numbers.Real) and 0 <= value < 1
        ):
            raise ValueError(
                f"`{name}` is a share, and must lie in [0, 1). "
                f"Received: {name}={value!r}"
            )
